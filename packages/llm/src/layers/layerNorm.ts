/**
 * Layer normalisation over the last axis:
 *
 *     y = w∘(x − mean(x))·(variance(x) + ε)^(−1/2) + b
 *
 * x [T, C], w and b [C] → y [T, C]. Forward only: sentence models are not trained here.
 *
 * @see Ba et al. 2016, arXiv:1607.06450
 */
import type { Ops, Tensor } from "../ops/Ops.ts"

export interface Layer {
  readonly weight: Tensor
  readonly bias: Tensor
}

export const forward = (ops: Ops, { bias, weight }: Layer, epsilon: number, x: Tensor): Tensor => {
  const centred = ops.sub(x, ops.mean(x, [-1], true))
  const variance = ops.mean(ops.square(centred), [-1], true)
  const scale = ops.rsqrt(ops.add(variance, ops.scalar(epsilon)))
  return ops.add(ops.mul(ops.mul(centred, scale), weight), bias)
}
