/**
 * chrF: the F-score of character n-grams, as sacrebleu 2.6 computes it. From 0 to 100.
 *
 * chrF2 (the default: characters up to 6, no words, recall counts double) suits any language and needs no
 * tokenizer; `chrFPlusPlus` adds word n-grams up to 2. White space is left out of the characters; orders for which
 * either side is too short are left out of the mean. A character is a Unicode code point.
 *
 * @see Popović 2015, "chrF: character n-gram F-score"; Popović 2017, "chrF++"; sacrebleu/metrics/chrf.py
 */
import * as Overlap from "./Overlap.ts"
import { words } from "./whiteSpace.ts"

export interface Options {
  /** Longest character n-gram; 6 by default. */
  readonly charOrder?: number
  /** Longest word n-gram; 0 by default: none. */
  readonly wordOrder?: number
  /** How many times as much recall counts as precision; 2 by default. */
  readonly beta?: number
}

export const chrFPlusPlus: Options = { wordOrder: 2 }

/** Score of one answer. */
export const sentence = (answer: string, reference: string, options: Options = {}): number =>
  fScore(statistics(answer, reference, options), options)

/** Score of all answers together: counts are added up first, so that long answers weigh more. */
export const corpus = (
  pairs: ReadonlyArray<{ readonly answer: string; readonly reference: string }>,
  options: Options = {},
): number => {
  const sums: Array<Order> = []
  for (const { answer, reference } of pairs) {
    statistics(answer, reference, options).forEach((order, index) => {
      const sum = sums[index] ?? { given: 0, wanted: 0, shared: 0 }
      sums[index] = {
        given: sum.given + order.given,
        wanted: sum.wanted + order.wanted,
        shared: sum.shared + order.shared,
      }
    })
  }
  return fScore(sums, options)
}

/** Counts of one n-gram order. */
interface Order {
  readonly given: number
  readonly wanted: number
  readonly shared: number
}

const statistics = (answer: string, reference: string, options: Options): ReadonlyArray<Order> => {
  const { charOrder = 6, wordOrder = 0 } = options
  const orders = (ngrams: (side: string, n: number) => ReadonlyArray<string>, most: number) =>
    Array.from({ length: most }, (_, index) =>
      order(Overlap.counts(ngrams(answer, index + 1)), Overlap.counts(ngrams(reference, index + 1))),
    )
  return [
    ...orders(characterNgrams, charOrder),
    ...orders((text, n) => Overlap.ngrams(splitWords(text), n), wordOrder),
  ]
}

const order = (given: ReadonlyMap<string, number>, wanted: ReadonlyMap<string, number>): Order => ({
  // Nothing counts as given where the reference has no n-gram of this order: sacrebleu's rule.
  given: wanted.size === 0 ? 0 : Overlap.total(given),
  wanted: Overlap.total(wanted),
  shared: Overlap.shared(given, wanted),
})

const fScore = (orders: ReadonlyArray<Order>, { beta = 2 }: Options): number => {
  let precision = 0
  let recall = 0
  let effective = 0
  for (const { given, wanted, shared } of orders) {
    if (given === 0 || wanted === 0) continue
    precision += shared / given
    recall += shared / wanted
    effective++
  }
  if (precision + recall === 0) return 0
  precision /= effective
  recall /= effective
  const factor = beta ** 2
  return 100 * (((1 + factor) * precision * recall) / (factor * precision + recall))
}

const characterNgrams = (text: string, n: number): ReadonlyArray<string> => {
  const joined = words(text).join("")
  if (/[\ud800-\udfff]/.test(joined)) return Overlap.ngrams(Array.from(joined), n, "")
  // Every character is one code unit: slices of the text itself.
  return Array.from({ length: Math.max(0, joined.length - n + 1) }, (_, at) => joined.slice(at, at + n))
}

const punctuation = new Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")

/** Words with one mark of punctuation at the end, or else at the start, split off. */
const splitWords = (text: string): ReadonlyArray<string> =>
  words(text).flatMap((word) => {
    const letters = Array.from(word)
    if (letters.length === 1) return [word]
    if (punctuation.has(letters.at(-1)!)) return [letters.slice(0, -1).join(""), letters.at(-1)!]
    return punctuation.has(letters[0]!) ? [letters[0]!, letters.slice(1).join("")] : [word]
  })
