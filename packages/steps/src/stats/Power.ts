/**
 * How many rows a difference needs, and how small a difference the rows at hand could show.
 *
 * All figures are for a two-sided test at `level` that finds the difference with probability `power`. They take the
 * difference and the spread seen so far for the true ones, so they are guides, no promises: a chance difference that
 * looks large asks for too few rows.
 */
import * as Normal from "./Normal.ts"

export interface Options {
  /** 0.05 by default; where several pairs are tested, what Holm's correction leaves of it. */
  readonly level?: number
  /** 0.8 by default. */
  readonly power?: number
}

/** What two arms' rates over the same rows differ by. */
export interface Disagreement {
  /** The first arm's rate less the second's. */
  readonly difference: number
  /** Share of rows on which they disagree; at least |difference|. */
  readonly discordance: number
}

/**
 * Rows that McNemar's test needs: n = (z₁·√ψ + z₂·√(ψ − δ²))² / δ², rounded up; ψ the discordance, δ the difference,
 * z₁ the critical value and z₂ the quantile of the power. Infinity where δ is 0.
 *
 * @see Connor 1987, "Sample Size for Testing Differences in Proportions for the Paired-Sample Design", Biometrics 43,
 * formula 5 (Miettinen 1968 conditions on the discordant pairs and differs little)
 */
export const rowsForRates = ({ difference, discordance }: Disagreement, options: Options = {}): number => {
  if (difference === 0) return Infinity
  const [critical, reach] = quantiles(options)
  const spread = Math.max(discordance, Math.abs(difference))
  const root = critical * Math.sqrt(spread) + reach * Math.sqrt(spread - difference ** 2)
  return Math.ceil((root / difference) ** 2)
}

/**
 * Rows that a paired comparison of means needs: n = (z₁ + z₂)²·s² / δ² + z₁² / 2, rounded up; s the standard deviation
 * of the differences. The last term makes up for s being estimated. Infinity where δ is 0.
 *
 * @see Guenther 1981, "Sample Size Formulas for Normal Theory T Tests", The American Statistician 35(4)
 */
export const rowsForMeans = (difference: number, deviation: number, options: Options = {}): number => {
  if (difference === 0) return Infinity
  const [critical, reach] = quantiles(options)
  return Math.ceil(((critical + reach) * (deviation / difference)) ** 2 + critical ** 2 / 2)
}

/**
 * The smallest difference of rates that `rows` rows would show at this discordance: the inverse of `rowsForRates`.
 * Where even full agreement of the disagreeing rows would not do, discordance grows with the difference; at most 1.
 */
export const detectableRates = (rows: number, discordance: number, options: Options = {}): number => {
  const needs = (difference: number) =>
    rowsForRates({ difference, discordance: Math.max(discordance, difference) }, options)
  return smallest((difference) => needs(difference) <= rows)
}

/** The smallest difference of means that `rows` rows would show; Infinity for fewer than 3 rows. */
export const detectableMeans = (rows: number, deviation: number, options: Options = {}): number => {
  const [critical, reach] = quantiles(options)
  const effective = rows - critical ** 2 / 2
  return effective <= 0 ? Infinity : ((critical + reach) * deviation) / Math.sqrt(effective)
}

/** The smallest difference from 0 to 1 that suffices, where every larger one does too. */
const smallest = (suffices: (difference: number) => boolean): number => {
  let low = 0
  let high = 1
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2
    if (suffices(middle)) high = middle
    else low = middle
  }
  return high
}

const quantiles = ({ level = 0.05, power = 0.8 }: Options): readonly [number, number] => [
  Normal.critical(1 - level),
  Normal.quantile(power),
]
