/**
 * Arms compared over one set of held-out rows: rates with intervals, paired differences with tests, and one
 * sentence that says what they settle. Pure: answers in, figures out.
 */
import * as Bootstrap from "../stats/Bootstrap.ts"
import * as Holm from "../stats/Holm.ts"
import * as McNemar from "../stats/McNemar.ts"
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
  /** The expected answer's class (Score.label), for the confusion matrix. */
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

export interface ArmResult {
  readonly name: string
  readonly tuned: boolean
  readonly exact: Rate
  /** null where the task is text. */
  readonly validJson: Rate | null
  readonly schemaValid: Rate | null
  readonly fields: ReadonlyArray<{ readonly field: string; readonly rate: Rate }>
  /** Answers cut by the limit of new tokens. */
  readonly cut: number
  readonly promptTokens: number
  readonly newTokens: number
}

export type Verdict = "better" | "worse" | "undecided"

/** The first arm less the second, over the same rows, by exact match. */
export interface Pair extends Wilson.Interval {
  readonly first: string
  readonly second: string
  readonly onlyFirst: number
  readonly onlySecond: number
  readonly difference: number
  /** Exact McNemar, two-sided. */
  readonly p: number
  /** After Holm's correction over all pairs: what the verdict goes by. */
  readonly pAdjusted: number
  /** Of the first arm against the second. */
  readonly verdict: Verdict
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
}

/** Level of the adjusted p-value under which a difference counts. */
const level = 0.05
/** A confusion matrix of more classes than this is not readable. */
const mostClasses = 12

/** Compares the arms, in the order given; `draws(pair)` gives the generator for a pair's bootstrap. */
export const make = (
  arms: ReadonlyArray<Arm>,
  rows: ReadonlyArray<Answered>,
  draws: (pair: string) => Bootstrap.Draws,
): Comparison => {
  const results = arms.map((arm) => armResult(arm, rows))
  const pairs = pairsOf(arms, rows, draws)
  return {
    rows: rows.length,
    arms: results,
    pairs,
    confusions: arms.map((arm) => confusion(arm.name, rows)).filter((each) => each !== null),
    verdict: verdictSentence(results, pairs, rows.length),
  }
}

const rate = (count: number, rows: number): Rate => ({
  count,
  rows,
  rate: rows === 0 ? 0 : count / rows,
  ...Wilson.interval(count, rows),
})

const armResult = (arm: Arm, rows: ReadonlyArray<Answered>): ArmResult => {
  const answers = rows.map((row) => row.answers[arm.name]!)
  const rateOf = (holds: (answer: Answer) => boolean) => rate(answers.filter(holds).length, answers.length)
  const isJson = answers.some((answer) => answer.score.validJson !== null)
  const fields = [...new Set(answers.flatMap((answer) => Object.keys(answer.score.fields)))]
  return {
    name: arm.name,
    tuned: arm.tuned,
    exact: rateOf((answer) => answer.score.exact),
    validJson: isJson ? rateOf((answer) => answer.score.validJson === true) : null,
    schemaValid: isJson ? rateOf((answer) => answer.score.schemaValid === true) : null,
    fields: fields.map((field) => {
      const having = answers.filter((answer) => Object.hasOwn(answer.score.fields, field))
      return {
        field,
        rate: rate(having.filter((answer) => answer.score.fields[field]!).length, having.length),
      }
    }),
    cut: answers.filter((answer) => !answer.stopped).length,
    promptTokens: answers.reduce((sum, answer) => sum + answer.promptTokens, 0),
    newTokens: answers.reduce((sum, answer) => sum + answer.newTokens, 0),
  }
}

/** Every later arm against every earlier one. */
const pairsOf = (
  arms: ReadonlyArray<Arm>,
  rows: ReadonlyArray<Answered>,
  draws: (pair: string) => Bootstrap.Draws,
): ReadonlyArray<Pair> => {
  const raw = arms.flatMap(({ name: first }, index) =>
    arms.slice(0, index).map(({ name: second }) => {
      const differences = rows.map(
        (row) => Number(row.answers[first]!.score.exact) - Number(row.answers[second]!.score.exact),
      )
      const onlyFirst = differences.filter((difference) => difference > 0).length
      const onlySecond = differences.filter((difference) => difference < 0).length
      return {
        first,
        second,
        onlyFirst,
        onlySecond,
        difference: rows.length === 0 ? 0 : (onlyFirst - onlySecond) / rows.length,
        ...Bootstrap.pairedInterval(differences, draws(`${first} - ${second}`)),
        p: McNemar.pValue(onlyFirst, onlySecond),
      }
    }),
  )
  const adjusted = Holm.adjust(raw.map((pair) => pair.p))
  return raw.map((pair, index) => ({
    ...pair,
    pAdjusted: adjusted[index]!,
    verdict: adjusted[index]! >= level ? "undecided" : pair.difference > 0 ? "better" : "worse",
  }))
}

const confusion = (arm: string, rows: ReadonlyArray<Answered>): Confusion | null => {
  if (rows.length === 0 || rows.some((row) => row.label === null)) return null
  const expected = [...new Set(rows.map((row) => row.label!))].toSorted()
  if (expected.length > mostClasses) return null
  const given = new Set(rows.map((row) => row.answers[arm]!.score.label))
  const others = [...given]
    .filter((each) => each !== null)
    .filter((each) => !expected.includes(each))
    .toSorted()
  const answered = [
    ...expected,
    ...(others.length > mostClasses ? [] : others),
    ...(given.has(null) ? [null] : []),
  ]
  return {
    arm,
    expected,
    answered,
    counts: expected.map((want) =>
      answered.map(
        (have) => rows.filter((row) => row.label === want && row.answers[arm]!.score.label === have).length,
      ),
    ),
  }
}

/**
 * The sentence that settles it: the best tuned arm against the best arm that is not, or, where none is tuned,
 * the best arm against the next.
 */
const verdictSentence = (
  arms: ReadonlyArray<ArmResult>,
  pairs: ReadonlyArray<Pair>,
  rows: number,
): string => {
  const best = (among: ReadonlyArray<ArmResult>) =>
    among.reduce<ArmResult | undefined>(
      (found, arm) => (found === undefined || arm.exact.count > found.exact.count ? arm : found),
      undefined,
    )
  const leader = best(arms.filter((arm) => arm.tuned)) ?? best(arms)
  if (leader === undefined) return "No arm was compared."
  const has = `${leader.name} answers ${leader.exact.count} of ${rows} rows exactly`
  const rival = best(arms.filter((arm) => arm !== leader && !(leader.tuned && arm.tuned)))
  if (rival === undefined)
    return `${has} (95 % interval ${percent(leader.exact.low)} to ${percent(leader.exact.high)}).`
  const pair = between(pairs, leader.name, rival.name)
  const figures = `${has}, ${rival.name} ${rival.exact.count} (${points(pair.difference)}, 95 % interval ${points(pair.low)} to ${points(pair.high)}, p ${pText(pair.pAdjusted)})`
  switch (pair.verdict) {
    case "better":
      return `${leader.name} is better than ${rival.name}: ${figures}.`
    case "worse":
      return `${leader.name} is worse than ${rival.name}: ${figures}.`
    case "undecided":
      return `${leader.name} against ${rival.name} is undecided on these rows: ${figures}.`
  }
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
