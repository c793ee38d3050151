/**
 * What a run knows beyond a comparison's results, joined with them where a report is rendered: where the data went,
 * what was measured, what the results follow from, and what an answer was learnt from.
 */
import * as Schema from "effect/Schema"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** A record of a source file. */
export const Place = Schema.Struct({
  file: Schema.String,
  /** From 1, within the file. */
  row: Count,
  /** On which it starts, from 1. */
  line: Count,
})

export const Cost = Schema.Struct({
  arm: Schema.String,
  rows: Count,
  promptTokens: Count,
  newTokens: Count,
  /** Seconds of generation for one prompt; null where no run's log has it. */
  secondsPerPrompt: Schema.NullOr(Schema.Finite),
  /** The most memory that the answering process had used by then. */
  peakBytes: Schema.NullOr(Schema.Finite),
  /** Of the arm's own steps before its answers: trying prompts, searching passages. */
  preparationSeconds: Schema.Finite,
  /** Of training its adapter; null where there was none. */
  trainingSeconds: Schema.NullOr(Schema.Finite),
  trainingPeakBytes: Schema.NullOr(Schema.Finite),
})

/** What one training step measured while it learnt. */
export const Curve = Schema.Struct({
  step: Schema.String,
  training: Schema.Array(Schema.Struct({ optimizerStep: Count, loss: Schema.Finite })),
  heldOut: Schema.Array(Schema.Struct({ optimizerStep: Count, loss: Schema.Finite, best: Schema.Boolean })),
})

/** What one step made of its rows, on the way from files to an adapter or to the rows asked. */
export const Stage = Schema.Struct({
  step: Schema.String,
  /** Rows read, by input; none where it read files. */
  rowsIn: Schema.Array(Schema.Struct({ input: Schema.String, rows: Count })),
  /** Rows written, by output. */
  rowsOut: Schema.Array(Schema.Struct({ output: Schema.String, rows: Count })),
  /** Why rows were left out or cut, where the step accounts for them. */
  reasons: Schema.Array(
    Schema.Struct({ what: Schema.String, reason: Schema.String, rows: Count, example: Schema.String }),
  ),
  tokens: Schema.NullOr(Count),
  supervisedTokens: Schema.NullOr(Count),
  /** What the step said of itself. */
  summary: Schema.NullOr(Schema.String),
})

/** A step of the run and everything that its result follows from. */
export const Step = Schema.Struct({
  name: Schema.String,
  definition: Schema.String,
  key: Schema.String,
  outputs: Schema.Array(
    Schema.Struct({ name: Schema.String, fingerprint: Schema.String, rows: Schema.NullOr(Count) }),
  ),
  /** Inputs with the step that made each, or the digests of files. */
  inputs: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      from: Schema.NullOr(Schema.String),
      fingerprints: Schema.Array(Schema.String),
    }),
  ),
  config: Schema.Record(Schema.String, Schema.String),
  /** Derived from the pipeline's; empty where the step draws nothing. */
  seed: Schema.String,
  /** Digest of the code that it reached. */
  code: Schema.String,
  packages: Schema.Record(Schema.String, Schema.String),
  numeric: Schema.Record(Schema.String, Schema.Union([Schema.String, Schema.Finite])),
  runtime: Schema.Record(Schema.String, Schema.String),
})

/** A row that was learnt from. */
export const Learnt = Schema.Struct({
  id: Schema.String,
  prompt: Schema.String,
  expected: Schema.String,
  place: Schema.NullOr(Place),
  /** How often it was seen, and its loss the first and the last time. */
  times: Count,
  firstLoss: Schema.NullOr(Schema.Finite),
  lastLoss: Schema.NullOr(Schema.Finite),
})

/** How an answer of an arm leads back to rows. */
export const Lineage = Schema.Struct({
  arms: Schema.Array(
    Schema.Struct({
      arm: Schema.String,
      /** From the answers back: `train.adapter`, its fingerprint, and what the step said. */
      chain: Schema.Array(
        Schema.Struct({
          step: Schema.String,
          fingerprint: Schema.String,
          summary: Schema.NullOr(Schema.String),
        }),
      ),
      /** Rows that the adapter was trained on; 0 for an arm without one. */
      rows: Count,
    }),
  ),
  /** Where each held-out row stands in its file, by id. */
  heldOut: Schema.Record(Schema.String, Place),
  /** The rows that `nearest` names. */
  learnt: Schema.Array(Learnt),
  /**
   * For each held-out row, by id: positions in `learnt` of the rows whose prompts share its most telling words, best
   * first. Likeness, not influence.
   */
  nearest: Schema.Record(Schema.String, Schema.Array(Count)),
  /** Why there is no more of it, such as too many rows; null where nothing is left out. */
  leftOut: Schema.NullOr(Schema.String),
})

export const Facts = Schema.Struct({
  run: Schema.Struct({
    id: Schema.String,
    pipeline: Schema.String,
    /** ISO 8601. */
    startedAt: Schema.String,
    /** Canonical text of each param. */
    params: Schema.Record(Schema.String, Schema.String),
  }),
  /** Under which the comparison's steps stand: `evaluate`. */
  comparison: Schema.String,
  versions: Schema.Record(Schema.String, Schema.String),
  costs: Schema.Array(Cost),
  curves: Schema.Array(Curve),
  stages: Schema.Array(Stage),
  steps: Schema.Array(Step),
  lineage: Lineage,
})

export type Place = typeof Place.Type
export type Cost = typeof Cost.Type
export type Curve = typeof Curve.Type
export type Stage = typeof Stage.Type
export type Step = typeof Step.Type
export type Learnt = typeof Learnt.Type
export type Lineage = typeof Lineage.Type
export type Facts = typeof Facts.Type
