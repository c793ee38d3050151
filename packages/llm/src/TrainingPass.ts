/**
 * Loss and adapter gradients of one planned batch: embedding, blocks, head, and back.
 *
 * Every block is one call of a function that the backend may have recorded; between the calls only the blocks' inputs
 * and what backward needs stay alive, and they are freed as soon as backward has passed them.
 *
 * @see Chen et al. 2016, arXiv:1604.06174 (recomputing instead of keeping)
 */
import * as Block from "./Block.ts"
import type { Masks } from "./Dropout.ts"
import * as head from "./layers/head.ts"
import type * as linear from "./layers/linear.ts"
import * as rmsNorm from "./layers/rmsNorm.ts"
import type { Llama } from "./Llama.ts"
import type { Lora } from "./Lora.ts"
import type { Backend, Tensor } from "./ops/Ops.ts"
import type { PlanTensors, Slots } from "./plan/PlanTensors.ts"

export interface TrainingPass {
  /** Loss [N] of each slot, and gradients in the order of the adapter's parameters. The caller frees both. */
  readonly lossAndGradients: (
    plan: PlanTensors,
    slots: Slots,
    options?: PassOptions,
  ) => { readonly loss: Tensor; readonly gradients: ReadonlyArray<Tensor> }
  /** Loss [N] of each slot alone. */
  readonly loss: (plan: PlanTensors, slots: Slots) => Tensor
}

export interface PassOptions {
  readonly dropout?: Masks | null
  /** [T, C], added to the embeddings (see EmbeddingNoise). */
  readonly noise?: Tensor | null
  /**
   * Keep only the blocks' inputs, and compute each block again when backward reaches it (gradient checkpointing):
   * one forward pass more for a fraction of the memory. The same operations on the same numbers, so the same bits.
   */
  readonly recompute?: boolean
}

interface ChunkInput {
  readonly embedding: Tensor
  readonly h: Tensor
  readonly labels: Tensor
  readonly weight: Tensor
}

interface NormInput {
  readonly weight: Tensor
  readonly x: Tensor
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
  const norm = (weight: Tensor): rmsNorm.Layer => ({ weight, epsilon: config.normEpsilon })
  const normForward = backend.jit("last norm", (o, { weight, x }: NormInput) =>
    rmsNorm.forward(o, norm(weight), x),
  )
  const normBackward = backend.jit(
    "last norm backward",
    (o, { dy, saved, weight, x }: NormInput & { readonly saved: Tensor; readonly dy: Tensor }) =>
      rmsNorm.backward(o, norm(weight), x, saved, dy),
  )
  const headChunk = backend.jit("head", (o, { embedding, h, labels, weight }: ChunkInput) =>
    head.lossAndGradient(o, embedding, h, labels, weight),
  )
  const headChunkAlone = backend.jit(
    "head alone",
    (o, { embedding, h, labels }: Omit<ChunkInput, "weight">) => head.loss(o, embedding, h, labels),
  )

  const last = config.layers - 1
  const blockInput = (plan: PlanTensors, dropout: Masks | null, x: Tensor, layer: number): Block.Input => ({
    weights: weights.blocks[layer]!,
    adapters: lora.blocks[layer]!,
    dropout: dropout?.[layer] ?? Block.untrained,
    tables: plan.tables,
    x,
    slots: layer === last ? plan.slots : null,
  })
  const embed = (plan: PlanTensors, noise: Tensor | null = null) =>
    backend.scope(() => {
      const x = ops.cast(ops.gather(weights.embedding, plan.ids), "float32")
      return noise === null ? x : ops.add(x, noise)
    })
  /** Loss [N] and the gradient of the last block's output x [N, C]. */
  const headOf = (x: Tensor, { labels, sizes, weights: counts }: Slots) =>
    backend.scope(() => {
      const { saved, y } = normForward({ x, weight: weights.norm })
      const results = ops
        .split(y, sizes, 0)
        .map((h, k) => headChunk({ embedding: weights.head, h, labels: labels[k]!, weight: counts[k]! }))
      const dy = ops.concat(
        results.map(({ dh }) => dh),
        0,
      )
      const loss = ops.concat(
        results.map((result) => result.loss),
        0,
      )
      return { loss, dx: normBackward({ x, weight: weights.norm, saved, dy }) }
    })
  const headLoss = (x: Tensor, { labels, sizes }: Slots) =>
    backend.scope(() => {
      const chunks = ops.split(normForward({ x, weight: weights.norm }).y, sizes, 0)
      return ops.concat(
        chunks.map((h, k) => headChunkAlone({ embedding: weights.head, h, labels: labels[k]! })),
        0,
      )
    })

  return {
    lossAndGradients: (plan, slots, { dropout = null, noise = null, recompute = false } = {}) => {
      const inputs = [embed(plan, noise)]
      const saved: Array<Block.Saved> = []
      for (let layer = 0; layer <= last; layer++) {
        const input = blockInput(plan, dropout, inputs[layer]!, layer)
        if (recompute) inputs.push(forwardAlone(input))
        else {
          const result = forward(input)
          saved.push(result.saved)
          inputs.push(result.y)
        }
      }
      const top = inputs.pop()!
      const { dx: dTop, loss } = headOf(top, slots)
      backend.free(top)
      const gradients: Array<Block.Gradients> = []
      let dy = dTop
      for (let layer = last; layer >= 0; layer--) {
        const input = blockInput(plan, dropout, inputs[layer]!, layer)
        if (recompute) {
          const again = forward(input)
          backend.free(again.y)
          saved[layer] = again.saved
        }
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
      const loss = headLoss(x, slots)
      backend.free(x)
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
