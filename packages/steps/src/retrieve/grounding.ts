import type { Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import type { Predictions } from "../Evaluate.ts"
import { rowsOf } from "../reading.ts"
import * as RowFailed from "../RowFailed.ts"
import * as RowId from "../RowId.ts"
import * as Abstention from "../scores/Abstention.ts"
import * as Claims from "../scores/Claims.ts"
import type { Rates } from "../Grounding.ts"
import type { Documents } from "./Tables.ts"

interface Config {
  readonly document: (row: any) => string | null
  readonly textOf: ((answer: string) => string) | null
}

interface Inputs {
  readonly rows: Table.Reader<any>
  readonly predictions: Table.Reader<typeof Predictions>
  readonly documents: Table.Reader<typeof Documents>
}

type Row = Table.Row<typeof Rates>

export const score = async (context: Step.Context<Config, Inputs>): Promise<ReadonlyArray<Row>> => {
  const { document, textOf } = context.config
  const texts = new Map<string, string>()
  for await (const { document: name, sections } of rowsOf(context.inputs.documents))
    texts.set(name, sections.map(({ heading, text }) => `${heading}\n${text}`).join("\n\n"))
  const named = new Map<string, string | null>()
  for await (const row of rowsOf(context.inputs.rows)) {
    const id = RowId.of(row)
    named.set(
      id,
      RowFailed.during(
        "The function given as document",
        row,
        () => id,
        () => document(row),
      ),
    )
  }
  const absent = [...named.values()].find((name) => name !== null && !texts.has(name))
  if (absent !== undefined) throw new TypeError(`No document is named ${absent}; ${texts.size} were read.`)
  const predictions = await Effect.runPromise(context.inputs.predictions.all)
  const scores = [...Map.groupBy(predictions, ({ arm }) => arm)].flatMap(([arm, answers]) => {
    const checked: Array<Claims.Checked> = []
    const abstentions: Array<{ readonly answerable: boolean; readonly abstained: boolean }> = []
    for (const { answer, id, prompt } of answers) {
      const name = named.get(id)
      if (name === undefined) continue
      const text = textOf === null ? answer : textOf(answer)
      abstentions.push({ answerable: name !== null, abstained: Abstention.abstains(text) })
      if (name !== null) checked.push(Claims.check(text, texts.get(name)!, prompt, { claims }))
    }
    const unsupported = Claims.summarize(checked)
    const declined = Abstention.summarize(abstentions)
    const row = (measure: Row["measure"], rate: Abstention.Rate): Row => ({ arm, measure, ...rate })
    return [
      row("unsupported claim", unsupported),
      row("declined, answerable", declined.answerable),
      row("declined, unanswerable", declined.unanswerable),
    ].filter(({ rows }) => rows > 0)
  })
  context.summarize(
    `unsupported claims: ${scores
      .filter(({ measure }) => measure === "unsupported claim")
      .map(({ arm, count, rows }) => `${arm} ${count} of ${rows}`)
      .join(", ")}`,
  )
  return scores.map(({ arm, count, high, low, measure, rate, rows }) => ({
    arm,
    measure,
    count,
    rows,
    rate,
    low,
    high,
  }))
}

/** An answer's sentences that claim something; a short answer is a claim as a whole. */
const claims = (answer: string): ReadonlyArray<string> => {
  const found = Claims.claimsOf(answer)
  if (found.length > 0 || Abstention.abstains(answer)) return found
  return /[\p{L}\p{N}]/u.test(answer) ? [answer] : []
}
