/**
 * `sluice curve` through the real process, on a pipeline whose answers follow a planted curve.
 */
import { afterAll, describe, expect, it } from "vitest"
import * as Sandbox from "./Sandbox.ts"

/** Row i of 100 is right after n rows of training when i < 100·p(n): 0.5, 0.6, 0.7 at 16, 32, 64 rows. */
const pipeline = `
import { Pipeline, Step, Table } from "@sluice/core"
import { Effect, Schema } from "effect"

class Trained extends Table.make({ rows: Table.int32 }) {}
class Predictions extends Table.make({ id: Table.utf8, arm: Table.dictionary(), exact: Table.bool }) {}
class Scores extends Table.make({
  arm: Table.utf8,
  metric: Table.utf8,
  count: Table.nullable(Table.int32),
  rows: Table.int32,
  rate: Table.float64,
  low: Table.float64,
  high: Table.float64
}) {}

class RowLosses extends Table.make({
  id: Table.utf8,
  split: Table.dictionary(["train", "heldOut"]),
  optimizerStep: Table.int32,
  supervisedTokens: Table.int32,
  loss: Table.nullable(Table.float64)
}) {}

const Learn = Step.make({
  name: "learn",
  config: { rows: Schema.Int, seed: Schema.Int },
  output: Trained,
  run: ({ config }) => [{ rows: config.rows + config.seed }]
})

const Answer = Step.make({
  name: "answer",
  inputs: { trained: Trained },
  outputs: { predictions: Predictions, scores: Scores, rowLosses: RowLosses },
  run: ({ inputs }) =>
    Effect.map(inputs.trained.all, ([{ rows }]) => {
      const right = Math.round(50 + 10 * Math.log2(rows / 16))
      const predictions = Array.from({ length: 100 }, (_, i) => ({ id: "row" + i, arm: "tuned", exact: i < right }))
      const near = { low: right / 100 - 0.09, high: right / 100 + 0.09 }
      // A look in the middle that is the best one: 4, 4/√2 and 2.
      const loss = 4 / Math.sqrt(rows / 16)
      const look = (optimizerStep: number, mean: number) =>
        Array.from({ length: 100 }, (_, i) => ({
          id: "row" + i,
          split: "heldOut",
          optimizerStep,
          supervisedTokens: 2 + (i % 2),
          loss: mean + (i % 4 < 2 ? 0.1 : -0.1)
        }))
      return {
        rowLosses: [...look(0, 1), ...look(5, loss), ...look(9, loss + 1)],
        predictions,
        scores: [
          { arm: "tuned", metric: "exact", count: right, rows: 100, rate: right / 100, ...near },
          { arm: "tuned", metric: "chrF", count: null, rows: 100, rate: right / 100, ...near }
        ]
      }
    })
})

export default Pipeline.make(
  "planted",
  {
    params: {
      trainRows: Schema.Int.pipe(Pipeline.withDefault(64)),
      learningRate: Schema.Finite.pipe(Pipeline.withDefault(0.5)),
      seed: Schema.Int.pipe(Pipeline.withDefault(0)),
      idle: Schema.Int.pipe(Pipeline.withDefault(64))
    }
  },
  ({ params, step }) => {
    const trained = step("learn", Learn({ rows: params.trainRows, seed: params.seed }))
    return { ...step("answer", Answer({ trained })), learningRate: params.learningRate }
  }
)
`

const project = Sandbox.make({
  "p.ts": pipeline,
  "bare.ts": `
import { Pipeline } from "@sluice/core"
import { Schema } from "effect"
export default Pipeline.make("bare", { params: { trainRows: Schema.Int.pipe(Pipeline.withDefault(64)) } }, () => ({ adapter: 1 }))
`,
})
afterAll(() => project.remove())

describe("sluice curve", () => {
  it("runs each share, says what doubling would bring, and executes nothing the second time", async () => {
    const { code, stdout } = await project.sluice("curve", "p.ts")
    expect(code).toBe(0)
    const lines = stdout.split("\n")
    expect(
      lines
        .filter((line) => /^trainRows \d+ \(|^\d steps?:/.test(line))
        .map((line) => line.replace(/, in .*/, "")),
    ).toEqual([
      "trainRows 16 (25 %)",
      "2 steps: 0 hit, 2 run",
      "trainRows 32 (50 %)",
      "2 steps: 0 hit, 2 run",
      "trainRows 64 (100 %)",
      "2 steps: 0 hit, 2 run",
    ])
    const table = lines.slice(lines.findIndex((line) => line.startsWith("trainRows  share")))
    expect(table.slice(0, 5)).toEqual([
      "trainRows  share    tuned.exact  95 %            curve",
      "16         25 %     0.500        0.410 to 0.590  0.499",
      "32         50 %     0.600        0.510 to 0.690  0.602",
      "64         100 %    0.700        0.610 to 0.790  0.697",
      "128        doubled               0.669 to 0.857  0.777",
    ])
    expect(stdout).toContain(
      "Doubling from 64 to 128 rows would bring +8.1 points (+5.1 to +10.6): more data is expected to help.",
    )
    expect(stdout).toContain(
      "A logistic regression on log2 of the rows, over 100 held-out rows, the same at every share.",
    )
    const again = await project.sluice("curve", "p.ts")
    expect(again.stdout.match(/2 steps: 2 hit, 0 run/g)).toHaveLength(3)
  })

  it("gives the same numbers as JSON, and other metrics by their intervals", async () => {
    const exact = JSON.parse((await project.sluice("curve", "p.ts", "--json")).stdout)
    expect(exact).toMatchObject({
      pipeline: "planted",
      over: "trainRows",
      metric: "tuned.exact",
      kind: "rate",
      paired: true,
      heldOutRows: 100,
      doubled: { rows: 128 },
    })
    expect(exact.points.map((point: { rows: number; value: number }) => [point.rows, point.value])).toEqual([
      [16, 0.5],
      [32, 0.6],
      [64, 0.7],
    ])
    const mean = JSON.parse(
      (await project.sluice("curve", "p.ts", "--json", "--metric", "tuned.chrF")).stdout,
    )
    expect(mean).toMatchObject({ kind: "mean", paired: false })
    expect(mean.gain.value).toBeCloseTo(0.1, 12)
    expect(mean.gain.high - mean.gain.low).toBeGreaterThan(exact.gain.high - exact.gain.low)
    expect(mean.sentence).toMatch(
      /^Doubling from 64 to 128 rows would bring \+0\.1000 .* more data is expected to raise it\.$/,
    )
  })

  it("draws the loss on held-out rows, at the best look of each training, as a power law", async () => {
    const { stdout } = await project.sluice("curve", "p.ts", "--json", "--metric", "heldOut.loss")
    const { gain, kind, paired, points, sentence } = JSON.parse(stdout)
    expect({ kind, paired }).toEqual({ kind: "loss", paired: true })
    expect(points.map(({ value }: { value: number }) => value.toFixed(4))).toEqual([
      "4.0000",
      "2.8284",
      "2.0000",
    ])
    expect(gain.value).toBeCloseTo(Math.SQRT2 - 2, 9)
    expect(sentence).toMatch(
      /^Doubling from 64 to 128 rows would bring −0\.5858 \(−0\.\d{4} to −0\.\d{4}\): more data is expected to help\.$/,
    )
  })

  it("repeats each share with the param seed", async () => {
    const { stdout } = await project.sluice(
      "curve",
      "p.ts",
      "--seeds",
      "2",
      "--shares",
      "25,50,100",
      "--json",
    )
    const { points, seeds } = JSON.parse(stdout)
    expect(seeds).toBe(2)
    expect(points[0].bySeed).toEqual([0.51, 0.52])
    expect(points[0].value).toBeCloseTo(0.515, 12)
  })

  it("refuses what it cannot do, and says how it can", async () => {
    const said = async (...args: ReadonlyArray<string>) => {
      const { code, stderr } = await project.sluice("curve", ...args)
      expect(code).toBe(2)
      return stderr.trimEnd()
    }
    expect(await said("p.ts", "--over", "trainRow")).toBe(
      "The pipeline has no param trainRow.\n  Params:  trainRows, learningRate, seed, idle\nDid you mean --over trainRows?",
    )
    expect(await said("p.ts", "--over", "learningRate")).toBe(
      "Param learningRate is no number of rows.\n  Value:  0.5\n--over names the param that holds how many rows are learnt from, a whole number.",
    )
    const shares = "Give at least three percentages of the rows, such as --shares 25,50,100."
    expect(await said("p.ts", "--shares", "50,100")).toBe(
      `--shares has two shares; a curve needs three.\n  Given:  50,100\n${shares}`,
    )
    expect(await said("p.ts", "--shares", "50,100,200")).toBe(
      `--shares has a share above 100: there are no more rows than all.\n  Given:  50,100,200\n${shares}`,
    )
    expect(await said("p.ts", "--shares", "half")).toBe(
      `--shares is no list of numbers.\n  Given:  half\n${shares}`,
    )
    expect(await said("p.ts", "--set", "trainRows=20")).toBe(
      "There are too few rows for these shares.\n  trainRows:  20\n  Rows:       25 % are 5, 50 % are 10, 100 % are 20\n" +
        "Each share needs at least 8 rows, and more than the one before. Ask for larger shares, or set trainRows higher.",
    )
    expect(await said("p.ts", "--set", "trainRows=many")).toContain("trainRows")
    expect(await said("p.ts", "--metric", "tuned.exat")).toBe(
      'There is no metric tuned.exat.\n  Metrics:  tuned.exact, tuned.chrF, heldOut.loss\nDid you mean --metric "tuned.exact"?',
    )
    expect(await said("p.ts", "--over", "idle")).toBe(
      "Scores do not depend on idle: two runs that differ in nothing else have the same ones.\n" +
        "Hand the param to the step that chooses the rows to learn from: Split.sample({ count }).",
    )
    expect(await said("bare.ts")).toBe(
      "The pipeline returns no scores.\n  Returns:  adapter\n" +
        "Return the scores of Evaluate.compare as scores (and its predictions), or the row losses of Train.lora as rowLosses.",
    )
    expect(await said("bare.ts", "--seeds", "3")).toBe(
      "--seeds 3 needs a param seed that is a whole number.\n  Params:  trainRows\n" +
        "Give the pipeline one and let it decide which rows are learnt from: Split.sample({ …, seed: `draw ${params.seed}` }).",
    )
  })
})
