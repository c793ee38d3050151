/**
 * Whether answers rest on the documents that they were to be found in: claims that no document supports, and answers
 * declined. By rules, for English (see `Claims` and `Abstention` of the scores).
 */
import { Step, Table } from "@sluice/core"
import * as Schema from "effect/Schema"
import { Predictions } from "./Evaluate.ts"
import { Documents } from "./Retrieve.ts"

export class Rates extends Table.make({
  arm: Table.utf8,
  /** A claim that the row's document does not support; an answer declined, where there was one or none to give. */
  measure: Table.dictionary(["unsupported claim", "declined, answerable", "declined, unanswerable"]),
  count: Table.int32,
  /** Rows that claim anything, or that can or cannot be answered. */
  rows: Table.int32,
  rate: Table.float64,
  /** Wilson's 95 % interval. */
  low: Table.float64,
  high: Table.float64,
}) {}

/** The rates of each arm. A short answer counts as one claim; a measure without rows is left out. */
export const rates = <T extends Table.Any>(options: {
  /** The rows that were asked. */
  readonly rows: Step.Ref<T>
  readonly predictions: Step.Ref<typeof Predictions>
  readonly documents: Step.Ref<typeof Documents>
  /** The document that answers a row; null for a row that none answers. */
  readonly document: (row: Table.Row<T>) => string | null
  /** What of an answer is text, where it is JSON. */
  readonly textOf?: (answer: string) => string
}): Step.Use<typeof Rates, "scoreGrounding"> =>
  Step.use(scoreGrounding, {
    inputs: { rows: options.rows, predictions: options.predictions, documents: options.documents },
    config: { document: options.document, textOf: options.textOf ?? null },
    output: Rates,
  })

const scoreGrounding = Step.make({
  name: "scoreGrounding",
  inputs: { rows: Step.anyTable, predictions: Predictions, documents: Documents },
  config: {
    document: Step.fn<(row: any) => string | null>(),
    textOf: Schema.NullOr(Step.fn<(answer: string) => string>()),
  },
  output: Rates,
  run: async (context) => {
    const { score } = await import("./retrieve/grounding.ts")
    return score(context)
  },
})
