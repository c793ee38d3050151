/**
 * Exact McNemar test of two arms over the same rows.
 *
 * Only rows on which the arms disagree carry information: `onlyFirst` rows that the first arm alone got
 * right and `onlySecond` rows that the second alone got right. If the arms were equally good, each such row
 * would fall to either side with probability ½, so the two-sided p-value is twice the binomial tail,
 * at most 1. Without a disagreement it is 1.
 *
 * @see McNemar 1947; the exact form is the binomial test of `onlyFirst` out of `onlyFirst + onlySecond`
 */
export const pValue = (onlyFirst: number, onlySecond: number): number => {
  const trials = onlyFirst + onlySecond
  const fewer = Math.min(onlyFirst, onlySecond)
  if (trials === 0) return 1
  // The tail's largest term in logarithms (½ to the power of 1,100 is 0 in a double), the rest as ratios to it.
  let logLargest = -trials * Math.LN2
  for (let i = 1; i <= fewer; i++) logLargest += Math.log((trials - fewer + i) / i)
  let ratio = 1
  let sum = 1
  for (let i = fewer; i > 0; i--) {
    ratio *= i / (trials - i + 1)
    sum += ratio
  }
  return Math.min(1, 2 * Math.exp(logLargest) * sum)
}
