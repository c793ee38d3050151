/**
 * Loss and adapter gradients of one planned batch: embedding, blocks, head, and back.
 *
 * Every block is one call of a function that the backend may have recorded; between the calls only the blocks' inputs
 * and what backward needs stay alive, and they are freed as soon as backward has passed them.
 */
import * as Block from "./Block.ts"
import * as head from "./layers/head.ts"
import type * as linear from "./layers/linear.ts"
import * as rmsNorm from "./layers/rmsNorm.ts"
import type { Llama } from "./Llama.ts"
import type { Lora } from "./Lora.ts"
import type { Backend, Tensor } from "./ops/Ops.ts"
import type { PlanTensors } from "./plan/PlanTensors.ts"

/** Dropout masks by block; null without dropout. */
export type Dropout = ReadonlyArray<Block.PerLinear<Tensor>> | null

export interface TrainingPass {
  /** Loss [N] of each slot, and gradients in the order of the adapter's parameters. The caller frees both. */
  readonly lossAndGradients: (
    plan: PlanTensors,
    slots: head.Slots,
    dropout: Dropout,
  ) => { readonly loss: Tensor; readonly gradients: ReadonlyArray<Tensor> }
  /** Loss [N] of each slot alone. */
  readonly loss: (plan: PlanTensors, slots: head.Slots) => Tensor
}

interface HeadInput {
  readonly x: Tensor
  readonly norm: Tensor
  readonly head: Tensor
  readonly slots: head.Slots
}

interface BackwardInput {
  readonly input: Block.Input
  readonly saved: Block.Saved
  readonly dy: Tensor
  readonly needsInput: boolean
}

export const make = (backend: Backend, { config, weights }: Llama, lora: Lora): TrainingPass => {
  const { ops } = backend
  const forward = backend.jit("block forward", (o, input: Block.Input) => Block.forward(o, config, input))
  const forwardAlone = backend.jit(
    "block forward alone",
    (o, input: Block.Input) => Block.forward(o, config, input).y,
  )
  const backward = backend.jit("block backward", (o, { dy, input, needsInput, saved }: BackwardInput) =>
    Block.backward(o, config, input, saved, dy, needsInput),
  )
  const headPass = backend.jit("head", (o, { head: embedding, norm, slots, x }: HeadInput) => {
    const layer = { weight: norm, epsilon: config.normEpsilon }
    const normed = rmsNorm.forward(o, layer, x)
    const { dh, loss } = head.lossAndGradient(o, embedding, slots, normed.y)
    return { loss, dx: rmsNorm.backward(o, layer, x, normed.saved, dh) }
  })

  const last = config.layers - 1
  const blockInput = (plan: PlanTensors, dropout: Dropout, x: Tensor, layer: number): Block.Input => ({
    weights: weights.blocks[layer]!,
    adapters: lora.blocks[layer]!,
    dropout: dropout?.[layer] ?? Block.untrained,
    tables: plan.tables,
    x,
    slots: layer === last ? plan.slots : null,
  })
  const embed = (plan: PlanTensors) =>
    backend.scope(() => ops.cast(ops.gather(weights.embedding, plan.ids), "float32"))
  const headOf = (x: Tensor, slots: head.Slots) =>
    headPass({ x, norm: weights.norm, head: weights.head, slots })

  return {
    lossAndGradients: (plan, slots, dropout) => {
      const inputs = [embed(plan)]
      const saved: Array<Block.Saved> = []
      for (let layer = 0; layer <= last; layer++) {
        const result = forward(blockInput(plan, dropout, inputs[layer]!, layer))
        saved.push(result.saved)
        inputs.push(result.y)
      }
      const top = inputs.pop()!
      const { dx: dTop, loss } = headOf(top, slots)
      backend.free(top)
      const gradients: Array<Block.Gradients> = []
      let dy = dTop
      for (let layer = last; layer >= 0; layer--) {
        const input = blockInput(plan, dropout, inputs[layer]!, layer)
        const result = backward({ input, saved: saved[layer]!, dy, needsInput: layer > 0 })
        backend.free(dy, inputs[layer]!, ...tensorsOf(saved[layer]!))
        gradients[layer] = result.gradients
        if (result.dx !== null) dy = result.dx
      }
      return { loss, gradients: inOrder(lora, gradients) }
    },

    loss: (plan, slots) => {
      let x = embed(plan)
      for (let layer = 0; layer <= last; layer++) {
        const y = forwardAlone(blockInput(plan, null, x, layer))
        backend.free(x)
        x = y
      }
      const { dx, loss } = headOf(x, slots)
      backend.free(x, dx)
      return loss
    },
  }
}

/** Gradients of A and B of each trained layer, in the order of `lora.parameters`. */
const inOrder = (lora: Lora, gradients: ReadonlyArray<Block.Gradients>): ReadonlyArray<Tensor> =>
  lora.layers.flatMap(({ block, name }) => {
    const { a, b }: linear.AdapterGradient = gradients[block]![name]!
    return [a, b]
  })

/** All tensors of what a block saved. */
const tensorsOf = (saved: Block.Saved): ReadonlyArray<Tensor> => {
  const found: Array<Tensor> = []
  const walk = (value: unknown): void => {
    if (value === null || typeof value !== "object") return
    if ("dtype" in value) found.push(value as Tensor)
    else for (const child of Object.values(value)) walk(child)
  }
  walk(saved)
  return found
}
