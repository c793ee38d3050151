/**
 * Normalisation of each query and key head before the rotary embedding (Qwen 3): `rmsNorm` over D with one gain for
 * all query heads and one for all key heads. Values pass unchanged.
 *
 * [T, (H + 2·KV)·D] → the same; the gains stand as [H + KV, D].
 */
import type { Ops, Tensor } from "../ops/Ops.ts"
import * as rmsNorm from "./rmsNorm.ts"

export interface Geometry {
  readonly heads: number
  readonly keyValueHeads: number
  readonly headSize: number
}

export interface Saved {
  /** [T, H + KV, D] before normalisation */
  readonly queriesKeys: Tensor
  readonly norm: rmsNorm.Saved
}

export const forward = (
  ops: Ops,
  geometry: Geometry,
  layer: rmsNorm.Layer,
  qkv: Tensor,
): { readonly y: Tensor; readonly saved: Saved } => {
  const { queriesKeys, values } = parts(ops, geometry, qkv)
  const { saved, y } = rmsNorm.forward(ops, layer, queriesKeys)
  return { y: whole(ops, geometry, y, values), saved: { queriesKeys, norm: saved } }
}

export const backward = (
  ops: Ops,
  geometry: Geometry,
  layer: rmsNorm.Layer,
  { norm, queriesKeys }: Saved,
  dqkv: Tensor,
): Tensor => {
  const d = parts(ops, geometry, dqkv)
  return whole(ops, geometry, rmsNorm.backward(ops, layer, queriesKeys, norm, d.queriesKeys), d.values)
}

const parts = (ops: Ops, { headSize, heads, keyValueHeads }: Geometry, qkv: Tensor) => {
  const sizes = [(heads + keyValueHeads) * headSize, keyValueHeads * headSize]
  const [queriesKeys, values] = ops.split(qkv, sizes, 1) as [Tensor, Tensor]
  return { queriesKeys: ops.reshape(queriesKeys, [-1, heads + keyValueHeads, headSize]), values }
}

const whole = (ops: Ops, { headSize, heads, keyValueHeads }: Geometry, queriesKeys: Tensor, values: Tensor) =>
  ops.concat([ops.reshape(queriesKeys, [-1, (heads + keyValueHeads) * headSize]), values], 1)
