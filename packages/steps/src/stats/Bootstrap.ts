/**
 * Intervals and a test for a mean, by drawing the rows again with replacement.
 */
import * as McNemar from "./McNemar.ts"
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
   * - `studentized` (the default): m ± q·s/√n, q the quantile of |m′ − m| / (s′/√n) over the rounds;
   * - `bca`: bias-corrected and accelerated;
   * - `percentile`: the quantiles of m′ themselves.
   *
   * The decision record on the verdict's tests has the coverage of each; only the first keeps 95 % where the
   * differences are skewed or most of them 0.
   */
  readonly method?: "studentized" | "bca" | "percentile"
}

/** A mean's interval, and the test of the mean against 0. */
export interface Mean extends Interval {
  /** Two-sided; at most 1 − confidence exactly where a studentized interval leaves 0 out. Never 0. */
  readonly p: number
}

/**
 * Interval and test for the mean of `values`.
 *
 * For two arms give every row's score of the first less that of the second: resampling rows, not answers, keeps the
 * pairing. The same seed behind `draws` gives the same result. Quantiles of m′ interpolate linearly between order
 * statistics, as numpy's default does. No rows give 0 to 0; rows all equal give that value, tested by the sign test.
 * Where so few rows differ that many rounds hold none of them, the studentized interval is undefined and the
 * percentile one stands in, taken at Φ(−√(n/(n−1))·t) instead of α/2 (Hesterberg, §4.3.2).
 *
 * @see Hall 1988, "On symmetric bootstrap confidence intervals", JRSS B 50(1):35–45
 * @see Efron and Tibshirani 1993, "An Introduction to the Bootstrap", §12.5, §13.3, §14.3 and §16.4
 * @see Hesterberg 2015, "What Teachers Should Know About the Bootstrap", The American Statistician 69(4)
 */
export const ofMean = (values: ReadonlyArray<number>, draws: Draws, options: Options = {}): Mean => {
  const { rounds = 10_000, confidence = 0.95, method = "studentized" } = options
  const rows = values.length
  const { mean, squares, cubes } = moments(values)
  if (squares === 0) return { low: mean, high: mean, p: mean === 0 ? 1 : McNemar.pValue(rows, 0) }
  const { means, ratios } = resample(Float64Array.from(values), mean, draws, rounds)
  const error = Math.sqrt(squares) / rows
  const p = (1 + ratios.length - firstAtLeast(ratios, Math.abs(mean) / error)) / (1 + rounds)
  const tail = (1 - confidence) / 2
  if (method === "percentile") return { low: quantile(means, tail), high: quantile(means, 1 - tail), p }
  if (method === "bca") {
    const [low, high] = accelerated(mean, cubes / (6 * squares ** 1.5), means, tail)
    return { low: quantile(means, low), high: quantile(means, high), p }
  }
  // An order statistic, not between two: so that interval and p agree at their common edge (Davison and Hinkley 1997, §4.2.3).
  const place = Math.min(rounds, Math.ceil((rounds + 1) * confidence - 1e-9))
  const half = error * ratios[place - 1]!
  if (Number.isFinite(half)) return { low: mean - half, high: mean + half, p }
  const wider = Normal.cumulative(-Math.sqrt(rows / (rows - 1)) * StudentT.critical(confidence, rows - 1))
  return { low: quantile(means, wider), high: quantile(means, 1 - wider), p }
}

/** The interval alone. */
export const interval = (values: ReadonlyArray<number>, draws: Draws, options: Options = {}): Interval => {
  const { low, high } = ofMean(values, draws, options)
  return { low, high }
}

/**
 * Percentile interval of a figure that is no mean of rows, such as an F1: `statistic` is given the places of the rows
 * drawn, in one array that the next round writes anew. No rows give 0 to 0.
 */
export const ofStatistic = (
  rows: number,
  statistic: (drawn: Uint32Array) => number,
  { uint32 }: Draws,
  { rounds = 10_000, confidence = 0.95 }: Omit<Options, "method"> = {},
): Interval => {
  if (rows === 0) return { low: 0, high: 0 }
  const scale = rows / 2 ** 32
  const drawn = new Uint32Array(rows)
  const values = new Float64Array(rounds)
  for (let round = 0; round < rounds; round++) {
    for (let row = 0; row < rows; row++) drawn[row] = Math.floor(uint32() * scale)
    values[round] = statistic(drawn)
  }
  const ascending = values.toSorted()
  const tail = (1 - confidence) / 2
  return { low: quantile(ascending, tail), high: quantile(ascending, 1 - tail) }
}

/** Mean, and the sums of squares and cubes around it; zeros for no values and where all are equal. */
const moments = (values: ReadonlyArray<number>) => {
  const [first = 0] = values
  if (values.every((value) => value === first)) return { mean: first, squares: 0, cubes: 0 }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  let squares = 0
  let cubes = 0
  for (const value of values) {
    squares += (value - mean) ** 2
    cubes += (value - mean) ** 3
  }
  return { mean, squares, cubes }
}

/** Every round's mean m′, and |m′ − m| / (s′/√n), infinite where the round's rows are all equal; both ascending. */
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
    // Of a variance of 0 rounding leaves a little.
    ratios[round] =
      variance <= 1e-12 * shift * shift ? Infinity : Math.abs(shift) / Math.sqrt(variance / rows)
  }
  return { means: means.toSorted(), ratios: ratios.toSorted() }
}

/** How many of the ascending values are under `limit`. */
const firstAtLeast = (ascending: Float64Array, limit: number): number => {
  const at = ascending.findIndex((value) => value >= limit)
  return at < 0 ? ascending.length : at
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
  return low === high ? low : low + (high - low) * (position - below)
}
