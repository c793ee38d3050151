/**
 * Output head with cross-entropy at supervised positions only:
 *
 *     logits = h·Eᵀ      loss_n = logsumexp(logits_n) − logits_n[label_n]
 *
 * h [n, C] (normalised), E [V, C], labels [n] → loss [n] and the gradient of w·Σ loss:
 *
 *     dh = w·(softmax(logits) − onehot(labels))·E
 *
 * The logits [n, V] are the largest tensors of training, so the caller gives slots in chunks, one after the other.
 * w is one over the supervised tokens of the whole batch: micro-batches then add up to the batch's mean exactly.
 */
import type { Ops, Tensor } from "../ops/Ops.ts"
import { frozenProduct } from "./linear.ts"

/** Logits [n, V]. */
export const logits = (ops: Ops, embedding: Tensor, h: Tensor): Tensor =>
  frozenProduct(ops, h, embedding, true)

export const lossAndGradient = (
  ops: Ops,
  embedding: Tensor,
  h: Tensor,
  labels: Tensor,
  weight: Tensor,
): { readonly loss: Tensor; readonly dh: Tensor } => {
  const { gradient, loss } = ops.crossEntropy(logits(ops, embedding, h), labels)
  return { loss, dh: ops.mul(frozenProduct(ops, gradient, embedding, false), weight) }
}

/** Loss [n] alone. */
export const loss = (ops: Ops, embedding: Tensor, h: Tensor, labels: Tensor): Tensor =>
  ops.crossEntropy(logits(ops, embedding, h), labels).loss
