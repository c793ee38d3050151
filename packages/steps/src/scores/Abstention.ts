/**
 * Whether an answer declines to answer, and whether it does so where it should.
 *
 * The rule: lower case, straight quotes, white space joined; then any of the phrases below in the first two
 * sentences. English only, and a phrase quoted in an answer deceives it: give a function of your own where a task has
 * a fixed way to abstain (`answer === "UNKNOWN"`).
 */
import * as Wilson from "../stats/Wilson.ts"

/** Tells whether an answer abstains. */
export const abstains = (answer: string): boolean => {
  const text = answer
    .toLowerCase()
    .replaceAll(/[\u2018\u2019]/g, "'")
    .replaceAll(/\s+/g, " ")
    .trim()
  const opening = text
    .split(/(?<=[.!?]) /)
    .slice(0, 2)
    .join(" ")
  return opening === "" || phrases.some((phrase) => phrase.test(opening))
}

const phrases: ReadonlyArray<RegExp> = [
  /^(?:unknown|unanswerable|n\/a|none|not (?:sure|known|specified|stated|given|mentioned|available|applicable))\W*$/,
  /\b(?:i|we) (?:do not|don't|did not|didn't) (?:know|have (?:any |enough |that |the |this )*(?:information|data|details|context))/,
  /\b(?:i|we)(?: am|'m| are|'re)? (?:not sure|unsure|not certain|unable to|not able to)\b/,
  /\b(?:i|we) (?:cannot|can't|can not|could not|couldn't) (?:answer|find|determine|tell|say|provide|confirm)\b/,
  /\b(?:cannot|can't|can not|could not|couldn't) be (?:answered|determined|found|inferred|known)\b/,
  /\b(?:context|document|documents|passage|text|information|article|documentation)(?: provided| given| above)? (?:does not|doesn't|do not|don't|did not|didn't) (?:say|state|mention|contain|include|provide|specify|give|answer)\b/,
  /\b(?:is|are|was|were)(?: not|n't) (?:mentioned|stated|specified|provided|given|included|available|covered|contained) (?:in|by|here)\b/,
  /\b(?:no|not enough|insufficient) (?:information|data|details|context|evidence)\b/,
]

/** A share of rows with Wilson's 95 % interval. */
export interface Rate extends Wilson.Interval {
  readonly rows: number
  readonly count: number
  /** 0 without rows. */
  readonly rate: number
}

export interface Abstentions {
  /** Of the rows without an answer to be had: how many the arm declined. The higher, the better. */
  readonly unanswerable: Rate
  /** Of the rows that can be answered: how many it declined nevertheless. The lower, the better. */
  readonly answerable: Rate
  /** Of all it declined: how many could not be answered. */
  readonly precision: Rate
}

export const summarize = (
  rows: ReadonlyArray<{ readonly answerable: boolean; readonly abstained: boolean }>,
): Abstentions => {
  const rateOf = (among: typeof rows, holds: (row: (typeof rows)[number]) => boolean): Rate => {
    const count = among.filter(holds).length
    return {
      rows: among.length,
      count,
      rate: among.length === 0 ? 0 : count / among.length,
      ...Wilson.interval(count, among.length),
    }
  }
  return {
    unanswerable: rateOf(
      rows.filter((row) => !row.answerable),
      (row) => row.abstained,
    ),
    answerable: rateOf(
      rows.filter((row) => row.answerable),
      (row) => row.abstained,
    ),
    precision: rateOf(
      rows.filter((row) => row.abstained),
      (row) => !row.answerable,
    ),
  }
}
