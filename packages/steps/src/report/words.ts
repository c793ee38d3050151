/** Scores and differences as every form of the report words them. */
import { counted, thousands } from "../counted.ts"
import { percent, points, pText } from "../evaluate/Comparison.ts"
import type { Difference, Score } from "./Report.ts"

type Kind = Score["kind"]

/** `93.0 %` of a rate, `0.712` of a mean. */
export const value = (kind: Kind, of: number): string => (kind === "rate" ? percent(of) : mean(of))

const mean = (of: number): string => (Math.abs(of) >= 1000 ? thousands(Math.round(of)) : of.toFixed(3))

/** `+46.0 points` between rates, `+0.120` between means. */
export const difference = (kind: Kind, of: number): string =>
  kind === "rate" ? points(of) : `${of > 0 ? "+" : ""}${mean(of)}`

/** `86.3 % to 96.6 %`; a dash where there is none. */
export const interval = ({ high, kind, low }: Pick<Score, "kind" | "low" | "high">): string =>
  low === null || high === null ? "–" : `${value(kind, low)} to ${value(kind, high)}`

/** `−3.2 to +11.0 points`; a dash where there is none. */
export const differenceInterval = ({
  high,
  kind,
  low,
}: Pick<Difference, "kind" | "low" | "high">): string => {
  if (low === null || high === null) return "–"
  const from = difference(kind, low)
  return `${kind === "rate" ? from.replace(/ points$/, "") : from} to ${difference(kind, high)}`
}

/** `0.012` or `< 0.001`: under a heading that says p. */
export const p = (of: number): string => pText(of).replace(/^= /, "")

/** `undecided, about 240 more rows would decide`. */
export const verdict = ({ moreRows, verdict: given }: Difference): string =>
  given === "undecided" && moreRows !== null && moreRows > 0
    ? `undecided; about ${counted(moreRows, "more row")} would decide`
    : given

/** Metrics by the names that readers know. */
export const metric = (name: string): string => {
  switch (name) {
    case "exact":
      return "Exact"
    case "validJson":
      return "Valid JSON"
    case "schemaValid":
      return "Schema"
    case "leaking":
      return "Prose around JSON"
    case "exactUnwrapped":
      return "Exact, were it removed"
    case "cut":
      return "Cut"
    case "accuracy":
      return "Accuracy"
    case "macroF1":
      return "Macro-F1"
    case "fieldsF1":
      return "F1 of fields"
    default:
      return name
  }
}

/** `300`, or `train 2,681, heldOut 302` of several tables. Names of inputs and outputs hold nothing to escape. */
export const rows = (tables: ReadonlyArray<readonly [name: string, rows: number]>): string =>
  tables.length === 1
    ? thousands(tables[0]![1])
    : tables.map(([name, count]) => `${name} ${thousands(count)}`).join(", ")

/** `1.04` of a loss of 0.04: as unsure as between so many equally likely tokens. */
export const perplexity = (loss: number): string => {
  const of = Math.exp(loss)
  return of < 1000 ? of.toFixed(2) : of.toPrecision(3)
}

/** `0.27 s`, `1.4 GB`; a dash where a run's log does not have it. */
export const seconds = (of: number | null): string => (of === null ? "–" : `${of.toFixed(of < 10 ? 2 : 0)} s`)
export const gigabytes = (of: number | null): string => (of === null ? "–" : `${(of / 1e9).toFixed(2)} GB`)
