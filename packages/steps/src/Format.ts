import { Errors, Step, type Table } from "@sluice/core"
import * as Data from "effect/Data"
import { Chat, type Message, problems, stored } from "./Chat.ts"
import { rowsOf } from "./reading.ts"
import * as RowId from "./RowId.ts"

/**
 * Makes a chat of every row: the messages that a model is to learn from, the last one being its answer. Each
 * chat keeps the id of its row. Fails at the first row whose chat could not be learnt from, naming it.
 */
export const chat = <T extends Table.Any>(options: {
  readonly rows: Step.Ref<T>
  readonly messages: (row: Table.Row<T>) => ReadonlyArray<Message>
}): Step.Use<typeof Chat, "formatChat"> =>
  Step.use(formatChat, {
    inputs: { rows: options.rows },
    config: { messages: options.messages },
    output: Chat,
  })

const formatChat = Step.make({
  name: "formatChat",
  inputs: { rows: Step.anyTable },
  config: { messages: Step.fn<(row: Readonly<Record<string, unknown>>) => ReadonlyArray<Message>>() },
  output: Chat,
  rowWise: { input: "rows" },
  run: async function* (context) {
    for await (const row of rowsOf(context.inputs.rows) as AsyncIterable<Readonly<Record<string, unknown>>>) {
      const messages = context.config.messages(row)
      const wrong = problems(messages)
      if (wrong.length > 0) throw new ChatInvalid({ row, problems: wrong })
      yield stored(RowId.of(row), messages)
    }
  },
})

/** A row whose messages are not a chat to learn from. */
export class ChatInvalid extends Data.TaggedError("ChatInvalid")<{
  readonly row: Readonly<Record<string, unknown>>
  readonly problems: ReadonlyArray<string>
}> {
  override get message(): string {
    const row = JSON.stringify(this.row, (_, value: unknown) =>
      typeof value === "bigint" ? `${value}` : value,
    )
    return Errors.structured(
      "The messages made of a row are not a chat.",
      { Row: row.length > 200 ? `${row.slice(0, 199)}…` : row, Problem: this.problems.join("\n") },
      "Correct the function given as messages, or leave such rows out before.",
    )
  }
}
