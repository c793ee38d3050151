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

/** Node with TensorFlow's library and recorded functions: measured on Linux x86-64. */
const processBytes = 480 * 1024 ** 2

/** glibc's allocator holds more than what is alive: measured at 250 to 2,000 tokens, with SmolLM2-135M. */
const allocatorShare = 1.1

type Shape = Pick<BatchPlan, "tokenCount" | "slots" | "groups">
type Adapter = Pick<Lora, "layers">

/** Of a micro-batch of this plan; `weightBytesEach` is 2 for bfloat16. */
export const predict = (config: LlamaConfig, lora: Adapter, plan: Shape, weightBytesEach = 4): Prediction => {
  const weightBytes = parameterCount(config) * weightBytesEach
  const adapterNumbers = lora.layers.reduce(
    (sum, layer) => sum + layer.rankSize * (layer.inSize + layer.outSize),
    0,
  )
  const adapterBytes = 4 * 4 * adapterNumbers
  const activations = activationBytes(config, lora, plan)
  return {
    processBytes,
    weightBytes,
    adapterBytes,
    activationBytes: activations,
    totalBytes: processBytes + weightBytes + adapterBytes + activations,
  }
}

/** All that a micro-batch needs: saved by the blocks, and the larger of one block's backward and a head chunk. */
export const activationBytes = (config: LlamaConfig, lora: Adapter, plan: Shape): number => {
  const { headSize, heads, hidden, intermediate, keyValueHeads, vocabulary } = config
  const tokens = plan.tokenCount
  const projected = (heads + 2 * keyValueHeads) * headSize
  // One block's backward: σ, silu, their product and the gradients of gate and up; then attention's, and qkv's.
  const block = tokens * (7 * intermediate + 4 * hidden + 3 * projected) + 2 * attentionNumbers(config, plan)
  // Logits, their gradient and the softmax's workspace.
  const head = 3 * Math.min(plan.slots.length, slotsPerChunk) * vocabulary + 4 * plan.slots.length * hidden
  const rotaryTables = 2 * tokens * projected
  const beside = 4 * (rotaryTables + Math.max(block, head))
  return Math.round(allocatorShare * (savedBytes(config, lora, plan) + beside))
}

/** What all blocks keep from forward to backward: their inputs and `Block.Saved`. Exact. */
export const savedBytes = (config: LlamaConfig, lora: Adapter, plan: Shape): number => {
  const { headSize, heads, hidden, intermediate, keyValueHeads, layers, queryKeyNorm } = config
  const tokens = plan.tokenCount
  let numbers = 0
  for (let block = 0; block < layers; block++) {
    const rows = block === layers - 1 ? plan.slots.length : tokens // after the last block's keys and values
    const normedHeads = queryKeyNorm ? (heads + keyValueHeads) * (headSize + 1) : 0
    numbers += tokens * (hidden + 1 + normedHeads + heads * headSize) + attentionNumbers(config, plan)
    numbers += rows * (hidden + 1 + 2 * intermediate)
    for (const layer of lora.layers) {
      if (layer.block === block) numbers += layer.rankSize * (layer.name === "queryKeyValue" ? tokens : rows)
    }
  }
  return 4 * numbers
}

/** Queries, keys, values and probabilities of a block in their groups. */
const attentionNumbers = ({ headSize, heads, keyValueHeads }: LlamaConfig, { groups }: Shape): number =>
  groups.reduce((sum, { keyCount, queryCount, rowCount }) => {
    const queries = heads * rowCount * queryCount
    const keys = keyValueHeads * rowCount * keyCount
    return sum + queries * (headSize + keyCount) + 2 * keys * headSize
  }, 0)
