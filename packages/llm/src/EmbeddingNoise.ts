/**
 * NEFTune: uniform noise on the embeddings of training rows, which makes answers of tuned models longer and better:
 *
 *     x ← x + ε      ε uniform in ±alpha / √(L·C)
 *
 * L is the length of the row itself (transformers takes the batch's padded length, so that a row's noise would depend
 * on its neighbours). Each row draws from a stream of its own, so rows may be cut into micro-batches anywhere.
 *
 * @see Jain et al. 2023, arXiv:2310.05914
 */
import { Random } from "@sluice/core"
import type { Backend, Tensor } from "./ops/Ops.ts"
import type { BatchPlan } from "./plan/BatchPlan.ts"

/** ε [T, C] of a plan without a shared prefix. `lengths` are the rows' own, `firstRow` the first one's place in the batch. */
export const noise = (
  backend: Backend,
  { lengths: computed, starts, tokenCount }: Pick<BatchPlan, "lengths" | "starts" | "tokenCount">,
  options: {
    readonly alpha: number
    readonly hidden: number
    readonly lengths: ReadonlyArray<number>
    readonly firstRow: number
    readonly seed: string
  },
): Tensor => {
  const { alpha, firstRow, hidden, lengths, seed } = options
  const data = new Float32Array(tokenCount * hidden)
  starts.forEach((start, row) => {
    const random = Random.make(Random.derive(seed, `row ${firstRow + row}`))
    const bound = alpha / Math.sqrt(lengths[row]! * hidden)
    const end = (start + computed[row]!) * hidden
    for (let i = start * hidden; i < end; i++) data[i] = (2 * random.uniform() - 1) * bound
  })
  return backend.tensor(data, [tokenCount, hidden])
}
