import type { Interval } from "./Wilson.ts"
import * as Normal from "./Normal.ts"

/** Area under the ROC curve with DeLong's 95 % interval. */
export interface Auc extends Interval {
  readonly auc: number
}

/**
 * How well scores tell positives from negatives: the chance that a positive's is the higher one, equals counted half.
 * ½ is no better than guessing.
 *
 * The interval is DeLong's, taken on the logit so that it stays within 0 and 1; without positives or negatives, and
 * where they are told apart without a mistake, it says nothing about that side (0 or 1).
 *
 * @see DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44:837–845
 */
export const make = (
  positives: ReadonlyArray<number>,
  negatives: ReadonlyArray<number>,
  confidence = 0.95,
): Auc => {
  if (positives.length === 0 || negatives.length === 0) return { auc: 0.5, low: 0, high: 1 }
  const placement = (score: number, others: ReadonlyArray<number>) =>
    others.reduce((sum, other) => sum + (score > other ? 1 : score === other ? 0.5 : 0), 0) / others.length
  const above = positives.map((score) => placement(score, negatives))
  const below = negatives.map((score) => 1 - placement(score, positives))
  const auc = mean(above)
  const variance = spread(above) / above.length + spread(below) / below.length
  if (auc === 0 || auc === 1) return { auc, low: auc === 1 ? 0.5 : 0, high: auc === 1 ? 1 : 0.5 }
  const half = (Normal.critical(confidence) * Math.sqrt(variance)) / (auc * (1 - auc))
  const logit = Math.log(auc / (1 - auc))
  return { auc, low: 1 / (1 + Math.exp(half - logit)), high: 1 / (1 + Math.exp(-half - logit)) }
}

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Sample variance; 0 for one value. */
const spread = (values: ReadonlyArray<number>): number => {
  const centre = mean(values)
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / Math.max(1, values.length - 1)
}
