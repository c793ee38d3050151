/** Rows of tokens as a trainer takes them, and what became of each. */
import { Errors, type Table } from "@sluice/core"
import type { Trainer } from "@sluice/llm"
import * as Data from "effect/Data"
import { counted } from "../counted.ts"
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

/** Held-out rows whose tokens are those of a row that is learnt from: they say nothing about rows never seen. */
export const seenInTraining = (rows: ReadonlyArray<Row>, heldOut: ReadonlyArray<Row>): number => {
  const text = ({ ids }: Row) => Array.from(ids).join(" ")
  const learnt = new Set(rows.map(text))
  return heldOut.filter((row) => learnt.has(text(row))).length
}

/** A training without rows, or that shall look at rows without anything to see. */
export class RowsMissing extends Data.TaggedError("RowsMissing")<{
  readonly input: "tokens" | "heldOut.tokens"
  readonly rows: number
}> {
  override get message(): string {
    return this.input === "tokens"
      ? Errors.structured(
          "There is nothing to learn from.",
          { tokens: "0 rows" },
          "See what the steps before it dropped.",
        )
      : Errors.structured(
          "No held-out row has a supervised token.",
          { "heldOut.tokens": counted(this.rows, "row") },
          "Hold out rows with answers, or leave heldOut out.",
        )
  }
}

/** Rows with ids that are none of the model's, the first of them named: tokenized for another model, as a rule. */
export class TokensForeign extends Data.TaggedError("TokensForeign")<{
  readonly rows: ReadonlyArray<Row>
  readonly vocabulary: number
}> {
  override get message(): string {
    const { rows, vocabulary } = this
    const listed = rows
      .slice(0, 5)
      .map((row): [string, string] => [`Row ${row.id}`, `token ${foreignId(row, vocabulary)}`])
    const more = rows.length - listed.length
    return Errors.structured(
      `${counted(rows.length, "row")} ${rows.length === 1 ? "has" : "have"} tokens that the model does not have.`,
      [
        ["Model", `tokens 0 to ${vocabulary - 1}`],
        ...listed,
        ...(more > 0 ? [["and", `${counted(more, "row")} more`] as [string, string]] : []),
      ],
      "Tokenize with the model that is trained.",
    )
  }
}

/** The first token of a row that is none of the model's. */
const foreignId = ({ ids }: Row, vocabulary: number): number | undefined => {
  for (let i = 0; i < ids.length; i++) if (ids[i]! < 0 || ids[i]! >= vocabulary) return ids[i]
  return undefined
}

/** Rows of which a token is none of the model's. */
export const foreign = (rows: ReadonlyArray<Row>, vocabulary: number): ReadonlyArray<Row> =>
  rows.filter((row) => foreignId(row, vocabulary) !== undefined)

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
