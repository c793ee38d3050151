import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import * as pipelines from "./pipelines.ts"
import * as Sandbox from "./Sandbox.ts"
import { settled } from "./settled.ts"

const words = Sandbox.make({ "words.ts": pipelines.twoSteps, "lib/shout.ts": pipelines.shoutModule })
const waiting = Sandbox.make({ "waiting.ts": pipelines.waiting })
afterAll(() => {
  words.remove()
  waiting.remove()
})

describe("sluice run in a terminal", () => {
  it("ends with one aligned row for each step", async () => {
    const first = words.terminal(["run", "words.ts"])
    expect(settled(await first.lines)).toEqual([
      "collect    run       <key>      3 words   <time>",
      "shout      run       <key>      3 shouted   <time>",
      "2 steps: 0 hit, 2 run, in <time>",
    ])
    const changed = words.terminal(["run", "--set", "mark=?"])
    expect(settled(await changed.lines)).toEqual([
      "collect    hit       <key>      3 words",
      'shout      run       mark: "!" -> "?"',
      "                     <key>      3 shouted   <time>",
      "2 steps: 1 hit, 1 run, in <time>",
    ])
  })

  it("uses colours, unless NO_COLOR forbids it", async () => {
    const escape = "\u001b[32mhit\u001b[39m"
    expect((await words.terminal(["run"]).result).stdout).toContain(escape)
    expect((await words.terminal(["run"], { env: { NO_COLOR: "1" } }).result).stdout).not.toContain(escape)
  })

  it("gives the cursor back", async () => {
    const { stdout } = await words.terminal(["run", "--force", "shout"]).result
    expect(stdout.split("\u001b[?25l").length).toBe(stdout.split("\u001b[?25h").length)
  })

  it("fits a narrow terminal", async () => {
    const running = waiting.terminal(["run", "waiting.ts"], { columns: 34 })
    await running.until(/5\/10/)
    running.type("\u0003")
    const rows = (await running.lines).filter((line) => /^count|5\/10/.test(line))
    expect(rows).toHaveLength(2)
    expect(Math.max(...rows.map((line) => line.length))).toBeLessThan(34)
    expect((await running.result).code).toBe(130)
  })

  it("is interrupted by Ctrl-C, which leaves the row and says how to go on", async () => {
    const running = waiting.terminal(["run", "waiting.ts", "--force", "count"])
    await running.until(/5\/10/)
    running.type("\u0003")
    expect((await running.result).code).toBe(130)
    const lines = await running.lines
    expect(lines.slice(-2)).toEqual([
      "Interrupted. Finished steps and checkpoints are kept; go on with:",
      "  sluice run waiting.ts --force count",
    ])
    expect(lines).toContain("interrupting; once more to quit at once")
    expect(lines.join("\n")).toContain("1 step: 0 hit, 0 run, 1 interrupted, in ")
  })

  it("quits at once on the second Ctrl-C", async () => {
    const stubborn = Sandbox.make({ "stubborn.ts": pipelines.stubborn })
    try {
      const running = stubborn.terminal(["run", "stubborn.ts"])
      await running.until(/1\/2/)
      running.type("\u0003")
      await running.until(/once more/)
      running.type("\u0003")
      const startedAt = performance.now()
      expect((await running.result).code).toBe(130)
      // The step would hold the interruption up for as long as the engine lets it: 20 seconds.
      expect(performance.now() - startedAt).toBeLessThan(10_000)
    } finally {
      stubborn.remove()
    }
  })

  it("goes on from the checkpoint", async () => {
    writeFileSync(join(waiting.root, "go"), "")
    const lines = await waiting.terminal(["run", "waiting.ts"]).lines
    expect(settled(lines)).toEqual([
      "count      run       <key>      counted from 5 to 10   <time>",
      "1 step: 0 hit, 1 run, in <time>",
    ])
  })
})
