/**
 * Root-mean-square normalisation over the last axis, with a frozen gain w:
 *
 *     r = (mean(x²) + ε)^(−1/2)     y = w∘(r·x)
 *
 * x [T, C], w [C] → y [T, C]. Only r [T, 1] is kept; backward takes x again and forms y anew. With x̂ = r·x, d = w∘dy:
 *
 *     dx = r·(d − x̂·mean(d∘x̂))
 *
 * @see Zhang and Sennrich 2019, arXiv:1910.07467
 */
import type { Ops, Tensor } from "../ops/Ops.ts"

export interface Layer {
  readonly weight: Tensor
  readonly epsilon: number
}

/** r [T, 1] */
export type Saved = Tensor

export const forward = (ops: Ops, layer: Layer, x: Tensor): { readonly y: Tensor; readonly saved: Saved } => {
  const meanSquare = ops.mean(ops.square(x), [-1], true)
  const saved = ops.rsqrt(ops.add(meanSquare, ops.scalar(layer.epsilon)))
  return { y: output(ops, layer, x, saved), saved }
}

/** y again, from what was kept. */
export const output = (ops: Ops, layer: Layer, x: Tensor, saved: Saved): Tensor =>
  ops.mul(ops.mul(x, saved), layer.weight)

export const backward = (ops: Ops, layer: Layer, x: Tensor, saved: Saved, dy: Tensor): Tensor => {
  const normal = ops.mul(x, saved)
  const d = ops.mul(dy, layer.weight)
  const along = ops.mean(ops.mul(d, normal), [-1], true)
  return ops.mul(ops.sub(d, ops.mul(normal, along)), saved)
}
