/**
 * Questions asked without any document at hand, split by whether the training data held the fact.
 *
 * Only the rate on seen facts measures what training put into the model; the rate on unseen facts is what it knew or
 * guesses, and a fall there is harm.
 */
import * as Wilson from "../stats/Wilson.ts"
import { normalised } from "./ExactMatch.ts"

export interface Fact {
  readonly id: string
  /** What a training text must name, all of it, to have taught the fact: its subject and its answer. */
  readonly mentions: ReadonlyArray<string>
}

/**
 * Ids of the facts that some training text holds: every mention occurs in it as whole words, after SQuAD's
 * normalisation (ExactMatch). A rule of thumb: a fact told in other words is not found, so give `holds` where the
 * facts' sources are known.
 */
export const seen = (
  facts: ReadonlyArray<Fact>,
  texts: ReadonlyArray<string>,
  holds: (text: string, fact: Fact) => boolean = byMentions(),
): ReadonlySet<string> =>
  new Set(facts.filter((fact) => texts.some((text) => holds(text, fact))).map((fact) => fact.id))

export interface Rate extends Wilson.Interval {
  readonly rows: number
  readonly right: number
  /** 0 without rows. */
  readonly rate: number
}

export interface ClosedBook {
  readonly seen: Rate
  readonly unseen: Rate
  /** Rate on seen facts less that on unseen ones, with Newcombe's 95 % interval for independent rates. */
  readonly gap: Wilson.Interval & { readonly difference: number }
}

/** @see Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10 */
export const make = (
  rows: ReadonlyArray<{ readonly seen: boolean; readonly right: boolean }>,
): ClosedBook => {
  const rateOf = (which: boolean): Rate => {
    const among = rows.filter((row) => row.seen === which)
    const right = among.filter((row) => row.right).length
    return {
      rows: among.length,
      right,
      rate: among.length === 0 ? 0 : right / among.length,
      ...Wilson.interval(right, among.length),
    }
  }
  const seen = rateOf(true)
  const unseen = rateOf(false)
  const difference = seen.rate - unseen.rate
  return {
    seen,
    unseen,
    gap: {
      difference,
      low: difference - Math.hypot(seen.rate - seen.low, unseen.high - unseen.rate),
      high: difference + Math.hypot(seen.high - seen.rate, unseen.rate - unseen.low),
    },
  }
}

/** Normalises each text once, however many facts ask. */
const byMentions = (): ((text: string, fact: Fact) => boolean) => {
  const kept = new Map<string, string>()
  const words = (text: string) => {
    const found = kept.get(text) ?? ` ${normalised(text, "squad")} `
    kept.set(text, found)
    return found
  }
  return (text, { mentions }) =>
    mentions.length > 0 && mentions.every((mention) => words(text).includes(words(mention)))
}
