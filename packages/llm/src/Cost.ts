/**
 * What batches cost before any of them is computed: their micro-batches, memory and work. Pure, so that a plan knows it
 * without a backend; a trainer cuts its batches by the same function.
 */
import type { LlamaConfig } from "./LlamaConfig.ts"
import type { LoraShape } from "./LoraShape.ts"
import * as Memory from "./Memory.ts"
import * as BatchPlan from "./plan/BatchPlan.ts"
import { supervisedWeight, type TokenRow, trainingRow } from "./plan/Stream.ts"
import * as Work from "./Work.ts"

export interface Options {
  /** Micro-batches per optimizer step; by default as few as the activation budget allows. */
  readonly accumulation?: number
  /** Most bytes that one micro-batch's activations may take (predicted); 2 GiB by default. */
  readonly activationBudgetBytes?: number
  /**
   * Compute blocks again in backward instead of keeping what they made: always, never, or only for a batch of which
   * not even one row fits into the budget ("auto", the default). It changes memory and time, and no bit.
   */
  readonly recompute?: boolean | "auto"
  /** Share of an adapter's inputs that is dropped; 0 by default. */
  readonly dropout?: number
  /** NEFTune's alpha, 0 by default. */
  readonly noiseAlpha?: number
  readonly optimizer?: "adamW" | "adafactor"
  /** Least tokens of a shared prefix that is computed once (default 8); Infinity computes rows apart. */
  readonly minimumPrefix?: number
  /** Of the frozen matrices: 4 by default, 2 for bfloat16. */
  readonly weightBytesEach?: number
}

/** A batch as it is computed. */
export interface Cut {
  readonly plans: ReadonlyArray<BatchPlan.BatchPlan>
  readonly recompute: boolean
}

/** Rows without a supervised token cost nothing: they are left out. */
export interface Cost {
  /** Rows must all have something supervised. */
  readonly cut: (rows: ReadonlyArray<TokenRow>) => Cut
  /** Of the largest micro-batch; undefined where nothing is supervised. */
  readonly memory: (rows: ReadonlyArray<TokenRow>) => Memory.Prediction | undefined
  /** Floating-point operations of learning from a batch. */
  readonly work: (rows: ReadonlyArray<TokenRow>) => number
  /** Floating-point operations of a batch's losses alone. */
  readonly lookWork: (rows: ReadonlyArray<TokenRow>) => number
}

export const make = (config: LlamaConfig, lora: Pick<LoraShape, "layers">, options: Options = {}): Cost => {
  const { dropout = 0, noiseAlpha = 0, recompute: recomputing = "auto" } = options
  const budget = options.activationBudgetBytes ?? Memory.activationBudgetDefault
  const settings: Memory.Settings = {
    weightBytesEach: options.weightBytesEach ?? 4,
    momentsEach: options.optimizer === "adafactor" ? 0 : 2,
    dropout: dropout > 0,
    noise: noiseAlpha > 0,
  }
  const planOptions: BatchPlan.Options = {
    ...(options.minimumPrefix === undefined ? {} : { minimumPrefix: options.minimumPrefix }),
    // With dropout or noise each row has draws of its own.
    ...(dropout > 0 || noiseAlpha > 0 ? { minimumPrefix: Infinity } : {}),
  }
  const plan = (rows: ReadonlyArray<TokenRow>) => BatchPlan.make(rows.map(trainingRow), config, planOptions)

  /** As few micro-batches as fit into the budget, or undefined where not even single rows do. */
  const cutToFit = (rows: ReadonlyArray<TokenRow>, recompute: boolean): Cut | undefined => {
    for (let count = 1; count <= rows.length; count++) {
      const plans = parts(rows, count).map(plan)
      const bytes = (part: BatchPlan.BatchPlan) =>
        Memory.activationBytes(config, lora, part, { ...settings, recompute })
      if (plans.every((part) => bytes(part) <= budget)) return { plans, recompute }
    }
    return undefined
  }
  const cut = (rows: ReadonlyArray<TokenRow>): Cut => {
    const always = recomputing === true
    if (options.accumulation !== undefined)
      return { plans: parts(rows, options.accumulation).map(plan), recompute: always }
    const fitting =
      (always ? undefined : cutToFit(rows, false)) ??
      (recomputing === false ? undefined : cutToFit(rows, true))
    return fitting ?? { plans: parts(rows, rows.length).map(plan), recompute: recomputing !== false }
  }
  const cutLearnable = (rows: ReadonlyArray<TokenRow>): Cut => {
    const learnable = rows.filter((row) => supervisedWeight(row) > 0)
    return learnable.length === 0 ? { plans: [], recompute: false } : cut(learnable)
  }

  return {
    cut,
    memory: (rows) => {
      const { plans, recompute } = cutLearnable(rows)
      const predictions = plans.map((part) => Memory.predict(config, lora, part, { ...settings, recompute }))
      return predictions.reduce<Memory.Prediction | undefined>(
        (a, b) => (a === undefined || b.totalBytes > a.totalBytes ? b : a),
        undefined,
      )
    },
    work: (rows) => {
      const { plans, recompute } = cutLearnable(rows)
      return plans.reduce((sum, part) => sum + Work.training(config, lora, part, { recompute }), 0)
    },
    lookWork: (rows) =>
      cutLearnable(rows).plans.reduce((sum, part) => sum + Work.looking(config, lora, part), 0),
  }
}

/** Rows in `count` runs of nearly equal number, in order. */
const parts = <A>(rows: ReadonlyArray<A>, count: number): ReadonlyArray<ReadonlyArray<A>> => {
  const runs = Math.min(count, rows.length)
  const start = (k: number) => Math.floor((k * rows.length) / runs)
  return Array.from({ length: runs }, (_, k) => rows.slice(start(k), start(k + 1)))
}
