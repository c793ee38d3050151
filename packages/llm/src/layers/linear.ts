/**
 * Linear layer with a frozen weight and, where one is trained, a LoRA adapter:
 *
 *     y = x·Wᵀ + (x̃·A)·(s∘B)        x̃ = x, or m∘x under dropout
 *
 * x [T, in], W [out, in], A [in, K·R], B [K·R, out] → y [T, out]. Rows are tokens, so A and B are the paper's
 * transposed. Projections that read the same x (query, key and value; gate and up) are one layer: their weights stand
 * below each other in W, their K adapters side by side in A and block-diagonally in B. The scale s is alpha/R inside
 * the blocks and 0 outside, so that the blocks' gradients stay apart; for K = 1 it is one number.
 *
 * Backward, with v = dy·(s∘B)ᵀ and u = x̃·A:
 *
 *     dx = dy·W + m∘(v·Aᵀ)     dA = x̃ᵀ·v     dB = s∘(uᵀ·dy)
 *
 * W is frozen: its gradient, a third of dense training work, is never formed.
 *
 * @see Hu et al. 2021, arXiv:2106.09685, §4.1
 */
import type { Ops, Tensor, Variable } from "../ops/Ops.ts"

/** The trained part of a layer. */
export interface Adapter {
  readonly a: Variable
  readonly b: Variable
  /** A scalar, or [K·R, out]. */
  readonly scale: Tensor
}

export interface Layer {
  /** [out, in], float32 or bfloat16 */
  readonly weight: Tensor
  /** [out]; frozen too. */
  readonly bias: Tensor | null
  readonly adapter: Adapter | null
  /** [T, in]: 0 for dropped inputs, 1/(1 − rate) for kept ones; null without dropout. */
  readonly dropout: Tensor | null
}

/** u = x̃·A, [T, K·R]; null without an adapter. */
export type Saved = Tensor | null

export interface AdapterGradient {
  readonly a: Tensor
  readonly b: Tensor
}

export const forward = (ops: Ops, layer: Layer, x: Tensor): { readonly y: Tensor; readonly saved: Saved } => {
  const { adapter, bias, weight } = layer
  let y = frozenProduct(ops, x, weight, true)
  if (bias !== null) y = ops.add(y, bias)
  if (adapter === null) return { y, saved: null }
  const u = ops.matMul(dropped(ops, layer, x), ops.readVariable(adapter.a))
  return { y: ops.add(y, ops.matMul(u, scaledB(ops, adapter))), saved: u }
}

/** Gradient of the adapter, and of the input unless `needsInput` is false (below it nothing is trained). */
export const backward = (
  ops: Ops,
  layer: Layer,
  x: Tensor,
  saved: Saved,
  dy: Tensor,
  needsInput = true,
): { readonly dx: Tensor | null; readonly gradient: AdapterGradient | null } => {
  const { adapter, dropout, weight } = layer
  let dx = needsInput ? frozenProduct(ops, dy, weight, false) : null
  if (adapter === null || saved === null) return { dx, gradient: null }
  const v = ops.matMul(dy, scaledB(ops, adapter), false, true)
  if (dx !== null) {
    const dxAdapter = ops.matMul(v, ops.readVariable(adapter.a), false, true)
    dx = ops.add(dx, dropout === null ? dxAdapter : ops.mul(dxAdapter, dropout))
  }
  const a = ops.matMul(dropped(ops, layer, x), v, true)
  const b = ops.mul(ops.matMul(saved, dy, true), adapter.scale)
  return { dx, gradient: { a, b } }
}

const scaledB = (ops: Ops, adapter: Adapter) => ops.mul(ops.readVariable(adapter.b), adapter.scale)

const dropped = (ops: Ops, layer: Layer, x: Tensor) =>
  layer.dropout === null ? x : ops.mul(x, layer.dropout)

/** x·Wᵀ or x·W; a bfloat16 weight takes its product in bfloat16, with a float32 result. */
export const frozenProduct = (ops: Ops, x: Tensor, weight: Tensor, transpose: boolean): Tensor =>
  weight.dtype === "float32"
    ? ops.matMul(x, weight, false, transpose)
    : ops.cast(ops.matMul(ops.cast(x, weight.dtype), weight, false, transpose), "float32")
