/**
 * Preferences between two arms, row by row: how often the first wins, by the sign test.
 *
 * Ties say nothing on which arm is better and stay out of the test; in the win rate each counts half to either side.
 */
import * as McNemar from "./McNemar.ts"
import * as PairedRates from "./PairedRates.ts"
import type { Interval } from "./Wilson.ts"

export interface Preference extends Interval {
  readonly wins: number
  readonly losses: number
  readonly ties: number
  /** (wins + ties / 2) / rows; ½ without rows. `low` and `high` are its interval (PairedRates, moved to 0…1). */
  readonly winRate: number
  /** Sign test with the mid-p correction, two-sided: McNemar's on wins and losses. */
  readonly p: number
  /** The same without the correction: the exact binomial test. */
  readonly pExact: number
}

/** @see Dixon and Mood 1946, "The Statistical Sign Test", for leaving ties out */
export const make = (wins: number, losses: number, ties: number, confidence = 0.95): Preference => {
  const rows = wins + losses + ties
  const { low, high } = PairedRates.interval(wins, losses, rows, confidence)
  return {
    wins,
    losses,
    ties,
    winRate: rows === 0 ? 0.5 : (wins + ties / 2) / rows,
    low: (1 + low) / 2,
    high: (1 + high) / 2,
    p: McNemar.midP(wins, losses),
    pExact: McNemar.pValue(wins, losses),
  }
}
