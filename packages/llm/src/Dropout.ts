/**
 * Dropout of the adapters' inputs: each number is 0 with probability `rate`, else multiplied by 1/(1 − rate).
 *
 * A mask for every trained linear layer [rows, in], from a stream of its own, so that it follows from the seed alone.
 * Projections that read the same input share its mask (PEFT draws one for each). Frozen weights see the whole input.
 */
import { Random } from "@sluice/core"
import { type LinearName, linearNames, type PerLinear, untrained } from "./Block.ts"
import type { LlamaConfig } from "./LlamaConfig.ts"
import type { Lora } from "./Lora.ts"
import type { Backend, Tensor } from "./ops/Ops.ts"
import type { BatchPlan } from "./plan/BatchPlan.ts"
import { inputSizes } from "./Projections.ts"

/** By block. The tensors belong to the scope around. */
export type Masks = ReadonlyArray<PerLinear<Tensor>>

export const masks = (
  backend: Backend,
  config: LlamaConfig,
  lora: Lora,
  plan: BatchPlan,
  rate: number,
  seed: string,
): Masks => {
  const sizes = inputSizes(config)
  const threshold = rate * 2 ** 32
  const kept = 1 / (1 - rate)
  return lora.blocks.map((adapters, block) => {
    const found: Record<LinearName, Tensor | null> = { ...untrained }
    for (const name of linearNames) {
      if (adapters[name] === null) continue
      const onlySlots = block === config.layers - 1 && name !== "queryKeyValue"
      const rows = onlySlots ? plan.slots.length : plan.tokenCount
      const random = Random.make(Random.derive(seed, `${block}.${name}`))
      const mask = new Float32Array(rows * sizes[name])
      for (let i = 0; i < mask.length; i++) mask[i] = random.uint32() < threshold ? 0 : kept
      found[name] = backend.tensor(mask, [rows, sizes[name]])
    }
    return found
  })
}
