/** How fast a model's products are computed here: what time predictions begin with where nothing was trained yet. */
import { frozenProduct } from "./layers/linear.ts"
import type { Llama } from "./Llama.ts"
import type { Backend } from "./ops/Ops.ts"

const tokens = 256
const enoughMs = 250

/**
 * Floating-point operations in a second of the first block's gate and up, [256, C]·[C, 2·I] in the precision of the
 * weights, measured for about a quarter of one.
 */
export const productRate = async (
  backend: Backend,
  { config, weights }: Pick<Llama, "config" | "weights">,
  nowMs: () => number,
): Promise<number> => {
  const { ops } = backend
  const weight = weights.blocks[0]!.gateUp
  const x = backend.tensor(new Float32Array(tokens * config.hidden).fill(1), [tokens, config.hidden])
  // A number is read of each product: on a GPU nothing else says that it is done.
  const once = async () => {
    const sum = backend.scope(() => ops.sum(frozenProduct(ops, x, weight, true), [0, 1], false))
    await backend.read(sum)
    backend.free(sum)
  }
  await once()
  const began = nowMs()
  let products = 0
  let passedMs = 0
  while (passedMs < enoughMs) {
    await once()
    products += 1
    passedMs = nowMs() - began
  }
  backend.free(x)
  return (products * 2 * tokens * config.hidden * weight.shape[0]! * 1000) / passedMs
}
