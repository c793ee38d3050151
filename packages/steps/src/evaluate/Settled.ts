/**
 * What a comparison settles, in one sentence: is the best tuned arm better than the best arm that is not, and if that
 * is undecided, how many more rows would decide?
 */
import { counted } from "../counted.ts"
import * as Verdict from "../stats/Verdict.ts"
import type { Interval } from "../stats/Wilson.ts"
import { percent, points, pText } from "./wording.ts"

/** An arm by the score that decides. */
export interface Contender extends Interval {
  readonly name: string
  readonly tuned: boolean
  readonly rows: number
  /** null for a mean. */
  readonly count: number | null
  readonly value: number
}

/** The first arm less the second; `verdict` is of the first one. */
export interface Duel extends Interval {
  readonly first: string
  readonly second: string
  readonly difference: number
  readonly pAdjusted: number
  readonly verdict: Verdict.Outcome
  readonly moreRows: number | null
  readonly detectable: number
}

export interface Contest {
  /** `exact`, or a scorer's name. */
  readonly score: string
  readonly kind: "rate" | "mean"
  readonly higherIsBetter: boolean
  readonly arms: ReadonlyArray<Contender>
  /** Every two arms once. */
  readonly pairs: ReadonlyArray<Duel>
}

export interface Settled {
  readonly verdict: string
  /** Every arm by the score: `exact base 20, fewShot 89, tuned 93`. */
  readonly standing: string
  /** The smallest difference of the two arms in the sentence that this many rows show; null with one arm. */
  readonly detectable: number | null
}

/** The best tuned arm against the best one that is not, or, where none is tuned, the best arm against the next. */
export const make = (contest: Contest): Settled => {
  const { detectable, rows, verdict } = decided(contest)
  const isFew = rows !== null && rows < Verdict.fewestRows
  return {
    verdict: isFew ? `${verdict} ${fewRows(rows)}` : verdict,
    detectable,
    standing: `${contest.score} ${contest.arms.map(({ count, name, value }) => `${name} ${count ?? plain(value)}`).join(", ")}`,
  }
}

/** `9 held-out rows are few: trust no interval below about 50.` */
const fewRows = (rows: number): string =>
  `${counted(rows, "held-out row")} ${rows === 1 ? "is" : "are"} few: trust no interval below about ${Verdict.fewestRows}.`

/** `rows`: those compared, null where none are. */
const decided = (contest: Contest): Omit<Settled, "standing"> & { readonly rows: number | null } => {
  const { arms, higherIsBetter } = contest
  const best = (among: ReadonlyArray<Contender>) =>
    among.reduce<Contender | undefined>(
      (found, arm) =>
        found === undefined || (higherIsBetter ? arm.value > found.value : arm.value < found.value)
          ? arm
          : found,
      undefined,
    )
  const leader = best(arms.filter((arm) => arm.tuned)) ?? best(arms)
  if (leader === undefined) return { verdict: "No arm was compared.", detectable: null, rows: null }
  const rival = best(arms.filter((arm) => arm !== leader && !(leader.tuned && arm.tuned)))
  if (rival === undefined) {
    const { high, low } = leader
    const shown = contest.kind === "rate" ? percent : plain
    return {
      verdict: `${leads(contest, leader)} (${low === high ? noInterval : `95 % interval ${shown(low)} to ${shown(high)}`}).`,
      detectable: null,
      rows: leader.rows,
    }
  }
  const duel = between(contest.pairs, leader.name, rival.name)
  return { verdict: sentence(contest, leader, rival, duel), detectable: duel.detectable, rows: leader.rows }
}

/** Rows that all score alike leave the bootstrap nothing to draw from. */
const noInterval = "no interval: all rows are alike"

const plain = (value: number): string => value.toFixed(3)

/** `tuned answers 93 of 100 rows exactly`, `tuned has 17 of 17 rows "in style"`, `tuned has a mean chrF of 41.203`. */
const leads = ({ kind, score }: Contest, { count, name, rows, value }: Contender): string => {
  if (score === "exact") return `${name} answers ${count} of ${rows} rows exactly`
  return kind === "rate"
    ? `${name} has ${count} of ${rows} rows "${score}"`
    : `${name} has a mean "${score}" of ${plain(value)}`
}

const sentence = (contest: Contest, leader: Contender, rival: Contender, duel: Duel): string => {
  const isRate = contest.kind === "rate"
  const shown = isRate ? points : (value: number) => `${value > 0 ? "+" : ""}${plain(value)}`
  const other = isRate ? `${rival.count}` : plain(rival.value)
  const low = shown(duel.low).replace(/ points$/, "")
  const range = duel.low === duel.high ? noInterval : `95 % interval ${low} to ${shown(duel.high)}`
  const figures = `${leads(contest, leader)}, ${rival.name} ${other} (${shown(duel.difference)}, ${range}, p ${pText(duel.pAdjusted)})`
  switch (duel.verdict) {
    case "better":
    case "worse":
      return `${leader.name} is ${duel.verdict} than ${rival.name}: ${figures}.`
    case "undecided":
      return `${leader.name} against ${rival.name} is undecided on these rows: ${figures}. ${whatWouldDecide(contest, duel, leader.rows)}`
  }
}

const whatWouldDecide = ({ kind }: Contest, { detectable, moreRows }: Duel, rows: number): string => {
  const least = kind === "rate" ? `${(detectable * 100).toFixed(1)} points` : plain(detectable)
  const shows = Number.isFinite(detectable)
    ? `with ${counted(rows, "row")} only a difference of ${least} or more is likely to show`
    : `${counted(rows, "row")} can show no difference, however large`
  return moreRows === null
    ? `No number of rows can be said to decide it; ${shows}.`
    : `About ${counted(moreRows, "more held-out row")} would likely decide; ${shows}.`
}

/** The pair of two arms seen from the first one named. */
const between = (pairs: ReadonlyArray<Duel>, first: string, second: string): Duel => {
  const pair = pairs.find((each) => each.first === first && each.second === second)
  if (pair !== undefined) return pair
  const turned = pairs.find((each) => each.first === second && each.second === first)!
  const { difference, high, low, verdict } = turned
  return {
    ...turned,
    first,
    second,
    difference: -difference,
    low: -high,
    high: -low,
    verdict: verdict === "better" ? "worse" : verdict === "worse" ? "better" : "undecided",
  }
}
