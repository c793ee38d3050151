/**
 * Logistic regression with an L2 penalty on everything but the intercept, fitted to the minimum by L-BFGS.
 *
 * Minimises ½·|w|² + C·Σ log(1 + exp(−y·(w·x + b))), y = ±1: scikit-learn's LogisticRegression with the same C. The
 * problem is convex and nothing is drawn, so the same rows give the same weights.
 *
 * @see Nocedal and Wright 2006, "Numerical Optimization", algorithm 7.4 (two-loop recursion)
 */

/** Non-zero entries of a row: ascending columns and their values. */
export interface SparseRow {
  readonly columns: Uint32Array
  readonly values: Float64Array
}

export interface Fit {
  readonly weights: Float64Array
  readonly intercept: number
}

/** `labels[i]` tells whether row i is a positive. `strength` is C: the larger, the weaker the penalty. */
export const fit = (
  rows: ReadonlyArray<SparseRow>,
  labels: ReadonlyArray<boolean>,
  columns: number,
  strength = 1,
): Fit => {
  let point = new Float64Array(columns + 1)
  let { loss, gradient } = evaluate(rows, labels, strength, point)
  const history: Array<Pair> = []
  while (largest(gradient) > 1e-9) {
    const direction = descent(gradient, history)
    const found = search(point, direction, { loss, gradient }, (at) => evaluate(rows, labels, strength, at))
    // No point ahead is lower by more than rounding: this is the minimum as far as doubles tell.
    if (found === undefined) break
    const step = difference(found.point, point)
    const change = difference(found.gradient, gradient)
    const curvature = dot(step, change)
    if (curvature > 0) history.push({ step, change, curvature })
    if (history.length > 10) history.shift()
    ;({ point, loss, gradient } = found)
  }
  return { weights: point.slice(0, columns), intercept: point[columns]! }
}

interface Value {
  readonly loss: number
  readonly gradient: Float64Array<ArrayBuffer>
}

/** The first of ever shorter ways along `direction` that lowers the loss enough (Armijo's rule). */
const search = (
  point: Float64Array<ArrayBuffer>,
  direction: Float64Array<ArrayBuffer>,
  { loss, gradient }: Value,
  evaluateAt: (point: Float64Array<ArrayBuffer>) => Value,
): (Value & { readonly point: Float64Array<ArrayBuffer> }) | undefined => {
  const slope = dot(direction, gradient)
  for (let size = 1; size > 1e-12; size /= 2) {
    const next = moved(point, direction, size)
    const value = evaluateAt(next)
    // Near the minimum losses differ by rounding alone, and the gradient tells which point is nearer.
    const level = Math.abs(value.loss - loss) <= 1e-13 * Math.abs(loss)
    if (level ? largest(value.gradient) < largest(gradient) : value.loss <= loss + 1e-4 * size * slope) {
      return { ...value, point: next }
    }
  }
  return undefined
}

/** w·x + b: over 0 for what is rather a positive. */
const decision = ({ weights, intercept }: Fit, { columns, values }: SparseRow): number => {
  let sum = intercept
  for (let i = 0; i < columns.length; i++) sum += weights[columns[i]!]! * values[i]!
  return sum
}

/** Chance of a positive. */
export const probability = (model: Fit, row: SparseRow): number => sigmoid(decision(model, row))

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))

interface Pair {
  readonly step: Float64Array<ArrayBuffer>
  readonly change: Float64Array<ArrayBuffer>
  readonly curvature: number
}

const evaluate = (
  rows: ReadonlyArray<SparseRow>,
  labels: ReadonlyArray<boolean>,
  strength: number,
  point: Float64Array<ArrayBuffer>,
): Value => {
  const last = point.length - 1
  const gradient = point.slice()
  gradient[last] = 0
  let loss = dot(gradient, gradient) / 2
  const model = { weights: point, intercept: point[last]! }
  rows.forEach((row, index) => {
    const side = labels[index] ? 1 : -1
    const margin = side * decision(model, row)
    loss += strength * (margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin)
    const pull = -strength * side * sigmoid(-margin)
    for (let i = 0; i < row.columns.length; i++) gradient[row.columns[i]!]! += pull * row.values[i]!
    gradient[last]! += pull
  })
  return { loss, gradient }
}

/** The direction that L-BFGS goes: the gradient turned by what the last steps taught of the curvature. */
const descent = (
  gradient: Float64Array<ArrayBuffer>,
  history: ReadonlyArray<Pair>,
): Float64Array<ArrayBuffer> => {
  const direction = gradient.map((value) => -value)
  const shares = history.map(() => 0)
  for (let i = history.length - 1; i >= 0; i--) {
    const { step, change, curvature } = history[i]!
    shares[i] = dot(step, direction) / curvature
    addScaled(direction, change, -shares[i]!)
  }
  const newest = history.at(-1)
  // The first way is as long as the gradient's largest entry allows without leaving the region where chances vary.
  const scale =
    newest === undefined
      ? 1 / Math.max(1, largest(gradient))
      : newest.curvature / dot(newest.change, newest.change)
  for (let i = 0; i < direction.length; i++) direction[i]! *= scale
  history.forEach(({ step, change, curvature }, i) => {
    addScaled(direction, step, shares[i]! - dot(change, direction) / curvature)
  })
  return direction
}

const dot = (first: Float64Array, second: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < first.length; i++) sum += first[i]! * second[i]!
  return sum
}

const addScaled = (target: Float64Array, source: Float64Array, factor: number): void => {
  for (let i = 0; i < target.length; i++) target[i]! += factor * source[i]!
}

const moved = (
  from: Float64Array<ArrayBuffer>,
  direction: Float64Array,
  size: number,
): Float64Array<ArrayBuffer> => from.map((value, i) => value + size * direction[i]!)

const difference = (first: Float64Array<ArrayBuffer>, second: Float64Array): Float64Array<ArrayBuffer> =>
  first.map((value, i) => value - second[i]!)

const largest = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
