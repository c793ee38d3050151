/** What a line of a recipe is, and the chat from which a model learns to read it. */
import { Table } from "@sluice/core"
import type { Chat } from "@sluice/steps"

export class Line extends Table.make({
  line: Table.utf8,
  quantity: Table.float64,
  unit: Table.utf8,
  ingredient: Table.utf8,
}) {}

const instruction =
  "Read one line of a recipe. " +
  'Reply with only a JSON object: {"quantity": number, "unit": string, "ingredient": string}.'

export const chatOf = ({ line, ...answer }: Line): ReadonlyArray<Chat.Message> => [
  { role: "system", content: instruction },
  { role: "user", content: line },
  { role: "assistant", content: JSON.stringify(answer) },
]
