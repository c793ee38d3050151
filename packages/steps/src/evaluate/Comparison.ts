/**
 * Arms compared over one set of held-out rows: rates with intervals, paired differences with tests, and one
 * sentence that says what they settle. Pure: answers in, figures out.
 */
import type * as Fields from "../scores/Fields.ts"
import type * as Bootstrap from "../stats/Bootstrap.ts"
import * as Verdicts from "../stats/Verdict.ts"
import type * as Wilson from "../stats/Wilson.ts"
import { armResult } from "./armFigures.ts"
import type { Score } from "./Score.ts"
import * as Settled from "./Settled.ts"

export { percent, points, pText } from "./wording.ts"

/** What one arm answered to one row. */
export interface Answer {
  readonly text: string
  /** False when the limit of new tokens cut the answer. */
  readonly stopped: boolean
  readonly promptTokens: number
  readonly newTokens: number
  readonly score: Score
}

/** One held-out row with every arm's answer. */
export interface Answered {
  readonly id: string
  readonly prompt: string
  readonly expected: string
  /** The class that the expected answer names (Score.label); null where it names none. */
  readonly label: string | null
  readonly answers: Readonly<Record<string, Answer>>
}

/** An arm's name, and whether it runs an adapter: the sentence asks whether tuning is worth it. */
export interface Arm {
  readonly name: string
  readonly tuned: boolean
}

/** A share of rows with Wilson's 95 % interval. */
export interface Rate extends Wilson.Interval {
  readonly count: number
  readonly rows: number
  readonly rate: number
}

/** A figure over all rows that is no share of them, with a 95 % bootstrap interval (percentiles). */
export interface Figure extends Wilson.Interval {
  readonly rows: number
  readonly value: number
}

/** One field of the expected values. */
export interface FieldScore extends Pick<Fields.FieldResult, "field" | "precision" | "recall"> {
  /** Rows whose answer has the field's value, of those whose expected value has it. */
  readonly rate: Rate
  readonly f1: Figure
}

/** What only answers in JSON have. */
export interface JsonResult {
  /** Answers with prose or a fence around a value. */
  readonly leaking: Rate
  /** Exact ones, were what stands around the value removed. */
  readonly exactUnwrapped: Rate
  /** F1 over all leaves of all values: each right, wrong, missing or extra. */
  readonly f1: Figure
}

/** What only answers that name a class have. */
export interface ClassResult {
  readonly accuracy: Rate
  /** Mean of the classes' F1, each the same weight. */
  readonly macroF1: Figure
}

export interface ArmResult {
  readonly name: string
  readonly tuned: boolean
  readonly exact: Rate
  /** null where the task is text. */
  readonly validJson: Rate | null
  readonly schemaValid: Rate | null
  readonly json: JsonResult | null
  /** Empty where the task is text. */
  readonly fields: ReadonlyArray<FieldScore>
  /** null where the expected answers are no classes. */
  readonly classes: ClassResult | null
  /** Answers cut by the limit of new tokens. */
  readonly cut: number
  readonly promptTokens: number
  readonly newTokens: number
}

export type Verdict = Verdicts.Outcome

/** The first arm less the second, over the same rows, by exact match; the interval is Tango's. */
export interface Pair extends Wilson.Interval {
  readonly first: string
  readonly second: string
  readonly onlyFirst: number
  readonly onlySecond: number
  readonly difference: number
  /** Percentiles of the paired bootstrap over rows. */
  readonly bootstrap: Wilson.Interval
  /** McNemar with the mid-p correction, two-sided. */
  readonly p: number
  /** Exact McNemar: more cautious, reported beside. */
  readonly pExact: number
  /** `p` after Holm's correction over all pairs: what the verdict goes by. */
  readonly pAdjusted: number
  /** Of the first arm against the second. */
  readonly verdict: Verdict
  /**
   * While undecided: about how many more rows would decide, were the difference seen the true one (power 0.8); null
   * where no difference is seen, or a million would not do. Decided: 0.
   */
  readonly moreRows: number | null
  /** The smallest difference that this many rows show, with power 0.8. */
  readonly detectable: number
}

/** How often each expected class was answered by each class; `null` stands for an answer that is none. */
export interface Confusion {
  readonly arm: string
  readonly expected: ReadonlyArray<string>
  readonly answered: ReadonlyArray<string | null>
  /** One row for each expected class, one column for each answered one. */
  readonly counts: ReadonlyArray<ReadonlyArray<number>>
}

export interface Comparison {
  readonly rows: number
  readonly arms: ReadonlyArray<ArmResult>
  readonly pairs: ReadonlyArray<Pair>
  readonly confusions: ReadonlyArray<Confusion>
  /** The sentence that settles it, by exact match or by the score that the comparison is decided by. */
  readonly verdict: string
  /** Every arm by that score, in a few words. */
  readonly standing: string
  /** The smallest difference of the pair in the verdict that this many rows show; null with one arm. */
  readonly detectable: number | null
}

/** A confusion matrix of more classes than this is not readable. */
const mostClasses = 12

/** Compares the arms, in the order given; `draws(name)` gives the generator for a figure's or a pair's bootstrap. */
export const make = (
  arms: ReadonlyArray<Arm>,
  rows: ReadonlyArray<Answered>,
  draws: (name: string) => Bootstrap.Draws,
): Comparison => {
  const classes = classesOf(rows)
  const results = arms.map((arm) => armResult(arm, rows, classes, draws))
  const pairs = pairsOf(arms, rows, draws)
  const settled = Settled.make({
    score: "exact",
    kind: "rate",
    higherIsBetter: true,
    arms: results.map(({ exact, name, tuned }) => ({ ...exact, name, tuned, value: exact.rate })),
    pairs,
  })
  return {
    rows: rows.length,
    arms: results,
    pairs,
    confusions: classes === null ? [] : arms.map((arm) => confusion(arm.name, rows, classes)),
    ...settled,
  }
}

/** Classes of the expected answers, sorted; null where they are none: some name none, there are many, or few rows each. */
export const classesOf = (rows: ReadonlyArray<Pick<Answered, "label">>): ReadonlyArray<string> | null => {
  const labels = rows.map(({ label }) => label)
  if (rows.length === 0 || labels.includes(null)) return null
  const classes = [...new Set(labels.filter((label) => label !== null))].toSorted()
  return classes.length <= mostClasses && 2 * classes.length <= rows.length ? classes : null
}

/** Every later arm against every earlier one. */
const pairsOf = (
  arms: ReadonlyArray<Arm>,
  rows: ReadonlyArray<Answered>,
  draws: (pair: string) => Bootstrap.Draws,
): ReadonlyArray<Pair> => {
  const named = arms.flatMap(({ name: first }, index) =>
    arms.slice(0, index).map(({ name: second }) => ({ first, second })),
  )
  const exact = (arm: string) => rows.map((row) => row.answers[arm]!.score.exact)
  const measured = named.map(({ first, second }) =>
    Verdicts.ofRates(exact(first), exact(second), draws(`${first} - ${second}`)),
  )
  return Verdicts.decide(measured).map((pair, index) => ({
    ...named[index]!,
    onlyFirst: pair.firstHigher,
    onlySecond: pair.secondHigher,
    difference: pair.difference,
    low: pair.low,
    high: pair.high,
    bootstrap: pair.bootstrap,
    p: pair.p,
    pExact: pair.pExact!,
    pAdjusted: pair.pAdjusted,
    verdict: pair.outcome,
    moreRows: pair.moreRows,
    detectable: pair.detectable,
  }))
}

const confusion = (
  arm: string,
  rows: ReadonlyArray<Answered>,
  expected: ReadonlyArray<string>,
): Confusion => {
  const given = new Set(rows.map((row) => row.answers[arm]!.score.label))
  const others = [...given]
    .filter((each) => each !== null)
    .filter((each) => !expected.includes(each))
    .toSorted()
  // Of many others each by itself would tell nothing: they are counted with the answers that name no class.
  const shown = others.length > mostClasses ? [] : others
  const known = new Set([...expected, ...shown])
  const classOf = (label: string | null) => (label !== null && known.has(label) ? label : null)
  const answered = [
    ...expected,
    ...shown,
    ...([...given].some((label) => classOf(label) === null) ? [null] : []),
  ]
  return {
    arm,
    expected,
    answered,
    counts: expected.map((want) =>
      answered.map(
        (have) =>
          rows.filter((row) => row.label === want && classOf(row.answers[arm]!.score.label) === have).length,
      ),
    ),
  }
}
