/**
 * Gated linear unit with SiLU, between the gate/up projections and the down projection:
 *
 *     m = silu(g)∘u      silu(g) = g·σ(g)
 *
 * [g | u] [T, 2·I] → m [T, I]. Kept: g and u; σ(g), silu(g) and m are formed again in backward, three cheap passes
 * for 3·I numbers a token and layer less in memory. With a = silu(g), σ = σ(g):
 *
 *     du = dm∘a      dg = dm∘u∘(σ + a∘(1 − σ))
 *
 * @see Shazeer 2020, arXiv:2002.05202
 */
import type { Ops, Tensor } from "../ops/Ops.ts"

export interface Saved {
  readonly gate: Tensor
  readonly up: Tensor
}

export const forward = (
  ops: Ops,
  gateUp: Tensor,
  intermediate: number,
): { readonly y: Tensor; readonly saved: Saved } => {
  const [gate, up] = ops.split(gateUp, [intermediate, intermediate], 1) as [Tensor, Tensor]
  const y = ops.mul(ops.mul(gate, ops.sigmoid(gate)), up)
  return { y, saved: { gate, up } }
}

/** Everything that forward made and did not keep. */
export const again = (ops: Ops, { gate, up }: Saved) => {
  const sigmoid = ops.sigmoid(gate)
  const silu = ops.mul(gate, sigmoid)
  return { sigmoid, silu, y: ops.mul(silu, up) }
}

/** Gradient of [g | u], [T, 2·I], from what `again` gives. */
export const backward = (
  ops: Ops,
  { up }: Saved,
  { sigmoid, silu }: { readonly sigmoid: Tensor; readonly silu: Tensor },
  dy: Tensor,
): Tensor => {
  const slope = ops.add(sigmoid, ops.mul(silu, ops.sub(ops.scalar(1), sigmoid)))
  const dGate = ops.mul(ops.mul(dy, up), slope)
  const dUp = ops.mul(dy, silu)
  return ops.concat([dGate, dUp], 1)
}
