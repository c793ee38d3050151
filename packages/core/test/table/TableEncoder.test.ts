import { spawnSync } from "node:child_process"
import { hash } from "node:crypto"
import { fileURLToPath } from "node:url"
import { RecordBatchReader } from "apache-arrow"
import type { Data, RecordBatch, Vector } from "apache-arrow"
import { describe, expect, it } from "vitest"
import * as Random from "../../src/Random.ts"
import { decodeRows } from "../../src/table/decodeRows.ts"
import { type EncodedChunk, TableEncoder } from "../../src/table/TableEncoder.ts"
import * as Table from "../../src/Table.ts"
import { Everything, everythingRows } from "../fixtures/everything.ts"

const encode = (table: Table.Any, rows: Iterable<unknown>): Array<EncodedChunk> => {
  const encoder = new TableEncoder(table.type, { name: table.name })
  const chunks: Array<EncodedChunk> = []
  for (const row of rows) {
    const chunk = encoder.push(row)
    if (chunk !== undefined) chunks.push(chunk)
  }
  const last = encoder.finish()
  return last === undefined ? chunks : [...chunks, last]
}

const digests = (chunks: ReadonlyArray<EncodedChunk>): Array<string> =>
  chunks.map(({ bytes }) => hash("sha256", bytes, "hex"))

const parse = (chunk: EncodedChunk): RecordBatch => {
  const [batch] = [...RecordBatchReader.from(chunk.bytes)]
  if (batch === undefined) throw new Error("no batch")
  return batch
}

const decode = (table: Table.Any, chunks: ReadonlyArray<EncodedChunk>): Array<Record<string, unknown>> =>
  chunks.flatMap((chunk) => decodeRows(parse(chunk), table.type.columns))

/** The only chunk of a table with one column `x`, and that column. */
const only = (column: Table.Fields[string], values: ReadonlyArray<unknown>) => {
  const table = Table.make({ x: column })
  const [chunk] = encode(
    table,
    values.map((x) => ({ x })),
  )
  if (chunk === undefined) throw new Error("no chunk")
  return { bytes: chunk.bytes, data: parse(chunk).data.children[0] as Data }
}

describe("TableEncoder", () => {
  it("gives back the rows it was given, of every type and nested", () => {
    const rows = everythingRows(3000, "round trip")
    expect(decode(Everything, encode(Everything, rows))).toEqual(rows)
  })

  it("pins the bytes of a table: a change here gives every table another fingerprint", () => {
    expect(digests(encode(Everything, everythingRows(3000, "golden")))).toEqual(golden)
  })

  it("gives the same bytes whatever was written before, in this process and in another", () => {
    const rows = everythingRows(500, "order")
    const first = digests(encode(Everything, rows))
    encode(Table.make({ a: Table.dictionary(), b: Table.dictionary() }), [{ a: "x", b: "y" }])
    const encoder = new TableEncoder(Everything.type, { name: "other" })
    encoder.push(everythingRows(1, "other")[0])
    expect(digests(encode(Everything, rows))).toEqual(first)
    const fixture = fileURLToPath(new URL("../fixtures/encodeElsewhere.ts", import.meta.url))
    const child = spawnSync(process.execPath, [fixture, "500", "order"])
    expect(child.stderr.toString()).toBe("")
    expect(JSON.parse(child.stdout.toString())).toEqual(first)
  })

  it("does not see what rows were made of: property order, further properties, typed arrays", () => {
    const table = Table.make({ a: Table.utf8, b: Table.list(Table.int32), c: Table.list(Table.float64) })
    const plain = encode(table, [{ a: "x", b: [1, 2], c: [0.5] }])
    const other = encode(table, [{ z: 9, c: new Float64Array([0.5]), b: new Int32Array([1, 2]), a: "x" }])
    expect(digests(other)).toEqual(digests(plain))
  })

  it("writes one NaN, and keeps -0 and 0 apart", () => {
    const odd = new Float64Array(new BigUint64Array([0xfff8_0000_0000_1234n]).buffer)[0]
    expect(only(Table.float64, [odd]).bytes).toEqual(only(Table.float64, [Number.NaN]).bytes)
    const bits = new BigUint64Array(only(Table.float64, [odd, -0, 0]).data.values.slice().buffer)
    expect([...bits]).toEqual([0x7ff8_0000_0000_0000n, 0x8000_0000_0000_0000n, 0n])
    const words = new Uint32Array(only(Table.float32, [odd, -0, 0.1]).data.values.slice().buffer)
    // The reader shows the padding to a whole number of eight bytes too.
    expect([...words]).toEqual([0x7fc0_0000, 0x8000_0000, 0x3dcc_cccd, 0])
  })

  it("writes zeros under nulls, and no validity where there is no null", () => {
    const { data } = only(Table.nullable(Table.int32), [7, null, 9])
    expect([...data.values]).toEqual([7, 0, 9, 0])
    expect([...data.nullBitmap.subarray(0, 8)]).toEqual([0b101, 0, 0, 0, 0, 0, 0, 0])
    expect(only(Table.nullable(Table.int32), [7, 8]).data.nullBitmap).toHaveLength(0)
    const text = only(Table.nullable(Table.utf8), ["ab", null, "c"]).data
    expect([...text.valueOffsets]).toEqual([0, 2, 2, 3])
    const struct = only(Table.nullable(Table.struct({ a: Table.int32, b: Table.bool })), [
      { a: 5, b: true },
      null,
    ]).data
    expect([...(struct.children[0] as Data).values]).toEqual([5, 0])
    expect((struct.children[1] as Data).values[0]).toBe(0b1)
    const list = only(Table.nullable(Table.list(Table.int32)), [null, [1, 2], []]).data
    expect([...list.valueOffsets]).toEqual([0, 0, 2, 2])
  })

  it("leaves nothing of an earlier chunk in the padding of a later one", () => {
    const table = Table.make({ bit: Table.nullable(Table.bool), text: Table.nullable(Table.utf8) })
    const full = Array.from({ length: 30_000 }, () => ({ bit: true, text: "xxxxxxxxxxxxxxxxxxxxxxxx" }))
    const rest = Array.from({ length: 3 }, () => ({ bit: null, text: "y" }))
    const chunks = encode(table, [...full, ...rest])
    // The last chunk starts afresh where the rule cut, so its rows alone give its bytes.
    const last = chunks.at(-1) as EncodedChunk
    const rows = [...full, ...rest].slice(-last.rowCount)
    expect(chunks.length).toBeGreaterThan(1)
    expect(encode(table, rows).map(({ bytes }) => bytes)).toEqual([last.bytes])
  })

  it("numbers dictionaries in column order and their values by first use in the chunk", () => {
    const table = Table.make({
      one: Table.dictionary(["a", "b", "c"]),
      two: Table.list(Table.struct({ role: Table.dictionary() })),
    })
    const rows = [
      { one: "c", two: [{ role: "user" }, { role: "assistant" }] },
      { one: "a", two: [] },
      { one: "c", two: [{ role: "user" }] },
    ]
    const batch = parse(encode(table, rows)[0] as EncodedChunk)
    expect([...batch.schema.dictionaries.keys()]).toEqual([0, 1])
    const one = batch.data.children[0] as Data
    expect([...one.values]).toEqual([0, 1, 0, 0])
    expect([...(one.dictionary as Vector).toArray()]).toEqual(["c", "a"])
    expect(decode(table, encode(table, rows))).toEqual(rows)
  })

  it("declares exact Arrow types and nullability", () => {
    const batch = parse(encode(Everything, everythingRows(1, "types"))[0] as EncodedChunk)
    expect(batch.schema.fields.map((field) => `${field.toString()}${field.nullable ? "?" : ""}`)).toEqual([
      "utf8: Utf8",
      "int32: Int32",
      "int64: Int64",
      "float32: Float32",
      "float64: Float64",
      "bool: Bool",
      "binary: Binary",
      "open: Dictionary<Int32, Utf8>",
      "closed: Dictionary<Int32, Utf8>",
      "nullable: Utf8?",
      "list: List<Int32>",
      "deep: List<List<Struct<{a:Float64, b:Dictionary<Int32, Utf8>}>>>?",
      "struct: Struct<{a:Int64, b:List<Utf8>}>?",
    ])
  })

  it("names table, row and every bad value of the first bad row", () => {
    class Review extends Table.make({ text: Table.utf8, class: Table.int32 }) {}
    const rows = [{ text: "fine", class: 1 }, { text: "", class: null, more: 1 }, { text: 4 }]
    expect(() => encode(Review, rows)).toThrow(
      [
        "Row 2 does not fit table Review.",
        "  class:  null is not a whole number from -2147483648 to 2147483647",
      ].join("\n"),
    )
    expect(() => encode(Review, [rows[2]])).toThrow(
      [
        "Row 1 does not fit table Review.",
        "  text:   4 is not a string of well-formed Unicode",
        "  class:  (missing) is not a whole number from -2147483648 to 2147483647",
      ].join("\n"),
    )
    expect(() => encode(Review, [null])).toThrow("(row):  null is not a record")
    const encoder = new TableEncoder(Review.type, { name: "Review", firstRow: 5000 })
    expect(() => encoder.push({ text: "\ud800".repeat(100), class: 1 })).toThrow(
      "Row 5000 does not fit table Review.",
    )
  })
})

class Text extends Table.make({ id: Table.int32, text: Table.utf8 }) {}
const textRows = (count: number, seed: string) => {
  const random = Random.make(seed)
  return Array.from({ length: count }, (_, id) => ({ id, text: `row ${random.uint32()}` }))
}

describe("chunks", () => {
  it("have about 4,096 small rows", () => {
    const chunks = encode(Text, textRows(200_000, "small"))
    const rows = chunks.slice(0, -1).map(({ rowCount }) => rowCount)
    expect(Math.min(...rows)).toBeGreaterThanOrEqual(1024)
    expect(Math.max(...rows)).toBeLessThanOrEqual(16_384)
    const mean = rows.reduce((sum, count) => sum + count, 0) / rows.length
    expect(mean).toBeGreaterThan(3000)
    expect(mean).toBeLessThan(5500)
  })

  it("have about 1 MiB where rows are large, and one row where a row is larger", () => {
    const random = Random.make("large")
    const rows = Array.from({ length: 20_000 }, (_, id) => ({ id, text: `${random.uint32()}`.repeat(200) }))
    const sizes = encode(Text, rows)
      .slice(0, -1)
      .map(({ bytes }) => bytes.byteLength)
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length
    expect(mean).toBeGreaterThan(0.7 * 2 ** 20)
    expect(mean).toBeLessThan(1.4 * 2 ** 20)
    const huge = encode(
      Text,
      [0, 1, 2].map((id) => ({ id, text: "x".repeat(5 * 2 ** 20) })),
    )
    expect(huge.map(({ rowCount }) => rowCount)).toEqual([1, 1, 1])
  })

  it("keep their bytes but for one or two when a row is inserted, removed or changed", () => {
    const random = Random.make("edits")
    const rows = textRows(60_000, "edited")
    const before = new Set(digests(encode(Text, rows)))
    const changed = Array.from({ length: 60 }, (_, edit) => {
      const at = random.integer(rows.length)
      const row = { id: -1, text: `edit ${edit}` }
      const after = rows.toSpliced(at, edit % 3 === 0 ? 0 : 1, ...(edit % 3 === 1 ? [] : [row]))
      return digests(encode(Text, after)).filter((digest) => !before.has(digest)).length
    })
    expect(Math.max(...changed)).toBeLessThanOrEqual(2)
    expect(Math.min(...changed)).toBe(1)
  })

  it("keep their bytes but for the last when rows are appended", () => {
    const rows = textRows(60_000, "appended")
    const before = digests(encode(Text, rows.slice(0, -1)))
    expect(digests(encode(Text, rows)).slice(0, -1)).toEqual(before.slice(0, -1))
  })

  it("follow an inserted row also where few distinct rows repeat in no fixed rhythm", () => {
    const table = Table.make({ flag: Table.bool })
    const random = Random.make("flags")
    const rows = Array.from({ length: 100_000 }, () => ({ flag: random.integer(2) === 0 }))
    const before = new Set(digests(encode(table, rows)))
    const after = digests(encode(table, rows.toSpliced(100, 0, { flag: true })))
    expect(after.filter((digest) => !before.has(digest)).length).toBeLessThanOrEqual(2)
    expect(before.size).toBeGreaterThan(15)
  })

  it("hold equal rows in equal chunks", () => {
    const chunks = encode(
      Text,
      Array.from({ length: 50_000 }, () => ({ id: 1, text: "same" })),
    )
    expect(new Set(digests(chunks.slice(0, -1))).size).toBe(1)
  })
})

const golden = [
  "2c7f78ae784f64b5cd745b587ddea7a9ebffd1914b205402a3824630db9b1569",
  "126400c535ba3dd7ea9c8d27c617280942be5d7af8ed42511c7f725e6de889ca",
  "8921a5c31b7af39f546efbaacb5e8876c7cff951757ff7801858d066828c12eb",
  "520e2cc8cd7e6b75105cec46a01b7b4bdac01650f4b7ba6139e1e80949d558a1",
  "24c10e4006a5e20579520bbb1e96d563f373df7504aa753e9e18626d275d145f",
  "34869ea8e4c93930b4d3a0e2a8a8e9371dbab5757255c5bbe6cc5827f6d288ee",
  "0d0429bd4c842fd4ca0117bc2bf91e2d9bccd5d0702e7fc9fdbd56a66b9a87fc",
  "8054ed20651f7f4f1ec8ef8d40784c5f8dd502b24caa747a58171ddcd360d2f8",
  "f61acf4ff2c08dcb495f65718edcfb4745257d6114378797d78693bb7d6849fc",
]
