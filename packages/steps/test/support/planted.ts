/**
 * Comparisons whose truth is known, drawn again and again: do intervals hold it, and is the verdict right?
 *
 * Each case says how two arms differ over `rows` rows; `simulate` draws it with fixed seeds and counts.
 */
import { Random } from "@sluice/core"
import * as Power from "../../src/stats/Power.ts"
import * as Verdict from "../../src/stats/Verdict.ts"
import * as Wilson from "../../src/stats/Wilson.ts"

export type Planted = "none" | "helps" | "hurts"

interface Case {
  readonly name: string
  readonly planted: Planted
  readonly rows: number
  /** The first arm's mean less the second's, in truth. */
  readonly truth: number
}

/** Two arms that are right or wrong: on a share of rows only the first is right, on another only the second. */
export interface RateCase extends Case {
  readonly kind: "rate"
  readonly onlyFirst: number
  readonly onlySecond: number
  readonly bothRight: number
}

/** Two arms with scores that differ by draws of one distribution. */
export interface MeanCase extends Case {
  readonly kind: "mean"
  readonly difference: (random: Random.Random) => number
}

/** The power at which helps and hurts are planted. */
const power = 0.99

const sides: ReadonlyArray<readonly [Planted, number]> = [
  ["none", 0],
  ["helps", 1],
  ["hurts", -1],
]

/** From few rows with much disagreement to more rows with less; of the rest the arms get three fifths right. */
export const rateCases: ReadonlyArray<RateCase> = [
  { rows: 50, discordance: 0.4 },
  { rows: 100, discordance: 0.3 },
  { rows: 200, discordance: 0.2 },
].flatMap(({ rows, discordance }) =>
  sides.map(([planted, side]): RateCase => {
    const truth = side * Power.detectableRates(rows, discordance, { power })
    return {
      kind: "rate",
      name: `rates, ${discordance * 100} % disagree`,
      planted,
      rows,
      truth,
      onlyFirst: (discordance + truth) / 2,
      onlySecond: (discordance - truth) / 2,
      bothRight: (1 - discordance) * 0.6,
    }
  }),
)

/** Shapes of differences with mean 0 and their standard deviation. */
const shapes: ReadonlyArray<{
  readonly name: string
  readonly sizes: ReadonlyArray<number>
  readonly deviation: number
  readonly draw: (random: Random.Random) => number
}> = [
  {
    // Two scores from 0 to 1 by chance.
    name: "even",
    sizes: [50, 100],
    deviation: Math.sqrt(1 / 6),
    draw: (random) => random.uniform() - random.uniform(),
  },
  {
    // Seven of ten rows are answered alike, as short answers often are.
    name: "many alike",
    sizes: [100],
    deviation: Math.sqrt(0.3 / 6),
    draw: (random) => (random.uniform() < 0.7 ? 0 : random.uniform() - random.uniform()),
  },
  {
    // Most rows gain a little and one in five loses much.
    name: "skewed",
    sizes: [100],
    // 0.8 of them at 0.25 u (mean 0.1, square 0.05 / 3), 0.2 at −u (mean −0.1, square 0.2 / 3): mean 0.
    deviation: Math.sqrt(0.25 / 3),
    draw: (random) => (random.uniform() < 0.8 ? 0.25 * random.uniform() : -random.uniform()),
  },
]

export const meanCases: ReadonlyArray<MeanCase> = shapes.flatMap(({ name, sizes, deviation, draw }) =>
  sizes.flatMap((rows) =>
    sides.map(([planted, side]): MeanCase => {
      const truth = side * Power.detectableMeans(rows, deviation, { power })
      return {
        kind: "mean",
        name: `means, ${name}`,
        planted,
        rows,
        truth,
        difference: (random) => draw(random) + truth,
      }
    }),
  ),
)

export interface Counted {
  readonly name: string
  readonly planted: Planted
  readonly rows: number
  readonly truth: number
  readonly simulations: number
  /** Shares of simulations in which the interval holds the truth. */
  readonly covered: number
  readonly bootstrapCovered: number
  /** Of the second arm's own rate by Wilson's interval; null for means. */
  readonly wilsonCovered: number | null
  readonly better: number
  readonly worse: number
  readonly undecided: number
  /** The share of the right verdict. */
  readonly right: number
}

/** Draws a case `simulations` times, each with a seed of its own, and judges every one by itself. */
export const simulate = (each: RateCase | MeanCase, simulations: number, rounds: number): Counted => {
  const count = { covered: 0, bootstrap: 0, wilson: 0, better: 0, worse: 0, undecided: 0 }
  for (let simulation = 0; simulation < simulations; simulation++) {
    const random = Random.make(`planted/${each.name}/${each.planted}/${each.rows}/${simulation}`)
    let pair: Verdict.Measured
    if (each.kind === "rate") {
      const { first, second } = answers(each, random)
      pair = Verdict.ofRates(first, second, random, rounds)
      const right = second.filter(Boolean).length
      if (holds(Wilson.interval(right, each.rows), each.onlySecond + each.bothRight)) count.wilson++
    } else {
      const scores = Array.from({ length: each.rows }, () => each.difference(random))
      const zeros = scores.map(() => 0)
      pair = Verdict.ofMeans(scores, zeros, random, rounds)
    }
    if (holds(pair, each.truth)) count.covered++
    if (holds(pair.bootstrap, each.truth)) count.bootstrap++
    count[Verdict.decide([pair])[0]!.outcome]++
  }
  const share = (value: number) => value / simulations
  const outcome = ({ none: "undecided", helps: "better", hurts: "worse" } as const)[each.planted]
  return {
    name: each.name,
    planted: each.planted,
    rows: each.rows,
    truth: each.truth,
    simulations,
    covered: share(count.covered),
    bootstrapCovered: share(count.bootstrap),
    wilsonCovered: each.kind === "rate" ? share(count.wilson) : null,
    better: share(count.better),
    worse: share(count.worse),
    undecided: share(count.undecided),
    right: share(count[outcome]),
  }
}

/** Four arms over the same rows, all six pairs judged together. */
export interface ArmsCounted {
  readonly planted: Planted
  readonly rows: number
  readonly simulations: number
  /** Simulations in which no pair of equal arms is decided. */
  readonly noFalseAlarm: number
  /** Simulations in which every pair with the planted arm has the right verdict; null where none is planted. */
  readonly allRight: number | null
  /** Right verdicts among all pairs with the planted arm. */
  readonly pairsRight: number | null
}

/**
 * Arms that answer rows right independently at a rate of 0.6, the last one planted above or below at power 0.99 for
 * one pair at the level that Holm's correction starts from.
 */
export const simulateArms = (planted: Planted, rows: number, simulations: number): ArmsCounted => {
  const side = sides.find(([name]) => name === planted)![1]
  const base = 0.6
  // Independent arms disagree on p(1 − q) + q(1 − p) of the rows.
  const settled = (difference: number) =>
    Power.rowsForRates(
      { difference, discordance: base * (1 - base - difference) + (base + difference) * (1 - base) },
      { power, level: 0.05 / 6 },
    ) <= rows
  const steps = Array.from({ length: 400 }, (_, index) => (side * index) / 1000)
  const shift = steps.find(settled) ?? 0
  let quiet = 0
  let all = 0
  let right = 0
  for (let simulation = 0; simulation < simulations; simulation++) {
    const random = Random.make(`planted arms/${planted}/${rows}/${simulation}`)
    const arms = [base, base, base, base + shift].map((rate) =>
      Array.from({ length: rows }, () => random.uniform() < rate),
    )
    const names = [0, 1, 2, 3].flatMap((first) =>
      Array.from({ length: first }, (_, second) => [first, second] as const),
    )
    const pairs = Verdict.decide(
      names.map(([first, second]) => Verdict.ofRates(arms[first]!, arms[second]!, random, 1)),
    )
    const outcome = side === 0 ? "undecided" : side > 0 ? "better" : "worse"
    const withPlanted = pairs.filter((_, index) => names[index]![0] === 3 && side !== 0)
    const equal = pairs.filter((_, index) => names[index]![0] !== 3 || side === 0)
    if (equal.every((pair) => pair.outcome === "undecided")) quiet++
    const correct = withPlanted.filter((pair) => pair.outcome === outcome).length
    if (correct === 3) all++
    right += correct
  }
  return {
    planted,
    rows,
    simulations,
    noFalseAlarm: quiet / simulations,
    allRight: side === 0 ? null : all / simulations,
    pairsRight: side === 0 ? null : right / (3 * simulations),
  }
}

const answers = (
  { rows, onlyFirst, onlySecond, bothRight }: RateCase,
  random: Random.Random,
): { readonly first: ReadonlyArray<boolean>; readonly second: ReadonlyArray<boolean> } => {
  const drawn = Array.from({ length: rows }, () => random.uniform())
  return {
    first: drawn.map((u) => u < onlyFirst || u >= 1 - bothRight),
    second: drawn.map((u) => (u >= onlyFirst && u < onlyFirst + onlySecond) || u >= 1 - bothRight),
  }
}

const holds = ({ low, high }: Wilson.Interval, value: number): boolean => low <= value && value <= high
