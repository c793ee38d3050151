import { Table } from "@sluice/core"
import { describe, expect, it } from "vitest"
import * as Split from "../src/Split.ts"
import { reader, ref, runStep } from "./support/runStep.ts"

class Review extends Table.make({ text: Table.utf8, class: Table.int32 }) {}

const reviews = Array.from({ length: 1000 }, (_, at) => ({ text: `review ${at}`, class: at % 2 }))
const texts = (rows: ReadonlyArray<{ text: string }>) => rows.map((row) => row.text)

const byText = (rows: ReadonlyArray<Readonly<Record<string, unknown>>>) =>
  runStep(Split.byHash({ rows: ref(Review), by: "text", heldOut: 0.1 }), { rows: reader(rows, 64) })

describe("Split.byHash", () => {
  it("puts every row on one side, about the share asked for", async () => {
    const { outputs, summary } = await byText(reviews)
    expect(outputs["train"].length + outputs["heldOut"].length).toBe(1000)
    expect(outputs["heldOut"].length).toBe(92)
    expect(summary).toBe("908 + 92 rows")
    const held = new Set(texts(outputs["heldOut"]))
    expect(texts(outputs["train"]).filter((text) => held.has(text))).toEqual([])
  })

  it("warns of a side without rows that was to have a share of them", async () => {
    const warnings = async (heldOut: number, rows = reviews.slice(0, 20)) =>
      (await runStep(Split.byHash({ rows: ref(Review), by: "text", heldOut }), { rows: reader(rows) }))
        .warnings
    expect(await warnings(0.001)).toEqual(["none of 20 rows is held out, with heldOut: 0.001"])
    expect(await warnings(0.999)).toEqual(["all of 20 rows are held out, with heldOut: 0.999"])
    for (const share of [0, 0.3, 1]) expect(await warnings(share)).toEqual([])
    expect(await warnings(0.5, [])).toEqual([])
  })

  it("keeps a row on its side when the data grows or comes in another order", async () => {
    const few = await byText(reviews.slice(0, 500).toReversed())
    const many = await byText(reviews)
    const held = new Set(texts(many.outputs["heldOut"]))
    expect(texts(few.outputs["heldOut"]).every((text) => held.has(text))).toBe(true)
    expect(texts(few.outputs["train"]).some((text) => held.has(text))).toBe(false)
  })

  it("drops rows of one key but the first, and counts those that contradict it", async () => {
    const { outputs, summary } = await byText([
      { text: "a", class: 1 },
      { text: "b", class: 0 },
      { text: "a", class: 1 },
      { text: "a", class: 0 },
    ])
    expect([...outputs["train"], ...outputs["heldOut"]]).toHaveLength(2)
    expect(summary).toMatch(/^\d \+ \d rows?, 2 duplicates dropped \(1 contradict the row kept\)$/)
  })

  it("takes a function of the row as key", async () => {
    const use = Split.byHash({ rows: ref(Review), by: (row) => row.text.toLowerCase(), heldOut: 0.5 })
    const { outputs } = await runStep(use, {
      rows: reader([
        { text: "A", class: 1 },
        { text: "a", class: 1 },
      ]),
    })
    expect(outputs["train"].length + outputs["heldOut"].length).toBe(1)
  })
})

describe("a key's function that throws", () => {
  it("is named with the row", async () => {
    const by = (): string => {
      throw new Error("no key")
    }
    const use = Split.byHash({ rows: ref(Review), by, heldOut: 0.5 })
    await expect(runStep(use, { rows: reader([{ text: "A", class: 1 }]) })).rejects.toThrow(
      /^The function given as by threw\.\n {2}Row: {6}[0-9a-f]{16} \{"text":"A","class":1\}\n {2}Problem: {2}Error: no key\n/,
    )
  })
})

describe("Split.sample", () => {
  const sample = (count: number, more: { seed?: string; onShort?: "all" } = {}) =>
    runStep(Split.sample({ rows: ref(Review), count, ...more }), { rows: reader(reviews, 100) })

  it("nests: 100 rows are inside 300, in the table's order", async () => {
    const small = texts((await sample(100)).outputs["output"])
    const large = texts((await sample(300)).outputs["output"])
    expect(small).toHaveLength(100)
    expect(large.filter((text) => small.includes(text))).toEqual(small)
    expect(large).toEqual(texts(reviews).filter((text) => large.includes(text)))
  })

  it("chooses other rows for another seed, and the same for the same", async () => {
    const first = texts((await sample(100)).outputs["output"])
    const other = texts((await sample(100, { seed: "other" })).outputs["output"])
    expect(texts((await sample(100)).outputs["output"])).toEqual(first)
    expect(first.filter((text) => other.includes(text)).length).toBeLessThan(30)
  })

  it("takes the values of a column as evenly as the rows allow, and nests all the same", async () => {
    const uneven = reviews.map((row, at) => ({ ...row, class: at < 3 ? 7 : row.class }))
    const balanced = (count: number) =>
      runStep(Split.sample({ rows: ref(Review), count, balance: "class" }), { rows: reader(uneven, 100) })
    const classes = (rows: ReadonlyArray<{ class: number }>) =>
      rows.map((row) => row.class).toSorted((a, b) => a - b)
    const small = (await balanced(6)).outputs["output"]
    const large = (await balanced(20)).outputs["output"]
    expect(classes(small)).toEqual([0, 0, 1, 1, 7, 7])
    expect(large.filter((row: { class: number }) => row.class === 7)).toHaveLength(3)
    expect(large.filter((row: { class: number }) => row.class === 0).length).toBeGreaterThanOrEqual(8)
    expect(texts(large)).toEqual(expect.arrayContaining(texts(small)))
  })

  it("refuses to give fewer rows than asked for, unless all will do", async () => {
    await expect(sample(1001)).rejects.toThrow(
      'There are fewer rows than the sample asks for.\n  Asked:      1,001\n  Available:  1,000\nAsk for fewer, collect more, or set onShort: "all" to take what there is.',
    )
    const { outputs, summary } = await sample(1001, { onShort: "all" })
    expect(outputs["output"]).toHaveLength(1000)
    expect(summary).toBe("1,000 rows, all there are")
  })
})
