import { Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** What the step reads: any table with these columns will do; it may have more. */
export class Message extends Table.make({ id: Table.utf8, text: Table.utf8 }) {}

/** What it writes. */
export class Redacted extends Table.make({ id: Table.utf8, text: Table.utf8, removed: Table.int32 }) {}

/**
 * Puts `mark` in the place of e-mail addresses and counts them, row by row: of a table that grew, only the chunks that
 * changed are gone through again.
 */
export const Redact = Step.make({
  name: "redact",
  inputs: { messages: Message },
  config: { mark: Schema.NonEmptyString.pipe(Step.withDefault("[address]")) },
  output: Redacted,
  rowWise: {
    input: "messages",
    tally: Schema.Struct({ messages: Schema.Int, removed: Schema.Int }),
    finish: (tallies, { summarize }) => {
      const removed = tallies.reduce((sum, tally) => sum + tally.removed, 0)
      const messages = tallies.reduce((sum, tally) => sum + tally.messages, 0)
      summarize(`${removed} addresses in ${messages} messages`)
    },
  },
  run: ({ config, inputs, tally }) =>
    Effect.map(inputs.messages.all, (messages) => {
      const redacted = messages.map(({ id, text }) => {
        const parts = text.split(address)
        return { id, text: parts.join(config.mark), removed: parts.length - 1 }
      })
      tally({
        messages: messages.length,
        removed: redacted.reduce((sum, { removed }) => sum + removed, 0),
      })
      return redacted
    }),
})

const address = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/
