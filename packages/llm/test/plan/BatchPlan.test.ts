import { describe, expect, it } from "vitest"
import { attentionGroups } from "../../src/plan/AttentionGroups.ts"
import * as BatchPlan from "../../src/plan/BatchPlan.ts"
import { trainingRow } from "../../src/plan/Stream.ts"
import { randomRows } from "./rows.ts"

const heads = { heads: 4, keyValueHeads: 2 }
const lines = heads.heads + 2 * heads.keyValueHeads

describe("AttentionGroups", () => {
  it("attends rows of similar length together and the shared prefix by itself", () => {
    const groups = attentionGroups({ prefixTokens: 40, lengths: [200, 20, 22, 196] })
    expect(groups.map((group) => [group.members, group.queryCount, group.keyCount])).toEqual([
      ["prefix", 40, 40],
      [[1, 2], 22, 62],
      [[3, 0], 200, 240],
    ])
  })

  it("keeps short rows in one group, where a second would cost more than the padding", () => {
    const groups = attentionGroups({ prefixTokens: 0, lengths: [5, 9, 30] })
    expect(groups.map((group) => group.members)).toEqual([[0, 1, 2]])
  })

  it("cuts as the cheapest of all cuts, found by trying them all", () => {
    const { lengths } = { lengths: [12, 300, 80, 90, 11, 250, 400, 75, 13] }
    const cost = (run: ReadonlyArray<number>) => run.length * run.at(-1)! * run.at(-1)! + 4096
    const sorted = lengths.toSorted((a, b) => a - b)
    let least = Infinity
    for (let cuts = 0; cuts < 1 << (sorted.length - 1); cuts++) {
      const runs: Array<Array<number>> = [[]]
      sorted.forEach((length, i) => {
        runs.at(-1)!.push(length)
        if (i < sorted.length - 1 && (cuts >> i) & 1) runs.push([])
      })
      if (runs.length <= 3)
        least = Math.min(
          least,
          runs.reduce((sum, run) => sum + cost(run), 0),
        )
    }
    const groups = attentionGroups({ prefixTokens: 0, lengths }, 3)
    expect(groups.reduce((sum, g) => sum + g.rowCount * g.queryCount * g.keyCount + 4096, 0)).toBe(least)
  })
})

describe("IndexTables", () => {
  const cases = Array.from({ length: 60 }, (_, seed) =>
    BatchPlan.make(
      randomRows(seed, { rows: 1 + (seed % 6), prefix: seed % 12, vocabulary: 40, own: 1 + (seed % 90) }).map(
        trainingRow,
      ),
      heads,
    ),
  )

  it("shows each token exactly its own row up to itself", () => {
    for (const plan of cases) {
      const seen = new Map<number, Array<number>>() // by line of the output [T·H]
      const perKey = heads.heads / heads.keyValueHeads
      for (const group of plan.groups) {
        const cells = group.queryCount * perKey
        group.outputs.forEach((output, at) => {
          if (output === plan.tokenCount * heads.heads) return
          const l = at % group.queryCount
          const batch = Math.floor(at / cells)
          const keys: Array<number> = []
          for (let s = 0; s < group.keyCount; s++) {
            if (group.mask[l * group.keyCount + s] === 0)
              keys.push(Math.floor(group.keys[batch * group.keyCount + s]! / lines))
          }
          seen.set(output, keys)
        })
      }
      expect(seen.size).toBe(plan.tokenCount * heads.heads)
      for (const [output, keys] of seen) {
        const token = Math.floor(output / heads.heads)
        const row = plan.starts.findLastIndex((start) => start <= token)
        const own = row < 0 ? [] : range(plan.starts[row]!, token + 1)
        expect(keys).toEqual(row < 0 ? range(0, token + 1) : [...range(0, plan.prefixTokens), ...own])
      }
    }
  })

  it("puts each output back where its query came from", () => {
    for (const plan of cases) {
      const outputs = plan.groups.flatMap((group) => [...group.outputs])
      plan.outputLines.forEach((line, output) => expect(outputs[line]).toBe(output))
    }
  })

  it("returns every gradient to the line that was read, and those of padding nowhere", () => {
    for (const plan of cases) {
      const read = plan.groups.flatMap((group) => [...group.queries, ...group.keys, ...group.values])
      expect(plan.gradientLines.length).toBe(read.length)
      const counts = new Map<number, number>()
      plan.gradientLines.forEach((line, i) => {
        if (line >= 0) {
          expect(line).toBe(read[i])
          counts.set(line, (counts.get(line) ?? 0) + 1)
        }
      })
      // A query line is read once; a prefix key by the prefix and by every row, an own key by its row.
      for (let token = 0; token < plan.tokenCount; token++) {
        const readers = token < plan.prefixTokens ? 1 + plan.rowCount : 1
        for (let head = 0; head < lines; head++) {
          expect(counts.get(token * lines + head)).toBe(head < heads.heads ? 1 : readers)
        }
      }
    }
  })
})

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
