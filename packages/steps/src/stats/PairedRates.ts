import * as Normal from "./Normal.ts"
import type { Interval } from "./Wilson.ts"

/**
 * Tango's score interval for the difference of two rates over the same rows.
 *
 * `onlyFirst` rows were right for the first arm alone, `onlySecond` for the second alone, out of `rows`. The ends are
 * the differences Δ that a score test just does not reject:
 * (b − c − nΔ)² = z²·n·(2q + Δ(1 − Δ)), q the likeliest share of `onlySecond` given Δ. It keeps its coverage where
 * b − c ± z·√… loses it (few rows, few disagreements, rates near the ends) and never leaves −1 to 1. For Δ = 0 the test
 * is McNemar's without correction. No rows give the whole range.
 *
 * @see Tango 1998, "Equivalence test and confidence interval for the difference in proportions for the paired-sample
 * design", Statistics in Medicine 17:891–908
 */
export const interval = (
  onlyFirst: number,
  onlySecond: number,
  rows: number,
  confidence = 0.95,
): Interval => {
  if (rows === 0) return { low: -1, high: 1 }
  const z = Normal.critical(confidence)
  return { low: crossing(onlyFirst, onlySecond, rows, z), high: crossing(onlyFirst, onlySecond, rows, -z) }
}

/** The Δ at which the score is `z`: it falls from +∞ at −1 to −∞ at 1, so halving the range finds it. */
const crossing = (onlyFirst: number, onlySecond: number, rows: number, z: number): number => {
  let low = -1
  let high = 1
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (exceeds(onlyFirst, onlySecond, rows, middle, z)) low = middle
    else high = middle
  }
  return (low + high) / 2
}

const exceeds = (b: number, c: number, n: number, difference: number, z: number): boolean => {
  const linear = -b - c + (2 * n - b + c) * difference
  const root = Math.sqrt(Math.max(0, linear ** 2 + 8 * n * c * difference * (1 - difference)))
  const likeliest = Math.max(0, (root - linear) / (4 * n))
  const variance = n * (2 * likeliest + difference * (1 - difference))
  const numerator = b - c - n * difference
  // Without a disagreement the score at 0 is 0 / 0: no evidence either way, 0.
  if (numerator === 0) return z < 0
  return numerator > z * Math.sqrt(Math.max(0, variance))
}
