import type { Interval } from "./Wilson.ts"

/** What the bootstrap asks of a generator; core's `Random.make(seed)` is one. */
export interface Draws {
  readonly integer: (below: number) => number
}

/**
 * Percentile interval for the mean of paired differences, by drawing the rows again with replacement.
 *
 * `differences` holds, for every row, the first arm's score less the second's: resampling rows, not
 * answers, keeps the pairing. The same seed behind `draws` gives the same interval. Quantiles
 * interpolate linearly between order statistics, as numpy's default does. No rows give 0 to 0.
 *
 * @see Efron and Tibshirani 1993, "An Introduction to the Bootstrap", §13.3
 */
export const pairedInterval = (
  differences: ReadonlyArray<number>,
  draws: Draws,
  rounds = 10_000,
  confidence = 0.95,
): Interval => {
  const rows = differences.length
  if (rows === 0) return { low: 0, high: 0 }
  const means = new Float64Array(rounds)
  for (let round = 0; round < rounds; round++) {
    let sum = 0
    for (let row = 0; row < rows; row++) sum += differences[draws.integer(rows)]!
    means[round] = sum / rows
  }
  means.sort()
  return { low: quantile(means, (1 - confidence) / 2), high: quantile(means, (1 + confidence) / 2) }
}

/** Quantile of ascending values, linear between neighbours. */
const quantile = (ascending: Float64Array, share: number): number => {
  const position = share * (ascending.length - 1)
  const below = Math.floor(position)
  const low = ascending[below]!
  const high = ascending[Math.min(below + 1, ascending.length - 1)]!
  return low + (high - low) * (position - below)
}
