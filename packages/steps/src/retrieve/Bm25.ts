/**
 * Okapi BM25 over texts in memory: which of them share the most telling words with a query.
 *
 * score(q, d) = Σ over words w of q: idf(w) · f(w, d)·(k₁ + 1) / (f(w, d) + k₁·(1 − b + b·|d| / mean |d|)),
 * idf(w) = ln(1 + (N − n(w) + 0.5) / (n(w) + 0.5)), with k₁ 1.2 and b 0.75.
 *
 * Deterministic: sums run in the query's order of words, ties go by the order of the texts.
 *
 * @see Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework: BM25 and Beyond", §3
 */

/** An index over texts, which are named by their positions. */
export interface Bm25 {
  /** At most `count` texts that share a word with the query, best first. */
  readonly search: (query: string, count: number) => ReadonlyArray<Found>
}

export interface Found {
  readonly position: number
  readonly score: number
}

const k1 = 1.2
const b = 0.75

export const make = (texts: ReadonlyArray<string>): Bm25 => {
  const lengths: Array<number> = []
  /** For each word the texts that hold it, ascending, with how often. */
  const postings = new Map<string, Array<readonly [position: number, count: number]>>()
  texts.forEach((text, position) => {
    const found = words(text)
    lengths.push(found.length)
    const counts = new Map<string, number>()
    for (const word of found) counts.set(word, (counts.get(word) ?? 0) + 1)
    for (const [word, count] of counts) {
      const list = postings.get(word)
      if (list === undefined) postings.set(word, [[position, count]])
      else list.push([position, count])
    }
  })
  const meanLength = lengths.reduce((sum, length) => sum + length, 0) / Math.max(texts.length, 1)
  return {
    search: (query, count) => {
      const scores = new Map<number, number>()
      for (const word of new Set(words(query))) {
        const list = postings.get(word) ?? []
        const idf = Math.log(1 + (texts.length - list.length + 0.5) / (list.length + 0.5))
        for (const [position, frequency] of list) {
          const norm = k1 * (1 - b + (b * lengths[position]!) / meanLength)
          const gain = (idf * frequency * (k1 + 1)) / (frequency + norm)
          scores.set(position, (scores.get(position) ?? 0) + gain)
        }
      }
      return [...scores]
        .map(([position, score]) => ({ position, score }))
        .toSorted((first, second) => second.score - first.score || first.position - second.position)
        .slice(0, count)
    },
  }
}

/** Runs of letters and digits, in lower case. */
export const words = (text: string): ReadonlyArray<string> =>
  text
    .normalize("NFKC")
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
