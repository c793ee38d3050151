/**
 * `sluice diff` through the real process: params, data by rows, metrics.
 */
import { afterAll, describe, expect, it } from "vitest"
import * as Sandbox from "./Sandbox.ts"
import { settled } from "./settled.ts"

const pipeline = `
import { Artifact, Pipeline, Source, Step, Table } from "@sluice/core"
import { Effect, Schema } from "effect"

class Word extends Table.make({ word: Table.utf8, length: Table.int32 }) {}
class Metrics extends Table.make({ optimizerStep: Table.int32, loss: Table.float64 }) {}

const Collect = Step.make({
  name: "collect",
  inputs: { files: Source.files },
  output: Word,
  run: ({ inputs }) =>
    Effect.map(inputs.files[0]!.bytes, (bytes) =>
      (JSON.parse(Buffer.from(bytes).toString()) as Array<string>).map((word) => ({ word, length: word.length })),
    ),
})
const Train = Step.make({
  name: "train",
  inputs: { words: Word },
  config: { rate: Schema.Number },
  seed: true,
  outputs: { metrics: Metrics, scores: Artifact.value("scores", Schema.Struct({ exact: Schema.Number, by: Schema.Array(Schema.Number) })) },
  run: ({ inputs, config }) => {
    return {
      metrics: [3, 2, 1].map((n) => ({ optimizerStep: 4 - n, loss: n * config.rate * inputs.words.rowCount })),
      scores: { exact: config.rate, by: [1, inputs.words.rowCount] },
    }
  },
})
export default Pipeline.make("m", { params: { rate: Schema.Number.pipe(Pipeline.withDefault(0.5)) } }, ({ params, step }) => {
  const words = step("collect", Collect({ files: "words.json" }))
  return step("train", Train({ words, rate: params.rate }))
})
`

const project = Sandbox.make({ "p.ts": pipeline, "words.json": '["one","two"]' })
afterAll(() => project.remove())

describe("sluice diff", () => {
  it("tells params, rows, results and metrics of two runs", async () => {
    await project.sluice("run", "p.ts")
    project.write("words.json", '["one","two","six"]')
    await project.sluice("run", "--set", "rate=0.25")
    const { code, stdout, stderr } = await project.sluice("diff", "2", "1")
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(settled(stdout).slice(2)).toEqual([
      "",
      "params     rate: 0.5 -> 0.25",
      "collect    collect: words.json changed",
      "           <key>    -> <key>",
      "           output, 2 -> 3 rows: 1 added, 0 removed, 0 changed",
      '             added    row 3: word "six", length 3',
      "train      rate: 0.5 -> 0.25",
      "           collect: words.json changed",
      "           <key>    -> <key>",
      "           metrics.loss: 1 -> 0.75",
      "           scores.by[1]: 2 -> 3",
      "           scores.exact: 0.5 -> 0.25",
    ])
  })

  it("has the same facts as JSON", async () => {
    const { stdout } = await project.sluice("diff", "2", "1", "--json")
    const { params, steps } = JSON.parse(stdout)
    expect(params).toEqual([{ name: "rate", from: "0.5", to: "0.25" }])
    expect(steps[0]).toMatchObject({
      name: "collect",
      change: "changed",
      sameResult: false,
      metrics: [],
      data: [{ table: "output", rowsBefore: 2, rowsAfter: 3, added: 1, removed: 0, changed: 0 }],
    })
    expect(steps[1].metrics).toEqual([
      { name: "metrics.loss", from: 1, to: 0.75 },
      { name: "scores.by[1]", from: 2, to: 3 },
      { name: "scores.exact", from: 0.5, to: 0.25 },
    ])
  })

  it("names the run that alone has a step, in either order", async () => {
    await project.sluice("run", "--only", "collect", "--json")
    const { runs } = JSON.parse((await project.sluice("runs", "--json")).stdout)
    const line = `train      only in ${runs[1].id}`
    expect((await project.sluice("diff", "2", "1")).stdout.split("\n")).toContain(line)
    expect((await project.sluice("diff", "1", "2")).stdout.split("\n")).toContain(line)
  })
})
