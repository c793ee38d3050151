/**
 * Floating-point operations of a micro-batch, counted from shapes alone: those of matrix products, a multiplication and
 * an addition being two. What a machine does of them in a second differs little from batch to batch, so that they tell
 * how long rows will take that were never computed.
 *
 * The counts follow the code: frozen weights have no gradient, the first block's input needs none, and the last block
 * goes on with the supervised positions alone after its keys and values.
 */
import { type LinearName, linearNames } from "./Block.ts"
import type { LlamaConfig } from "./LlamaConfig.ts"
import type { LoraShape } from "./LoraShape.ts"
import type { BatchPlan } from "./plan/BatchPlan.ts"
import { inputSizes, outputSizes } from "./Projections.ts"

type Shape = Pick<BatchPlan, "tokenCount" | "slots" | "groups">
type Adapter = Pick<LoraShape, "layers">

/** Forward and backward pass; with `recompute` the blocks' forward pass twice. */
export const training = (
  config: LlamaConfig,
  lora: Adapter,
  plan: Shape,
  { recompute = false }: { readonly recompute?: boolean } = {},
): number => {
  const forward = blocksForward(config, plan)
  const adapter = adapterForward(config, lora, plan)
  const attention = attentionForward(config, plan)
  // dx = dy·W costs what y = x·Wᵀ does; an adapter's and attention's products have two gradients each.
  const backward = forward + 2 * adapter + 2 * attention - unneeded(config, lora, plan)
  const again = recompute ? forward + adapter + attention : 0
  return forward + adapter + attention + backward + again + 2 * headForward(config, plan)
}

/** The forward pass alone, for losses of rows that nothing is learnt from. */
export const looking = (config: LlamaConfig, lora: Adapter, plan: Shape): number =>
  blocksForward(config, plan) +
  adapterForward(config, lora, plan) +
  attentionForward(config, plan) +
  headForward(config, plan)

/** x·Wᵀ of all linear layers. */
const blocksForward = (config: LlamaConfig, plan: Shape): number => {
  let operations = 0
  for (let block = 0; block < config.layers; block++)
    for (const name of linearNames)
      operations += 2 * rowsOf(config, plan, block, name) * inputSizes(config)[name] * outSizeOf(config, name)
  return operations
}

/** The gradient of the first block's input, as its query, key and value would give it. */
const unneeded = (config: LlamaConfig, lora: Adapter, { tokenCount }: Shape): number => {
  const layer = lora.layers.find(({ block, name }) => block === 0 && name === "queryKeyValue")
  return 2 * tokenCount * config.hidden * (outSizeOf(config, "queryKeyValue") + (layer?.rankSize ?? 0))
}

/** x·A and u·B of every trained layer. */
const adapterForward = (config: LlamaConfig, lora: Adapter, plan: Shape): number =>
  lora.layers.reduce(
    (sum, { block, inSize, name, outSize, rankSize }) =>
      sum + 2 * rowsOf(config, plan, block, name) * rankSize * (inSize + outSize),
    0,
  )

/** Q·Kᵀ and P·V of every block. */
const attentionForward = ({ headSize, heads, layers }: LlamaConfig, { groups }: Shape): number =>
  layers *
  groups.reduce(
    (sum, { keyCount, queryCount, rowCount }) =>
      sum + 4 * heads * rowCount * queryCount * keyCount * headSize,
    0,
  )

const headForward = ({ hidden, vocabulary }: LlamaConfig, { slots }: Shape): number =>
  2 * slots.length * hidden * vocabulary

const outSizeOf = (config: LlamaConfig, name: LinearName): number =>
  outputSizes(config)[name].reduce((sum, size) => sum + size, 0)

const rowsOf = (
  { layers }: LlamaConfig,
  { slots, tokenCount }: Shape,
  block: number,
  name: LinearName,
): number => (block === layers - 1 && name !== "queryKeyValue" ? slots.length : tokenCount)
