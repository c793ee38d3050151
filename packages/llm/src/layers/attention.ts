/**
 * Causal grouped-query attention over a packed stream:
 *
 *     P = softmax(Q·Kᵀ + mask)     O = P·V       per row and head (the scale is in Q, see rotary)
 *
 * qkv [T, (H + 2·KV)·D] → O [T, H·D]. Lines [D] of the projection are gathered into the plan's groups (see IndexTables):
 * Q [KV·b, G·L, D], K and V [KV·b, S, D]; padded queries and keys influence nothing. Backward, per group:
 *
 *     dV = Pᵀ·dO     dP = dO·Vᵀ     dS = P∘(dP − δ)     dQ = dS·K     dK = dSᵀ·Q
 *
 * where δ = Σ_D dO∘O per query (softmax's Σ P∘dP, at the cost of a head instead of a row of keys). One segment sum takes
 * all three back to the stream; rows add up in their shared prefix.
 *
 * @see Vaswani et al. 2017, arXiv:1706.03762, §3.2; Ainslie et al. 2023, arXiv:2305.13245; for δ, Dao et al. 2022, arXiv:2205.14135, B.4
 */
import type { Ops, Tensor } from "../ops/Ops.ts"

/** A group's tables on the backend, with the shapes that depend on the plan as int32 vectors. */
export interface Group {
  readonly queries: Tensor
  readonly keys: Tensor
  readonly values: Tensor
  readonly outputs: Tensor
  /** [L, S] */
  readonly mask: Tensor
  /** [KV·b, G·L, D] */
  readonly queryShape: Tensor
  /** [KV·b, S, D] */
  readonly keyShape: Tensor
  /** [KV·b·G, L, S] */
  readonly scoreShape: Tensor
  /** [KV·b, G·L, S] */
  readonly probabilityShape: Tensor
  /** [KV·b, G·L, 1] */
  readonly deltaShape: Tensor
}

export interface Tables {
  readonly groups: ReadonlyArray<Group>
  /** [T·H] */
  readonly outputLines: Tensor
  readonly gradientLines: Tensor
  /** T·(H + 2·KV) */
  readonly lineCount: Tensor
  /** [1, D] of zeros: what padding reads in backward. */
  readonly zeroLine: Tensor
}

export interface Saved {
  readonly queries: Tensor
  readonly keys: Tensor
  readonly values: Tensor
  /** [KV·b, G·L, S] */
  readonly probabilities: Tensor
}

export interface Geometry {
  readonly heads: number
  readonly keyValueHeads: number
  readonly headSize: number
}

export const forward = (
  ops: Ops,
  { heads, headSize }: Geometry,
  tables: Tables,
  qkv: Tensor,
): { readonly y: Tensor; readonly saved: ReadonlyArray<Saved> } => {
  const lines = ops.reshape(qkv, [-1, headSize])
  const saved: Array<Saved> = []
  const outputs: Array<Tensor> = []
  for (const group of tables.groups) {
    const queries = ops.reshape(ops.gather(lines, group.queries), group.queryShape)
    const keys = ops.reshape(ops.gather(lines, group.keys), group.keyShape)
    const values = ops.reshape(ops.gather(lines, group.values), group.keyShape)
    const products = ops.batchMatMul(queries, keys, false, true) // [KV·b, G·L, S]
    const scores = ops.add(ops.reshape(products, group.scoreShape), group.mask)
    const probabilities = ops.reshape(ops.softmax(scores), group.probabilityShape)
    const output = ops.batchMatMul(probabilities, values) // [KV·b, G·L, D]
    saved.push({ queries, keys, values, probabilities })
    outputs.push(ops.reshape(output, [-1, headSize]))
  }
  const y = ops.reshape(ops.gather(ops.concat(outputs, 0), tables.outputLines), [-1, heads * headSize])
  return { y, saved }
}

/** Gradient of qkv from the output y and its gradient dy, both [T, H·D]. */
export const backward = (
  ops: Ops,
  { heads, keyValueHeads, headSize }: Geometry,
  tables: Tables,
  y: Tensor,
  saved: ReadonlyArray<Saved>,
  dy: Tensor,
): Tensor => {
  const dLines = withPadding(ops, ops.reshape(dy, [-1, headSize]), tables.zeroLine) // [T·H + 1, D]
  const products = ops.reshape(ops.mul(y, dy), [-1, headSize])
  const delta = ops.sum(withPadding(ops, products, tables.zeroLine), [1], true) // [T·H + 1, 1]
  const parts: Array<Tensor> = []
  tables.groups.forEach((group, index) => {
    const { queries, keys, values, probabilities } = saved[index]!
    const dOutput = ops.reshape(ops.gather(dLines, group.outputs), group.queryShape)
    const groupDelta = ops.reshape(ops.gather(delta, group.outputs), group.deltaShape)
    const dValues = ops.batchMatMul(probabilities, dOutput, true)
    const dProbabilities = ops.batchMatMul(dOutput, values, false, true)
    const dScores = ops.mul(probabilities, ops.sub(dProbabilities, groupDelta))
    const dQueries = ops.batchMatMul(dScores, keys)
    const dKeys = ops.batchMatMul(dScores, queries, true)
    for (const part of [dQueries, dKeys, dValues]) parts.push(ops.reshape(part, [-1, headSize]))
  })
  const dqkv = ops.segmentSum(ops.concat(parts, 0), tables.gradientLines, tables.lineCount)
  return ops.reshape(dqkv, [-1, (heads + 2 * keyValueHeads) * headSize])
}

const withPadding = (ops: Ops, lines: Tensor, zeroLine: Tensor) => ops.concat([lines, zeroLine], 0)
