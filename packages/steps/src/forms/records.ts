import { Errors, type Step, type Table } from "@sluice/core"
import * as Data from "effect/Data"
import { stored } from "../Chat.ts"
import { counted, thousands } from "../counted.ts"
import type { Accounting } from "../Format.ts"
import { rowsOf } from "../reading.ts"
import * as RowId from "../RowId.ts"
import { watched } from "../watched.ts"
import * as Detection from "./Detection.ts"
import type { Fields } from "./Fields.ts"
import type { ChatForm } from "./Form.ts"
import * as Reader from "./Reader.ts"

interface Config {
  readonly form: ChatForm | null
  readonly onBadRow: "fail" | "drop"
}

/** Chats of a table's rows: one pass to tell their form, unless it is given, and one to read them. */
export const records = (context: Step.Context<Config, { readonly rows: Table.Reader<Table.Any> }>) => {
  const { config } = context
  const { rows } = context.inputs
  const all = () => rowsOf(rows) as AsyncIterable<Fields>
  const accounted: Array<Table.Row<typeof Accounting>> = []

  async function* chats() {
    const reader = Reader.make(config.form ?? (await formOf(all())))
    const bad: Array<{ row: number; reason: string }> = []
    let row = 0
    for await (const fields of all()) {
      row++
      const found = reader.read(fields, `row ${row}`)
      const id = RowId.of(fields)
      if ("reason" in found) {
        bad.push({ row, reason: found.reason })
        accounted.push({ row, id, kept: false, reason: found.reason })
        continue
      }
      accounted.push({ row, id, kept: true, reason: null })
      yield stored(id, found.messages, found.tools)
    }
    if (bad.length > 0 && config.onBadRow === "fail") throw new RecordsInvalid({ rows: row, bad })
    context.summarize(reader.summary())
  }
  const written = watched(chats(), () => accounted)
  return { chats: written.rows, accounting: written.after }
}

const formOf = async (rows: AsyncIterable<Fields>): Promise<ChatForm> => {
  const detection = Detection.make()
  let row = 0
  for await (const fields of rows) detection.add(fields, `row ${++row}`)
  return detection.decide()
}

/** Rows that are no chats to learn from, up to 20 of them listed. */
export class RecordsInvalid extends Data.TaggedError("RecordsInvalid")<{
  readonly rows: number
  readonly bad: ReadonlyArray<{ readonly row: number; readonly reason: string }>
}> {
  override get message(): string {
    const more = this.bad.length - 20
    return Errors.structured(
      `${counted(this.bad.length, "row")} of ${thousands(this.rows)} ${this.bad.length === 1 ? "is" : "are"} no chat to learn from.`,
      [
        ...this.bad.slice(0, 20).map(({ reason, row }): [string, string] => [`Row ${row}`, reason]),
        ...(more > 0 ? [["and", `${counted(more, "row")} more`] as [string, string]] : []),
      ],
      'Correct the rows, or set onBadRow: "drop" to leave them out, counted.',
    )
  }
}
