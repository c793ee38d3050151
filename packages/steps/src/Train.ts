/** LoRA training: a base model and tokens to an adapter. */
import { Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { AdapterFiles, ModelFiles } from "./kinds.ts"
import { Tokens } from "./Tokens.ts"

/** One row for each optimizer step. Durations and rates are measurements of a run and stand in its log. */
export class Metrics extends Table.make({
  /** From 1. */
  optimizerStep: Table.int32,
  /** From 1; the epoch that the step's rows belong to. */
  epoch: Table.int32,
  /** Mean over the batch's supervised tokens, before the update. */
  loss: Table.float64,
  learningRate: Table.float64,
  /** Global norm before clipping. */
  gradientNorm: Table.float64,
  rows: Table.int32,
  tokens: Table.int32,
  supervisedTokens: Table.int32,
}) {}

export interface LoraOptions {
  readonly model: Step.Ref<typeof ModelFiles>
  readonly tokens: Step.Ref<typeof Tokens>
  /** Highest learning rate; 2e-4 by default. */
  readonly learningRate?: number
  /** Shape of the learning rate after its warmup; "linear" by default. */
  readonly schedule?: "linear" | "cosine" | "constant" | "warmupStableDecay"
  /** Share of the optimizer steps over which the rate rises (below 1), or their number; 0.03 by default. */
  readonly warmup?: number
  /** Times that each row is learnt from; 1 by default. */
  readonly epochs?: number
  /** Rows of one optimizer step; 8 by default. */
  readonly batchRows?: number
  /** Stop after so many optimizer steps; the schedule ends there too. */
  readonly maxOptimizerSteps?: number
  /** r; 16 by default. */
  readonly rank?: number
  /** The adapter's product is scaled by alpha / rank; 32 by default. */
  readonly alpha?: number
  /** Scale by alpha / √rank instead. */
  readonly rsLora?: boolean
  /** Projections with an adapter; all seven by default. */
  readonly targetModules?: ReadonlyArray<string>
  /** Share of the adapters' inputs that is dropped; 0 by default. */
  readonly dropout?: number
  readonly weightDecay?: number
  /** Largest global norm of the gradients; 1 by default, null never clips. */
  readonly clip?: number | null
  /** Optimizer steps between checkpoints; 10 by default. */
  readonly checkpointEvery?: number
}

const Positive = Schema.Finite.check(Schema.isGreaterThan(0))
const Count = Schema.Int.check(Schema.isGreaterThan(0))
const NotNegative = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/**
 * Trains a LoRA adapter. Outputs: the adapter as PEFT writes it, and one row of metrics for each optimizer step.
 *
 * The same seed, rows and settings give the same adapter bit for bit, also when the step was interrupted and
 * went on from a checkpoint. AdamW (0.9, 0.999, 1e-8); the loss is the mean over supervised tokens.
 */
export const lora = (options: LoraOptions) => {
  const { maxOptimizerSteps, targetModules, ...rest } = options
  return trainLora({
    ...rest,
    maxOptimizerSteps: maxOptimizerSteps ?? null,
    targetModules: targetModules ?? null,
  })
}

const trainLora = Step.make({
  name: "trainLora",
  inputs: { model: ModelFiles, tokens: Tokens },
  config: {
    learningRate: Positive.pipe(Step.withDefault(2e-4)),
    schedule: Schema.Literals(["linear", "cosine", "constant", "warmupStableDecay"]).pipe(
      Step.withDefault("linear"),
    ),
    warmup: NotNegative.pipe(Step.withDefault(0.03)),
    epochs: Count.pipe(Step.withDefault(1)),
    batchRows: Count.pipe(Step.withDefault(8)),
    maxOptimizerSteps: Schema.NullOr(Count),
    rank: Count.pipe(Step.withDefault(16)),
    alpha: Positive.pipe(Step.withDefault(32)),
    rsLora: Schema.Boolean.pipe(Step.withDefault(false)),
    targetModules: Schema.NullOr(Schema.Array(Schema.NonEmptyString)),
    dropout: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 0.9 })).pipe(Step.withDefault(0)),
    weightDecay: NotNegative.pipe(Step.withDefault(0)),
    clip: Schema.NullOr(Positive).pipe(Step.withDefault<Schema.NullOr<typeof Positive>>(1)),
    checkpointEvery: Count.pipe(Step.withDefault(10)),
  },
  outputs: { adapter: AdapterFiles, metrics: Metrics },
  seed: true,
  numeric: true,
  accelerator: true,
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./train/run.ts")),
      ({ train }) => train(context),
    ),
})
