/**
 * How well an arm writes in the style of the training data, judged by a small classifier.
 *
 * The classifier learns to tell texts of the style (expected answers of training rows) from the base model's own
 * answers to the same prompts, by the runs of one to four characters in them. Two figures follow:
 * `heldOut`, on rows it has not seen, says whether the styles can be told apart at all (near ½: the rest means
 * nothing); `arm` says whether an arm's answers to held-out rows can be told from expected answers there: near ½ they
 * cannot, near 1 they still can. It sees style and content alike, hence the same prompts on both sides.
 */
import * as Auc from "../stats/Auc.ts"
import * as LogisticRegression from "./LogisticRegression.ts"
import { counts } from "./Overlap.ts"

export interface Options {
  /** Longest run of characters; 4 by default. */
  readonly charOrder?: number
  /** How many runs are looked at, those in most texts first; 5,000 by default. */
  readonly features?: number
  /** Inverse of the penalty; 1 by default. */
  readonly strength?: number
}

export interface Classifier {
  /** Chance that a text is of the style. */
  readonly probability: (text: string) => number
}

/** Learns from texts of both kinds. The same texts give the same classifier. A RangeError without either. */
export const train = (
  style: ReadonlyArray<string>,
  base: ReadonlyArray<string>,
  options: Options = {},
): Classifier => {
  if (style.length === 0 || base.length === 0) {
    throw new RangeError(
      `A style classifier learns from texts of both kinds: ${style.length} of the style and ${base.length} of the base model are given.`,
    )
  }
  const { charOrder = 4, strength = 1 } = options
  const texts = [...style, ...base]
  const vocabulary = vocabularyOf(texts, charOrder, options.features ?? 5000)
  const row = (text: string) => featuresOf(text, vocabulary, charOrder)
  const model = LogisticRegression.fit(
    texts.map(row),
    texts.map((_, index) => index < style.length),
    vocabulary.size,
    strength,
  )
  return { probability: (text) => LogisticRegression.probability(model, row(text)) }
}

/** How well the classifier tells texts of the style from others: 1 always, ½ not at all. */
export const auc = (
  classifier: Classifier,
  style: ReadonlyArray<string>,
  others: ReadonlyArray<string>,
): Auc.Auc => Auc.make(style.map(classifier.probability), others.map(classifier.probability))

/** Runs of 1 to `charOrder` characters; white space is one space, and one stands at both ends. */
const runs = (text: string, charOrder: number): ReadonlyMap<string, number> => {
  const letters = Array.from(` ${text.trim().replace(/\s+/g, " ")} `)
  const found: Array<string> = []
  for (let n = 1; n <= charOrder; n++) {
    for (let start = 0; start + n <= letters.length; start++)
      found.push(letters.slice(start, start + n).join(""))
  }
  return counts(found)
}

/** The runs that most texts have, each with its column and its rarity; ties by code unit. */
const vocabularyOf = (
  texts: ReadonlyArray<string>,
  charOrder: number,
  features: number,
): ReadonlyMap<string, { readonly column: number; readonly rarity: number }> => {
  const having = counts(texts.flatMap((text) => [...runs(text, charOrder).keys()]))
  const chosen = [...having]
    .toSorted(([a, inA], [b, inB]) => inB - inA || (a < b ? -1 : 1))
    .slice(0, features)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return new Map(
    chosen.map(([run, inTexts], column) => [
      run,
      { column, rarity: Math.log((1 + texts.length) / (1 + inTexts)) + 1 },
    ]),
  )
}

/** (1 + log count) · rarity for each run, scaled to length 1: scikit-learn's TfidfVectorizer with sublinear counts. */
const featuresOf = (
  text: string,
  vocabulary: ReadonlyMap<string, { readonly column: number; readonly rarity: number }>,
  charOrder: number,
): LogisticRegression.SparseRow => {
  const entries: Array<readonly [number, number]> = []
  for (const [run, count] of runs(text, charOrder)) {
    const feature = vocabulary.get(run)
    if (feature !== undefined) entries.push([feature.column, (1 + Math.log(count)) * feature.rarity])
  }
  const ascending = entries.toSorted(([a], [b]) => a - b)
  const length = Math.sqrt(ascending.reduce((sum, [, value]) => sum + value * value, 0)) || 1
  return {
    columns: Uint32Array.from(ascending, ([column]) => column),
    values: Float64Array.from(ascending, ([, value]) => value / length),
  }
}
