/**
 * LoRA training: one optimizer step over a batch of rows, exact state to resume from.
 *
 * The loss is the mean over the supervised tokens of the whole batch. A batch that would not fit into memory is taken in
 * micro-batches, each planned by itself; losses and gradients add up to those of the batch, whatever the cut.
 */
import * as Data from "effect/Data"
import type { AdapterWeights } from "./Adapter.ts"
import * as Dropout from "./Dropout.ts"
import { structured } from "./formats/structured.ts"
import type { Llama } from "./Llama.ts"
import { type Lora, readVariables } from "./Lora.ts"
import * as Memory from "./Memory.ts"
import * as Optimizer from "./Optimizer.ts"
import type { Backend, Tensor } from "./ops/Ops.ts"
import * as BatchPlan from "./plan/BatchPlan.ts"
import { upload, uploadSlots } from "./plan/PlanTensors.ts"
import { supervisedCount, type TokenRow, trainingRow } from "./plan/Stream.ts"
import * as TrainingPass from "./TrainingPass.ts"

export type { TokenRow } from "./plan/Stream.ts"

export interface Options extends Optimizer.Options {
  /** Micro-batches per optimizer step; by default as few as the activation budget allows. */
  readonly accumulation?: number
  /** Most bytes that one micro-batch's activations may take (predicted); 2 GiB by default. */
  readonly activationBudgetBytes?: number
  /** Share of an adapter's inputs that is dropped; 0 by default. Needs `seed`, and computes no shared prefixes. */
  readonly dropout?: number
  /** Seed of the dropout masks. */
  readonly seed?: string
  /** Least tokens of a shared prefix that is computed once (default 8); Infinity computes rows apart. */
  readonly minimumPrefix?: number
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
  /** Mean over each row's own supervised tokens; NaN for a row without any. */
  readonly rowLosses: ReadonlyArray<number>
}

/** Everything that decides the next optimizer step, besides rows and learning rate. */
export interface TrainerState {
  /** Optimizer steps done. */
  readonly optimizerSteps: number
  /** float32 values by name: `blocks.0.down.a`, and the same with `.moment1` and `.moment2`. */
  readonly parts: ReadonlyMap<string, Float32Array>
}

export interface Trainer {
  readonly step: (rows: ReadonlyArray<TokenRow>, learningRate: number) => Promise<StepResult>
  /** Losses without learning, for held-out rows. */
  readonly evaluate: (
    rows: ReadonlyArray<TokenRow>,
  ) => Promise<Pick<StepResult, "loss" | "supervisedTokens" | "tokens" | "rowLosses">>
  readonly state: () => Promise<TrainerState>
  /** Fails with StateUnfit, all differences named, and nothing changed. */
  readonly restore: (state: TrainerState) => void
  readonly adapter: () => Promise<AdapterWeights>
  /** What a batch takes, in the micro-batches that `step` would cut it into. */
  readonly memory: (rows: ReadonlyArray<TokenRow>) => Memory.Prediction
  readonly free: () => void
}

/** No row of a batch has a supervised token: there is nothing to learn from it. */
export class NothingSupervised extends Data.TaggedError("NothingSupervised")<{ readonly rows: number }> {
  override get message(): string {
    return structured(
      "No token of the batch is supervised.",
      [["Rows", String(this.rows)]],
      "Every label is -100: check the mask that tokenizing gave.",
    )
  }
}

/** The loss became infinite or not a number: the optimizer step was not taken. */
export class TrainingDiverged extends Data.TaggedError("TrainingDiverged")<{
  readonly optimizerStep: number
  readonly loss: number
  readonly learningRate: number
}> {
  override get message(): string {
    return structured(
      "Training diverged.",
      [
        ["Optimizer step", String(this.optimizerStep)],
        ["Loss", String(this.loss)],
        ["Learning rate", String(this.learningRate)],
      ],
      "Try a smaller learning rate.",
    )
  }
}

/** A state that was saved for another adapter: every part that is missing, unknown or of another size. */
export class StateUnfit extends Data.TaggedError("StateUnfit")<{
  readonly facts: ReadonlyArray<readonly [part: string, difference: string]>
}> {
  override get message(): string {
    return structured("The saved state does not fit this training.", this.facts, "Start from the beginning.")
  }
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
  const dropout = options.dropout ?? 0
  const variables = lora.parameters.map(({ variable }) => variable)
  const optimizer = Optimizer.make(backend, variables, options)
  const pass = TrainingPass.make(backend, model, lora)
  const addAll = backend.jit("accumulate", (ops, { a, b }: Record<"a" | "b", ReadonlyArray<Tensor>>) =>
    a.map((gradient, i) => ops.add(gradient, b[i]!)),
  )
  const planOptions: BatchPlan.Options = {
    ...(options.minimumPrefix === undefined ? {} : { minimumPrefix: options.minimumPrefix }),
    ...(dropout > 0 ? { minimumPrefix: Infinity } : {}), // each row drops inputs of its own
  }
  let optimizerSteps = 0

  const plan = (rows: ReadonlyArray<TokenRow>) => BatchPlan.make(rows.map(trainingRow), config, planOptions)

  const cut = (rows: ReadonlyArray<TokenRow>): ReadonlyArray<BatchPlan.BatchPlan> => {
    if (options.accumulation !== undefined) return parts(rows, options.accumulation).map(plan)
    const budget = options.activationBudgetBytes ?? Memory.activationBudgetDefault
    for (let count = 1; ; count++) {
      const plans = parts(rows, count).map(plan)
      const fits = plans.every((part) => Memory.activationBytes(config, lora, part) <= budget)
      if (fits || count >= rows.length) return plans
    }
  }

  /** One micro-batch: losses per slot, and gradients weighted by `weight`. */
  const gradientsOf = (part: BatchPlan.BatchPlan, weight: number, index: number) =>
    backend.scope(() =>
      pass.lossAndGradients(
        upload(backend, config, part),
        uploadSlots(backend, part, weight),
        dropout === 0
          ? null
          : Dropout.masks(backend, config, lora, part, dropout, `${options.seed}/${optimizerSteps}/${index}`),
      ),
    )

  const supervised = (rows: ReadonlyArray<TokenRow>) => {
    const counts = rows.map(supervisedCount)
    const kept = rows.map((_, i) => i).filter((i) => counts[i]! > 0)
    const total = counts.reduce((sum, count) => sum + count, 0)
    if (total === 0) throw new NothingSupervised({ rows: rows.length })
    return { counts, kept, total, rows: kept.map((i) => rows[i]!) }
  }

  return {
    step: async (rows, learningRate) => {
      const { counts, kept, rows: used, total } = supervised(rows)
      const plans = cut(used)
      const losses: Array<Tensor> = []
      let gradients: ReadonlyArray<Tensor> = []
      plans.forEach((part, index) => {
        const result = gradientsOf(part, 1 / total, index)
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
      const { loss, rowLosses } = summarise(plans, perSlot, kept, counts)
      if (!Number.isFinite(loss)) {
        backend.free(...gradients)
        throw new TrainingDiverged({ optimizerStep: optimizerSteps + 1, loss, learningRate })
      }
      const gradientNorm = await optimizer.apply(gradients, learningRate)
      backend.free(...gradients)
      optimizerSteps += 1
      return {
        loss,
        gradientNorm,
        supervisedTokens: total,
        tokens: tokenCount(rows),
        computedTokens: plans.reduce((sum, part) => sum + part.tokenCount, 0),
        microBatches: plans.length,
        rowLosses,
      }
    },

    evaluate: async (rows) => {
      const { counts, kept, rows: used, total } = supervised(rows)
      const plans = cut(used)
      const perSlot: Array<Float32Array> = []
      for (const part of plans) {
        const loss = backend.scope(() =>
          pass.loss(upload(backend, config, part), uploadSlots(backend, part, 1 / total)),
        )
        perSlot.push((await backend.read(loss)) as Float32Array)
        backend.free(loss)
      }
      const result = summarise(plans, perSlot, kept, counts)
      return { ...result, supervisedTokens: total, tokens: tokenCount(rows) }
    },

    state: async () => {
      const { moments1, moments2 } = await optimizer.state()
      const values = await readVariables(backend, variables)
      const entries = lora.parameters.flatMap(({ name }, i): Array<[string, Float32Array]> => [
        [name, values[i]!],
        [`${name}.moment1`, moments1[i]!],
        [`${name}.moment2`, moments2[i]!],
      ])
      return { optimizerSteps, parts: new Map(entries) }
    },

    restore: (state) => {
      checkParts(lora, state)
      const take = (suffix: string) => lora.parameters.map(({ name }) => state.parts.get(name + suffix)!)
      Optimizer.assign(backend, variables, take(""))
      optimizer.restore({
        count: state.optimizerSteps,
        moments1: take(".moment1"),
        moments2: take(".moment2"),
      })
      optimizerSteps = state.optimizerSteps
    },

    adapter: lora.weights,

    memory: (rows) => {
      const predictions = cut(supervised(rows).rows).map((part) => Memory.predict(config, lora, part))
      return predictions.reduce((a, b) => (b.totalBytes > a.totalBytes ? b : a))
    },

    free: optimizer.free,
  }
}

const tokenCount = (rows: ReadonlyArray<TokenRow>) => rows.reduce((sum, row) => sum + row.ids.length, 0)

/** Rows in `count` runs of nearly equal number, in order. */
const parts = <A>(rows: ReadonlyArray<A>, count: number): ReadonlyArray<ReadonlyArray<A>> => {
  const runs = Math.min(count, rows.length)
  const start = (k: number) => Math.floor((k * rows.length) / runs)
  return Array.from({ length: runs }, (_, k) => rows.slice(start(k), start(k + 1)))
}

/** Mean losses of batch and rows from each slot's, added in double precision. */
const summarise = (
  plans: ReadonlyArray<BatchPlan.BatchPlan>,
  perSlot: ReadonlyArray<Float32Array>,
  kept: ReadonlyArray<number>,
  counts: ReadonlyArray<number>,
) => {
  const sums = counts.map((count) => (count === 0 ? Number.NaN : 0))
  let firstRow = 0
  plans.forEach(({ rowCount, slotRows }, index) => {
    perSlot[index]!.forEach((loss, slot) => {
      const row = kept[firstRow + slotRows[slot]!]!
      sums[row] = sums[row]! + loss
    })
    firstRow += rowCount
  })
  const total = counts.reduce((sum, count) => sum + count, 0)
  return {
    loss: kept.reduce((sum, row) => sum + sums[row]!, 0) / total,
    rowLosses: sums.map((sum, row) => sum / counts[row]!),
  }
}

const checkParts = (lora: Lora, state: TrainerState): void => {
  const facts: Array<readonly [string, string]> = []
  const expected = new Set<string>()
  for (const { name, variable } of lora.parameters) {
    const size = variable.shape.reduce((product, n) => product * n, 1)
    for (const part of [name, `${name}.moment1`, `${name}.moment2`]) {
      expected.add(part)
      const found = state.parts.get(part)
      if (found === undefined) facts.push([part, "is missing"])
      else if (found.length !== size) facts.push([part, `has ${found.length} values, ${size} are needed`])
    }
  }
  for (const part of state.parts.keys()) if (!expected.has(part)) facts.push([part, "is not known here"])
  if (facts.length > 0) throw new StateUnfit({ facts })
}
