/** The loss of rows that are not learnt from. */
import type { Table } from "@sluice/core"
import type { Trainer } from "@sluice/llm"
import * as Effect from "effect/Effect"
import type { HeldOutLosses } from "../Train.ts"
import { Aborted } from "./Aborted.ts"
import { giveWay } from "./giveWay.ts"
import type { Row } from "./rows.ts"

export interface Found {
  /** Mean over all supervised tokens. */
  readonly loss: number
  readonly supervisedTokens: number
  readonly rowLosses: ReadonlyArray<number>
}

/** Losses of all rows, in batches. Fails with Aborted between two of them. */
export const losses = Effect.fnUntraced(function* (
  trainer: Pick<Trainer.Trainer, "evaluate">,
  rows: ReadonlyArray<Row>,
  batchRows: number,
  signal: AbortSignal,
) {
  let sum = 0
  let weight = 0
  let supervisedTokens = 0
  const rowLosses: Array<number> = []
  for (let at = 0; at < rows.length; at += batchRows) {
    yield* giveWay
    if (signal.aborted) return yield* new Aborted()
    const result = yield* Effect.tryPromise({
      try: () => trainer.evaluate(rows.slice(at, at + batchRows)),
      catch: (error) => error,
    })
    sum += result.loss * result.weight
    weight += result.weight
    supervisedTokens += result.supervisedTokens
    rowLosses.push(...result.rowLosses)
  }
  return { loss: sum / weight, supervisedTokens, rowLosses } satisfies Found
})

export const tableRow = (
  row: Omit<Found, "rowLosses"> & Pick<Table.Row<typeof HeldOutLosses>, "optimizerStep" | "rows" | "best">,
): Table.Row<typeof HeldOutLosses> => ({
  optimizerStep: row.optimizerStep,
  loss: row.loss,
  rows: row.rows,
  supervisedTokens: row.supervisedTokens,
  best: row.best,
})
