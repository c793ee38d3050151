/**
 * What more training rows would bring: a curve through scores at a few numbers of rows, and its next doubling with an
 * interval. Pure; the generator is given.
 *
 * The curve, with x = log2(rows / most rows):
 *
 * - a rate p: logit p = a + b·x. Near 1 this is a power law of the rate of errors, and it never leaves 0 to 1;
 * - a loss: ln loss = a + b·x, a power law of the loss;
 * - any other mean: mean = a + b·x.
 *
 * Power laws of loss and error are what Hestness et al. found over many tasks; that the curve at hand goes on like this
 * for one more doubling is assumed, and nothing in the numbers can show it.
 *
 * The same held-out rows answer at every number of training rows. So the scores' covariance is taken over held-out rows
 * (a row is one cluster, Liang and Zeger), carried over to a and b, and the interval is read from draws of a and b, so
 * that it follows the curve's bend (King, Tomz and Wittenberg). With several seeds the spread between seeds is added.
 *
 * @see Hestness et al. 2017, "Deep Learning Scaling is Predictable, Empirically", arXiv:1712.00409
 * @see Liang and Zeger 1986, "Longitudinal data analysis using generalized linear models", Biometrika 73:13–22
 * @see King, Tomz and Wittenberg 2000, "Making the Most of Statistical Analyses", AJPS 44:341–355
 */
import * as Normal from "./Normal.ts"
import * as StudentT from "./StudentT.ts"
import type { Draws } from "./Bootstrap.ts"
import type { Interval } from "./Wilson.ts"

export type Kind = "rate" | "mean" | "loss"

/** Scores at several numbers of training rows, and how surely they are known. */
export interface Scores {
  /** One for each number of training rows. */
  readonly levels: ReadonlyArray<number>
  /** Of the levels, as they would vary over other held-out rows. */
  readonly covariance: ReadonlyArray<ReadonlyArray<number>>
  /** Held-out rows behind them. */
  readonly rows: number
  /** Levels seed by seed, where there are several seeds. */
  readonly bySeed: ReadonlyArray<ReadonlyArray<number>>
}

export interface Estimate extends Interval {
  readonly value: number
}

export interface Curve {
  /** The fitted score after so many training rows. */
  readonly at: (rows: number) => number
  /** After twice the most rows. */
  readonly doubled: Estimate
  /** What doubling brings: `doubled` less the fitted score at the most rows. Below 0 a loss falls. */
  readonly gain: Estimate
  /** Largest distance of a score from the curve, in standard errors; 0 where the curve goes through all of them. */
  readonly misfit: number
}

/**
 * Scores of rows: `scores[share][row]`, the same rows in the same order at every share, one such list for each seed.
 * For a rate they are 0 or 1. Half a row that gets better with every share and half a row that gets worse are added to
 * a rate's: without them rows that all agree would leave no doubt (the idea of Bonett and Price's interval for pairs).
 *
 * @see Bonett and Price 2012, "Adjusted Wald Confidence Interval for a Difference of Binomial Proportions Based on
 * Paired Data", JEBS 37:479–488
 */
export const ofRows = (
  kind: Kind,
  seeds: ReadonlyArray<ReadonlyArray<ReadonlyArray<number>>>,
  trainRows: ReadonlyArray<number>,
): Scores => {
  const shares = trainRows.length
  const rows = seeds[0]![0]!.length
  const x = places(trainRows)
  const up = x.map((place) => 1 - place / x[0]!)
  const levelsOf = (scores: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> =>
    scores.map((share) => {
      const sum = share.reduce((total, score) => total + score, 0)
      // Both halves together: half a right answer of one.
      return kind === "rate" ? (sum + 0.5) / (rows + 1) : sum / rows
    })
  const bySeed = seeds.map(levelsOf)
  const levels = x.map((_, share) => mean(bySeed.map((seed) => seed[share]!)))
  const weighted = Array.from({ length: rows }, (_, row) => ({
    weight: 1,
    scores: x.map((_, share) => mean(seeds.map((seed) => seed[share]![row]!))),
  }))
  if (kind === "rate") {
    weighted.push({ weight: 0.5, scores: up }, { weight: 0.5, scores: up.map((score) => 1 - score) })
  }
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0)
  const covariance = Array.from({ length: shares }, (_, i) =>
    Array.from(
      { length: shares },
      (__, j) =>
        weighted.reduce(
          (sum, { scores, weight }) => sum + weight * (scores[i]! - levels[i]!) * (scores[j]! - levels[j]!),
          0,
        ) /
        (total * Math.max(1, total - 1)),
    ),
  )
  return { levels, covariance, rows, bySeed: seeds.length > 1 ? bySeed : [] }
}

/**
 * Scores without their rows: a rate by its rows' number, another mean by its 95 % interval. They are taken as if other
 * rows had answered at every share, which gives a wider interval.
 */
export const ofIntervals = (kind: Kind, scores: ReadonlyArray<Estimate>, rows: number): Scores => {
  const levels = scores.map(({ value }) => (kind === "rate" ? (value * rows + 0.5) / (rows + 1) : value))
  const variance = (i: number): number =>
    kind === "rate"
      ? (levels[i]! * (1 - levels[i]!)) / rows
      : ((scores[i]!.high - scores[i]!.low) / (2 * Normal.critical(0.95))) ** 2
  const covariance = scores.map((_, i) => scores.map((__, j) => (i === j ? variance(i) : 0)))
  return { levels, covariance, rows, bySeed: [] }
}

/** Fits the curve. Numbers of training rows ascend; there are at least three. */
export const fit = (
  kind: Kind,
  trainRows: ReadonlyArray<number>,
  scores: Scores,
  draws: Draws,
  rounds = 10_000,
): Curve => {
  const x = places(trainRows)
  const line = lineThrough(kind, x, scores.levels)
  const rowsOnly = quadratic(line.slopes, scores.covariance)
  const { degrees, spread } = withSeeds(kind, x, scores, rowsOnly)
  const level = inverse[kind]
  const gainOf = (a: number, b: number): number => level(a + b) - level(a)
  const gains = new Float64Array(rounds)
  const ends = new Float64Array(rounds)
  const widen = StudentT.critical(0.95, degrees) / Normal.critical(0.95)
  // Cholesky's factor of the covariance of a and b.
  const first = Math.sqrt(spread[0][0])
  const cross = first === 0 ? 0 : spread[0][1] / first
  const second = Math.sqrt(Math.max(0, spread[1][1] - cross * cross))
  for (let round = 0; round < rounds; round++) {
    const [one, other] = [normal(draws), normal(draws)]
    const a = line.a + widen * first * one
    const b = line.b + widen * (cross * one + second * other)
    gains[round] = gainOf(a, b)
    ends[round] = level(a + b)
  }
  return {
    at: (rows) => level(line.a + line.b * Math.log2(rows / trainRows.at(-1)!)),
    doubled: { value: level(line.a + line.b), ...middle(ends) },
    gain: { value: gainOf(line.a, line.b), ...middle(gains) },
    misfit: misfitOf(kind, x, scores, line),
  }
}

const places = (trainRows: ReadonlyArray<number>): ReadonlyArray<number> =>
  trainRows.map((rows) => Math.log2(rows / trainRows.at(-1)!))

const expit = (z: number): number => 1 / (1 + Math.exp(-z))
const inverse: Readonly<Record<Kind, (z: number) => number>> = {
  rate: expit,
  loss: Math.exp,
  mean: (z) => z,
}

type Pair = readonly [number, number]

/** a and b, and how each level moves them: ∂(a, b)/∂level. */
interface Line {
  readonly a: number
  readonly b: number
  readonly slopes: ReadonlyArray<Pair>
}

/** A rate's by maximum likelihood (Newton's steps), others by least squares of the level or its logarithm. */
const lineThrough = (kind: Kind, x: ReadonlyArray<number>, levels: ReadonlyArray<number>): Line => {
  if (kind !== "rate") {
    const targets = kind === "loss" ? levels.map(Math.log) : levels
    const inverseOf = normalEquations(
      x,
      x.map(() => 1),
    )
    const unit = x.map((place) => inverseOf(1, place))
    const [a, b] = [0, 1].map((at) => targets.reduce((sum, target, i) => sum + unit[i]![at]! * target, 0))
    const scale = (i: number): number => (kind === "loss" ? 1 / levels[i]! : 1)
    return { a: a!, b: b!, slopes: unit.map(([da, db], i) => [da * scale(i), db * scale(i)]) }
  }
  let a = 0
  let b = 0
  for (let step = 0; step < 100; step++) {
    const rates = x.map((place) => expit(a + b * place))
    const solve = normalEquations(
      x,
      rates.map((rate) => rate * (1 - rate)),
    )
    const errors = rates.map((rate, i) => levels[i]! - rate)
    const [da, db] = solve(
      errors.reduce((sum, error) => sum + error, 0),
      errors.reduce((sum, error, i) => sum + error * x[i]!, 0),
    )
    a += da
    b += db
    if (Math.abs(da) + Math.abs(db) < 1e-12) break
  }
  const solve = normalEquations(
    x,
    x.map((place) => expit(a + b * place) * (1 - expit(a + b * place))),
  )
  return { a, b, slopes: x.map((place) => solve(1, place)) }
}

/** Solves (Σ w·(1, x)(1, x)ᵀ)·β = (u, v). */
const normalEquations = (x: ReadonlyArray<number>, weights: ReadonlyArray<number>) => {
  const sum = (of: (place: number) => number): number =>
    weights.reduce((total, weight, i) => total + weight * of(x[i]!), 0)
  const [one, linear, square] = [sum(() => 1), sum((place) => place), sum((place) => place * place)]
  const determinant = one * square - linear * linear
  return (u: number, v: number): Pair => [
    (square * u - linear * v) / determinant,
    (one * v - linear * u) / determinant,
  ]
}

type Square = readonly [Pair, Pair]

/** Covariance of a and b from that of the levels. */
const quadratic = (slopes: ReadonlyArray<Pair>, covariance: Scores["covariance"]): Square => {
  const entry = (p: 0 | 1, q: 0 | 1): number =>
    slopes.reduce(
      (sum, left, i) =>
        sum + slopes.reduce((inner, right, j) => inner + left[p] * right[q] * covariance[i]![j]!, 0),
      0,
    )
  return [
    [entry(0, 0), entry(0, 1)],
    [entry(1, 0), entry(1, 1)],
  ]
}

/**
 * Adds the spread of a and b between seeds. It holds the rows' own chance once more, so that with seeds the interval
 * rather is too wide. Degrees of freedom by Satterthwaite, for b.
 */
const withSeeds = (kind: Kind, x: ReadonlyArray<number>, { bySeed, rows }: Scores, rowsOnly: Square) => {
  if (bySeed.length < 2) return { spread: rowsOnly, degrees: Math.max(1, rows - 1) }
  const lines = bySeed.map((levels) => lineThrough(kind, x, levels))
  const [a, b] = [mean(lines.map((line) => line.a)), mean(lines.map((line) => line.b))]
  const seeds = lines.length
  const over = (of: (line: Line) => number): number =>
    lines.reduce((sum, line) => sum + of(line), 0) / (seeds * (seeds - 1))
  const both = over((line) => (line.a - a) * (line.b - b))
  const between = over((line) => (line.b - b) ** 2)
  const spread: Square = [
    [rowsOnly[0][0] + over((line) => (line.a - a) ** 2), rowsOnly[0][1] + both],
    [rowsOnly[1][0] + both, rowsOnly[1][1] + between],
  ]
  const own = rowsOnly[1][1]
  const degrees = (own + between) ** 2 / (own ** 2 / Math.max(1, rows - 1) + between ** 2 / (seeds - 1))
  return { spread, degrees: Math.max(1, Math.floor(Number.isFinite(degrees) ? degrees : 1)) }
}

const misfitOf = (
  kind: Kind,
  x: ReadonlyArray<number>,
  { covariance, levels }: Scores,
  line: Line,
): number => {
  // How fitted levels follow the levels: ∂fitted/∂level = level′(a + b·x)·(∂a + x·∂b).
  const bend = (place: number): number => {
    const z = line.a + line.b * place
    return kind === "rate" ? expit(z) * (1 - expit(z)) : kind === "loss" ? Math.exp(z) : 1
  }
  return x.reduce((most, place, i) => {
    const row = line.slopes.map(([da, db], j) => (i === j ? 1 : 0) - bend(place) * (da + place * db))
    const variance = row.reduce(
      (sum, left, j) => sum + row.reduce((inner, right, k) => inner + left * right * covariance[j]![k]!, 0),
      0,
    )
    const away = Math.abs(levels[i]! - inverse[kind](line.a + line.b * place))
    return variance <= 1e-18 ? most : Math.max(most, away / Math.sqrt(variance))
  }, 0)
}

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** The middle 95 % of draws, between order statistics. */
const middle = (values: Float64Array): Interval => {
  const ascending = values.toSorted()
  const tail = Math.floor(0.025 * ascending.length)
  return { low: ascending[tail]!, high: ascending[ascending.length - 1 - tail]! }
}

/** A standard normal draw by the quantile of a uniform one that is neither 0 nor 1. */
const normal = ({ uint32 }: Draws): number => Normal.quantile((uint32() + 0.5) / 2 ** 32)
