/**
 * LoRA training: one optimizer step over a batch of rows, exact state to resume from.
 *
 * The loss is the mean over the supervised tokens of the whole batch. A batch that would not fit into memory is taken in
 * micro-batches, each planned by itself; losses and gradients add up to those of the batch, whatever the cut.
 */
import { type AdapterWeights, brokenNumbers } from "./Adapter.ts"
import * as Dropout from "./Dropout.ts"
import * as EmbeddingNoise from "./EmbeddingNoise.ts"
import type { Llama } from "./Llama.ts"
import { type Lora, readVariables } from "./Lora.ts"
import * as Cost from "./Cost.ts"
import type * as Memory from "./Memory.ts"
import * as Optimizer from "./Optimizer.ts"
import type { Backend, Tensor } from "./ops/Ops.ts"
import type * as BatchPlan from "./plan/BatchPlan.ts"
import { upload, uploadSlots } from "./plan/PlanTensors.ts"
import { supervisedCount, supervisedWeight, type TokenRow } from "./plan/Stream.ts"
import { NothingSupervised, StateUnfit, TrainingDiverged } from "./TrainerErrors.ts"
import * as TrainingPass from "./TrainingPass.ts"

export type { TokenRow } from "./plan/Stream.ts"
export { NothingSupervised, StateUnfit, TrainingDiverged } from "./TrainerErrors.ts"

export interface Options extends Optimizer.Options, Omit<Cost.Options, "weightBytesEach"> {
  /** Share of an adapter's inputs that is dropped; 0 by default. Needs `seed`, and computes no shared prefixes. */
  readonly dropout?: number
  /** NEFTune's alpha, 0 by default: noise on the embeddings. Needs `seed`, and computes no shared prefixes. */
  readonly noiseAlpha?: number
  /** Seed of dropout masks and noise. */
  readonly seed?: string
}

export interface StepResult {
  /** Mean over the batch's supervised tokens, before the update. */
  readonly loss: number
  /** Global norm of the gradients before clipping. */
  readonly gradientNorm: number
  readonly supervisedTokens: number
  /** Tokens of the rows given. */
  readonly tokens: number
  /** Tokens computed, after sharing prefixes and leaving out what influences nothing. */
  readonly computedTokens: number
  readonly microBatches: number
  /** Blocks were computed again in backward. */
  readonly recomputed: boolean
  /** Mean over each row's own supervised tokens; NaN for a row without any. */
  readonly rowLosses: ReadonlyArray<number>
}

/** Losses of rows that nothing was learnt from. */
export interface Evaluation extends Pick<StepResult, "loss" | "supervisedTokens" | "tokens" | "rowLosses"> {
  /** What `loss` counts beside other batches': supervised tokens, or the sum of their weights. */
  readonly weight: number
}

/** Everything that decides the next optimizer step, besides rows and learning rate. */
export interface TrainerState {
  /** Optimizer steps done. */
  readonly optimizerSteps: number
  /** float32 values by name: `blocks.0.down.a`, and what the optimizer keeps, as `blocks.0.down.a.moment1`. */
  readonly parts: ReadonlyMap<string, Float32Array>
}

export interface Trainer {
  /** Fails with TrainingDiverged where the loss or the gradients' norm is no finite number. */
  readonly step: (rows: ReadonlyArray<TokenRow>, learningRate: number) => Promise<StepResult>
  /** Losses without learning, for held-out rows. Fails with TrainingDiverged where they are no numbers. */
  readonly evaluate: (rows: ReadonlyArray<TokenRow>) => Promise<Evaluation>
  readonly state: () => Promise<TrainerState>
  /** The adapter's numbers alone, by name: a part of the state, to come back to with `take`. */
  readonly parameters: () => Promise<ReadonlyMap<string, Float32Array>>
  /** Gives the adapter the numbers of `parameters`; the optimizer stays as it is. */
  readonly take: (parameters: ReadonlyMap<string, Float32Array>) => void
  /** Fails with StateUnfit, all differences named, and nothing changed. */
  readonly restore: (state: TrainerState) => void
  /** A copy in PEFT's form. Fails with TrainingDiverged where it holds what is no number. */
  readonly adapter: () => Promise<AdapterWeights>
  /** What a batch takes, in the micro-batches that `step` would cut it into. */
  readonly memory: (rows: ReadonlyArray<TokenRow>) => Memory.Prediction
  readonly free: () => void
}

export const make = (
  backend: Backend,
  {
    adapter: lora,
    model,
    options = {},
  }: { readonly model: Llama; readonly adapter: Lora; readonly options?: Options },
): Trainer => {
  const { config } = model
  const { dropout = 0, noiseAlpha = 0 } = options
  const variables = lora.parameters.map(({ variable }) => variable)
  const optimizer = Optimizer.make(backend, lora, options)
  const cost = Cost.make(config, lora, {
    ...options,
    weightBytesEach: model.weights.embedding.dtype === "bfloat16" ? 2 : 4,
  })
  const pass = TrainingPass.make(backend, model, lora)
  const addAll = backend.jit("accumulate", (ops, { a, b }: Record<"a" | "b", ReadonlyArray<Tensor>>) =>
    a.map((gradient, i) => ops.add(gradient, b[i]!)),
  )
  let optimizerSteps = 0
  let lastRate = 0
  const diverged = (...found: readonly [what: string, value: string]) =>
    new TrainingDiverged({ optimizerStep: optimizerSteps, found, learningRate: lastRate })

  /** One micro-batch: losses per slot, and gradients weighted by `weight`. */
  const gradientsOf = (part: MicroBatch, weight: number, recompute: boolean) =>
    backend.scope(() => {
      const seed = `${options.seed}/${optimizerSteps}`
      const { firstRow, index, lengths, plan: planned } = part
      return pass.lossAndGradients(upload(backend, config, planned), uploadSlots(backend, planned, weight), {
        recompute,
        dropout:
          dropout === 0 ? null : Dropout.masks(backend, config, lora, planned, dropout, `${seed}/${index}`),
        noise:
          noiseAlpha === 0
            ? null
            : EmbeddingNoise.noise(backend, planned, {
                alpha: noiseAlpha,
                hidden: config.hidden,
                lengths,
                firstRow,
                seed: `${seed}/noise`,
              }),
      })
    })

  const parameters = async () => {
    const values = await readVariables(backend, variables)
    return new Map(lora.parameters.map(({ name }, i) => [name, values[i]!]))
  }
  const takeParameters = (given: ReadonlyMap<string, Float32Array>) =>
    Optimizer.assign(
      backend,
      variables,
      lora.parameters.map(({ name }) => given.get(name)!),
    )

  const supervised = (rows: ReadonlyArray<TokenRow>) => {
    const weights = rows.map(supervisedWeight)
    const kept = rows.map((_, i) => i).filter((i) => weights[i]! > 0)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    if (kept.length === 0) throw new NothingSupervised({ rows: rows.length })
    const supervisedTokens = kept.reduce((sum, i) => sum + supervisedCount(rows[i]!), 0)
    return { weights, kept, total, supervisedTokens, rows: kept.map((i) => rows[i]!) }
  }

  return {
    step: async (rows, learningRate) => {
      const { kept, rows: used, supervisedTokens, total, weights } = supervised(rows)
      const { plans, recompute } = cost.cut(used)
      const losses: Array<Tensor> = []
      let gradients: ReadonlyArray<Tensor> = []
      let firstRow = 0
      plans.forEach((part, index) => {
        const lengths = used.slice(firstRow, firstRow + part.rowCount).map(({ ids }) => ids.length)
        const result = gradientsOf({ plan: part, index, firstRow, lengths }, 1 / total, recompute)
        firstRow += part.rowCount
        losses.push(result.loss)
        if (index === 0) gradients = result.gradients
        else {
          const sums = addAll({ a: gradients, b: result.gradients })
          backend.free(...gradients, ...result.gradients)
          gradients = sums
        }
      })
      const perSlot: Array<Float32Array> = []
      for (const loss of losses) perSlot.push((await backend.read(loss)) as Float32Array)
      backend.free(...losses)
      const { loss, rowLosses } = summarise(plans, perSlot, kept, weights)
      if (!Number.isFinite(loss)) {
        backend.free(...gradients)
        throw new TrainingDiverged({
          optimizerStep: optimizerSteps + 1,
          found: ["Loss", String(loss)],
          learningRate,
        })
      }
      const gradientNorm = await optimizer.apply(gradients, learningRate)
      backend.free(...gradients)
      optimizerSteps += 1
      lastRate = learningRate
      if (!Number.isFinite(gradientNorm)) throw diverged("Gradient norm", String(gradientNorm))
      return {
        loss,
        gradientNorm,
        supervisedTokens,
        tokens: tokenCount(rows),
        computedTokens: plans.reduce((sum, part) => sum + part.tokenCount, 0),
        microBatches: plans.length,
        recomputed: recompute,
        rowLosses,
      }
    },

    evaluate: async (rows) => {
      const { kept, rows: used, supervisedTokens, total, weights } = supervised(rows)
      const { plans } = cost.cut(used)
      const perSlot: Array<Float32Array> = []
      for (const part of plans) {
        const loss = backend.scope(() =>
          pass.loss(upload(backend, config, part), uploadSlots(backend, part, 1 / total)),
        )
        perSlot.push((await backend.read(loss)) as Float32Array)
        backend.free(loss)
      }
      const losses = summarise(plans, perSlot, kept, weights)
      if (!Number.isFinite(losses.loss)) throw diverged("Loss of held-out rows", String(losses.loss))
      return {
        ...losses,
        supervisedTokens,
        weight: total,
        tokens: tokenCount(rows),
      }
    },

    state: async () => ({
      optimizerSteps,
      parts: new Map([...(await parameters()), ...(await optimizer.state())]),
    }),
    parameters,
    take: (given) => {
      checkParts(lora.parameters, given)
      takeParameters(given)
    },

    restore: (state) => {
      const parts = [...lora.parameters, ...optimizer.parts]
      checkParts(parts, state.parts)
      takeParameters(state.parts)
      optimizer.restore(state.optimizerSteps, state.parts)
      optimizerSteps = state.optimizerSteps
    },

    adapter: async () => {
      const weights = await lora.weights()
      // The last optimizer step has no loss after it that would tell.
      const broken = brokenNumbers(weights)
      if (broken > 0)
        throw diverged(
          "Adapter",
          `${broken.toLocaleString("en-US")} numbers of it are infinite or no numbers`,
        )
      return weights
    },

    memory: (rows) => cost.memory(supervised(rows).rows)!,

    free: optimizer.free,
  }
}

interface MicroBatch {
  readonly plan: BatchPlan.BatchPlan
  readonly index: number
  /** Number in the batch of its first row. */
  readonly firstRow: number
  /** Tokens of its rows. */
  readonly lengths: ReadonlyArray<number>
}

const tokenCount = (rows: ReadonlyArray<TokenRow>) => rows.reduce((sum, row) => sum + row.ids.length, 0)

/** Mean losses of batch and rows from each slot's, weighted and added in double precision. */
const summarise = (
  plans: ReadonlyArray<BatchPlan.BatchPlan>,
  perSlot: ReadonlyArray<Float32Array>,
  kept: ReadonlyArray<number>,
  weights: ReadonlyArray<number>,
) => {
  const sums = weights.map((weight) => (weight === 0 ? Number.NaN : 0))
  let firstRow = 0
  plans.forEach(({ rowCount, slotRows, slotWeights }, index) => {
    perSlot[index]!.forEach((loss, slot) => {
      const row = kept[firstRow + slotRows[slot]!]!
      sums[row] = sums[row]! + (slotWeights === null ? loss : loss * slotWeights[slot]!)
    })
    firstRow += rowCount
  })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return {
    loss: kept.reduce((sum, row) => sum + sums[row]!, 0) / total,
    rowLosses: sums.map((sum, row) => sum / weights[row]!),
  }
}

const checkParts = (parts: ReadonlyArray<Optimizer.Part>, given: ReadonlyMap<string, Float32Array>): void => {
  const facts: Array<readonly [string, string]> = []
  const expected = new Set<string>()
  for (const { name, variable } of parts) {
    const size = variable.shape.reduce((product, n) => product * n, 1)
    expected.add(name)
    const found = given.get(name)
    if (found === undefined) facts.push([name, "is missing"])
    else if (found.length !== size) facts.push([name, `has ${found.length} values, ${size} are needed`])
  }
  for (const part of given.keys()) if (!expected.has(part)) facts.push([part, "is not known here"])
  if (facts.length > 0) throw new StateUnfit({ facts })
}
