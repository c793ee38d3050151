/**
 * Arms compared over one set of held-out rows: rates with intervals, paired differences with tests, and one
 * sentence that says what they settle. Pure: answers in, figures out.
 */
import { thousands } from "../counted.ts"
import * as Classification from "../scores/Classification.ts"
import * as Fields from "../scores/Fields.ts"
import type { JsonScore } from "../scores/JsonAnswer.ts"
import * as Bootstrap from "../stats/Bootstrap.ts"
import * as Verdicts from "../stats/Verdict.ts"
import * as Wilson from "../stats/Wilson.ts"
import type { Score } from "./Score.ts"

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
  readonly verdict: string
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
  const settled = leaders(results, pairs)
  return {
    rows: rows.length,
    arms: results,
    pairs,
    confusions: classes === null ? [] : arms.map((arm) => confusion(arm.name, rows, classes)),
    verdict: verdictSentence(settled, rows.length),
    detectable: settled?.pair?.detectable ?? null,
  }
}

/** Classes of the expected answers, sorted; null where they are none: some name none, there are many, or few rows each. */
export const classesOf = (rows: ReadonlyArray<Pick<Answered, "label">>): ReadonlyArray<string> | null => {
  const labels = rows.map(({ label }) => label)
  if (rows.length === 0 || labels.includes(null)) return null
  const classes = [...new Set(labels.filter((label) => label !== null))].toSorted()
  return classes.length <= mostClasses && 2 * classes.length <= rows.length ? classes : null
}

/** `count` of `rows`. */
export const rate = (count: number, rows: number): Rate => ({
  count,
  rows,
  rate: rows === 0 ? 0 : count / rows,
  ...Wilson.interval(count, rows),
})

const armResult = (
  { name, tuned }: Arm,
  rows: ReadonlyArray<Answered>,
  classes: ReadonlyArray<string> | null,
  draws: (name: string) => Bootstrap.Draws,
): ArmResult => {
  const answers = rows.map((row) => row.answers[name]!)
  const shareOf = <A>(of: ReadonlyArray<A>, holds: (each: A) => boolean) =>
    rate(of.filter(holds).length, of.length)
  const exact = shareOf(answers, ({ score }) => score.exact)
  const json = answers.flatMap(({ score }) => (score.json === null ? [] : [score.json]))
  const isJson = json.length > 0
  return {
    name,
    tuned,
    exact,
    validJson: isJson ? shareOf(json, ({ parses }) => parses) : null,
    schemaValid: isJson ? shareOf(json, ({ schemaValid }) => schemaValid) : null,
    json: isJson
      ? {
          leaking: shareOf(json, ({ leakage }) => leakage !== null && leakage !== "none"),
          exactUnwrapped: shareOf(json, ({ exactUnwrapped }) => exactUnwrapped),
          f1: fieldsF1(json, () => true, draws(`${name}: fields`)),
        }
      : null,
    fields: Fields.summarize(json.map(({ fields }) => fields))
      .filter(({ field, wanted }) => wanted > 0 && field !== "")
      .map(({ field, precision, recall, right, wanted }) => ({
        field,
        rate: rate(right, wanted),
        precision,
        recall,
        f1: fieldsF1(json, (each) => each === field, draws(`${name}: field ${field}`)),
      })),
    classes: classes === null ? null : classResult(name, rows, classes, draws(`${name}: classes`)),
    cut: answers.filter((answer) => !answer.stopped).length,
    promptTokens: answers.reduce((sum, answer) => sum + answer.promptTokens, 0),
    newTokens: answers.reduce((sum, answer) => sum + answer.newTokens, 0),
  }
}

/** F1 = 2 · right / (given + wanted) over the leaves that are asked for. */
const fieldsF1 = (
  json: ReadonlyArray<JsonScore>,
  asked: (field: string) => boolean,
  draws: Bootstrap.Draws,
): Figure => {
  const rows = json.map(({ fields }) => {
    const outcomes = Object.entries(fields).flatMap(([field, outcome]) => (asked(field) ? [outcome] : []))
    const right = outcomes.filter((outcome) => outcome === "right").length
    const wrong = outcomes.filter((outcome) => outcome === "wrong").length
    // A right leaf is given and wanted, a wrong one too; a missing or an extra one is on one side.
    return { right, sides: outcomes.length + right + wrong }
  })
  return figure(rows.length, draws, (drawn) => {
    let right = 0
    let sides = 0
    for (const row of drawn) {
      right += rows[row]!.right
      sides += rows[row]!.sides
    }
    return sides === 0 ? 0 : (2 * right) / sides
  })
}

const classResult = (
  arm: string,
  rows: ReadonlyArray<Answered>,
  classes: ReadonlyArray<string>,
  draws: Bootstrap.Draws,
): ClassResult => {
  const labelled = rows.map(({ answers, label }) => ({
    expected: label!,
    answered: answers[arm]!.score.label,
  }))
  const { macroF1, right } = Classification.make(labelled, classes)
  const places = Classification.places(labelled, classes)
  const interval = figure(rows.length, draws, (drawn) =>
    Classification.macroF1(places, classes.length, drawn),
  )
  return { accuracy: rate(right, rows.length), macroF1: { ...interval, value: macroF1 } }
}

const figure = (
  rows: number,
  draws: Bootstrap.Draws,
  statistic: (drawn: Iterable<number>) => number,
): Figure => ({
  rows,
  value: statistic(Array.from({ length: rows }, (_, row) => row)),
  ...Bootstrap.ofStatistic(rows, statistic, draws),
})

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

interface Settled {
  readonly leader: ArmResult
  readonly rival: ArmResult | undefined
  /** The leader less the rival. */
  readonly pair: Pair | undefined
}

/** The best tuned arm and the best arm that is not, or, where none is tuned, the best arm and the next. */
const leaders = (arms: ReadonlyArray<ArmResult>, pairs: ReadonlyArray<Pair>): Settled | undefined => {
  const best = (among: ReadonlyArray<ArmResult>) =>
    among.reduce<ArmResult | undefined>(
      (found, arm) => (found === undefined || arm.exact.count > found.exact.count ? arm : found),
      undefined,
    )
  const leader = best(arms.filter((arm) => arm.tuned)) ?? best(arms)
  if (leader === undefined) return undefined
  const rival = best(arms.filter((arm) => arm !== leader && !(leader.tuned && arm.tuned)))
  return {
    leader,
    rival,
    pair: rival === undefined ? undefined : between(pairs, leader.name, rival.name),
  }
}

/** The sentence that settles it. */
const verdictSentence = (settled: Settled | undefined, rows: number): string => {
  if (settled === undefined) return "No arm was compared."
  const { leader, pair, rival } = settled
  const has = `${leader.name} answers ${leader.exact.count} of ${rows} rows exactly`
  if (rival === undefined || pair === undefined)
    return `${has} (95 % interval ${percent(leader.exact.low)} to ${percent(leader.exact.high)}).`
  const figures = `${has}, ${rival.name} ${rival.exact.count} (${points(pair.difference)}, 95 % interval ${points(pair.low)} to ${points(pair.high)}, p ${pText(pair.pAdjusted)})`
  switch (pair.verdict) {
    case "better":
      return `${leader.name} is better than ${rival.name}: ${figures}.`
    case "worse":
      return `${leader.name} is worse than ${rival.name}: ${figures}.`
    case "undecided":
      return `${leader.name} against ${rival.name} is undecided on these rows: ${figures}. ${whatWouldDecide(pair, rows)}`
  }
}

const whatWouldDecide = ({ detectable, moreRows }: Pair, rows: number): string => {
  const shows = `with ${thousands(rows)} rows only a difference of ${(detectable * 100).toFixed(1)} points or more is likely to show`
  return moreRows === null
    ? `No number of rows can be said to decide it; ${shows}.`
    : `About ${thousands(moreRows)} more held-out rows would likely decide; ${shows}.`
}

/** The pair of two arms seen from the first one named. */
const between = (pairs: ReadonlyArray<Pair>, first: string, second: string): Pair => {
  const pair = pairs.find((each) => each.first === first && each.second === second)
  if (pair !== undefined) return pair
  const reversed = pairs.find((each) => each.first === second && each.second === first)!
  return {
    ...reversed,
    first,
    second,
    onlyFirst: reversed.onlySecond,
    onlySecond: reversed.onlyFirst,
    difference: -reversed.difference,
    low: -reversed.high,
    high: -reversed.low,
    bootstrap: { low: -reversed.bootstrap.high, high: -reversed.bootstrap.low },
    verdict: reversed.verdict === "better" ? "worse" : reversed.verdict === "worse" ? "better" : "undecided",
  }
}

/** `93.0 %`, with a space that does not break. */
export const percent = (share: number): string => `${(share * 100).toFixed(1)}\u00a0%`

/** `+46.0 points`: a difference of two rates. */
export const points = (difference: number): string => {
  const value = (difference * 100).toFixed(1)
  return `${difference > 0 ? "+" : ""}${value === "-0.0" ? "0.0" : value} points`
}

/** `= 0.012`, `< 0.001`. */
export const pText = (p: number): string => (p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`)
