import type { Draws } from "./Bootstrap.ts"

/**
 * Randomisation test of a mean of paired differences against 0, two-sided.
 *
 * Were the arms alike, each row's difference could as well have had the other sign. The p-value is the share of
 * `rounds` random assignments of signs whose mean lies at least as far from 0 as the observed one, that one counted
 * among them: never 0, at least 1 / (rounds + 1). Rows without a difference do not matter; without any it is 1.
 *
 * @see Fisher 1935, "The Design of Experiments", §21; Phipson and Smyth 2010 for counting the observed one
 */
export const pValue = (differences: ReadonlyArray<number>, { uint32 }: Draws, rounds = 10_000): number => {
  const values = Float64Array.from(differences.filter((difference) => difference !== 0))
  if (values.length === 0) return 1
  let total = 0
  let size = 0
  for (const value of values) {
    total += value
    size += Math.abs(value)
  }
  // Sums that are equal but for rounding count as reached.
  const reach = Math.abs(total) - size * 1e-12
  let reached = 1
  for (let round = 0; round < rounds; round++) {
    let sum = 0
    let bits = 0
    for (let row = 0; row < values.length; row++) {
      if ((row & 31) === 0) bits = uint32()
      if ((bits & 1) === 1) sum += values[row]!
      bits >>>= 1
    }
    // The chosen rows keep their sign, the rest are turned: sum − (total − sum).
    if (Math.abs(2 * sum - total) >= reach) reached++
  }
  return reached / (rounds + 1)
}
