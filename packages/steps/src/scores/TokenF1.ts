import { normalised } from "./ExactMatch.ts"
import * as Overlap from "./Overlap.ts"

/**
 * Overlap of words after SQuAD's normalisation (ExactMatch `squad`), repetitions counted.
 *
 * Where either side has no word left, 1 if both have none, else 0: SQuAD 2.0's rule for unanswerable questions.
 *
 * @see Rajpurkar et al. 2018, "Know What You Don't Know", and its evaluation script
 */
export const score = (answer: string, reference: string): Overlap.Overlap => {
  const given = tokens(answer)
  const wanted = tokens(reference)
  if (given.length === 0 || wanted.length === 0) {
    const both = given.length === wanted.length ? 1 : 0
    return { precision: both, recall: both, f1: both }
  }
  return Overlap.ofCounts(Overlap.counts(given), Overlap.counts(wanted))
}

const tokens = (text: string): ReadonlyArray<string> =>
  normalised(text, "squad")
    .split(" ")
    .filter((token) => token !== "")
