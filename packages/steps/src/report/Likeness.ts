import * as Bm25 from "../retrieve/Bm25.ts"

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
  return prompts.map((prompt) => index.search(prompt, count).map(({ position }) => position))
}
