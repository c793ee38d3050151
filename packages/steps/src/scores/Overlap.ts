/** How much of an answer is in the reference (precision), and of the reference in the answer (recall). */
export interface Overlap {
  readonly precision: number
  readonly recall: number
  /** Harmonic mean of the two; 0 where both are. */
  readonly f1: number
}

/** From what both share and what each has; a side without anything gives 0. */
export const make = (shared: number, given: number, wanted: number): Overlap => {
  const precision = given === 0 ? 0 : shared / given
  const recall = wanted === 0 ? 0 : shared / wanted
  return {
    precision,
    recall,
    f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
  }
}

/** From counts of items, each shared at most as often as it occurs on both sides. */
export const ofCounts = (given: ReadonlyMap<string, number>, wanted: ReadonlyMap<string, number>): Overlap =>
  make(shared(given, wanted), total(given), total(wanted))

/** How many items both sides share, with repetitions. */
export const shared = (first: ReadonlyMap<string, number>, second: ReadonlyMap<string, number>): number => {
  let sum = 0
  for (const [item, count] of first) sum += Math.min(count, second.get(item) ?? 0)
  return sum
}

export const total = (counts: ReadonlyMap<string, number>): number => {
  let sum = 0
  for (const count of counts.values()) sum += count
  return sum
}

/** How often each item occurs. */
export const counts = (items: ReadonlyArray<string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}

/** All runs of `n` neighbours, joined by `separator`, which must not occur inside an item. */
export const ngrams = (items: ReadonlyArray<string>, n: number, separator = " "): ReadonlyArray<string> =>
  Array.from({ length: Math.max(0, items.length - n + 1) }, (_, start) =>
    items.slice(start, start + n).join(separator),
  )
