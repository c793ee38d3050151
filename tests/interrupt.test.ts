import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type * as Sandbox from "./cli/Sandbox.ts"
import * as Outcome from "./support/Outcome.ts"
import * as tiny from "./support/tinyTuning.ts"

const total = 600
const pipeline = tiny.pipeline
  .replace("maxOptimizerSteps: 6", `epochs: 100,\n        maxOptimizerSteps: ${total}`)
  .replace("checkpointEvery: 2", `checkpointEvery: ${total}`)

/** Optimizer steps done in the only checkpoint that there is. */
const saved = (project: Sandbox.Sandbox): number => {
  const folder = join(project.root, ".sluice/checkpoints")
  const heads = Outcome.files(folder).filter((path) => path.endsWith("checkpoint.json"))
  expect(heads).toHaveLength(1)
  return JSON.parse(readFileSync(heads[0]!, "utf8")).meta.optimizerSteps
}

/** Measurements of the newest run, by name. */
const measured = (project: Sandbox.Sandbox): Readonly<Record<string, number>> => {
  const folder = join(project.root, ".sluice/runs")
  const newest = readdirSync(folder).toSorted().at(-1)!
  const events = readFileSync(join(folder, newest), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
  return Object.fromEntries(
    events.filter(({ type }) => type === "measure").map(({ measure, value }) => [measure, value]),
  )
}

describe("a training that is interrupted", { timeout: 120_000 }, () => {
  let project: Sandbox.Sandbox
  let uninterrupted: Readonly<Record<string, string>>

  beforeAll(async () => {
    project = tiny.make({ "tiny.ts": pipeline })
    await Outcome.run(project, ["tiny.ts", "--only", "train"])
    uninterrupted = await Outcome.fingerprints(project, "train")
    tiny.forget(project)
    await Outcome.run(project, ["--only", "tokenize"])
  }, 120_000)
  afterAll(() => project.remove())

  it("ends within seconds of Ctrl-C, with a checkpoint of the step reached, and goes on from there", async () => {
    const running = project.terminal(["run", "--only", "train"])
    await running.until(new RegExp(`\\d+/${total}`))
    const pressed = performance.now()
    running.type("\u0003")
    expect((await running.result).code).toBe(130)
    expect(performance.now() - pressed).toBeLessThan(5000)

    const reached = saved(project)
    expect(reached).toBeGreaterThan(0)
    expect(reached).toBeLessThan(total)
    const again = await Outcome.run(project, ["--only", "train"])
    expect(again.executed).toEqual(["train"])
    expect(measured(project)["resumed after optimizer step"]).toBe(reached)
    expect(await Outcome.fingerprints(project, "train")).toEqual(uninterrupted)
  })
})
