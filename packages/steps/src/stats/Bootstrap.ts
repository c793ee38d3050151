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
   * - `studentized` (the default): the distribution of (m* − m) / s* read from the rounds, so that skew and few rows
   *   shape the interval; an end that the rounds leave open (too many of equal rows) is the expanded one;
   * - `expanded`: the percentile interval taken at Φ(−√(n/(n−1))·t) instead of α/2, t from Student's distribution with
   *   n − 1 degrees of freedom, which makes up for its being too narrow on few rows;
   * - `bca`: bias-corrected and accelerated, at the expanded shares;
   * - `percentile`: the plain one.
   */
  readonly method?: "symmetric" | "studentized" | "expanded" | "bca" | "percentile"
}

/**
 * Interval for the mean of `values`, by drawing the rows again with replacement.
 *
 * For two arms give every row's score of the first less that of the second: resampling rows, not answers, keeps the
 * pairing. The same seed behind `draws` gives the same interval. Quantiles interpolate linearly between order
 * statistics, as numpy's default does. No rows give 0 to 0, one row its value.
 *
 * @see Efron and Tibshirani 1993, "An Introduction to the Bootstrap", §12.5, §13.3 and §14.3
 * @see Hesterberg 2015, "What Teachers Should Know About the Bootstrap", The American Statistician 69(4), §5
 */
export const interval = (values: ReadonlyArray<number>, draws: Draws, options: Options = {}): Interval => {
  const { rounds = 10_000, confidence = 0.95, method = "studentized" } = options
  const rows = values.length
  if (rows === 0) return { low: 0, high: 0 }
  if (rows === 1) return { low: values[0]!, high: values[0]! }
  const { mean, squares, cubes } = moments(values)
  if (squares === 0) return { low: mean, high: mean }
  const { means, ratios } = resample(Float64Array.from(values), mean, draws, rounds)
  const plain = (1 - confidence) / 2
  if (method === "percentile") return { low: quantile(means, plain), high: quantile(means, 1 - plain) }
  const tail = Normal.cumulative(-Math.sqrt(rows / (rows - 1)) * StudentT.critical(confidence, rows - 1))
  if (method === "bca") {
    const [low, high] = accelerated(mean, cubes / (6 * squares ** 1.5), means, tail)
    return { low: quantile(means, low), high: quantile(means, high) }
  }
  const expanded = { low: quantile(means, tail), high: quantile(means, 1 - tail) }
  if (method === "expanded") return expanded
  const error = Math.sqrt(squares) / rows
  if (method === "symmetric") {
    const q = quantile(ratios.map(Math.abs).sort(), confidence)
    return Number.isFinite(q) ? { low: mean - error * q, high: mean + error * q } : expanded
  }
  const low = mean - error * quantile(ratios, 1 - plain)
  const high = mean - error * quantile(ratios, plain)
  return {
    low: Number.isFinite(low) ? low : expanded.low,
    high: Number.isFinite(high) ? high : expanded.high,
  }
}

/** Interval for the mean of paired differences. */
export const pairedInterval = (
  differences: ReadonlyArray<number>,
  draws: Draws,
  rounds = 10_000,
  confidence = 0.95,
): Interval => interval(differences, draws, { rounds, confidence })

/** Sums around the mean. */
const moments = (values: ReadonlyArray<number>) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  let squares = 0
  let cubes = 0
  for (const value of values) {
    squares += (value - mean) ** 2
    cubes += (value - mean) ** 3
  }
  return { mean, squares, cubes }
}

/** Every round's mean and (m* − m) / s*, s* the standard error in the round; both ascending. */
const resample = (values: Float64Array, mean: number, { uint32 }: Draws, rounds: number) => {
  const rows = values.length
  // A row's chance is off by less than rows / 2^32 of itself: far below what 10,000 rounds could show.
  const scale = rows / 2 ** 32
  const means = new Float64Array(rounds)
  const ratios = new Float64Array(rounds)
  for (let round = 0; round < rounds; round++) {
    let sum = 0
    let squares = 0
    for (let row = 0; row < rows; row++) {
      const away = values[Math.floor(uint32() * scale)]! - mean
      sum += away
      squares += away * away
    }
    const shift = sum / rows
    const variance = squares / rows - shift * shift
    means[round] = mean + shift
    // Rounding leaves a little of a variance of 0: rows all equal.
    ratios[round] =
      variance <= 1e-12 * shift * shift ? Math.sign(shift) * Infinity : shift / Math.sqrt(variance / rows)
  }
  return { means: means.sort(), ratios: ratios.sort() }
}

/** The two shares at which BCa reads the distribution: shifted by its median bias and the skewness of the rows. */
const accelerated = (
  mean: number,
  acceleration: number,
  means: Float64Array,
  tail: number,
): readonly [number, number] => {
  const rounds = means.length
  let below = 0
  for (const each of means) below += each < mean ? 1 : each === mean ? 0.5 : 0
  const bias = Normal.quantile(Math.min(Math.max(below, 0.5), rounds - 0.5) / rounds)
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
