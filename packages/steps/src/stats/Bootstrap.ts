import * as Normal from "./Normal.ts"
import * as StudentT from "./StudentT.ts"
import type { Interval } from "./Wilson.ts"

/** What drawing asks of a generator; core's `Random.make(seed)` is one. */
export interface Draws {
  /** A whole number, uniform from 0 to 2^32 − 1. */
  readonly uint32: () => number
}

export interface Options {
  /** 10,000 by default. */
  readonly rounds?: number
  /** 0.95 by default. */
  readonly confidence?: number
  /**
   * - `expanded` (the default): the percentile interval taken at Φ(−√(n/(n−1))·t) instead of α/2, t from Student's
   *   distribution with n − 1 degrees of freedom, which makes up for its being too narrow on few rows;
   * - `percentile`: the plain one;
   * - `bca`: bias-corrected and accelerated, at the same expanded shares: better where a few rows lose much.
   */
  readonly method?: "expanded" | "percentile" | "bca"
}

/**
 * Interval for the mean of `values`, by drawing the rows again with replacement.
 *
 * For two arms give every row's score of the first less that of the second: resampling rows, not answers, keeps the
 * pairing. The same seed behind `draws` gives the same interval. Quantiles interpolate linearly between order
 * statistics, as numpy's default does. No rows give 0 to 0, one row its value.
 *
 * @see Efron and Tibshirani 1993, "An Introduction to the Bootstrap", §13.3 and §14.3
 * @see Hesterberg 2015, "What Teachers Should Know About the Bootstrap", The American Statistician 69(4), §5.3
 */
export const interval = (values: ReadonlyArray<number>, draws: Draws, options: Options = {}): Interval => {
  const { rounds = 10_000, confidence = 0.95, method = "expanded" } = options
  const rows = values.length
  if (rows === 0) return { low: 0, high: 0 }
  const means = resampledMeans(Float64Array.from(values), draws, rounds)
  const tail =
    method === "percentile" || rows === 1
      ? (1 - confidence) / 2
      : Normal.cumulative(-Math.sqrt(rows / (rows - 1)) * StudentT.critical(confidence, rows - 1))
  const [low, high] = method === "bca" ? accelerated(values, means, tail) : [tail, 1 - tail]
  return { low: quantile(means, low), high: quantile(means, high) }
}

/** Interval for the mean of paired differences. */
export const pairedInterval = (
  differences: ReadonlyArray<number>,
  draws: Draws,
  rounds = 10_000,
  confidence = 0.95,
): Interval => interval(differences, draws, { rounds, confidence })

const resampledMeans = (values: Float64Array, { uint32 }: Draws, rounds: number): Float64Array => {
  const rows = values.length
  // A row's chance is off by less than rows / 2^32 of itself: far below what 10,000 rounds could show.
  const scale = rows / 2 ** 32
  const means = new Float64Array(rounds)
  for (let round = 0; round < rounds; round++) {
    let sum = 0
    for (let row = 0; row < rows; row++) sum += values[Math.floor(uint32() * scale)]!
    means[round] = sum / rows
  }
  return means.sort()
}

/** The two shares at which BCa reads the distribution: shifted by its median bias and the skewness of the rows. */
const accelerated = (
  values: ReadonlyArray<number>,
  means: Float64Array,
  tail: number,
): readonly [number, number] => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  let below = 0
  for (const each of means) below += each < mean ? 1 : each === mean ? 0.5 : 0
  const rounds = means.length
  const bias = Normal.quantile(Math.min(Math.max(below, 0.5), rounds - 0.5) / rounds)
  let squares = 0
  let cubes = 0
  for (const value of values) {
    squares += (value - mean) ** 2
    cubes += (value - mean) ** 3
  }
  const acceleration = squares === 0 ? 0 : cubes / (6 * squares ** 1.5)
  const share = (z: number) => Normal.cumulative(bias + (bias + z) / (1 - acceleration * (bias + z)))
  const z = Normal.quantile(tail)
  return [share(z), share(-z)]
}

/** Quantile of ascending values, linear between neighbours. */
const quantile = (ascending: Float64Array, share: number): number => {
  const position = share * (ascending.length - 1)
  const below = Math.floor(position)
  const low = ascending[below]!
  const high = ascending[Math.min(below + 1, ascending.length - 1)]!
  return low + (high - low) * (position - below)
}
