/** Seeded rows for property tests. */
import type { TokenRow } from "../../src/plan/Stream.ts"

/** Small linear congruential generator: enough to vary test cases. */
const draws = (seed: number) => {
  let state = seed >>> 0
  return {
    below: (n: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * n)
    },
  }
}

/** Rows of mixed lengths with a common beginning and one or two supervised spans each. */
export const randomRows = (
  seed: number,
  options: {
    readonly rows: number
    readonly prefix: number
    readonly vocabulary: number
    readonly own?: number
  },
): ReadonlyArray<TokenRow> => {
  const { below } = draws(seed)
  const prefix = Array.from({ length: options.prefix }, () => below(options.vocabulary))
  return Array.from({ length: options.rows }, (_, row) => {
    const prompt = 1 + below(options.own ?? 6)
    const answer = 1 + below(4)
    // The first own token differs from row to row, so that the common prefix is exactly `prefix`.
    const own = [row % options.vocabulary]
    while (own.length < prompt + answer + 2) own.push(below(options.vocabulary))
    const ids = [...prefix, ...own]
    const from = options.prefix + prompt
    const labels = ids.map((id, i) => (i >= from && i < from + answer ? id : -100))
    return { ids, labels }
  })
}
