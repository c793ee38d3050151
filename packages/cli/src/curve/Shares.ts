/**
 * How many rows each run learns from: shares of what a param says now.
 */
import { nearMiss } from "../nearMiss.ts"
import { count } from "../quantities.ts"
import { cell } from "../show/grid.ts"
import { CurveRefused } from "./CurveRefused.ts"

export interface Share {
  /** Above 0, at most 100. */
  readonly percent: number
  readonly rows: number
}

/** Fewer rows are hardly a batch. */
const leastRows = 8

/** Shares as typed: `25,50,100`. Throws CurveRefused. */
export const parse = (text: string): ReadonlyArray<number> => {
  const refuse = (problem: string) =>
    new CurveRefused({
      headline: `--shares ${problem}.`,
      facts: { Given: text },
      hint: "Give at least three percentages of the rows, such as --shares 25,50,100.",
    })
  const shares = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)))
  if (shares.some(Number.isNaN)) throw refuse("is no list of numbers")
  if (shares.some((share) => share <= 0)) throw refuse("has a share that is not above 0")
  if (shares.some((share) => share > 100))
    throw refuse("has a share above 100: there are no more rows than all")
  const distinct = [...new Set(shares)].toSorted((a, b) => a - b)
  if (distinct.length < 3)
    throw refuse(`has ${distinct.length === 1 ? "one share" : "two shares"}; a curve needs three`)
  return distinct
}

/** The numbers of rows, from the param's value as it would be without the curve. Throws CurveRefused. */
export const rowsOf = (
  percents: ReadonlyArray<number>,
  over: string,
  params: Readonly<Record<string, unknown>>,
): ReadonlyArray<Share> => {
  const all = params[over]
  if (all === undefined) throw noParam(over, params)
  if (typeof all !== "number" || !Number.isInteger(all)) {
    throw new CurveRefused({
      headline: `Param ${over} is no number of rows.`,
      facts: { Value: cell(all) },
      hint: "--over names the param that holds how many rows are learnt from, a whole number.",
    })
  }
  const shares = percents.map((percent) => ({ percent, rows: Math.round((all * percent) / 100) }))
  const few = shares.filter(({ rows }) => rows < leastRows)
  const same = shares.filter(({ rows }, at) => rows === shares[at - 1]?.rows)
  if (few.length > 0 || same.length > 0) {
    throw new CurveRefused({
      headline: "There are too few rows for these shares.",
      facts: {
        [over]: count(all),
        Rows: shares.map(({ percent, rows }) => `${percent} % are ${count(rows)}`).join(", "),
      },
      hint: `Each share needs at least ${leastRows} rows, and more than the one before. Ask for larger shares, or set ${over} higher.`,
    })
  }
  return shares
}

const noParam = (over: string, params: Readonly<Record<string, unknown>>): CurveRefused => {
  const names = Object.keys(params)
  const near = nearMiss(over, names)
  return new CurveRefused({
    headline: `The pipeline has no param ${over}.`,
    facts: { Params: names.length === 0 ? "none" : names.join(", ") },
    hint:
      near === undefined
        ? "--over names the param that holds how many rows are learnt from. Give the pipeline one, and hand it to Split.sample({ count })."
        : `Did you mean --over ${near}?`,
  })
}
