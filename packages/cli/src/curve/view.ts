/**
 * A learning curve as text and as JSON.
 */
import { Verdict } from "@sluice/steps/stats"
import { chart } from "../show/chart.ts"
import { grid } from "../show/grid.ts"
import { count, plural } from "../quantities.ts"
import * as Text from "../Text.ts"
import { type Drawn, type Point, sentence, shown } from "./LearningCurve.ts"

export interface View {
  readonly pipeline: string
  readonly over: string
  readonly metric: string
  readonly points: ReadonlyArray<Point>
  readonly drawn: Drawn
}

/** Further off than this is hardly chance. */
const farOff = 3

export const lines = (
  { drawn, metric, over, points }: View,
  columns: number,
  paint: Text.Paint,
): Array<string> => {
  const { doubled, heldOutRows, kind, levels, misfit, paired, seeds } = drawn
  const most = points.at(-1)!.rows
  const interval = (low: number, high: number): string => `${shown(kind, low)} to ${shown(kind, high)}`
  const rows = [
    ...points.map(({ percent, rows: train }, at) => ({
      [over]: count(train),
      share: `${percent} %`,
      [metric]: shown(kind, levels[at]!.value),
      "95 %": interval(levels[at]!.low, levels[at]!.high),
      curve: shown(kind, drawn.at(train)),
    })),
    {
      [over]: count(2 * most),
      share: "doubled",
      [metric]: "",
      "95 %": interval(doubled.low, doubled.high),
      curve: shown(kind, doubled.value),
    },
  ]
  const seen = `${plural(heldOutRows, "held-out row")}${seeds > 1 ? `, ${seeds} seeds` : ""}`
  return [
    ...grid([over, "share", metric, "95 %", "curve"], rows, columns, paint),
    "",
    paint(
      "dim",
      `curve from ${count(points[0]!.rows)} to ${count(2 * most)} rows, each step to the right as many times more`,
    ),
    ...chart(steps(points, drawn), Math.min(columns, 72), 6, paint),
    "",
    paint("bold", sentence(drawn, metric, most)),
    ...Text.wrap(
      `${curves[kind]}, over ${seen}${paired ? ", the same at every share" : ", taken as others at every share: wider than where each row's score is known"}. ` +
        `It assumes that the curve goes on like this. ${
          seeds > 1
            ? "The interval covers chance in held-out rows and between the seeds."
            : "The interval covers chance in the held-out rows, not in which rows were learnt from: --seeds 3 adds that."
        }`,
      Math.min(columns, 110),
    ).map((line) => paint("dim", line)),
    ...(misfit > farOff
      ? [
          paint(
            "yellow",
            `A score is ${misfit.toFixed(1)} standard errors off the curve: it does not bend like this, and the interval says too little.`,
          ),
        ]
      : []),
    ...(heldOutRows < Verdict.fewestRows
      ? [
          paint(
            "yellow",
            `${plural(heldOutRows, "held-out row")} are few: trust no interval below about ${Verdict.fewestRows}.`,
          ),
        ]
      : []),
  ]
}

const curves = {
  rate: "A logistic regression on log2 of the rows",
  loss: "A power law of the rows",
  mean: "A straight line over log2 of the rows",
} as const

/** The curve at even steps of log2, from the fewest rows to twice the most. */
const steps = (points: ReadonlyArray<Point>, { at }: Drawn): ReadonlyArray<number> => {
  const [few, most] = [points[0]!.rows, 2 * points.at(-1)!.rows]
  return Array.from({ length: 25 }, (_, step) => at(few * (most / few) ** (step / 24)))
}

export const toJson = ({ drawn, metric, over, pipeline, points }: View): Record<string, unknown> => ({
  pipeline,
  over,
  metric,
  kind: drawn.kind,
  points: points.map(({ percent, rows, scores }, at) => ({
    percent,
    rows,
    value: drawn.levels[at]!.value,
    low: drawn.levels[at]!.low,
    high: drawn.levels[at]!.high,
    bySeed: scores.map(({ value }) => value),
    fitted: drawn.at(rows),
  })),
  heldOutRows: drawn.heldOutRows,
  paired: drawn.paired,
  seeds: drawn.seeds,
  doubled: { rows: 2 * points.at(-1)!.rows, ...drawn.doubled },
  gain: drawn.gain,
  misfit: drawn.misfit,
  sentence: sentence(drawn, metric, points.at(-1)!.rows),
})
