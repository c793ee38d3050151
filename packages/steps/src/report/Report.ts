/**
 * What a comparison found, as `report.json` holds it: everything that the other forms of a report say.
 *
 * No times and no paths: the same results give the same bytes. What only a run knows (seconds, memory, curves,
 * accounting, lineage) stands in `Facts.ts` and is joined where a report is rendered for a run.
 *
 * Version history: 1, the first. A field is added without a new version; one that goes or changes its meaning gets one.
 */
import * as Schema from "effect/Schema"

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const MetricKind = Schema.Literals(["rate", "mean"])

/** A way to get an answer. */
export const Arm = Schema.Struct({
  name: Schema.String,
  /** It runs an adapter. */
  tuned: Schema.Boolean,
  /** The served model that answered, where it was not the pipeline's. */
  endpoint: Schema.NullOr(Schema.String),
  /** Answers that reached the limit of new tokens. */
  cut: Count,
  promptTokens: Count,
  newTokens: Count,
})

/** One score of one arm over the rows that it applies to, with its 95 % interval. */
export const Score = Schema.Struct({
  arm: Schema.String,
  /** As in the table of scores: `exact`, `validJson`, `field NAME`, or an own scorer's name. */
  metric: Schema.String,
  kind: MetricKind,
  higherIsBetter: Schema.Boolean,
  /** Rows that have it; null for what is no rate. */
  count: Schema.NullOr(Count),
  rows: Count,
  /** The rate, 0 to 1, the mean, or the F1. */
  value: Schema.Finite,
  /** Null where rows that all score alike leave the bootstrap nothing to go by. */
  low: Schema.NullOr(Schema.Finite),
  high: Schema.NullOr(Schema.Finite),
})

/** The first arm less the second over the same rows. */
export const Difference = Schema.Struct({
  metric: Schema.String,
  kind: MetricKind,
  first: Schema.String,
  second: Schema.String,
  /** Rows that the first arm alone had higher, and the second alone. */
  onlyFirst: Count,
  onlySecond: Count,
  difference: Schema.Finite,
  /** Null as above. */
  low: Schema.NullOr(Schema.Finite),
  high: Schema.NullOr(Schema.Finite),
  /** The paired bootstrap's interval. */
  bootstrapLow: Schema.NullOr(Schema.Finite),
  bootstrapHigh: Schema.NullOr(Schema.Finite),
  p: Schema.Finite,
  /** Exact McNemar; null for means. */
  pExact: Schema.NullOr(Schema.Finite),
  /** `p` after Holm's correction over all pairs: what the verdict goes by. */
  pAdjusted: Schema.Finite,
  verdict: Schema.Literals(["better", "worse", "undecided"]),
  /** While undecided about how many more rows would decide; null where that cannot be said. Decided: 0. */
  moreRows: Schema.NullOr(Count),
  /** The smallest difference that this many rows show, with power 0.8; null where they show none. */
  detectable: Schema.NullOr(Schema.Finite),
})

/** How often each expected class (a row) was answered by each class (a column; null stands for none of them). */
export const Confusion = Schema.Struct({
  arm: Schema.String,
  expected: Schema.Array(Schema.String),
  answered: Schema.Array(Schema.NullOr(Schema.String)),
  counts: Schema.Array(Schema.Array(Count)),
})

/** How an arm came to ask what it asks: the prompts it chose from, what its retrieval found. */
export const Aside = Schema.Struct({
  title: Schema.String,
  head: Schema.Array(Schema.String),
  rows: Schema.Array(Schema.Array(Schema.String)),
})

/** What one arm answered to one row. */
export const Answer = Schema.Struct({
  text: Schema.String,
  exact: Schema.Boolean,
  /** False when the limit of new tokens cut it. */
  stopped: Schema.Boolean,
  promptTokens: Count,
  newTokens: Count,
  /** By metric, those that single rows have; 1 and 0 for a rate, null where the score does not apply. */
  scores: Schema.Record(Schema.String, Schema.NullOr(Schema.Finite)),
})

/** One held-out row with every arm's answer. */
export const Row = Schema.Struct({
  /** RowId: the same in every table that holds the row. */
  id: Schema.String,
  /** The last message before the answer. */
  prompt: Schema.String,
  expected: Schema.String,
  answers: Schema.Record(Schema.String, Answer),
})

export const Report = Schema.Struct({
  version: Schema.Literal(1),
  title: Schema.String,
  verdict: Schema.String,
  /** The score that the verdict goes by: `exact`, or a scorer's name. */
  decidedBy: Schema.String,
  arms: Schema.Array(Arm),
  scores: Schema.Array(Score),
  differences: Schema.Array(Difference),
  confusions: Schema.Array(Confusion),
  asides: Schema.Array(Aside),
  /** Every held-out row, in the table's order. */
  rows: Schema.Array(Row),
  /** What the results follow from: labels and values, such as `Learning rate` and `0.0002`. */
  provenance: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
})

export type Arm = typeof Arm.Type
export type Score = typeof Score.Type
export type Difference = typeof Difference.Type
export type Confusion = typeof Confusion.Type
export type Aside = typeof Aside.Type
export type Answer = typeof Answer.Type
export type Row = typeof Row.Type
export type Report = typeof Report.Type

/** One arm's score by a metric. */
export const scoreOf = (report: Report, arm: string, metric: string): Score | undefined =>
  report.scores.find((score) => score.arm === arm && score.metric === metric)

/** Metrics in the order of the scores. */
export const metricsOf = (report: Report): ReadonlyArray<string> => [
  ...new Set(report.scores.map(({ metric }) => metric)),
]

/** The difference of two arms by a metric, seen from the first one named. */
export const differenceOf = (
  report: Report,
  metric: string,
  first: string,
  second: string,
): Difference | undefined => {
  const all = report.differences.filter((each) => each.metric === metric)
  const straight = all.find((each) => each.first === first && each.second === second)
  if (straight !== undefined) return straight
  const other = all.find((each) => each.first === second && each.second === first)
  return other === undefined
    ? undefined
    : {
        ...other,
        first,
        second,
        onlyFirst: other.onlySecond,
        onlySecond: other.onlyFirst,
        difference: 0 - other.difference,
        low: negative(other.high),
        high: negative(other.low),
        bootstrapLow: negative(other.bootstrapHigh),
        bootstrapHigh: negative(other.bootstrapLow),
        verdict: opposite(other.verdict),
      }
}

const negative = (end: number | null): number | null => (end === null ? null : 0 - end)

const opposite = (verdict: Difference["verdict"]): Difference["verdict"] =>
  verdict === "better" ? "worse" : verdict === "worse" ? "better" : verdict

/** An arm's score by which the verdict goes, turned so that more is better. */
const merit = (report: Report, { name }: Arm): number => {
  const score = scoreOf(report, name, report.decidedBy)
  return score === undefined ? -Infinity : score.higherIsBetter ? score.value : -score.value
}

/** The arms that the verdict is about: the best tuned one and the best other one, or the two best. */
export const contenders = (
  report: Report,
): { readonly leader: Arm | undefined; readonly rival: Arm | undefined } => {
  const best = (arms: ReadonlyArray<Arm>): Arm | undefined =>
    arms.reduce<Arm | undefined>(
      (found, arm) => (found === undefined || merit(report, arm) > merit(report, found) ? arm : found),
      undefined,
    )
  const leader = best(report.arms.filter(({ tuned }) => tuned)) ?? best(report.arms)
  const rival = best(report.arms.filter((arm) => arm !== leader && !(leader?.tuned === true && arm.tuned)))
  return { leader, rival }
}

/** How the measures are to be read; the same words in every form. */
export const reading: ReadonlyArray<readonly [term: string, meaning: string]> = [
  ["Exact", "the answer equals the expected one, field for field"],
  ["Valid JSON", "the whole answer parses as JSON; prose or a fence around it does not count"],
  ["Schema", "the answer also fits the declared schema"],
  ["Interval", "95 %: Wilson's for a rate, Tango's for a difference of rates over the same rows"],
  [
    "p",
    "McNemar's test (mid-p) over the rows on which two arms disagree, after Holm's correction over all pairs",
  ],
  ["Cut", "answers that reached the limit of new tokens"],
]
