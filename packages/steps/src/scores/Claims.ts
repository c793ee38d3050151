/**
 * Claims of an answer that the documents given with the question do not support.
 *
 * A rule, not a reader: it finds what is plainly absent and cannot tell a wrong combination of things present.
 *
 * 1. The answer is cut into sentences; questions, abstentions and sentences without three content words are no claims.
 * 2. A claim is supported when every number and every name (a capitalised word that does not open the sentence) in it
 *    occurs in the context or the question, and at least `overlap` of its content words do, compared by Porter's stem.
 *
 * Numbers compare by value (1,000 is 1000, 5.0 is 5); content words are those of three letters and more outside a
 * short list of English function words. Texts in other languages keep their words whole. `claims` and `supports`
 * replace either half, by a model's judgement for example.
 */
import * as Wilson from "../stats/Wilson.ts"
import { abstains } from "./Abstention.ts"
import { stem } from "./Porter.ts"

export interface Options {
  /** Share of a claim's content words that the context must hold; 0.6 by default. */
  readonly overlap?: number
  /** Cuts an answer into claims. */
  readonly claims?: (answer: string) => ReadonlyArray<string>
  /** Tells whether the context supports a claim. */
  readonly supports?: (claim: string, context: string) => boolean
}

export interface Checked {
  readonly claims: number
  readonly unsupported: ReadonlyArray<string>
}

/** Checks one answer; `question` counts as context, since an answer may repeat it. */
export const check = (answer: string, context: string, question = "", options: Options = {}): Checked => {
  const claims = (options.claims ?? claimsOf)(answer)
  const ground = `${context}\n${question}`
  const supports = options.supports ?? supportedBy(ground, options.overlap ?? 0.6)
  return { claims: claims.length, unsupported: claims.filter((claim) => !supports(claim, ground)) }
}

export interface Unsupported extends Wilson.Interval {
  /** Rows that claim anything. */
  readonly rows: number
  /** Rows with at least one unsupported claim, their share and its Wilson interval. */
  readonly count: number
  readonly rate: number
  readonly claims: number
  readonly unsupportedClaims: number
}

/** The interval is over rows, not claims: claims of one answer stand and fall together. */
export const summarize = (rows: ReadonlyArray<Checked>): Unsupported => {
  const claiming = rows.filter((row) => row.claims > 0)
  const count = claiming.filter((row) => row.unsupported.length > 0).length
  return {
    rows: claiming.length,
    count,
    rate: claiming.length === 0 ? 0 : count / claiming.length,
    ...Wilson.interval(count, claiming.length),
    claims: rows.reduce((sum, row) => sum + row.claims, 0),
    unsupportedClaims: rows.reduce((sum, row) => sum + row.unsupported.length, 0),
  }
}

/** Sentences that claim something. */
export const claimsOf = (answer: string): ReadonlyArray<string> =>
  answer
    .split(/(?<=[.!?])\s+(?=[^\p{Ll}])|\n+/u)
    .map((sentence) => sentence.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, "").trim())
    .filter((sentence) => sentence !== "" && !sentence.endsWith("?") && !abstains(sentence))
    .filter((sentence) => contentOf(sentence).length + numbersOf(sentence).length >= 3)

const supportedBy = (context: string, overlap: number): ((claim: string) => boolean) => {
  const words = new Set(contentOf(context))
  const every = new Set(wordsOf(context))
  const numbers = new Set(numbersOf(context))
  return (claim) => {
    const content = contentOf(claim)
    const present = content.filter((word) => words.has(word)).length
    return (
      numbersOf(claim).every((number) => numbers.has(number)) &&
      namesOf(claim).every((name) => every.has(name)) &&
      present >= overlap * content.length
    )
  }
}

const wordsOf = (text: string): ReadonlyArray<string> =>
  text.toLowerCase().match(/[\p{L}][\p{L}\p{M}\p{N}]*/gu) ?? []

const contentOf = (text: string): ReadonlyArray<string> =>
  wordsOf(text)
    .filter((word) => word.length >= 3 && !functionWords.has(word))
    .map((word) => (/^[a-z0-9]+$/.test(word) ? stem(word) : word))

/** Numbers by value; a comma or space between groups of three digits is dropped. */
const numbersOf = (text: string): ReadonlyArray<number> =>
  (text.match(/(?<![\p{L}\p{N}])\d+(?:[,\u00a0\u202f]\d{3})*(?:\.\d+)?/gu) ?? []).map((number) =>
    Number(number.replaceAll(/[,\u00a0\u202f]/g, "")),
  )

/** Capitalised words, the sentence's first aside, in lower case. */
const namesOf = (sentence: string): ReadonlyArray<string> =>
  (sentence.match(/\p{L}[\p{L}\p{M}\p{N}]*/gu) ?? [])
    .slice(1)
    .filter((word) => /^\p{Lu}/u.test(word) && word.length > 1)
    .map((word) => word.toLowerCase())
    .filter((word) => !functionWords.has(word))

const functionWords = new Set(
  (
    "a an the and or but nor not no yes so if then than that this these those there here it its he she they them " +
    "his her their our your you we who whom whose which what when where why how is are was were be been being am " +
    "do does did done has have had having can could will would shall should may might must of in on at by for " +
    "from to into onto with without within about above below over under between among through during before " +
    "after since until while as also too very just only both each every all any some such same other another " +
    "more most much many few less least own out off up down again further once because"
  ).split(" "),
)
