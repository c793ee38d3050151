import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { describe, expect, expectTypeOf, it } from "vitest"
import { checkRow } from "../src/table/checkRow.ts"
import * as Table from "../src/Table.ts"

class Review extends Table.make({
  text: Table.utf8,
  class: Table.nullable(Table.int32),
  language: Table.dictionary(["en", "de"]),
  messages: Table.list(Table.struct({ role: Table.dictionary(), tokens: Table.list(Table.int32) })),
}) {}

describe("Table", () => {
  it("is a class whose instance type is its row", () => {
    const review: Review = {
      text: "good",
      class: null,
      language: "en",
      messages: [{ role: "user", tokens: [1] }],
    }
    expectTypeOf(review).toEqualTypeOf<Review>()
    expectTypeOf<Table.Row<typeof Review>>().toEqualTypeOf<{
      readonly text: string
      readonly class: number | null
      readonly language: "en" | "de"
      readonly messages: ReadonlyArray<{ readonly role: string; readonly tokens: ReadonlyArray<number> }>
    }>()
    // @ts-expect-error a language that the dictionary does not have
    const other: Review = { text: "", class: 1, language: "fr", messages: [] }
    expect(other.language).toBe("fr")
    // @ts-expect-error rows are plain objects
    expect(() => new Review()).toThrow(TypeError)
  })

  it("describes its columns in declared order", () => {
    expect(Review.kind).toBe("table")
    expect(Review.name).toBe("Review")
    expect(Review.type).toEqual({
      columns: [
        { name: "text", type: { kind: "utf8" } },
        { name: "class", type: { kind: "nullable", of: { kind: "int32" } } },
        { name: "language", type: { kind: "dictionary", values: ["en", "de"] } },
        {
          name: "messages",
          type: {
            kind: "list",
            item: {
              kind: "struct",
              fields: [
                { name: "role", type: { kind: "dictionary", values: null } },
                { name: "tokens", type: { kind: "list", item: { kind: "int32" } } },
              ],
            },
          },
        },
      ],
    })
    expect(Table.isTable(Review)).toBe(true)
    expect(Table.isTable(Error)).toBe(false)
    expect(Table.fromType(Review.type).type).toEqual(Review.type)
  })

  it("has a readable kind for each column", () => {
    expect(Table.list(Table.nullable(Table.int32)).kind).toBe("List<Int32?>")
    expectTypeOf(Table.list(Table.nullable(Table.int32)).kind).toEqualTypeOf<"List<Int32?>">()
    expect(Table.nullable(Table.nullable(Table.utf8)).type).toEqual({
      kind: "nullable",
      of: { kind: "utf8" },
    })
  })

  it("lets lists of numbers be written as typed arrays", () => {
    type Written = Table.Input<typeof Review>
    expectTypeOf<Int32Array>().toExtend<Written["messages"][number]["tokens"]>()
    expectTypeOf<Review>().toExtend<Written>()
    expectTypeOf<Written["text"]>().toEqualTypeOf<string>()
    expectTypeOf<Written["class"]>().toEqualTypeOf<number | null>()
  })

  it("extends a table and picks from one", () => {
    class Scored extends Table.extend(Review, { score: Table.float64, class: Table.utf8 }) {}
    expect(Scored.type.columns.map(({ name }) => name)).toEqual([
      "text",
      "class",
      "language",
      "messages",
      "score",
    ])
    expectTypeOf<Table.Row<typeof Scored>["class"]>().toEqualTypeOf<string>()
    class Texts extends Table.pick(Review, ["class", "text"]) {}
    expect(Texts.type.columns.map(({ name }) => name)).toEqual(["class", "text"])
    expectTypeOf<Table.Row<typeof Texts>>().toEqualTypeOf<{
      readonly text: string
      readonly class: number | null
    }>()
  })

  it("refuses columns and dictionaries that cannot be stored, all at once", () => {
    expect(() => Table.make({ "": Table.utf8, a: "utf8" as never })).toThrow(
      [
        "A table cannot be declared.",
        '  Problems:  "" cannot be the name of a column',
        "             column 'a' is not a column type such as Table.utf8",
        "Give each column a name and a type: Table.make({ text: Table.utf8 }).",
      ].join("\n"),
    )
    expect(() => Table.make({})).toThrow("there is no column")
    expect(() => Table.dictionary(["a", "b", "a"])).toThrow('dictionary value "a" is given twice')
  })
})

/** The type of a table with a struct inside a list. */
const messages = (tokens: typeof Table.int32 | typeof Table.float64) =>
  Table.make({ messages: Table.list(Table.struct({ role: Table.utf8, tokens: Table.list(tokens) })) }).type

describe("Table.mismatches", () => {
  const want = { columns: Review.type.columns.slice(0, 3) }

  it("admits further columns, another order, no nulls where nulls may be, and fewer values", () => {
    const have = Table.make({
      language: Table.dictionary(["de"]),
      more: Table.bool,
      class: Table.int32,
      text: Table.utf8,
    })
    expect(Table.mismatches(want, have.type)).toEqual([])
  })

  it("names every column that is missing or differs, with both types", () => {
    const have = Table.make({ text: Table.nullable(Table.utf8), language: Table.dictionary() })
    expect(Table.mismatches(want, have.type)).toEqual([
      "column 'text' is Utf8? but Utf8 is required",
      "column 'class' (Int32?) is missing",
      `column 'language' is Dictionary<Utf8> but Dictionary<"en" | "de"> is required`,
    ])
  })

  it("looks inside lists and structs", () => {
    expect(Table.mismatches(messages(Table.int32), messages(Table.int32))).toEqual([])
    expect(Table.mismatches(messages(Table.int32), messages(Table.float64))).toEqual([
      "column 'messages' is List<Struct<{role: Utf8, tokens: List<Float64>}>> but " +
        "List<Struct<{role: Utf8, tokens: List<Int32>}>> is required",
    ])
  })

  it("says the same at compile time", () => {
    const Have = Table.make({
      text: Table.int32,
      language: Table.dictionary(["en", "fr"]),
      messages: Table.list(Table.struct({ role: Table.dictionary(), tokens: Table.list(Table.float64) })),
    })
    expectTypeOf<Table.Mismatch<typeof Review, typeof Have>>().toEqualTypeOf<
      | "column 'text' is Int32 but Utf8 is required"
      | "column 'class' (Int32?) is missing"
      | "column 'language': the producer has values that the input does not allow"
      | "column 'messages' is another List<Struct> than the one required"
    >()
    const Fits = Table.extend(Review, { class: Table.int32, more: Table.bool })
    expectTypeOf<Table.Mismatch<typeof Review, typeof Fits>>().toEqualTypeOf<never>()
    expect(Table.mismatches(Review.type, Fits.type)).toEqual([])
  })
})

describe("a table's schema", () => {
  const Everything = Table.make({
    utf8: Table.utf8,
    int32: Table.int32,
    int64: Table.int64,
    float32: Table.float32,
    float64: Table.float64,
    bool: Table.bool,
    binary: Table.binary,
    list: Table.list(Table.int32),
    open: Table.dictionary(),
    closed: Table.dictionary(["a", "b"]),
    nullable: Table.nullable(Table.utf8),
    struct: Table.struct({ a: Table.int32, b: Table.nullable(Table.bool) }),
  })
  const good: Table.Row<typeof Everything> = {
    utf8: "ü",
    int32: -(2 ** 31),
    int64: 2n ** 63n - 1n,
    float32: Number.NaN,
    float64: -0,
    bool: false,
    binary: new Uint8Array([1]),
    list: [1, 2],
    open: "anything",
    closed: "b",
    nullable: null,
    struct: { a: 1, b: null },
  }
  const values = [
    undefined,
    null,
    "",
    "\ud800",
    "a",
    0,
    -1,
    1.5,
    2 ** 31,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e300,
    1n,
    -(2n ** 63n),
    2n ** 63n,
    true,
    [],
    [1],
    [1.5],
    [null],
    {},
    { a: 1, b: true },
    { a: "1", b: null },
    { a: 1 },
  ]
  const isAdmitted = Schema.decodeUnknownResult(Everything.schema)

  it("admits what the columns admit", () => {
    expect(Result.isSuccess(isAdmitted(good))).toBe(true)
    expect(checkRow(Everything.type.columns, good)).toEqual([])
  })

  it("agrees with the writer's own check about every kind of wrong value", () => {
    for (const name of Object.keys(good)) {
      for (const value of values) {
        const row = { ...good, [name]: value }
        expect([name, value, Result.isSuccess(isAdmitted(row))]).toEqual([
          name,
          value,
          checkRow(Everything.type.columns, row).length === 0,
        ])
      }
    }
  })

  it("lists every bad value of a row by its path", () => {
    const row = { ...good, list: [1, 2.5, "3"], struct: { a: null, b: 3 }, closed: "c", utf8: undefined }
    expect(checkRow(Everything.type.columns, row)).toEqual([
      { column: "utf8", value: "(missing)", rule: "a string of well-formed Unicode" },
      { column: "list[1]", value: "2.5", rule: "a whole number from -2147483648 to 2147483647" },
      { column: "list[2]", value: "'3'", rule: "a whole number from -2147483648 to 2147483647" },
      { column: "closed", value: "'c'", rule: 'one of "a", "b"' },
      { column: "struct.a", value: "null", rule: "a whole number from -2147483648 to 2147483647" },
      { column: "struct.b", value: "3", rule: "true or false, or null" },
    ])
    expect(checkRow(Everything.type.columns, [1])[0]?.column).toBe("(row)")
  })
})
