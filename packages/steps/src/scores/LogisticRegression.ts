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
  const point = new Float64Array(columns + 1)
  let { loss, gradient } = evaluate(rows, labels, strength, point)
  const history: Array<Pair> = []
  for (let iteration = 0; iteration < 1000 && largest(gradient) > 1e-9; iteration++) {
    const direction = descent(gradient, history)
    const slope = dot(direction, gradient)
    let next = moved(point, direction, 1)
    let after = evaluate(rows, labels, strength, next)
    // Near the minimum the loss no longer tells points apart, and the slope there decides.
    for (let size = 0.5; size > 1e-12; size /= 2) {
      const enough = after.loss <= loss + 1e-4 * 2 * size * slope
      if (enough || Math.abs(dot(direction, after.gradient)) <= 0.9 * Math.abs(slope)) break
      next = moved(point, direction, size)
      after = evaluate(rows, labels, strength, next)
    }
    const step = difference(next, point)
    const change = difference(after.gradient, gradient)
    const curvature = dot(step, change)
    if (curvature > 0) history.push({ step, change, curvature })
    if (history.length > 10) history.shift()
    if (after.loss >= loss && largest(after.gradient) >= largest(gradient)) break
    point.set(next)
    loss = after.loss
    gradient = after.gradient
  }
  return { weights: point.slice(0, columns), intercept: point[columns]! }
}

/** w·x + b: over 0 for what is rather a positive. */
export const decision = ({ weights, intercept }: Fit, { columns, values }: SparseRow): number => {
  let sum = intercept
  for (let i = 0; i < columns.length; i++) sum += weights[columns[i]!]! * values[i]!
  return sum
}

/** Chance of a positive. */
export const probability = (model: Fit, row: SparseRow): number => sigmoid(decision(model, row))

const sigmoid = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))

interface Pair {
  readonly step: Float64Array
  readonly change: Float64Array
  readonly curvature: number
}

const evaluate = (
  rows: ReadonlyArray<SparseRow>,
  labels: ReadonlyArray<boolean>,
  strength: number,
  point: Float64Array,
): { readonly loss: number; readonly gradient: Float64Array } => {
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
const descent = (gradient: Float64Array, history: ReadonlyArray<Pair>): Float64Array => {
  const direction = gradient.map((value) => -value)
  const shares = history.map(() => 0)
  for (let i = history.length - 1; i >= 0; i--) {
    const { step, change, curvature } = history[i]!
    shares[i] = dot(step, direction) / curvature
    addScaled(direction, change, -shares[i]!)
  }
  const newest = history.at(-1)
  const scale = newest === undefined ? 1 : newest.curvature / dot(newest.change, newest.change)
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

const moved = (from: Float64Array, direction: Float64Array, size: number): Float64Array =>
  from.map((value, i) => value + size * direction[i]!)

const difference = (first: Float64Array, second: Float64Array): Float64Array =>
  first.map((value, i) => value - second[i]!)

const largest = (values: Float64Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
