import { Table } from "@sluice/core"
import { describe, expect, it } from "vitest"
import { stored } from "../../src/Chat.ts"
import * as Collect from "../../src/Collect.ts"
import * as Format from "../../src/Format.ts"
import * as RowId from "../../src/RowId.ts"
import { file, reader, ref, runStep } from "../support/runStep.ts"

class Alpaca extends Table.make({
  instruction: Table.utf8,
  input: Table.nullable(Table.utf8),
  output: Table.utf8,
  source: Table.nullable(Table.utf8),
}) {}

const rows = [
  { instruction: "Sum.", input: "1 2", output: "3", source: null },
  { instruction: "Hi", input: null, output: "", source: "x" },
  { instruction: "Hi", input: null, output: "Ho", source: "x" },
]
const use = (more: Partial<Format.RecordsOptions<typeof Alpaca>> = {}) =>
  Format.records({ rows: ref(Alpaca), ...more })

describe("Format.records", () => {
  it("tells the form from all rows, and accounts for each", async () => {
    const { outputs, summary } = await runStep(use({ onBadRow: "drop" }), { rows: reader(rows, 2) })
    expect(outputs["chats"]).toEqual([
      stored(RowId.of(rows[0]!), [
        { role: "user", content: "Sum.\n1 2" },
        { role: "assistant", content: "3" },
      ]),
      stored(RowId.of(rows[2]!), [
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Ho" },
      ]),
    ])
    expect(outputs["accounting"].map(({ kept, reason, row }: any) => [row, kept, reason])).toEqual([
      [1, true, null],
      [2, false, "output is empty"],
      [3, true, null],
    ])
    expect(summary).toBe(
      "2 chats from alpaca rows, 1 dropped (output is empty: row 2), fields not read: source in 1 row",
    )
  })

  it("fails by default with the rows that are no chats", async () => {
    await expect(runStep(use(), { rows: reader(rows) })).rejects.toThrow(
      '1 row of 3 is no chat to learn from.\n  Row 2:  output is empty\nCorrect the rows, or set onBadRow: "drop" to leave them out, counted.',
    )
  })

  it("takes the form that it is told, where rows have two", async () => {
    const two = rows.filter((row) => row.output !== "").map((row) => ({ ...row, text: "### Instruction" }))
    await expect(runStep(use(), { rows: reader(two) })).rejects.toThrow(
      "The rows can be read in more than one form.\n  alpaca and text:  2 rows: row 1, row 2\n",
    )
    const { summary } = await runStep(use({ form: "alpaca" }), { rows: reader(two) })
    expect(summary).toBe("2 chats from alpaca rows, fields not read: text in 2 rows, source in 1 row")
    await expect(runStep(use({ form: "shareGpt" }), { rows: reader(two) })).rejects.toThrow(
      "2 rows of 2 are no chat to learn from.\n  Row 1:  no shareGpt row: conversations is no list of {from, value}",
    )
  })
})

describe("Collect.chats", () => {
  const turns = (...said: ReadonlyArray<readonly [string, string]>) =>
    JSON.stringify({ conversations: said.map(([from, value]) => ({ from, value })), id: said.length })
  const good = turns(["human", "a"], ["gpt", "b"])
  const other = turns(["user", "c"], ["gpt", "d"])
  const alien = turns(["alien", "a"], ["gpt", "b"])
  const array = file("data/a.json", `\n [${good},\n${alien}]`)
  const lines = file("data/b.json", `${other}\n\nnot json\n`)
  const collect = (more: Partial<Collect.ChatsOptions> = {}) => Collect.chats({ files: "data/*", ...more })

  it("reads arrays and lines in one form, and accounts for every record", async () => {
    const { outputs, summary } = await runStep(collect({ onBadRow: "drop" }), { files: [array, lines] })
    const fields = [good, other].map((text) => JSON.parse(text))
    expect(outputs["chats"]).toEqual([
      stored(RowId.of(fields[0]), [
        { role: "user", content: "a" },
        { role: "assistant", content: "b" },
      ]),
      stored(RowId.of(fields[1]), [
        { role: "user", content: "c" },
        { role: "assistant", content: "d" },
      ]),
    ])
    expect(outputs["accounting"].map(({ file, kept, line, row }: any) => [file, row, line, kept])).toEqual([
      ["data/a.json", 1, 2, true],
      ["data/a.json", 2, 3, false],
      ["data/b.json", 1, 1, true],
      ["data/b.json", 2, 3, false],
    ])
    expect(summary).toMatch(
      /^2 chats from shareGpt rows, 2 dropped \(message 1 is from "alien"; one of [^:]*: a\.json row 2; the line is not JSON; one JSON object a line is required: b\.json row 2\), fields not read: id in 2 rows$/,
    )
  })

  it("names the rows by file and line, and refuses a mixture across files", async () => {
    await expect(runStep(collect(), { files: [array] })).rejects.toThrow(
      /^1 row of 2 in 1 file is no chat to learn from\.\n {2}data\/a\.json row 2 \(line 3\): {2}message 1 is from "alien"; /,
    )
    const messages = file(
      "data/c.jsonl",
      '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}',
    )
    await expect(runStep(collect({ onBadRow: "drop" }), { files: [array, messages] })).rejects.toThrow(
      "The rows are of more than one form.\n  shareGpt:  2 rows: data/a.json row 1, data/a.json row 2\n  messages:  1 row: data/c.jsonl row 1\n",
    )
  })

  it("fails on a file that is broken, naming the line", async () => {
    await expect(runStep(collect(), { files: [file("data/d.json", `[${good},`)] })).rejects.toThrow(
      /^A file cannot be read\.\n {2}File: {5}data\/d\.json\n/,
    )
  })
})
