/**
 * Output head with cross-entropy at supervised positions only:
 *
 *     logits = h·Eᵀ      loss_n = logsumexp(logits_n) − logits_n[label_n]
 *
 * h [N, C] (normalised), E [V, C], labels [N] → loss [N] and the gradient of w·Σ loss:
 *
 *     dh = w·(softmax(logits) − onehot(labels))·E
 *
 * The logits [n, V] are the largest tensors of training, so they are formed and used up in chunks of slots.
 * w is one over the supervised tokens of the whole batch: micro-batches then add up to the batch's mean exactly.
 */
import type { Ops, Tensor } from "../ops/Ops.ts"
import { frozenProduct } from "./linear.ts"

export interface Slots {
  /** [N] */
  readonly labels: Tensor
  /** [K] slots in each chunk */
  readonly chunkSizes: Tensor
  /** K */
  readonly chunkCount: number
  /** w, a scalar */
  readonly weight: Tensor
}

/** Logits [N, V]. */
export const logits = (ops: Ops, embedding: Tensor, h: Tensor): Tensor =>
  frozenProduct(ops, h, embedding, true)

export const lossAndGradient = (
  ops: Ops,
  embedding: Tensor,
  slots: Slots,
  h: Tensor,
): { readonly loss: Tensor; readonly dh: Tensor } => {
  const { chunkCount, chunkSizes, labels, weight } = slots
  const losses: Array<Tensor> = []
  const gradients: Array<Tensor> = []
  const labelChunks = ops.split(labels, chunkSizes, 0, chunkCount)
  ops.split(h, chunkSizes, 0, chunkCount).forEach((chunk, index) => {
    const { gradient, loss } = ops.crossEntropy(logits(ops, embedding, chunk), labelChunks[index]!)
    losses.push(loss)
    gradients.push(frozenProduct(ops, gradient, embedding, false))
  })
  return { loss: ops.concat(losses, 0), dh: ops.mul(ops.concat(gradients, 0), weight) }
}
