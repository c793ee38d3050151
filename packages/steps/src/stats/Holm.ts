/**
 * Holm's step-down correction: p-values adjusted so that, over all of them together, the chance of one
 * false finding stays under the level that they are compared with. In the order given.
 *
 * The k-th smallest of m is multiplied by m − k + 1, never below the one before it, at most 1.
 *
 * @see Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure"
 */
export const adjust = (pValues: ReadonlyArray<number>): ReadonlyArray<number> => {
  const order = pValues.map((_, index) => index).toSorted((a, b) => pValues[a]! - pValues[b]!)
  const adjusted = Array.from(pValues, () => 1)
  let floor = 0
  order.forEach((index, rank) => {
    floor = Math.max(floor, Math.min(1, (pValues.length - rank) * pValues[index]!))
    adjusted[index] = floor
  })
  return adjusted
}
