import { Table } from "@sluice/core"
import { describe, expect, it } from "vitest"
import * as Csv from "../../src/collect/Csv.ts"
import * as JsonArray from "../../src/collect/JsonArray.ts"
import * as JsonLines from "../../src/collect/JsonLines.ts"
import type { Found } from "../../src/collect/Record.ts"
import * as RowCheck from "../../src/collect/RowCheck.ts"

/** The text in pieces of `size` characters, as a stream would hand it over. */
async function* pieces(text: string, size = text.length || 1): AsyncGenerator<string> {
  for (let i = 0; i < text.length; i += size) yield text.slice(i, i + size)
}

const all = async (found: AsyncIterable<Found>): Promise<ReadonlyArray<Found>> => Array.fromAsync(found)
const message = async (found: AsyncIterable<Found>): Promise<string> =>
  all(found).then(
    () => "no error",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )

const columns = (fields: Table.Fields) => Table.make(fields).type.columns
const none = () => {
  throw new Error("no unknown field was expected")
}

const comma = { delimiter: ",", header: null }

describe("JSON array", () => {
  const text =
    '[\n {"text": "a [b] \\"c\\\\", "class": 1},\n {"text": "d,]}", "more": {"x": [1, [2]]}}\n, 7 ]\n'

  it("numbers rows and lines whatever the pieces that the text comes in", async () => {
    const whole = await all(JsonArray.records(pieces(text)))
    expect(whole).toEqual([
      { row: 1, line: 2, content: { fields: { text: 'a [b] "c\\', class: 1 } } },
      { row: 2, line: 3, content: { fields: { text: "d,]}", more: { x: [1, [2]] } } } },
      {
        row: 3,
        line: 4,
        content: {
          problems: [{ field: "", value: "the row is 7", rule: "an object of fields is required" }],
        },
      },
    ])
    for (const size of [1, 2, 3, 7, 20])
      expect(await all(JsonArray.records(pieces(text, size)))).toEqual(whole)
  })

  it("reads an empty array as no rows", async () => {
    expect(await all(JsonArray.records(pieces(" [ ] ")))).toEqual([])
  })

  it("names the line where the text is not an array of JSON", async () => {
    expect(await message(JsonArray.records(pieces("")))).toBe(
      "line 1: the file is empty; one JSON array of objects is required",
    )
    expect(await message(JsonArray.records(pieces('{"rows": []}')))).toBe(
      'line 1: the file starts with "{"; one JSON array of objects is required',
    )
    expect(await message(JsonArray.records(pieces('[{"a": 1},\n]')))).toBe(
      "line 2: row 2 is empty: a comma too many; an object is required",
    )
    expect(await message(JsonArray.records(pieces('[{"a": 1},\n{"a": 2')))).toBe(
      "line 2: the file ends inside the array, after row 1; the array must be closed; is the file whole?",
    )
    expect(await message(JsonArray.records(pieces('[{"a": 1}]\n[')))).toBe(
      'line 2: "[" follows the array; nothing may follow it',
    )
    expect(await message(JsonArray.records(pieces('[\n{"a": 1 "b": 2}]')))).toMatch(
      /^line 2: row 1 is not JSON \(.+\); an array of JSON objects is required$/,
    )
  })
})

describe("JSON Lines", () => {
  it("reads on after a line that is not JSON, and skips blank ones", async () => {
    const text = '{"a": 1}\r\n\r\n{"a": \n{"a": 3}'
    const expected = [
      { row: 1, line: 1, content: { fields: { a: 1 } } },
      {
        row: 2,
        line: 3,
        content: {
          problems: [
            { field: "", value: "the line is not JSON", rule: "one JSON object a line is required" },
          ],
        },
      },
      { row: 3, line: 4, content: { fields: { a: 3 } } },
    ]
    for (const size of [1, 5, 100]) expect(await all(JsonLines.records(pieces(text, size)))).toEqual(expected)
  })
})

describe("CSV", () => {
  it("counts lines through CRLF, quoted line breaks and blank lines", async () => {
    const text = 'a,b\r\n1,"x\r\ny"\r\n\r\n2,"say ""hi"""\r\n'
    for (const size of [1, 4, 100]) {
      expect(await all(Csv.records(pieces(text, size), ["a", "b"], comma))).toEqual([
        { row: 1, line: 2, content: { fields: { a: "1", b: "x\r\ny" } } },
        { row: 2, line: 5, content: { fields: { a: "2", b: 'say "hi"' } } },
      ])
    }
  })

  it("calls a record bad when it has more or fewer cells than the header", async () => {
    const found = await all(Csv.records(pieces("a,b\n1\n1,2,3\n1,2\n"), ["a"], comma))
    expect(found.map((each) => each.content)).toEqual([
      { problems: [{ field: "", value: "the row has 1 cell", rule: "the header has 2 columns" }] },
      { problems: [{ field: "", value: "the row has 3 cells", rule: "the header has 2 columns" }] },
      { fields: { a: "1", b: "2" } },
    ])
  })

  it("names doubled and missing columns of the header", async () => {
    expect(await message(Csv.records(pieces("a,b,a\n1,2,3\n"), ["a"], comma))).toBe(
      'line 1: the header names "a" more than once; each column needs a name of its own',
    )
    expect(await message(Csv.records(pieces("a,b\n1,2\n"), ["a", "text", "class"], comma))).toBe(
      'line 1: the header lacks "text", "class"; it has "a", "b"',
    )
    expect(await message(Csv.records(pieces(""), ["a"], comma))).toBe(
      "line 1: the file is empty; a header line is required",
    )
  })

  it("names the line of the record whose quotes do not match", async () => {
    expect(await message(Csv.records(pieces('a\n1\n"x\n'), ["a"], comma))).toBe(
      'line 3: a quoted cell is not closed; it must end in " before the file does',
    )
    expect(await message(Csv.records(pieces('a\n"x"y\n'), ["a"], comma))).toBe(
      'line 2: text follows a closing quote; a quote inside a quoted cell is written ""',
    )
    expect(await message(Csv.records(pieces('a\nx"y\n'), ["a"], comma))).toBe(
      'line 2: a quote stands inside an unquoted cell; the cell must be quoted and the quote written ""',
    )
  })

  it("takes the header from the options where the file has none", async () => {
    const found = await all(Csv.records(pieces("1;2\n"), ["b"], { delimiter: ";", header: ["a", "b"] }))
    expect(found).toEqual([{ row: 1, line: 1, content: { fields: { a: "1", b: "2" } } }])
  })
})

describe("row check", () => {
  it("reports every wrong field of a row with its value and its rule", () => {
    const check = RowCheck.make(
      columns({
        text: Table.utf8,
        class: Table.int32,
        kind: Table.dictionary(["a", "b"]),
        score: Table.nullable(Table.float64),
        tags: Table.list(Table.struct({ name: Table.utf8 })),
      }),
      "typed",
      none,
    )
    expect(
      check({ fields: { text: 5, class: null, kind: "c", score: "1", tags: [{ name: "x" }, { name: 2 }] } }),
    ).toEqual({
      problems: [
        { field: "text", value: "5", rule: "Utf8 is required" },
        { field: "class", value: "null", rule: "Int32 is required" },
        { field: "kind", value: '"c"', rule: 'one of "a", "b" is required' },
        { field: "score", value: '"1"', rule: "Float64 is required" },
        { field: "tags[1].name", value: "2", rule: "Utf8 is required" },
      ],
    })
    expect(check({ fields: { class: 2 ** 31 } })).toEqual({
      problems: [
        { field: "text", value: "", rule: "Utf8 is required" },
        { field: "class", value: "2147483648", rule: "Int32 is required" },
        { field: "kind", value: "", rule: 'one of "a", "b" is required' },
        { field: "tags", value: "", rule: "List<Struct> is required" },
      ],
    })
  })

  it("refuses text that Arrow would change", () => {
    const check = RowCheck.make(columns({ text: Table.utf8 }), "typed", none)
    expect(check({ fields: { text: "\ud800" } })).toEqual({
      problems: [{ field: "text", value: '"\\ud800"', rule: "text without lone surrogates is required" }],
    })
  })

  it("reads text cells by the column's type and in full", () => {
    const check = RowCheck.make(
      columns({
        n: Table.int32,
        x: Table.float64,
        ok: Table.bool,
        note: Table.nullable(Table.utf8),
        ids: Table.list(Table.int32),
      }),
      "text",
      none,
    )
    expect(check({ fields: { n: "-3", x: "-0.5e3", ok: "true", note: "", ids: "[1, 2]" } })).toEqual({
      row: { n: -3, x: -500, ok: true, note: null, ids: [1, 2] },
    })
    expect(check({ fields: { n: "3 ", x: "0x10", ok: "yes", note: "-", ids: "1, 2" } })).toEqual({
      problems: [
        { field: "n", value: '"3 "', rule: "Int32 is required" },
        { field: "x", value: '"0x10"', rule: "Float64 is required" },
        { field: "ok", value: '"yes"', rule: "true or false is required" },
        { field: "ids", value: '"1, 2"', rule: "List<Int32> as JSON is required" },
      ],
    })
  })

  it("hands over the fields that the table does not declare", () => {
    const unknown: Array<string> = []
    const check = RowCheck.make(columns({ a: Table.int32 }), "typed", (field) => unknown.push(field))
    expect(check({ fields: { a: 1, b: 2, toString: 3 } })).toEqual({ row: { a: 1 } })
    expect(unknown).toEqual(["b", "toString"])
  })
})
