/**
 * Holm's step-down correction: p-values adjusted so that, over all of them together, the chance of one
 * false finding stays under the level that they are compared with. In the order given.
 *
 * The k-th smallest of m is multiplied by m − k + 1, never below the one before it, at most 1.
 *
 * @see Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure"
 */
export const adjust = (pValues: ReadonlyArray<number>): ReadonlyArray<number> => {
  const multipliers = factors(pValues)
  const adjusted = Array.from(pValues, () => 1)
  let floor = 0
  for (const index of ascending(pValues)) {
    floor = Math.max(floor, Math.min(1, multipliers[index]! * pValues[index]!))
    adjusted[index] = floor
  }
  return adjusted
}

/** What each p-value is multiplied by: m for the smallest of m, 1 for the largest. */
export const factors = (pValues: ReadonlyArray<number>): ReadonlyArray<number> => {
  const factors = Array.from(pValues, () => 1)
  ascending(pValues).forEach((index, rank) => {
    factors[index] = pValues.length - rank
  })
  return factors
}

const ascending = (pValues: ReadonlyArray<number>): ReadonlyArray<number> =>
  pValues.map((_, index) => index).toSorted((a, b) => pValues[a]! - pValues[b]!)
