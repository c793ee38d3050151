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
import type { LoraShape } from "./LoraShape.ts"

export interface Prediction {
  /** Node, TensorFlow and its buffers, whatever the model. */
  readonly processBytes: number
  readonly weightBytes: number
  /** Adapter, both moments, gradients. */
  readonly adapterBytes: number
  /** The largest micro-batch: saved tensors, and the most that is alive beside them. */
  readonly activationBytes: number
  readonly totalBytes: number
  /** What `Trainer.state` copies: adapter and what the optimizer keeps. Not in the total. */
  readonly stateBytes: number
}

/** Most that the activations of one micro-batch may take, unless the caller says otherwise: 2 GiB. */
export const activationBudgetDefault = 2 * 1024 ** 3

/** Node with TensorFlow's library and recorded functions: measured on Linux x86-64. */
const processBytes = 480 * 1024 ** 2

/** glibc's allocator holds more than what is alive: measured at 250 to 2,000 tokens, with SmolLM2-135M. */
const allocatorShare = 1.1

type Shape = Pick<BatchPlan, "tokenCount" | "slots" | "groups">
type Adapter = Pick<LoraShape, "layers">

/** What of a training's settings takes or spares memory. */
export interface Settings {
  /** 4 by default, 2 for bfloat16. */
  readonly weightBytesEach?: number
  /** Numbers kept for each trained one by the optimizer: 2 by default (AdamW's moments), about 0 for Adafactor. */
  readonly momentsEach?: number
  /** Only the blocks' inputs are kept (see TrainingPass). */
  readonly recompute?: boolean
  /** Masks for every adapter's input. */
  readonly dropout?: boolean
  /** Noise on the embeddings. */
  readonly noise?: boolean
}

/** Of a micro-batch of this plan. */
export const predict = (
  config: LlamaConfig,
  lora: Adapter,
  plan: Shape,
  settings: Settings = {},
): Prediction => {
  const { momentsEach = 2, weightBytesEach = 4 } = settings
  const weightBytes = parameterCount(config) * weightBytesEach
  const adapterNumbers = lora.layers.reduce(
    (sum, layer) => sum + layer.rankSize * (layer.inSize + layer.outSize),
    0,
  )
  const adapterBytes = 4 * (2 + momentsEach) * adapterNumbers
  const activations = activationBytes(config, lora, plan, settings)
  return {
    processBytes,
    weightBytes,
    adapterBytes,
    activationBytes: activations,
    totalBytes: processBytes + weightBytes + adapterBytes + activations,
    stateBytes: 4 * (1 + momentsEach) * adapterNumbers,
  }
}

/** All that a micro-batch needs: saved by the blocks, and the larger of one block's backward and a head chunk. */
export const activationBytes = (
  config: LlamaConfig,
  lora: Adapter,
  plan: Shape,
  { dropout = false, noise = false, recompute = false }: Settings = {},
): number => {
  const { headSize, heads, hidden, intermediate, keyValueHeads, vocabulary } = config
  const tokens = plan.tokenCount
  const projected = (heads + 2 * keyValueHeads) * headSize
  // One block's backward: σ, silu, their product and the gradients of gate and up; then attention's, and qkv's.
  const block = tokens * (7 * intermediate + 4 * hidden + 3 * projected) + 2 * attentionNumbers(config, plan)
  // Logits, their gradient and the softmax's workspace.
  const head = 3 * Math.min(plan.slots.length, slotsPerChunk) * vocabulary + 4 * plan.slots.length * hidden
  const rotaryTables = 2 * tokens * projected
  // Masks and noise are made before the pass and live through it.
  const masks = dropout ? maskNumbers(config, lora, plan) : 0
  const beside = rotaryTables + masks + (noise ? tokens * hidden : 0) + Math.max(block, head)
  const saved = recompute
    ? config.layers * tokens * hidden + blockNumbers(config, lora, plan, 0)
    : savedNumbers(config, lora, plan)
  return Math.round(allocatorShare * 4 * (saved + beside))
}

/** What all blocks keep from forward to backward: their inputs and `Block.Saved`. Exact. */
export const savedBytes = (config: LlamaConfig, lora: Adapter, plan: Shape): number =>
  4 * savedNumbers(config, lora, plan)

const savedNumbers = (config: LlamaConfig, lora: Adapter, plan: Shape): number => {
  let numbers = 0
  for (let block = 0; block < config.layers; block++) {
    numbers += plan.tokenCount * config.hidden + blockNumbers(config, lora, plan, block)
  }
  return numbers
}

/** Numbers of one block's `Block.Saved`. */
const blockNumbers = (config: LlamaConfig, lora: Adapter, plan: Shape, block: number): number => {
  const { headSize, heads, hidden, intermediate, keyValueHeads, queryKeyNorm } = config
  const tokens = plan.tokenCount
  const rows = rowsAfterAttention(config, plan, block)
  const normedHeads = queryKeyNorm ? (heads + keyValueHeads) * (headSize + 1) : 0
  let numbers = tokens * (1 + normedHeads + heads * headSize) + attentionNumbers(config, plan)
  numbers += rows * (hidden + 1 + 2 * intermediate)
  for (const layer of lora.layers) {
    if (layer.block === block) numbers += layer.rankSize * (layer.name === "queryKeyValue" ? tokens : rows)
  }
  return numbers
}

/** After its keys and values the last block goes on with the supervised positions alone. */
const rowsAfterAttention = ({ layers }: LlamaConfig, plan: Shape, block: number): number =>
  block === layers - 1 ? plan.slots.length : plan.tokenCount

const maskNumbers = (config: LlamaConfig, lora: Adapter, plan: Shape): number =>
  lora.layers.reduce((sum, { block, inSize, name }) => {
    const rows = name === "queryKeyValue" ? plan.tokenCount : rowsAfterAttention(config, plan, block)
    return sum + rows * inSize
  }, 0)

/** Queries, keys, values and probabilities of a block in their groups. */
const attentionNumbers = ({ headSize, heads, keyValueHeads }: LlamaConfig, { groups }: Shape): number =>
  groups.reduce((sum, { keyCount, queryCount, rowCount }) => {
    const queries = heads * rowCount * queryCount
    const keys = keyValueHeads * rowCount * keyCount
    return sum + queries * (headSize + keyCount) + 2 * keys * headSize
  }, 0)
