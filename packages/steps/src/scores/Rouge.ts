/**
 * ROUGE-1, ROUGE-2 and ROUGE-L of an answer against a reference, as the Python package rouge-score 0.1.2
 * computes them. From 0 to 1.
 *
 * Text is lower-cased, everything but ASCII letters and digits separates tokens (so that a text in another
 * script has none, and scores 0), and with `stemmer` tokens of more than three characters are stemmed by Porter.
 *
 * @see Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries"
 */
import type { Overlap } from "./Overlap.ts"
import * as Overlaps from "./Overlap.ts"
import { stem } from "./Porter.ts"

export interface Options {
  /** Stems the tokens first; false by default. */
  readonly stemmer?: boolean
}

/** Overlap of n-grams, each counted at most as often as it occurs in both. */
export const rougeN = (answer: string, reference: string, n: number, options: Options = {}): Overlap => {
  const given = Overlaps.counts(Overlaps.ngrams(tokens(answer, options), n))
  const wanted = Overlaps.counts(Overlaps.ngrams(tokens(reference, options), n))
  return Overlaps.ofCounts(given, wanted)
}

/** Longest common subsequence of tokens, not necessarily side by side. */
export const rougeL = (answer: string, reference: string, options: Options = {}): Overlap => {
  const given = tokens(answer, options)
  const wanted = tokens(reference, options)
  return Overlaps.make(commonSubsequence(given, wanted), given.length, wanted.length)
}

const tokens = (text: string, { stemmer = false }: Options): ReadonlyArray<string> =>
  (text.toLowerCase().match(/[a-z0-9]+/g) ?? []).map((token) =>
    stemmer && token.length > 3 ? stem(token) : token,
  )

/** Length of the longest common subsequence, keeping one row of the table. */
const commonSubsequence = (first: ReadonlyArray<string>, second: ReadonlyArray<string>): number => {
  const row = new Uint32Array(second.length + 1)
  for (const token of first) {
    let diagonal = 0
    for (let j = 1; j <= second.length; j++) {
      const above = row[j]!
      row[j] = token === second[j - 1] ? diagonal + 1 : Math.max(above, row[j - 1]!)
      diagonal = above
    }
  }
  return row[second.length]!
}
