/**
 * Early cutoff: on the layered graph one root's definition changes so that its output stays byte for byte the same.
 * One step has to execute; how many do? Sluice is run; of Turborepo the tasks are counted whose hash changes.
 *
 *   pnpm bench cutoff [--steps 1000]
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { measure } from "./lib/processTree.ts"
import { contenders } from "./peers/node.ts"
import { sluice } from "./peers/sluice.ts"

const edited = "n_0_50"

const benchmark = {
  title: "One change whose output is byte-identical: steps that execute",
  run: async (options: Readonly<Record<string, string>>) => {
    const steps = Number(options["steps"] ?? "1000")
    const root = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-cutoff-"))
    const rows: Array<{ engine: string; steps: number; executed: number; wallSeconds: number }> = []
    try {
      for (const trial of [ofSluice, ofTurbo]) {
        const folder = path.join(root, trial.name)
        fs.mkdirSync(folder)
        const row = { ...(await trial(folder, steps)), steps }
        rows.push(row)
        console.error(
          `${row.engine.padEnd(16)}${String(row.executed).padStart(6)} of ${steps} steps in ${row.wallSeconds} s`,
        )
      }
    } finally {
      fs.rmSync(root, { recursive: true, force: true })
    }
    return { rows }
  },
}

const replace = (file: string, from: string, to: string) => {
  const text = fs.readFileSync(file, "utf8")
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
  fs.writeFileSync(
    file,
    text.replace(from, () => to),
  )
}

const seconds = (value: number) => Math.round(value * 100) / 100

const ofSluice = async (folder: string, steps: number) => {
  const command = await sluice.prepare(folder, steps)
  const pipeline = path.join(folder, "pipeline.ts")
  replace(pipeline, "digest(config.name)", "digest(config.name.trim())")
  const filled = await measure(command)
  if (filled.exitCode !== 0) throw new Error(filled.stderr)
  replace(pipeline, "Root({ name })", `Root({ name: name === "${edited}" ? name + " " : name })`)
  const run = await measure({ ...command, args: [...command.args, "--json"] })
  const { steps: ran } = JSON.parse(run.stdout) as {
    readonly steps: ReadonlyArray<{ readonly decision: string }>
  }
  return {
    engine: "sluice",
    executed: ran.filter((step) => step.decision !== "hit").length,
    wallSeconds: seconds(run.wallSeconds),
  }
}

/** Turborepo decides by hashes before anything runs: those that an edit changes are the tasks that execute. */
const ofTurbo = async (folder: string, steps: number) => {
  const turbo = contenders.find((one) => one.name.startsWith("turbo"))!
  const command = await turbo.prepare(folder, steps)
  const hashes = async () => {
    const run = await measure({ ...command, args: ["run", "build", "--dry=json"] })
    const { tasks } = JSON.parse(run.stdout.slice(run.stdout.indexOf("{"))) as {
      readonly tasks: ReadonlyArray<{ readonly taskId: string; readonly hash: string }>
    }
    return { byTask: new Map(tasks.map((task) => [task.taskId, task.hash])), wallSeconds: run.wallSeconds }
  }
  const before = await hashes()
  replace(path.join(folder, "packages", edited, "package.json"), "> out.txt", "> out.txt; true")
  const after = await hashes()
  return {
    engine: turbo.name,
    executed: [...after.byTask].filter(([task, hash]) => before.byTask.get(task) !== hash).length,
    wallSeconds: seconds(after.wallSeconds),
  }
}

export default benchmark
