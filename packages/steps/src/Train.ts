/** LoRA training: a base model and tokens to an adapter. */
import { Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Message } from "./Chat.ts"
import { AdapterFiles, AdapterSnapshots, ModelFiles } from "./kinds.ts"
import { Tokens } from "./Tokens.ts"
import { checkOptions } from "./train/checkOptions.ts"

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

/** What each row's loss was whenever it was seen. Joins by id to tokenize's account and to an evaluation's rows. */
export class RowLosses extends Table.make({
  id: Table.utf8,
  split: Table.dictionary(["train", "heldOut"]),
  /** For rows learnt from: the optimizer step that learnt them. For held-out rows: after how many. */
  optimizerStep: Table.int32,
  tokens: Table.int32,
  supervisedTokens: Table.int32,
  /** Mean over its supervised tokens; null for a row without any, which is not learnt from. */
  loss: Table.nullable(Table.float64),
}) {}

/** One row for each time that the held-out rows were looked at; the first one is the base model. */
export class HeldOutLosses extends Table.make({
  /** After how many optimizer steps. */
  optimizerStep: Table.int32,
  /** Mean over all supervised tokens. */
  loss: Table.float64,
  rows: Table.int32,
  supervisedTokens: Table.int32,
  /** The least loss of a trained adapter so far. */
  best: Table.bool,
}) {}

/** What the model said to the prompts given, while it learnt. */
export class Samples extends Table.make({
  /** After how many optimizer steps. */
  optimizerStep: Table.int32,
  /** The text asked, or the last message. */
  prompt: Table.utf8,
  /** Greedy decoding. */
  text: Table.utf8,
  newTokens: Table.int32,
  /** It ended by itself, not at the limit. */
  stopped: Table.bool,
}) {}

/** Rows that are not learnt from, to watch. */
export interface HeldOutOptions {
  readonly tokens: Step.Ref<typeof Tokens>
  /** Optimizer steps between two looks; at the end of each epoch by default. The last optimizer step has one always. */
  readonly every?: number
  /** Stop after so many looks without a better loss; never by default. */
  readonly patience?: number
  /** By how much a loss must fall to be better; 0 by default. */
  readonly minImprovement?: number
  /** Which adapter is the result: that of the best look (the default) or the last one. */
  readonly keep?: "best" | "last"
}

/** Prompts to answer while training. */
export interface SampleOptions {
  /** A text is asked as a user's message. */
  readonly prompts: ReadonlyArray<string | ReadonlyArray<Pick<Message, "role" | "content">>>
  /** Optimizer steps between answers; at the end of each epoch by default, and always before the first and after the last. */
  readonly every?: number
  /** Longest answer; 64 by default. */
  readonly maxNewTokens?: number
}

/** Adapters to keep on the way, such as to measure what each has forgotten. */
export interface SnapshotOptions {
  /** Optimizer steps between two of them; the last optimizer step has one always. Every checkpoint holds all so far. */
  readonly every: number
}

export interface LoraOptions {
  readonly model: Step.Ref<typeof ModelFiles>
  readonly tokens: Step.Ref<typeof Tokens>
  /** Highest learning rate; 2e-4 by default. */
  readonly learningRate?: number
  /** Shape of the learning rate after its warmup; "linear" by default. */
  readonly schedule?: "linear" | "cosine" | "constant" | "warmupStableDecay"
  /** Share of the optimizer steps over which the rate rises (below 1), or their number; 0.03 by default. */
  readonly warmup?: number
  /** Share of the optimizer steps at the end over which "warmupStableDecay" falls; 0.2 by default. */
  readonly decayShare?: number
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
  /**
   * Projections with an adapter: names or ends of paths, or one regular expression for whole paths. All seven by
   * default.
   */
  readonly targetModules?: ReadonlyArray<string> | string
  /** Other ranks for some modules, by name, end of path or regular expression: `{ "layers.0.mlp.*": 4 }`. */
  readonly rankPattern?: Readonly<Record<string, number>>
  /** Other alphas for some modules, in the same way. */
  readonly alphaPattern?: Readonly<Record<string, number>>
  /** Times faster that B learns than A (LoRA+); 1 by default, its authors advise 16. */
  readonly loraPlusRatio?: number
  /** Share of the adapters' inputs that is dropped; 0 by default. */
  readonly dropout?: number
  /** NEFTune's alpha, noise on the embeddings; 0 by default, its authors take 5. */
  readonly noiseAlpha?: number
  /** "adamW" (0.9, 0.999, 1e-8) by default; "adafactor" keeps almost nothing beside the adapter. */
  readonly optimizer?: "adamW" | "adafactor"
  readonly weightDecay?: number
  /** Largest global norm of the gradients; 1 by default, null never clips. */
  readonly clip?: number | null
  /** Memory for what one micro-batch keeps for its backward pass, in MiB; 2,048 by default. */
  readonly activationMiB?: number
  /**
   * Compute blocks again in the backward pass instead of keeping what they made: "auto" (the default) only for a batch
   * of which not even one row fits into `activationMiB`.
   */
  readonly recompute?: "auto" | "always" | "never"
  readonly heldOut?: HeldOutOptions
  readonly samples?: SampleOptions
  /** With them there is one output more, `snapshots`. */
  readonly snapshots?: SnapshotOptions
  /** Optimizer steps between checkpoints; 10 by default. It changes no result, and no key. */
  readonly checkpointEvery?: number
}

const Positive = Schema.Finite.check(Schema.isGreaterThan(0))
const Count = Schema.Int.check(Schema.isGreaterThan(0))
const NotNegative = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
const Warmup = NotNegative.check(
  Schema.makeFilter(
    (value) =>
      value < 1 ||
      Number.isInteger(value) ||
      "Expected a share below 1, or a whole number of optimizer steps",
  ),
)
const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))

const HeldOut = Schema.Struct({
  every: Schema.NullOr(Count),
  patience: Schema.NullOr(Count),
  minImprovement: NotNegative,
  keep: Schema.Literals(["best", "last"]),
})

const SampleConfig = Schema.Struct({
  prompts: Schema.Array(
    Schema.Union([
      Schema.NonEmptyString,
      Schema.Array(
        Schema.Struct({
          role: Schema.Literals(["system", "user", "assistant", "tool"]),
          content: Schema.String,
        }),
      ).check(Schema.isMinLength(1)),
    ]),
  ).check(Schema.isMinLength(1)),
  every: Schema.NullOr(Count),
  maxNewTokens: Count,
})

const SnapshotConfig = Schema.Struct({ every: Count })

const outputs = {
  adapter: AdapterFiles,
  metrics: Metrics,
  rowLosses: RowLosses,
  heldOutLosses: HeldOutLosses,
  samples: Samples,
}

const outputsAndSnapshots = { ...outputs, snapshots: AdapterSnapshots }

/** What a training writes: one output more where snapshots are asked for. */
interface Lora {
  (
    options: LoraOptions & { readonly snapshots: SnapshotOptions },
  ): Step.Use<typeof outputsAndSnapshots, "trainLora">
  (options: LoraOptions): Step.Use<typeof outputs, "trainLora">
}

/**
 * Trains a LoRA adapter. Outputs: the adapter as PEFT writes it, metrics of each optimizer step, the loss of each row
 * whenever it was seen, held-out losses, and what the model said to the prompts given (both empty where not asked for);
 * adapters on the way where asked for.
 *
 * The same seed, rows and settings give the same adapter bit for bit, also when the step was interrupted and
 * went on from a checkpoint. The loss is the mean over supervised tokens.
 */
export const lora: Lora = (options: LoraOptions): Step.Use<typeof outputsAndSnapshots, "trainLora"> => {
  const { heldOut, maxOptimizerSteps, model, samples, snapshots, targetModules, tokens, ...rest } = options
  checkOptions(options)
  const config = {
    ...rest,
    maxOptimizerSteps: maxOptimizerSteps ?? null,
    targetModules: targetModules ?? null,
    heldOut:
      heldOut === undefined
        ? null
        : {
            every: heldOut.every ?? null,
            patience: heldOut.patience ?? null,
            minImprovement: heldOut.minImprovement ?? 0,
            keep: heldOut.keep ?? ("best" as const),
          },
    samples:
      samples === undefined
        ? null
        : {
            prompts: samples.prompts,
            every: samples.every ?? null,
            maxNewTokens: samples.maxNewTokens ?? 64,
          },
    snapshots: snapshots ?? null,
  }
  const inputs = { model, tokens, ...(heldOut === undefined ? {} : { heldOutTokens: heldOut.tokens }) }
  const written = snapshots === undefined ? outputs : outputsAndSnapshots
  return Step.use(trainLora, { inputs, config, outputs: written as typeof outputsAndSnapshots })
}

const trainLora = Step.make({
  name: "trainLora",
  // Where rows are held out, a use adds the input `heldOutTokens`; where snapshots are asked for, the output of that name.
  inputs: { model: ModelFiles, tokens: Tokens },
  config: {
    learningRate: Positive.pipe(Step.withDefault(2e-4)),
    schedule: Schema.Literals(["linear", "cosine", "constant", "warmupStableDecay"]).pipe(
      Step.withDefault("linear"),
    ),
    warmup: Warmup.pipe(Step.withDefault(0.03)),
    decayShare: Share.pipe(Step.withDefault(0.2)),
    epochs: Count.pipe(Step.withDefault(1)),
    batchRows: Count.pipe(Step.withDefault(8)),
    maxOptimizerSteps: Schema.NullOr(Count),
    rank: Count.pipe(Step.withDefault(16)),
    alpha: Positive.pipe(Step.withDefault(32)),
    rsLora: Schema.Boolean.pipe(Step.withDefault(false)),
    targetModules: Schema.NullOr(
      Schema.Union([Schema.NonEmptyString, Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(1))]),
    ),
    rankPattern: Schema.Record(Schema.String, Count).pipe(Step.withDefault({})),
    alphaPattern: Schema.Record(Schema.String, Positive).pipe(Step.withDefault({})),
    loraPlusRatio: Positive.pipe(Step.withDefault(1)),
    dropout: Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 0.9 })).pipe(Step.withDefault(0)),
    noiseAlpha: NotNegative.pipe(Step.withDefault(0)),
    optimizer: Schema.Literals(["adamW", "adafactor"]).pipe(Step.withDefault("adamW")),
    weightDecay: NotNegative.pipe(Step.withDefault(0)),
    clip: Schema.NullOr(Positive).pipe(Step.withDefault<Schema.NullOr<typeof Positive>>(1)),
    activationMiB: Count.pipe(Step.withDefault(2048)),
    recompute: Schema.Literals(["auto", "always", "never"]).pipe(Step.withDefault("auto")),
    heldOut: Schema.NullOr(HeldOut),
    samples: Schema.NullOr(SampleConfig),
    snapshots: Schema.NullOr(SnapshotConfig),
    checkpointEvery: Count.pipe(Step.withDefault(10)),
  },
  outputs,
  seed: true,
  numeric: true,
  accelerator: true,
  unkeyed: ["checkpointEvery"],
  forecast: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./train/foretell.ts")),
      ({ foretell }) => foretell(context),
    ),
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./train/run.ts")),
      ({ train }) => train(context),
    ),
})
