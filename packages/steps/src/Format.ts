import { Errors, Step, Table } from "@sluice/core"
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"
import { Chat, type Message, problems, stored } from "./Chat.ts"
import { type ChatForm, chatForms } from "./forms/Form.ts"
import { rowsOf } from "./reading.ts"
import * as RowFailed from "./RowFailed.ts"
import * as RowId from "./RowId.ts"

/**
 * Makes a chat of every row: the messages that a model is to learn from, the last one being its answer. Each
 * chat keeps the id of its row. Fails at the first row whose chat could not be learnt from, naming it.
 */
export const chat = <T extends Table.Any>(options: {
  readonly rows: Step.Ref<T>
  readonly messages: (row: Table.Row<T>) => ReadonlyArray<Message>
}): Step.Use<typeof Chat, "formatChat"> => {
  const { rows, ...config } = options
  return Step.use(formatChat, { inputs: { rows }, config, output: Chat })
}

/** What became of every row. */
export class Accounting extends Table.make({
  /** From 1. */
  row: Table.int32,
  /** The row's id (RowId), which its chat has too. */
  id: Table.utf8,
  kept: Table.bool,
  /** Why it was dropped: `message 1 is from "alien"; one of system, human, … is required`. */
  reason: Table.nullable(Table.utf8),
}) {}

export interface RecordsOptions<T extends Table.Any> {
  readonly rows: Step.Ref<T>
  /** The form of the rows; told from all of them when it is not given. */
  readonly form?: ChatForm
  /** "fail" (the default) lists rows that are no chats; "drop" leaves them out, counted and listed. */
  readonly onBadRow?: "fail" | "drop"
}

/**
 * Makes chats of rows in a form that is in use elsewhere: OpenAI's messages, ShareGPT, Alpaca, prompt and completion
 * (`forms/Form.ts`). The form is told from all rows and said in the summary; rows of two forms, or that fit two, are
 * refused. Outputs: the chats, and what became of every row. Files of chats are read by `Collect.chats`.
 */
export const records = <T extends Table.Any>({
  form,
  onBadRow,
  rows,
  ...unknown
}: RecordsOptions<T>): Step.Use<
  { readonly chats: typeof Chat; readonly accounting: typeof Accounting },
  "formatRecords"
> =>
  Step.use(formatRecords, {
    inputs: { rows },
    config: { form: form ?? null, onBadRow: onBadRow ?? "fail", ...unknown },
    outputs: { chats: Chat, accounting: Accounting },
  })

const formatRecords = Step.make({
  name: "formatRecords",
  inputs: { rows: Step.anyTable },
  config: {
    form: Schema.NullOr(Schema.Literals(chatForms)),
    onBadRow: Schema.Literals(["fail", "drop"]),
  },
  outputs: { chats: Chat, accounting: Accounting },
  run: async (context) => (await import("./forms/records.ts")).records(context),
})

const formatChat = Step.make({
  name: "formatChat",
  inputs: { rows: Step.anyTable },
  config: { messages: Step.fn<(row: Readonly<Record<string, unknown>>) => ReadonlyArray<Message>>() },
  output: Chat,
  rowWise: { input: "rows" },
  run: async function* (context) {
    for await (const row of rowsOf(context.inputs.rows) as AsyncIterable<Readonly<Record<string, unknown>>>) {
      const messages = RowFailed.during(
        "The function given as messages",
        row,
        () => RowId.of(row),
        () => context.config.messages(row),
      )
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
    return Errors.structured(
      "The messages made of a row are not a chat.",
      { Row: RowFailed.shown(this.row), Problem: this.problems.join("\n") },
      "Correct the function given as messages, or leave such rows out before.",
    )
  }
}
