/**
 * A faulty copy of the reviews, as it may come out of somebody's spreadsheet: nothing may be learnt from it, and all that
 * is wrong has to be said at once.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { copyOf } from "../examples/support/project.ts"

const pipeline = `
import { Pipeline, Table } from "@sluice/core"
import { Collect, Doctor, Format, Model, Tokenize, Train } from "@sluice/steps"

class Review extends Table.make({ text: Table.utf8, label: Table.utf8 }) {}

const chatOf = (row: Review) => [
  { role: "user" as const, content: row.text },
  { role: "assistant" as const, content: row.label },
]

export default Pipeline.make("faulty", {}, ({ step }) => {
  const model = step("model", Model.smolLM2({ size: "135M" }))
  const read = (name: string) => {
    const add = step.scope(name)
    const { rows } = add("collect", Collect.jsonLines({ files: name + ".jsonl", row: Review }))
    return add("format", Format.chat({ rows, messages: chatOf }))
  }
  const [chats, heldOut] = [read("learn"), read("compare")]
  const { tokens: written } = step("tokenize", Tokenize.chat({ chats, model }))
  const { findings, tokens } = step("doctor", Doctor.data({ chats, tokens: written, heldOut, model }))
  const { adapter } = step("train", Train.lora({ model, tokens }))
  return { adapter, findings }
})
`

describe("a faulty copy of the reviews", () => {
  const project = copyOf(import.meta.dirname)
  afterAll(project.remove)

  const source = join(import.meta.dirname, "node_modules/sentiment/test/fixtures/yelp.json")
  const reviews = (
    JSON.parse(readFileSync(source, "utf8").replace(/\/\*.*?\*\//s, "")) as ReadonlyArray<{
      text: string
      class: number | null
    }>
  )
    .filter((row) => row.class !== null)
    .map((row) => ({ text: row.text, label: row.class === 1 ? "positive" : "negative" }))

  it("is refused with every fault in it, its rows and its fix, and nothing is learnt", async () => {
    const [compared, clean] = [reviews.slice(0, 100), reviews.slice(100, 400)]
    type Row = (typeof clean)[number]
    const plant = (rows: ReadonlyArray<Row>, at: number, change: (row: Row) => Row): ReadonlyArray<Row> =>
      rows.map((row, place) => (place === at ? change(row) : row))
    const faults: ReadonlyArray<readonly [at: number, change: (row: Row) => Row]> = [
      [10, () => compared[3]!],
      [20, (row) => ({ ...row, label: "Positive" })],
      [
        30,
        () => ({ text: clean[31]!.text, label: clean[31]!.label === "positive" ? "negative" : "positive" }),
      ],
      [40, (row) => ({ ...row, text: row.text + " Label: " + row.label })],
      [50, (row) => ({ ...row, label: " " })],
      [60, (row) => ({ ...row, text: row.text + " Ask jane.doe@gmail.com about the cafÃ©." })],
      [70, (row) => ({ ...row, text: row.text + " AKIAZ7Q3N5R2T9V4X6B8" })],
      [80, (row) => ({ ...row, text: row.text + " Call +49 30 901820." })],
      [90, (row) => ({ ...row, text: "<p>" + row.text + "</p>" })],
    ]
    const faulty = faults.reduce<ReadonlyArray<Row>>((rows, [at, change]) => plant(rows, at, change), clean)
    const lines = (rows: ReadonlyArray<Row>) => rows.map((row) => `${JSON.stringify(row)}\n`).join("")
    writeFileSync(join(project.folder, "faulty.ts"), pipeline)
    writeFileSync(join(project.folder, "learn.jsonl"), lines(faulty))
    writeFileSync(join(project.folder, "compare.jsonl"), lines(compared))
    const run = await project.sluice("run", "faulty.ts")
    const said = run.lines.join("\n")
    expect(run.code).toBe(1)
    expect(said).toContain("The data doctor refuses these 300 rows: 3 refusals, 7 warnings.")
    const found = [...said.matchAll(/^ *(refuse|warn) (\w+):/gm)].map(
      ([, severity, check]) => `${severity} ${check}`,
    )
    expect(found).toEqual([
      "refuse emptyAnswers",
      "refuse splitDuplicates",
      "refuse secrets",
      "warn contradictions",
      "warn leakedAnswers",
      "warn labelVariants",
      "warn mojibake",
      "warn markup",
      "warn emailAddresses",
      "warn personalNumbers",
    ])
    expect(said).toContain("Fix: Take it out of the data and withdraw the key: it has been copied already.")
    expect(said).not.toContain("Z7Q3N5R2T9V4X6B8")
    expect(run.lines.filter((line) => /^train {2}(run|done)/.test(line))).toEqual([])
  })
})
