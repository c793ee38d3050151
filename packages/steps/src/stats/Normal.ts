/**
 * Quantile of the standard normal distribution.
 *
 * Wichura 1988, "Algorithm AS 241: The Percentage Points of the Normal Distribution", PPND16:
 * relative accuracy about 1e-16 for 0 < p < 1. The coefficients stand as the doubles nearest to the published ones.
 */
export const quantile = (p: number): number => {
  const q = p - 0.5
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q
    return (q * polynomial(centralNumerator, r)) / polynomial(centralDenominator, r)
  }
  const tail = Math.sqrt(-Math.log(q < 0 ? p : 1 - p))
  const value =
    tail <= 5
      ? polynomial(middleNumerator, tail - 1.6) / polynomial(middleDenominator, tail - 1.6)
      : polynomial(farNumerator, tail - 5) / polynomial(farDenominator, tail - 5)
  return q < 0 ? -value : value
}

/**
 * Share of the standard normal distribution below `z`.
 *
 * Series around 0 (Marsaglia 2004, "Evaluating the Normal Distribution") and, beyond 6, the continued fraction of the
 * tail (Abramowitz and Stegun 26.2.14): absolute error under 1e-15, relative error of the tail beyond 6 under 1e-12.
 */
export const cumulative = (z: number): number => {
  if (Math.abs(z) > 6) {
    const x = Math.abs(z)
    let fraction = x
    for (let k = 60; k > 0; k--) fraction = x + k / fraction
    const tail = density(x) / fraction
    return z < 0 ? tail : 1 - tail
  }
  let term = z
  let sum = z
  for (let k = 3, before = Number.NaN; sum !== before; k += 2) {
    before = sum
    term *= (z * z) / k
    sum += term
  }
  return 0.5 + sum * density(z)
}

const density = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)

/** Two-sided critical value: 1.959964 for a confidence of 0.95. */
export const critical = (confidence: number): number => quantile(0.5 + confidence / 2)

const polynomial = (coefficients: ReadonlyArray<number>, x: number): number =>
  coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0)

const centralNumerator = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
  67265.7709270087, 33430.57558358813, 2509.0809287301227,
]
const centralDenominator = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
  28729.085735721943, 5226.495278852546,
]
const middleNumerator = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
]
const middleDenominator = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
]
const farNumerator = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
]
const farDenominator = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
  1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
]
