/**
 * One transformer block, forward and backward, as a composition of layers:
 *
 *     x₂ = x + output(attention(rotary(queryKeyValue(norm(x)))))
 *     y  = x₂ + down(swiGlu(gateUp(norm(x₂))))
 *
 * The last block gets `slots`: after its keys and values only the positions whose output is wanted are computed, so y
 * has a row per slot. What backward needs and cannot form again cheaply is in `Saved`; both functions are made of
 * operations alone, so that a backend may record them.
 */
import type { BlockWeights } from "./Llama.ts"
import type { LlamaConfig } from "./LlamaConfig.ts"
import * as attention from "./layers/attention.ts"
import * as headNorm from "./layers/headNorm.ts"
import * as linear from "./layers/linear.ts"
import * as rmsNorm from "./layers/rmsNorm.ts"
import * as rotary from "./layers/rotary.ts"
import * as swiGlu from "./layers/swiGlu.ts"
import type { Ops, Tensor } from "./ops/Ops.ts"

/** The linear layers of a block; projections that read the same input are one. */
export const linearNames = ["queryKeyValue", "output", "gateUp", "down"] as const
export type LinearName = (typeof linearNames)[number]

/** Something for each linear layer, or null where the layer is not trained. */
export type PerLinear<A> = Readonly<Record<LinearName, A | null>>

export const untrained: PerLinear<never> = { queryKeyValue: null, output: null, gateUp: null, down: null }

/** Tables that the plan of a batch gives to every block. */
export interface Tables {
  readonly rotary: rotary.Tables
  readonly attention: attention.Tables
  /** T as an int32 scalar */
  readonly tokenCount: Tensor
}

export interface Input {
  readonly weights: BlockWeights
  readonly adapters: PerLinear<linear.Adapter>
  readonly dropout: PerLinear<Tensor>
  readonly tables: Tables
  /** [T, C] */
  readonly x: Tensor
  /** [N] stream positions whose output is wanted, in the last block; null in the others. */
  readonly slots: Tensor | null
}

export interface Saved {
  readonly attentionNorm: rmsNorm.Saved
  readonly queryKeyValue: linear.Saved
  readonly queryKeyNorm: headNorm.Saved | null
  readonly attention: ReadonlyArray<attention.Saved>
  /** [T, H·D] */
  readonly attended: Tensor
  readonly output: linear.Saved
  /** x₂ [T, C], in the last block [N, C] */
  readonly middle: Tensor
  readonly feedForwardNorm: rmsNorm.Saved
  readonly gateUp: linear.Saved
  readonly swiGlu: swiGlu.Saved
  readonly down: linear.Saved
}

export type Gradients = PerLinear<linear.AdapterGradient>

const linearLayer = ({ adapters, dropout, weights }: Layers, name: LinearName): linear.Layer => ({
  weight: weights[name],
  bias: name === "queryKeyValue" ? weights.queryKeyValueBias : null,
  adapter: adapters[name],
  dropout: dropout[name],
})

const norms = (config: LlamaConfig, weights: BlockWeights) => {
  const epsilon = config.normEpsilon
  return {
    attention: { weight: weights.attentionNorm, epsilon },
    feedForward: { weight: weights.feedForwardNorm, epsilon },
    queryKey: weights.queryKeyNorm === null ? null : { weight: weights.queryKeyNorm, epsilon },
  }
}

/** What the halves of a block need: no tables of a batch, so that decoding uses them too. */
export type Layers = Pick<Input, "weights" | "adapters" | "dropout">

/** norm, query/key/value projection and rotary embedding: x [T, C] → qkv [T, (H + 2·KV)·D]. */
export const project = (ops: Ops, config: LlamaConfig, layers: Layers, tables: rotary.Tables, x: Tensor) => {
  const norm = norms(config, layers.weights)
  const normed = rmsNorm.forward(ops, norm.attention, x)
  const projected = linear.forward(ops, linearLayer(layers, "queryKeyValue"), normed.y)
  const heads = norm.queryKey === null ? null : headNorm.forward(ops, config, norm.queryKey, projected.y)
  return {
    y: rotary.forward(ops, config, tables, heads?.y ?? projected.y),
    saved: {
      attentionNorm: normed.saved,
      queryKeyValue: projected.saved,
      queryKeyNorm: heads?.saved ?? null,
    },
  }
}

/** All after attention: its output [T, H·D] and x [T, C] → y [T, C]. */
export const finish = (ops: Ops, config: LlamaConfig, layers: Layers, attended: Tensor, x: Tensor) => {
  const norm = norms(config, layers.weights)
  const output = linear.forward(ops, linearLayer(layers, "output"), attended)
  const middle = ops.add(x, output.y)
  const normed = rmsNorm.forward(ops, norm.feedForward, middle)
  const gateUp = linear.forward(ops, linearLayer(layers, "gateUp"), normed.y)
  const gated = swiGlu.forward(ops, gateUp.y, config.intermediate)
  const down = linear.forward(ops, linearLayer(layers, "down"), gated.y)
  return {
    y: ops.add(middle, down.y),
    saved: {
      output: output.saved,
      middle,
      feedForwardNorm: normed.saved,
      gateUp: gateUp.saved,
      swiGlu: gated.saved,
      down: down.saved,
    },
  }
}

export const forward = (
  ops: Ops,
  config: LlamaConfig,
  input: Input,
): { readonly y: Tensor; readonly saved: Saved } => {
  const { slots, tables, x } = input
  const qkv = project(ops, config, input, tables.rotary, x)
  const attended = attention.forward(ops, config, tables.attention, qkv.y)
  const rest = finish(ops, config, input, atSlots(ops, attended.y, slots), atSlots(ops, x, slots))
  return {
    y: rest.y,
    saved: { ...qkv.saved, attention: attended.saved, attended: attended.y, ...rest.saved },
  }
}

/** Gradients of the adapters, and of x unless `needsInput` is false (the first block: nothing below is trained). */
export const backward = (
  ops: Ops,
  config: LlamaConfig,
  input: Input,
  saved: Saved,
  dy: Tensor,
  needsInput: boolean,
): { readonly dx: Tensor | null; readonly gradients: Gradients } => {
  const { slots, tables, x } = input
  const norm = norms(config, input.weights)
  const gated = swiGlu.again(ops, saved.swiGlu)
  const down = linear.backward(ops, linearLayer(input, "down"), gated.y, saved.down, dy)
  const dGateUp = swiGlu.backward(ops, saved.swiGlu, gated, down.dx!)
  const normedAgain = rmsNorm.output(ops, norm.feedForward, saved.middle, saved.feedForwardNorm)
  const gateUp = linear.backward(ops, linearLayer(input, "gateUp"), normedAgain, saved.gateUp, dGateUp)
  const dFeedForward = rmsNorm.backward(
    ops,
    norm.feedForward,
    saved.middle,
    saved.feedForwardNorm,
    gateUp.dx!,
  )
  const dMiddle = ops.add(dy, dFeedForward)

  const outputInput = atSlots(ops, saved.attended, slots)
  const output = linear.backward(ops, linearLayer(input, "output"), outputInput, saved.output, dMiddle)
  const dAttended = fromSlots(ops, output.dx!, slots, tables.tokenCount)
  const dRotated = attention.backward(
    ops,
    config,
    tables.attention,
    saved.attended,
    saved.attention,
    dAttended,
  )
  const dHeads = rotary.backward(ops, config, tables.rotary, dRotated)
  const dProjected =
    norm.queryKey === null || saved.queryKeyNorm === null
      ? dHeads
      : headNorm.backward(ops, config, norm.queryKey, saved.queryKeyNorm, dHeads)
  const normed = rmsNorm.output(ops, norm.attention, x, saved.attentionNorm)
  const projected = linear.backward(
    ops,
    linearLayer(input, "queryKeyValue"),
    normed,
    saved.queryKeyValue,
    dProjected,
    needsInput,
  )
  const gradients: Gradients = {
    queryKeyValue: projected.gradient,
    output: output.gradient,
    gateUp: gateUp.gradient,
    down: down.gradient,
  }
  if (projected.dx === null) return { dx: null, gradients }
  const dAttention = rmsNorm.backward(ops, norm.attention, x, saved.attentionNorm, projected.dx)
  return { dx: ops.add(fromSlots(ops, dMiddle, slots, tables.tokenCount), dAttention), gradients }
}

/** Rows of the wanted positions. */
const atSlots = (ops: Ops, x: Tensor, slots: Tensor | null): Tensor =>
  slots === null ? x : ops.gather(x, slots)

/** The transposed map: rows go back to their positions, all others are zero. */
const fromSlots = (ops: Ops, dx: Tensor, slots: Tensor | null, tokenCount: Tensor): Tensor =>
  slots === null ? dx : ops.segmentSum(dx, slots, tokenCount)
