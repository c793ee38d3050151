import * as Normal from "./Normal.ts"

/**
 * Two-sided critical value of Student's distribution: 1.984217 for a confidence of 0.95 and 99 degrees of freedom.
 *
 * Bisection on the distribution function, which is exact for whole degrees of freedom (a finite sum of trigonometric
 * terms); beyond 1,000 degrees, the expansion around the normal value.
 *
 * @see Abramowitz and Stegun 26.7.3 and 26.7.4, 26.7.5 for the expansion
 */
export const critical = (confidence: number, degrees: number): number => {
  if (degrees > 1000) return expansion(Normal.critical(confidence), degrees)
  // The share between −t and t is smooth and grows with t: halving the bracket reaches a double's precision.
  let low = 0
  let high = 1
  while (central(high, degrees) < confidence) high *= 2
  for (let i = 0; i < 100 && low < high; i++) {
    const middle = (low + high) / 2
    if (middle === low || middle === high) break
    if (central(middle, degrees) < confidence) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Share of Student's distribution between −t and t. */
const central = (t: number, degrees: number): number => {
  const angle = Math.atan(t / Math.sqrt(degrees))
  const cosine2 = Math.cos(angle) ** 2
  const odd = degrees % 2 === 1
  let term = odd ? Math.cos(angle) : 1
  let sum = degrees === 1 ? 0 : term
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (cosine2 * (k - 1)) / k
    sum += term
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum
}

/** t from z for many degrees of freedom (Abramowitz and Stegun 26.7.5): four terms. */
const expansion = (z: number, degrees: number): number => {
  const z2 = z * z
  return (
    z +
    (z * (z2 + 1)) / (4 * degrees) +
    (z * ((5 * z2 + 16) * z2 + 3)) / (96 * degrees ** 2) +
    (z * (((3 * z2 + 19) * z2 + 17) * z2 - 15)) / (384 * degrees ** 3)
  )
}
