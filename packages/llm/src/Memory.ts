/**
 * Memory that training takes, predicted from shapes alone.
 *
 * Four parts: the process (Node and TensorFlow), the frozen weights, the adapter with its optimizer, and what one
 * micro-batch keeps for its backward pass plus the largest that is alive beside it for a moment. The counts follow the
 * code: `Block.Saved`, the head's chunks, one block's backward. `bench/train` compares them with the peak reached.
 */
import type { BatchPlan } from "./plan/BatchPlan.ts"
import { slotsPerChunk } from "./plan/PlanTensors.ts"
import { type LlamaConfig, parameterCount } from "./LlamaConfig.ts"
import type { Lora } from "./Lora.ts"

export interface Prediction {
  /** Node, TensorFlow and its buffers, whatever the model. */
  readonly processBytes: number
  readonly weightBytes: number
  /** Adapter, both moments, gradients. */
  readonly adapterBytes: number
  /** The largest micro-batch: saved tensors, and the most that is alive beside them. */
  readonly activationBytes: number
  readonly totalBytes: number
}

/** Most that the activations of one micro-batch may take, unless the caller says otherwise: 2 GiB. */
export const activationBudgetDefault = 2 * 1024 ** 3

const processBytes = 420 * 1024 ** 2

type Shape = Pick<BatchPlan, "tokenCount" | "slots" | "groups">
type Adapter = Pick<Lora, "layers">

export const predict = (config: LlamaConfig, lora: Adapter, plan: Shape, weightBytesEach = 4): Prediction => {
  const weightBytes = parameterCount(config) * weightBytesEach
  const trained = lora.layers.reduce(
    (sum, { inSize, outSize, rankSize }) => sum + rankSize * (inSize + outSize),
    0,
  )
  const adapterBytes = trained * 4 * 4
  const activations = activationBytes(config, lora, plan)
  return {
    processBytes,
    weightBytes,
    adapterBytes,
    activationBytes: activations,
    totalBytes: processBytes + weightBytes + adapterBytes + activations,
  }
}

/** Saved by all blocks, and the larger of one block's backward and the head. */
export const activationBytes = (config: LlamaConfig, lora: Adapter, plan: Shape): number => {
  const { heads, headSize, hidden, intermediate, keyValueHeads, layers, vocabulary } = config
  const tokens = plan.tokenCount
  const slots = plan.slots.length
  const attended = heads * headSize
  const projected = (heads + 2 * keyValueHeads) * headSize
  const ranks = lora.layers.reduce((sum, { rankSize }) => sum + rankSize, 0) / layers
  const cells = plan.groups.reduce((sum, group) => {
    const queries = heads * group.rowCount * group.queryCount
    const keys = keyValueHeads * group.rowCount * group.keyCount
    return sum + queries * (headSize + group.keyCount) + 2 * keys * headSize
  }, 0)
  const attention = cells + attended * tokens
  const feedForward = hidden + 2 * intermediate
  const saved =
    layers * (hidden * tokens + attention) + ((layers - 1) * tokens + slots) * (feedForward + ranks)

  // Beside them: one block's backward forms σ, silu, the product, and the gradients of gate and up; then attention's.
  const blockBackward = tokens * (7 * intermediate + 4 * hidden) + 2 * cells + 3 * tokens * projected
  const head = 3 * Math.min(slots, slotsPerChunk) * vocabulary + 4 * slots * hidden
  const tables = 2 * tokens * projected
  return 4 * (saved + tables + Math.max(blockBackward, head))
}
