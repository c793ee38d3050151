import { describe, expect, it } from "vitest"
import * as attention from "../../src/layers/attention.ts"
import type { Backend } from "../../src/ops/Ops.ts"
import * as BatchPlan from "../../src/plan/BatchPlan.ts"
import { upload } from "../../src/plan/PlanTensors.ts"
import { trainingRow } from "../../src/plan/Stream.ts"
import { randomRows } from "../plan/rows.ts"
import { floats, largestDifference, useBackend } from "../support/backend.ts"
import { expectGradients, values } from "../support/gradient.ts"

const geometry = { heads: 4, keyValueHeads: 2, headSize: 4, ropeTheta: 10_000, ropeScaling: null }
const width = (geometry.heads + 2 * geometry.keyValueHeads) * geometry.headSize

/** Attention of one row written out: query by query, head by head. `tokens` are the row's stream positions. */
const plainAttention = (qkv: Float32Array, tokens: ReadonlyArray<number>): Map<number, Array<number>> => {
  const { headSize, heads, keyValueHeads } = geometry
  const line = (token: number, number: number) =>
    qkv.subarray(token * width + number * headSize, token * width + (number + 1) * headSize)
  const outputs = new Map<number, Array<number>>()
  tokens.forEach((token, t) => {
    const output: Array<number> = []
    for (let head = 0; head < heads; head++) {
      const key = heads + Math.floor(head / (heads / keyValueHeads))
      const scores = tokens.slice(0, t + 1).map((other) => {
        const k = line(other, key)
        return Math.exp(line(token, head).reduce((sum, q, d) => sum + q * k[d]!, 0))
      })
      const total = scores.reduce((a, b) => a + b, 0)
      for (let d = 0; d < headSize; d++) {
        output.push(
          tokens.slice(0, t + 1).reduce((sum, other, s) => {
            return sum + (scores[s]! / total) * line(other, key + keyValueHeads)[d]!
          }, 0),
        )
      }
    }
    outputs.set(token, output)
  })
  return outputs
}

const plans = [
  ["one row", 1, 0],
  ["rows of mixed lengths", 4, 0],
  ["rows behind a shared prefix", 3, 9],
] as const

describe.each(plans)("attention over %s", (_, rows, prefix) => {
  const backend = useBackend({ backend: "cpu" })
  const plan = BatchPlan.make(randomRows(3, { rows, prefix, vocabulary: 20 }).map(trainingRow), geometry)
  const tables = (b: Backend) => upload(b, geometry, plan).tables.attention
  const qkv = values(5, [plan.tokenCount, width])

  it("equals softmax attention of each row by itself", async () => {
    const y = await floats(
      backend(),
      backend().scope(
        () =>
          attention.forward(backend().ops, geometry, tables(backend()), backend().tensor(qkv.data, qkv.shape))
            .y,
      ),
    )
    expect(plan.prefixTokens).toBe(prefix)
    const range = (from: number, length: number) => Array.from({ length }, (__, i) => from + i)
    for (let row = 0; row < rows; row++) {
      const tokens = [...range(0, prefix), ...range(plan.starts[row]!, plan.lengths[row]!)]
      for (const [token, expected] of plainAttention(qkv.data, tokens)) {
        const found = y.subarray(token * 16, (token + 1) * 16)
        expect(largestDifference(found, expected)).toBeLessThan(1e-5)
      }
    }
  })

  it("has the gradient of finite differences", async () => {
    const { ops } = backend()
    await expectGradients(
      backend(),
      { qkv },
      (t) => attention.forward(ops, geometry, tables(backend()), t["qkv"]!).y,
      (t, dy) => {
        const { saved, y } = attention.forward(ops, geometry, tables(backend()), t["qkv"]!)
        return { qkv: attention.backward(ops, geometry, tables(backend()), y, saved, dy) }
      },
    )
  })
})
