import { describe, expect, it } from "vitest"
import { pack, promptRow, sharedPrefix, supervisedCount, trainingRow } from "../../src/plan/Stream.ts"
import { randomRows } from "./rows.ts"

describe("Stream", () => {
  it("packs two rows behind their shared prefix and names the supervised slots", () => {
    const rows = [
      {
        ids: [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12],
        labels: [-100, -100, -100, -100, -100, -100, -100, -100, -100, 11, 12],
      },
      {
        ids: [1, 2, 3, 4, 5, 6, 7, 8, 20, 21],
        labels: [-100, -100, -100, -100, -100, -100, -100, -100, -100, 21],
      },
    ]
    const stream = pack(rows.map(trainingRow))
    expect(stream.prefixTokens).toBe(8)
    // Each row ends at its last slot: the tokens 12 and 21 predict nothing.
    expect([...stream.ids]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 20])
    expect([...stream.positions]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 8])
    expect(stream.starts).toEqual([8, 10])
    expect([...stream.slots]).toEqual([8, 9, 10])
    expect([...stream.labels]).toEqual([11, 12, 21])
    expect([...stream.slotRows]).toEqual([0, 0, 1])
  })

  it("ends the shared prefix before the first supervised slot of any row", () => {
    const ids = Array.from({ length: 20 }, (_, i) => i)
    const early = { ids, labels: ids.map((id) => (id >= 10 ? id : -100)) }
    const late = { ids, labels: ids.map((id) => (id >= 15 ? id : -100)) }
    expect(sharedPrefix([early, late].map(trainingRow))).toBe(9)
    expect(pack([early, late].map(trainingRow)).slots[0]).toBe(9)
  })

  it("shares nothing for one row, below eight common tokens, or where asked not to", () => {
    const [a, b] = randomRows(1, { rows: 2, prefix: 12, vocabulary: 50 }).map(trainingRow)
    expect(sharedPrefix([a!])).toBe(0)
    expect(sharedPrefix([a!, b!])).toBe(12)
    expect(sharedPrefix([a!, b!], 13)).toBe(0)
    expect(pack([a!, b!], { minimumPrefix: Infinity }).prefixTokens).toBe(0)
  })

  it("ignores a label at the first position, which nothing predicts", () => {
    const row = { ids: [5, 6, 7], labels: [5, -100, 7] }
    expect(trainingRow(row)).toEqual({ ids: [5, 6, 7], slots: [1], labels: [7] })
    expect(supervisedCount(row)).toBe(1)
  })

  it("asks a prompt for the output of its last token", () => {
    const stream = pack([promptRow([4, 5, 6]), promptRow([7])])
    expect([...stream.slots]).toEqual([2, 3])
    expect([...stream.ids]).toEqual([4, 5, 6, 7])
  })

  it("holds every row up to its last slot, for 200 random batches", () => {
    for (let seed = 0; seed < 200; seed++) {
      const rows = randomRows(seed, { rows: 1 + (seed % 7), prefix: seed % 13, vocabulary: 30 })
      const stream = pack(rows.map(trainingRow), seed % 3 === 0 ? { minimumPrefix: Infinity } : {})
      const slots = rows.map((row) => trainingRow(row).slots)
      rows.forEach((row, r) => {
        const length = slots[r]!.at(-1)! + 1
        const own = stream.starts[r]!
        const rebuilt = [
          ...stream.ids.subarray(0, stream.prefixTokens),
          ...stream.ids.subarray(own, own + stream.lengths[r]!),
        ]
        expect(rebuilt).toEqual(Array.from(row.ids).slice(0, length))
        const labelled = [...stream.slots].filter((_, i) => stream.slotRows[i] === r)
        expect(labelled.map((slot) => stream.positions[slot])).toEqual(slots[r])
      })
      const total = rows.reduce((sum, row) => sum + supervisedCount(row), 0)
      expect(stream.labels.length).toBe(total)
    }
  })
})
