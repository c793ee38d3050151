import { Table } from "@sluice/core"
import { describe, expect, it } from "vitest"
import * as Collect from "../src/Collect.ts"
import { file, runStep } from "./support/runStep.ts"

class Review extends Table.make({ text: Table.utf8, class: Table.int32 }) {}

const amazon = file("data/amazon.json", '\ufeff[{"text":"good","class":1},\n{"text":"","class":null}]')
const yelp = file(
  "data/yelp.json",
  '[{"text":"naïve","class":0,"stars":3},{"text":"bad"},{"text":"x","class":2,"stars":1}]',
)

const failure = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => "no failure",
    (error: unknown) => (error as Error).message,
  )

describe("Collect", () => {
  it("drops bad rows when told to, and counts, lists and names them", async () => {
    const ran = await runStep(Collect.json({ files: "data/*.json", row: Review, onBadRow: "drop" }), {
      files: [amazon, yelp],
    })
    expect(ran.outputs["rows"]).toEqual([
      { text: "good", class: 1 },
      { text: "naïve", class: 0 },
      { text: "x", class: 2 },
    ])
    expect(ran.summary).toBe(
      "3 rows, 2 dropped (class is null: amazon.json row 2; class is missing: yelp.json row 2), fields not declared: stars in 2 rows",
    )
    expect(
      ran.outputs["accounting"].map(({ id, ...row }: { id: string | null }) => ({
        ...row,
        id: id?.length ?? null,
      })),
    ).toEqual([
      { file: "data/amazon.json", row: 1, line: 1, kept: true, reason: null, id: 16 },
      {
        file: "data/amazon.json",
        row: 2,
        line: 2,
        kept: false,
        reason: "class is null; Int32 is required",
        id: null,
      },
      { file: "data/yelp.json", row: 1, line: 1, kept: true, reason: null, id: 16 },
      {
        file: "data/yelp.json",
        row: 2,
        line: 1,
        kept: false,
        reason: "class is missing; Int32 is required",
        id: null,
      },
      { file: "data/yelp.json", row: 3, line: 1, kept: true, reason: null, id: 16 },
    ])
  })

  it("fails by default with every bad row by file, row and line", async () => {
    expect(
      await failure(runStep(Collect.json({ files: "data/*.json", row: Review }), { files: [amazon, yelp] })),
    ).toBe(
      [
        "2 rows of 5 in 2 files do not fit the declared table.",
        "  data/amazon.json row 2 (line 2):  class is null; Int32 is required",
        "  data/yelp.json row 2 (line 1):    class is missing; Int32 is required",
        'Correct the rows, widen the table, or set onBadRow: "drop" to leave them out, counted.',
      ].join("\n"),
    )
  })

  it("fails under drop where no row is kept, naming fields that are nearly the declared ones", async () => {
    const lines = Array.from({ length: 61 }, (_, at) => `{"texts":"a${at}","class":1,"stars":3}`).join("\n")
    const use = Collect.jsonLines({ files: "a", row: Review, onBadRow: "drop" })
    expect(await failure(runStep(use, { files: [file("data/a.jsonl", lines)] }))).toBe(
      [
        "All 61 rows are dropped: none is kept.",
        "  File:          data/a.jsonl",
        "  Dropped:       text is missing; Utf8 is required: 61 rows, first data/a.jsonl row 1 (line 1)",
        '  Not declared:  "text" is declared; 61 rows have "texts"',
        '                 61 rows have "stars"',
        "Declare the columns by the names and types that the files have, or correct the files.",
      ].join("\n"),
    )
  })

  it("fails in every format where no row is kept, and takes files without a row", async () => {
    const options = { files: "a", row: Review, onBadRow: "drop" } as const
    const none = "The only row is dropped: none is kept."
    expect(await failure(runStep(Collect.json(options), { files: [file("a", '[{"text":1}]')] }))).toContain(
      "  Dropped:  text is 1; Utf8 is required | class is missing; Int32 is required: a row 1 (line 1)",
    )
    expect(
      await failure(runStep(Collect.csv(options), { files: [file("a", "text,class\na,x\n")] })),
    ).toContain(none)
    const chats = Collect.chats({ files: "a", form: "alpaca", onBadRow: "drop" })
    expect(await failure(runStep(chats, { files: [file("a", '{"text":"x"}')] }))).toContain(none)
    expect((await runStep(Collect.csv(options), { files: [file("a", "text,class\n")] })).summary).toBe(
      "0 rows",
    )
  })

  it("warns where more than half of the rows are dropped", async () => {
    const use = Collect.jsonLines({ files: "a", row: Review, onBadRow: "drop" })
    const [good, bad] = ['{"text":"a","class":1}', '{"text":"a"}']
    const said = async (...lines: ReadonlyArray<string>) =>
      (await runStep(use, { files: [file("a", lines.join("\n"))] })).warnings
    expect(await said(good, bad)).toEqual([])
    expect(await said(good, bad, bad)).toEqual([
      "2 of 3 rows are dropped, more than half: class is missing; Int32 is required: 2 rows, first a row 2 (line 2)",
    ])
  })

  it("warns of files in which no row stands", async () => {
    const warnings = async (use: Parameters<typeof runStep>[0], ...files: ReadonlyArray<string>) =>
      (await runStep(use, { files: files.map((text, at) => file(`${at}`, text)) })).warnings
    const options = { files: "a", row: Review } as const
    const row = '{"text":"a","class":1}'
    expect(await warnings(Collect.jsonLines(options), row, "", "\n\n")).toEqual(["no row stands in 1, 2"])
    expect(await warnings(Collect.json(options), "[]", `[${row}]`)).toEqual(["no row stands in 0"])
    expect(await warnings(Collect.csv(options), "text,class\n")).toEqual(["no row stands in 0"])
    const chat = '{"prompt":"a","completion":"b"}'
    expect(await warnings(Collect.chats({ files: "a" }), chat, "")).toEqual(["no row stands in 1"])
    expect(await warnings(Collect.chats({ files: "a" }), chat, `[${chat}]`)).toEqual([])
  })

  it("fails on chats of which there are none, naming the files or every record", async () => {
    const files = [file("data/a.jsonl", ""), file("data/b.json", "[]")]
    expect(await failure(runStep(Collect.chats({ files: "a" }), { files }))).toBe(
      [
        "There are no rows, so that they have no form.",
        "  Files:  data/a.jsonl",
        "          data/b.json",
        "See that they are the rows that were meant.",
      ].join("\n"),
    )
    const pretty = [file("data/a.jsonl", '{\n"messages": []\n}')]
    expect(await failure(runStep(Collect.chats({ files: "a" }), { files: pretty }))).toContain(
      "3 rows of 3 in 1 file are no chat to learn from.\n" +
        "  data/a.jsonl row 1 (line 1):  the line is not JSON; one JSON object a line is required\n",
    )
  })

  it("lists twenty bad rows and counts the others", async () => {
    const lines = Array.from({ length: 30 }, () => "{}").join("\n")
    const message = await failure(
      runStep(Collect.jsonLines({ files: "a", row: Review }), { files: [file("a", lines)] }),
    )
    expect(message.split("\n")).toHaveLength(23)
    expect(message).toContain("  and:                 10 rows more\n")
  })

  it("fails on a file that is not what it is said to be, under drop too", async () => {
    const broken = file("data/b.json", '[{"text":"good","class":1},')
    expect(
      await failure(
        runStep(Collect.json({ files: "b", row: Review, onBadRow: "drop" }), { files: [broken] }),
      ),
    ).toBe(
      [
        "A file cannot be read.",
        "  File:     data/b.json",
        "  Line:     1",
        "  Problem:  the file ends inside the array, after row 1",
        "  Rule:     the array must be closed; is the file whole?",
        "Correct the file; nothing of it was taken.",
      ].join("\n"),
    )
  })

  it("refuses bytes that are not UTF-8, naming the line", async () => {
    const latin = file(
      "l.csv",
      new Uint8Array([...new TextEncoder().encode("text,class\nok,1\nna"), 0xef, 0x76, 0x65, 0x0a]),
    )
    expect(await failure(runStep(Collect.csv({ files: "l", row: Review }), { files: [latin] }))).toMatch(
      /Line: {5}[23]\n {2}Problem: {2}the file is not UTF-8 from here on/,
    )
    const wide = file("w.csv", new Uint8Array([0xff, 0xfe, 0x74, 0x00]))
    expect(await failure(runStep(Collect.csv({ files: "w", row: Review }), { files: [wide] }))).toContain(
      "the file is UTF-16",
    )
  })

  it("reads CSV cells by the type of their column", async () => {
    const csv = file("r.csv", 'class,text\r\n1,"good, really"\r\nx,bad\r\n0,fine\r\n')
    const ran = await runStep(Collect.csv({ files: "r", row: Review, onBadRow: "drop" }), { files: [csv] })
    expect(ran.outputs["rows"]).toEqual([
      { text: "good, really", class: 1 },
      { text: "fine", class: 0 },
    ])
    expect(ran.summary).toBe('2 rows, 1 dropped (class is "x": r.csv row 2)')
  })
})
