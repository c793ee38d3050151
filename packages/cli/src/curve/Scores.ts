/**
 * The scores of one run of a pipeline, out of its outputs: `scores` (the table of an evaluation), `predictions` (the
 * answers behind it, for what each row got), and `rowLosses` (a training's, for the loss on held-out rows).
 */
import { ActionCache, Artifact, Step } from "@sluice/core"
import type { Run } from "@sluice/core"
import * as Effect from "effect/Effect"
import { nearMiss } from "../nearMiss.ts"
import { CurveRefused } from "./CurveRefused.ts"

export type Kind = "rate" | "mean" | "loss"

/** One metric after one run. */
export interface Score {
  readonly kind: Kind
  readonly value: number
  readonly low: number
  readonly high: number
  /** Held-out rows. */
  readonly rows: number
  /** What each row got, by its id; undefined where the run does not keep it. */
  readonly byRow: ReadonlyMap<string, number> | undefined
}

/** By metric as it is named on the command line: `tuned.exact`, `heldOut.loss`. */
export type Scores = ReadonlyMap<string, Score>

/** The outputs that are read, as the pipeline's function returned them. */
export type Outputs = Readonly<Partial<Record<(typeof names)[number], Step.Ref>>>

const names = ["scores", "predictions", "rowLosses"] as const

const heldOutLoss = "heldOut.loss"

/** What the metric is read from, or all there is. Refuses a pipeline that returns nothing to read scores from. */
export const outputsOf = (returned: unknown, metric: string | undefined): Outputs => {
  const record: Readonly<Record<string, unknown>> =
    typeof returned === "object" && returned !== null ? (returned as Readonly<Record<string, unknown>>) : {}
  const found = Object.fromEntries(
    names.flatMap((name) => {
      const ref = record[name]
      return Step.isRef(ref) ? [[name, ref]] : []
    }),
  ) as Outputs
  // Answers are not asked for a loss.
  if (metric === heldOutLoss && found.rowLosses !== undefined) return { rowLosses: found.rowLosses }
  if (found.scores !== undefined || found.rowLosses !== undefined) return found
  throw new CurveRefused({
    headline: "The pipeline returns no scores.",
    facts: { Returns: Object.keys(record).join(", ") || "nothing" },
    hint: "Return the scores of Evaluate.compare as scores (and its predictions), or the row losses of Train.lora as rowLosses.",
  })
}

/** Reads every score of a finished run. */
export const read = Effect.fnUntraced(function* (run: Run.Run, outputs: Outputs) {
  const rowsOf = (name: keyof Outputs) => {
    const ref = outputs[name]
    return ref === undefined ? Effect.succeed([]) : tableOf(run, ref)
  }
  const scores = yield* rowsOf("scores")
  const predictions = yield* rowsOf("predictions")
  const losses = yield* rowsOf("rowLosses")
  const found = new Map<string, Score>()
  for (const row of scores) {
    const [arm, metric] = [String(row["arm"]), String(row["metric"])]
    found.set(`${arm}.${metric}`, {
      kind: row["count"] === null ? "mean" : "rate",
      value: Number(row["rate"]),
      low: Number(row["low"]),
      high: Number(row["high"]),
      rows: Number(row["rows"]),
      byRow: ofPredictions(predictions, arm, metric, Number(row["rate"])),
    })
  }
  const loss = ofLosses(losses)
  if (loss !== undefined) found.set(heldOutLoss, loss)
  const all: Scores = found
  return all
})

/** Keys of the steps that the scores were read from: equal for two runs whose scores cannot differ. */
export const keysOf = (run: Run.Run, outputs: Outputs): string =>
  Object.values(outputs)
    .map(({ node }) => run.steps.find(({ name }) => name === node)?.key)
    .join(" ")

/** The metric asked for, or the one that there is. Fails with every metric that is known. */
export const choose = (scores: Scores, asked: string | undefined): Effect.Effect<string, CurveRefused> => {
  const known = [...scores.keys()]
  const wanted =
    asked ?? known.find((name) => name === "tuned.exact") ?? (known.length === 1 ? known[0] : undefined)
  if (wanted !== undefined && scores.has(wanted)) return Effect.succeed(wanted)
  const near = wanted === undefined ? undefined : nearMiss(wanted, known)
  return Effect.fail(
    new CurveRefused({
      headline: wanted === undefined ? "Say which metric the curve is of." : `There is no metric ${wanted}.`,
      facts: { Metrics: known.join(", ") },
      hint:
        near === undefined
          ? "Name one of them with --metric."
          : `Did you mean --metric ${JSON.stringify(near)}?`,
    }),
  )
}

type Row = Readonly<Record<string, unknown>>

const tableOf = Effect.fnUntraced(function* (run: Run.Run, ref: Step.Ref) {
  const cache = yield* ActionCache.ActionCache
  const key = run.steps.find(({ name }) => name === ref.node)?.key
  const stored = key === undefined ? undefined : cache.get(key)?.outputs[ref.output]
  if (stored?.kind !== "table") {
    return yield* new CurveRefused({
      headline: `What ${ref.node} wrote is not in the store.`,
      facts: { Output: `${ref.node}.${ref.output}` },
      hint: "The curve reads tables of cached steps: run it again, and see sluice why for a step that is never cached.",
    })
  }
  const reader = yield* Artifact.openTable(undefined, stored, `${ref.node}.${ref.output}`)
  const rows: ReadonlyArray<Row> = yield* reader.all
  return rows
})

/** A row's own score, for the metrics that are columns of the predictions; checked against the rate that was reported. */
const ofPredictions = (
  predictions: ReadonlyArray<Row>,
  arm: string,
  metric: string,
  rate: number,
): ReadonlyMap<string, number> | undefined => {
  const own = predictions.filter((row) => row["arm"] === arm && typeof row[metric] === "boolean")
  if (own.length === 0) return undefined
  const byRow = new Map(own.map((row) => [String(row["id"]), Number(row[metric])]))
  const mean = [...byRow.values()].reduce((sum, value) => sum + value, 0) / byRow.size
  return byRow.size === own.length && Math.abs(mean - rate) < 1e-9 ? byRow : undefined
}

/**
 * The loss on held-out rows at the best look: a mean over tokens. What each row adds to it is linearised, so that the
 * rows' mean is the loss (Cochran 1977, "Sampling Techniques", §6.3).
 */
const ofLosses = (rows: ReadonlyArray<Row>): Score | undefined => {
  const looks = Map.groupBy(
    rows.filter(
      (row) => row["split"] === "heldOut" && row["loss"] !== null && Number(row["optimizerStep"]) > 0,
    ),
    (row) => Number(row["optimizerStep"]),
  )
  let best: { readonly loss: number; readonly rows: ReadonlyArray<Row> } | undefined
  for (const look of looks.values()) {
    const loss = sum(look, (row) => lossSum(row)) / sum(look, tokensOf)
    if (best === undefined || loss < best.loss) best = { loss, rows: look }
  }
  if (best === undefined) return undefined
  const { loss, rows: look } = best
  const perRow = sum(look, tokensOf) / look.length
  const byRow = new Map(
    look.map((row) => [String(row["id"]), loss + (lossSum(row) - loss * tokensOf(row)) / perRow]),
  )
  const spread = Math.sqrt(
    [...byRow.values()].reduce((total, value) => total + (value - loss) ** 2, 0) /
      (byRow.size * Math.max(1, byRow.size - 1)),
  )
  return {
    kind: "loss",
    value: loss,
    low: loss - 1.96 * spread,
    high: loss + 1.96 * spread,
    rows: byRow.size,
    byRow,
  }
}

const tokensOf = (row: Row): number => Number(row["supervisedTokens"])
const lossSum = (row: Row): number => Number(row["loss"]) * tokensOf(row)
const sum = (rows: ReadonlyArray<Row>, of: (row: Row) => number): number =>
  rows.reduce((total, row) => total + of(row), 0)
