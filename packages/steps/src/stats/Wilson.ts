import * as Normal from "./Normal.ts"

/** A range of plausible values for a rate or a difference of rates. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/**
 * Wilson's score interval for `successes` out of `trials`, without continuity correction.
 *
 * Unlike p ± z·√(p(1−p)/n) it stays within 0 and 1 and keeps its coverage near both ends:
 * 100 of 100 gives 0.963 to 1, not 1 to 1. No trials give the whole range.
 *
 * @see Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference"
 */
export const interval = (successes: number, trials: number, confidence = 0.95): Interval => {
  if (trials === 0) return { low: 0, high: 1 }
  const z = Normal.critical(confidence)
  const rate = successes / trials
  const shrink = 1 + (z * z) / trials
  const centre = (rate + (z * z) / (2 * trials)) / shrink
  const half = (z / shrink) * Math.sqrt((rate * (1 - rate)) / trials + (z * z) / (4 * trials * trials))
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half),
  }
}
