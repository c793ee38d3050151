import * as Bm25 from "../retrieve/Bm25.ts"

/** Words of a prompt that are looked for: its rarest among the texts. Common ones tell little and take the time. */
const tellingWords = 8

/**
 * For each prompt the positions of the `count` texts that share its most telling words (BM25), best first. Fewer where
 * no more share a word.
 */
export const nearest = (
  prompts: ReadonlyArray<string>,
  texts: ReadonlyArray<string>,
  count: number,
): ReadonlyArray<ReadonlyArray<number>> => {
  const index = Bm25.make(texts)
  /** In how many texts each word is. */
  const spread = new Map<string, number>()
  for (const text of texts)
    for (const word of new Set(Bm25.words(text))) spread.set(word, (spread.get(word) ?? 0) + 1)
  return prompts.map((prompt) => {
    const known = [...new Set(Bm25.words(prompt))].filter((word) => spread.has(word))
    const telling = known.toSorted((a, b) => spread.get(a)! - spread.get(b)!).slice(0, tellingWords)
    return index.search(telling.join(" "), count).map(({ position }) => position)
  })
}
