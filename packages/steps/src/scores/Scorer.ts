/**
 * A score of one's own: a function of a row, with what a report must know about it.
 *
 * @example
 * const short: Scorer<Answered> = {
 *   name: "at most 20 words", kind: "rate", higherIsBetter: true,
 *   score: ({ answer }) => answer.split(/\s+/).length <= 20,
 * }
 */
import { Errors } from "@sluice/core"
import * as Data from "effect/Data"
import * as RowFailed from "../RowFailed.ts"
import * as Bootstrap from "../stats/Bootstrap.ts"
import * as Verdict from "../stats/Verdict.ts"
import * as Wilson from "../stats/Wilson.ts"

/** What a scorer of answers is given. */
export interface Answered {
  readonly id: string
  /** What was asked, without the system prompt. */
  readonly prompt: string
  readonly expected: string
  readonly answer: string
  /** False when the limit of new tokens cut the answer. */
  readonly stopped: boolean
}

interface Described {
  /** Unique among the scorers of a comparison. */
  readonly name: string
  /** False for a length, a loss, a rate of mistakes. */
  readonly higherIsBetter: boolean
}

/** A yes or no for each row (a rate, with Wilson's interval and McNemar's test between arms). */
export interface RateScorer<Row> extends Described {
  readonly kind: "rate"
  /** null where the score does not apply to the row; such rows are left out, and counted. */
  readonly score: (row: Row) => boolean | null
}

/** A number for each row (a mean, with the studentized bootstrap, between arms too). */
export interface MeanScorer<Row> extends Described {
  readonly kind: "mean"
  /** null as above. NaN and infinities are refused. */
  readonly score: (row: Row) => number | null
}

export type Scorer<Row> = RateScorer<Row> | MeanScorer<Row>

/** One arm's scores in the order of its rows; null where the scorer did not apply. */
export type Values = ReadonlyArray<number | null>

/** A scorer's result over one arm. */
export interface Scored extends Wilson.Interval {
  readonly name: string
  readonly kind: "rate" | "mean"
  readonly higherIsBetter: boolean
  readonly values: Values
  /** Rows that it applies to. */
  readonly rows: number
  /** The rate, or the mean; 0 without rows. */
  readonly value: number
}

/**
 * Scores all rows. Throws ScoreInvalid, listing every row (ten at most) whose score is not what the kind asks for.
 * `draws` gives the generator of the mean's interval.
 */
export const run = <Row extends { readonly id: string }>(
  scorer: Scorer<Row>,
  rows: ReadonlyArray<Row>,
  draws: Bootstrap.Draws,
): Scored => {
  const { name, kind, higherIsBetter } = scorer
  const invalid: Array<{ id: string; score: unknown }> = []
  const values = rows.map((row): number | null => {
    const score: unknown = RowFailed.during(
      `Scorer "${name}"`,
      row,
      () => row.id,
      () => scorer.score(row),
    )
    if (score === null) return null
    if (kind === "rate" ? typeof score === "boolean" : Number.isFinite(score)) return Number(score)
    invalid.push({ id: row.id, score })
    return null
  })
  if (invalid.length > 0) throw new ScoreInvalid({ scorer: name, kind, invalid })
  const applied = values.filter((value) => value !== null)
  const sum = applied.reduce((total, value) => total + value, 0)
  const interval = kind === "rate" ? Wilson.interval(sum, applied.length) : Bootstrap.interval(applied, draws)
  const value = applied.length === 0 ? 0 : sum / applied.length
  return { name, kind, higherIsBetter, values, rows: applied.length, value, ...interval }
}

/**
 * Two arms' results of one scorer over the same rows, for Verdict.decide (with the scorer's `higherIsBetter`). Only rows
 * that it applies to in both count. A RangeError where the rows or the scorers differ.
 */
export const compare = (first: Scored, second: Scored, draws: Bootstrap.Draws): Verdict.Measured => {
  if (first.name !== second.name || first.values.length !== second.values.length) {
    throw new RangeError(
      `Arms are compared by one scorer over the same rows, not by ${first.name} over ${first.values.length} ` +
        `and ${second.name} over ${second.values.length}.`,
    )
  }
  const rows = first.values.map((value, row) => [value, second.values[row]!] as const)
  const both = rows.filter((row): row is readonly [number, number] => row[0] !== null && row[1] !== null)
  return first.kind === "rate"
    ? Verdict.ofRates(
        both.map(([value]) => value === 1),
        both.map(([, value]) => value === 1),
        draws,
      )
    : Verdict.ofMeans(
        both.map(([value]) => value),
        both.map(([, value]) => value),
        draws,
      )
}

/** A scorer gave something that its kind does not allow. */
export class ScoreInvalid extends Data.TaggedError("ScoreInvalid")<{
  readonly scorer: string
  readonly kind: "rate" | "mean"
  readonly invalid: ReadonlyArray<{ readonly id: string; readonly score: unknown }>
}> {
  override get message(): string {
    const wanted = this.kind === "rate" ? "true, false or null" : "a finite number or null"
    return Errors.structured(
      `Scorer "${this.scorer}" is of kind ${this.kind} and must give ${wanted}; ${this.invalid.length} rows got something else.`,
      this.invalid.slice(0, 10).map(({ id, score }): [string, string] => [`Row ${id}`, String(score)]),
      "Correct the scorer's function, or its kind.",
    )
  }
}
