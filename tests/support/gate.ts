/**
 * A pipeline whose one step waits, in a process of its own, until the test opens a gate: a file called `go`.
 *
 * Every execution adds its process id to the file `executions`, and `n alive` for earlier ones that still live.
 */
export const gate = `
import { Pipeline, Step, Table } from "@sluice/core"
import { appendFileSync, existsSync, readFileSync } from "node:fs"
import { setTimeout } from "node:timers/promises"

class Row extends Table.make({ n: Table.int32 }) {}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // A process that ended stays listed, as Z, until somebody asks for its exit code.
  return !existsSync("/proc/self/stat") || !/ Z /.test(readFileSync("/proc/" + pid + "/stat", "utf8"))
}

const Gate = Step.make({
  name: "gate",
  version: "1",
  isolated: true,
  inputs: {},
  config: {},
  output: Row,
  run: async ({ signal }) => {
    const earlier = existsSync("executions") ? readFileSync("executions", "utf8").trim().split("\\n") : []
    const alive = earlier.filter((line) => isAlive(Number(line.split(" ")[0])))
    appendFileSync("executions", process.pid + " beside " + alive.length + "\\n")
    while (!existsSync("go") && !signal.aborted) await setTimeout(20)
    return [{ n: 1 }, { n: 2 }]
  }
})

export default Pipeline.make("gate", {}, ({ step }) => ({ rows: step("gate", Gate({})) }))
`
