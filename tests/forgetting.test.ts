import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type * as Sandbox from "./cli/Sandbox.ts"
import * as Outcome from "./support/Outcome.ts"
import * as tiny from "./support/tinyTuning.ts"

/** A training that is far too fast, what it forgets at each of three snapshots, and a gate. */
const pipeline = tiny.pipeline
  .replace("Evaluate, Format", "Evaluate, Forgetting, Format")
  .replace("params: {", "params: {\n      allowed: Schema.Finite.pipe(Pipeline.withDefault(0.5)),")
  .replace("const { adapter, metrics } =", "const { adapter, metrics, snapshots } =")
  .replace("checkpointEvery: 2,", "checkpointEvery: 2,\n        snapshots: { every: 2 },")
  .replace(
    "const { predictions",
    `const { harm } = step(
      "harm",
      Forgetting.measure({
        model,
        snapshots,
        text: ["The quick brown fox jumps over the lazy dog."],
        questions: [{ question: "What do cows eat?", options: ["grass", "stones"], answer: 0 }]
      })
    )
    step("gate", Forgetting.gate({ harm, accuracyDrop: params.allowed }))
    const { predictions`,
  )
  .replace("heldOut,\n      model,", "heldOut,\n      harm,\n      model,")

describe("a tuning that makes the model forget", () => {
  let project: Sandbox.Sandbox
  beforeAll(() => {
    project = tiny.make({ "tiny.ts": pipeline })
  })
  afterAll(() => project.remove())

  it("fails at its gate, after everything else is done", async () => {
    const failed = await project.sluice("run", "tiny.ts", "--backend", "cpu", "--set", "learningRate=0.5")
    expect(failed.code).toBe(1)
    expect(failed.stdout).toContain("12 steps: 0 hit, 11 run, 1 failed")
    const said = failed.stderr.replaceAll(/-?\d+\.\d{4}/g, "<loss>")
    expect(said).toContain("The model has forgotten more than the limit allows.")
    expect(said).toContain("step 6: accuracy drop 100.0 of 50.0 points allowed")
    for (const checkpoint of ["base", "step 2", "step 4", "step 6"])
      expect(said).toContain(`${checkpoint}: loss <loss> (rise <loss>, <loss> to <loss>), `)
    expect(said).toContain("Train for fewer epochs, at a lower learning rate, or on general rows as well")
  })

  it("keeps what was measured: only the gate is asked again, with another limit", async () => {
    const shown = JSON.parse((await project.sluice("show", "harm", "--json")).stdout)
    expect(
      shown.outputs.harm.rows.map((row: { checkpoint: string; optimizerStep: number }) => [
        row.checkpoint,
        row.optimizerStep,
      ]),
    ).toEqual([
      ["base", 0],
      ["step 2", 2],
      ["step 4", 4],
      ["step 6", 6],
    ])
    const report = (await project.sluice("show", "evaluate/report", "--output", "report")).stdout
    expect(report).toContain(
      "What tuning made the model forget: 43 tokens of general text, 1 general question",
    )
    expect(report).toMatch(/\| step 6 \| \d\.\d{4} \| [+−]\d\.\d{4} \|/)
    const again = await Outcome.run(project, [
      "tiny.ts",
      "--backend",
      "cpu",
      "--set",
      "learningRate=0.5",
      "--set",
      "allowed=1",
    ])
    expect(again.executed).toEqual(["gate"])
  })
})
