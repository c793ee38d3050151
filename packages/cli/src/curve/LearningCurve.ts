/**
 * A learning curve out of the scores of several runs: which rows count, the fit, and what it says in words.
 */
import { Random } from "@sluice/core"
import { LearningCurve as Fit } from "@sluice/steps/stats"
import { count } from "../quantities.ts"
import type { Score } from "./Scores.ts"

/** The runs of one share, seed by seed. */
export interface Point {
  readonly percent: number
  readonly rows: number
  readonly scores: ReadonlyArray<Score>
}

export interface Drawn extends Fit.Curve {
  readonly kind: Fit.Kind
  readonly levels: ReadonlyArray<Fit.Estimate>
  /** The same held-out rows answered at every share, and what each got is known. */
  readonly paired: boolean
  readonly heldOutRows: number
  readonly seeds: number
}

/** Points ascend by rows. */
export const draw = (points: ReadonlyArray<Point>, metric: string): Drawn => {
  const first = points[0]!.scores[0]!
  const { kind, rows: heldOutRows } = first
  const trainRows = points.map(({ rows }) => rows)
  const seeds = points[0]!.scores.length
  const ids = first.byRow === undefined ? undefined : [...first.byRow.keys()]
  const paired =
    ids !== undefined &&
    points.every(({ scores }) =>
      scores.every(({ byRow }) => byRow?.size === ids.length && ids.every((id) => byRow.has(id))),
    )
  const found = paired
    ? Fit.ofRows(
        kind,
        Array.from({ length: seeds }, (_, seed) =>
          points.map(({ scores }) => ids.map((id) => scores[seed]!.byRow!.get(id)!)),
        ),
        trainRows,
      )
    : withSeeds(kind, points, heldOutRows)
  return {
    ...Fit.fit(kind, trainRows, found, Random.make(`learning curve of ${metric}`)),
    kind,
    levels: points.map(({ scores }, at) => levelOf(scores, Math.sqrt(found.covariance[at]![at]!))),
    paired,
    heldOutRows,
    seeds,
  }
}

const withSeeds = (kind: Fit.Kind, points: ReadonlyArray<Point>, rows: number): Fit.Scores => {
  const seeds = points[0]!.scores.length
  const bySeed = Array.from({ length: seeds }, (_, seed) =>
    Fit.ofIntervals(
      kind,
      points.map(({ scores }) => scores[seed]!),
      rows,
    ),
  )
  const levels = points.map((_, at) => bySeed.reduce((sum, seed) => sum + seed.levels[at]!, 0) / seeds)
  return { ...bySeed[0]!, levels, bySeed: seeds > 1 ? bySeed.map((seed) => seed.levels) : [] }
}

/** One seed has its run's own interval; several have that of their mean over held-out rows. */
const levelOf = (scores: ReadonlyArray<Score>, error: number): Fit.Estimate => {
  if (scores.length === 1) return scores[0]!
  const value = scores.reduce((sum, score) => sum + score.value, 0) / scores.length
  return { value, low: value - 1.96 * error, high: value + 1.96 * error }
}

/** A score as it is read: 0.93, or a loss to four digits. */
export const shown = (kind: Fit.Kind, value: number): string => value.toFixed(kind === "rate" ? 3 : 4)

const signed = (value: number, digits: number): string => {
  const text = Math.abs(value).toFixed(digits)
  return `${value < 0 && Number(text) !== 0 ? "−" : "+"}${text}`
}

/** Metrics of which less is better. */
const less = new Set(["cut", "leaking", "loss"])
/** Metrics of which more is better, beside what begins with "field". */
const more = new Set([
  "exact",
  "validJson",
  "schemaValid",
  "exactUnwrapped",
  "fieldsF1",
  "accuracy",
  "macroF1",
])

/** `Doubling from 300 to 600 rows would bring +2.1 points (−3.0 to +7.2): more data is not shown to help.` */
export const sentence = (drawn: Drawn, metric: string, most: number): string => {
  const { gain, kind } = drawn
  const amount =
    kind === "rate"
      ? `${signed(100 * gain.value, 1)} points (${signed(100 * gain.low, 1)} to ${signed(100 * gain.high, 1)})`
      : `${signed(gain.value, 4)} (${signed(gain.low, 4)} to ${signed(gain.high, 4)})`
  const name = metric.slice(metric.indexOf(".") + 1)
  const better = less.has(name) ? -1 : more.has(name) || name.startsWith("field ") ? 1 : 0
  const direction = gain.low > 0 ? 1 : gain.high < 0 ? -1 : 0
  const verdict =
    better === 0
      ? ["is expected to lower it", "is not shown to change it", "is expected to raise it"][direction + 1]!
      : ["is expected to harm", "is not shown to help", "is expected to help"][direction * better + 1]!
  return `Doubling from ${count(most)} to ${count(2 * most)} rows would bring ${amount}: more data ${verdict}.`
}
