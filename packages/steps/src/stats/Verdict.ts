/**
 * Two arms over the same rows: how much they differ, and whether that is settled.
 *
 * A pair is first measured by itself (`ofRates`, `ofMeans`), then judged together with all the others (`decide`),
 * because of many pairs some differ by chance. Pure: the only randomness is the generator given.
 */
import * as Bootstrap from "./Bootstrap.ts"
import * as Holm from "./Holm.ts"
import * as McNemar from "./McNemar.ts"
import * as PairedRates from "./PairedRates.ts"
import * as Power from "./Power.ts"
import type { Interval } from "./Wilson.ts"

/** Below about so many rows no interval is to be trusted (docs/evaluation.md has the simulations). */
export const fewestRows = 50

/** The first arm less the second. `low` and `high` are this pair's own 95 % interval. */
export interface Measured extends Interval {
  readonly kind: "rate" | "mean"
  /** Rows that both arms have a score for. */
  readonly rows: number
  readonly difference: number
  /** Two-sided, before correction: mid-p McNemar for rates, studentized bootstrap for means. */
  readonly p: number
  /** Exact McNemar, for rates: more cautious than `p`. */
  readonly pExact: number | null
  /** Paired bootstrap interval: plain percentiles for rates, for means `low` and `high` again. */
  readonly bootstrap: Interval
  /** Rows that the first arm alone had higher, and the second alone. */
  readonly firstHigher: number
  readonly secondHigher: number
  /** Standard deviation of the rows' differences. */
  readonly deviation: number
}

export type Outcome = "better" | "worse" | "undecided"

/** What `decide` adds. */
export interface Decided extends Measured {
  /** After Holm's correction over all pairs given: what the outcome goes by. */
  readonly pAdjusted: number
  /** Of the first arm against the second. */
  readonly outcome: Outcome
  /**
   * While undecided: about how many further rows would settle it, were the difference seen the true one (power 0.8);
   * null where no difference is seen, or where more than a million would be needed. Decided: 0.
   */
  readonly moreRows: number | null
  /** The smallest difference that this many rows show with power 0.8, at this pair's disagreement or spread. */
  readonly detectable: number
}

export interface Options {
  /** Under which an adjusted p-value counts; 0.05 by default. */
  readonly level?: number
  /** For `moreRows` and `detectable`; 0.8 by default. */
  readonly power?: number
  /** False where a smaller score is better (a loss); true by default. */
  readonly higherIsBetter?: boolean
}

/** Scores that a row either has or has not, in the order of the rows. A RangeError where the lengths differ. */
export const ofRates = (
  first: ReadonlyArray<boolean>,
  second: ReadonlyArray<boolean>,
  draws: Bootstrap.Draws,
  rounds?: number,
): Measured => {
  const pair = paired(first.map(Number), second.map(Number))
  const { firstHigher, secondHigher, rows, differences } = pair
  return {
    kind: "rate",
    rows,
    difference: pair.difference,
    ...PairedRates.interval(firstHigher, secondHigher, rows),
    p: McNemar.midP(firstHigher, secondHigher),
    pExact: McNemar.pValue(firstHigher, secondHigher),
    bootstrap: Bootstrap.interval(differences, draws, { ...roundsOption(rounds), method: "percentile" }),
    firstHigher,
    secondHigher,
    deviation: pair.deviation,
  }
}

/** Scores that are numbers, in the order of the rows. A RangeError where the lengths differ. */
export const ofMeans = (
  first: ReadonlyArray<number>,
  second: ReadonlyArray<number>,
  draws: Bootstrap.Draws,
  rounds?: number,
): Measured => {
  const { differences, ...pair } = paired(first, second)
  const { low, high, p } = Bootstrap.ofMean(differences, draws, roundsOption(rounds))
  return { kind: "mean", ...pair, low, high, p, pExact: null, bootstrap: { low, high } }
}

/** Judges pairs together, in the order given. */
export const decide = (pairs: ReadonlyArray<Measured>, options: Options = {}): ReadonlyArray<Decided> => {
  const { level = 0.05, power = 0.8, higherIsBetter = true } = options
  const adjusted = Holm.adjust(pairs.map((pair) => pair.p))
  const factors = Holm.factors(pairs.map((pair) => pair.p))
  return pairs.map((pair, index) => {
    const pAdjusted = adjusted[index]!
    const own = { level: level / factors[index]!, power }
    const decided = pAdjusted < level
    return {
      ...pair,
      pAdjusted,
      outcome: !decided ? "undecided" : pair.difference > 0 === higherIsBetter ? "better" : "worse",
      moreRows: decided ? 0 : more(pair, own),
      detectable: detectable(pair, own),
    }
  })
}

/** The pair with its arms exchanged. */
export const reversed = <A extends Measured>(pair: A): A => ({
  ...pair,
  difference: -pair.difference,
  low: -pair.high,
  high: -pair.low,
  bootstrap: { low: -pair.bootstrap.high, high: -pair.bootstrap.low },
  firstHigher: pair.secondHigher,
  secondHigher: pair.firstHigher,
  ...("outcome" in pair ? { outcome: opposite[pair.outcome as Outcome] } : {}),
})

const opposite = { better: "worse", worse: "better", undecided: "undecided" } as const

const roundsOption = (rounds: number | undefined) => (rounds === undefined ? {} : { rounds })

const mostRows = 1_000_000

const more = (pair: Measured, options: Power.Options): number | null => {
  const needed =
    pair.kind === "rate"
      ? Power.rowsForRates({ difference: pair.difference, discordance: discordance(pair) }, options)
      : Power.rowsForMeans(pair.difference, pair.deviation, options)
  // What the formula asks for is there already where the test is a little more cautious than it: one more then.
  return needed > mostRows ? null : Math.max(1, needed - pair.rows)
}

const detectable = (pair: Measured, options: Power.Options): number =>
  pair.kind === "rate"
    ? Power.detectableRates(pair.rows, discordance(pair), options)
    : Power.detectableMeans(pair.rows, pair.deviation, options)

const discordance = ({ firstHigher, secondHigher, rows }: Measured): number =>
  rows === 0 ? 0 : (firstHigher + secondHigher) / rows

const paired = (first: ReadonlyArray<number>, second: ReadonlyArray<number>) => {
  if (first.length !== second.length) {
    throw new RangeError(
      `Arms are compared over the same rows, but one has ${first.length} scores and the other ${second.length}.`,
    )
  }
  const rows = first.length
  const differences = first.map((score, row) => score - second[row]!)
  const difference = rows === 0 ? 0 : differences.reduce((sum, each) => sum + each, 0) / rows
  const squares = differences.reduce((sum, each) => sum + (each - difference) ** 2, 0)
  return {
    rows,
    differences,
    difference,
    firstHigher: differences.filter((each) => each > 0).length,
    secondHigher: differences.filter((each) => each < 0).length,
    deviation: rows < 2 ? 0 : Math.sqrt(squares / (rows - 1)),
  }
}
