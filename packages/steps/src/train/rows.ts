/** Rows of tokens as a trainer takes them, and what became of each. */
import type { Table } from "@sluice/core"
import type { Trainer } from "@sluice/llm"
import type { Tokens } from "../Tokens.ts"
import type { RowLosses } from "../Train.ts"

export interface Row extends Trainer.TokenRow {
  readonly id: string
}

export const rowOf = ({ id, ids, labels, weights }: Table.Row<typeof Tokens>): Row => ({
  id,
  ids,
  labels,
  ...(weights === null || weights === undefined ? {} : { weights }),
})

/** Tokens that a row's loss is a mean of. */
export const supervisedTokens = ({ labels }: Trainer.TokenRow): number => {
  let count = 0
  for (let i = 1; i < labels.length; i++) if (labels[i] !== -100) count++
  return count
}

/** Rows of which something is supervised: the others have no loss. */
export const learnable = (rows: ReadonlyArray<Row>): ReadonlyArray<Row> =>
  rows.filter((row) => supervisedTokens(row) > 0)

/** The table's rows for rows that were seen together. */
export const rowLosses = (
  split: "train" | "heldOut",
  optimizerStep: number,
  rows: ReadonlyArray<Row>,
  losses: ReadonlyArray<number>,
): ReadonlyArray<Table.Row<typeof RowLosses>> =>
  rows.map((row, at) => ({
    id: row.id,
    split,
    optimizerStep,
    tokens: row.ids.length,
    supervisedTokens: supervisedTokens(row),
    loss: Number.isFinite(losses[at]) ? losses[at]! : null,
  }))
