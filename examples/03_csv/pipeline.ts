/** Support tickets from CSV, with rows that do not fit left out and named, made into chats. */
import { Pipeline, Table } from "@sluice/core"
import { type Chat, Collect, Format } from "@sluice/steps"

class Ticket extends Table.make({
  number: Table.int32,
  priority: Table.dictionary(["high", "low"]),
  text: Table.utf8,
}) {}

const chatOf = (ticket: Ticket): ReadonlyArray<Chat.Message> => [
  { role: "system", content: "How urgent is this ticket? Answer with high or low." },
  { role: "user", content: ticket.text },
  { role: "assistant", content: ticket.priority },
]

export default Pipeline.make("tickets", {}, ({ step }) => {
  const { accounting, rows } = step(
    "collect",
    Collect.csv({ files: "data/*.csv", row: Ticket, onBadRow: "drop" }),
  )
  const chats = step("format", Format.chat({ rows, messages: chatOf }))
  return { accounting, chats }
})
