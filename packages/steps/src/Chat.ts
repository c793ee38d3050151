import { Table } from "@sluice/core"

/** Who says a message. */
export type Role = "system" | "user" | "assistant" | "tool"

/** One turn of a chat. */
export interface Message {
  readonly role: Role
  readonly content: string
}

/** Chats, each with the id of the row that it was made from (RowId). */
export class Chat extends Table.make({
  id: Table.utf8,
  messages: Table.list(
    Table.struct({ role: Table.dictionary(["system", "user", "assistant", "tool"]), content: Table.utf8 }),
  ),
}) {}

/** Everything that is wrong with a chat as an example to learn from; empty when nothing is. */
export const problems = (messages: ReadonlyArray<Message>): ReadonlyArray<string> => {
  const found: Array<string> = []
  if (messages.length === 0) found.push("it has no messages")
  messages.forEach((message, index) => {
    if (!roles.includes(message.role)) {
      found.push(
        `message ${index + 1} has role ${JSON.stringify(message.role)}; one of ${roles.join(", ")} is required`,
      )
    }
    if (typeof message.content !== "string") found.push(`message ${index + 1} has no text`)
    else if (message.content === "" && message.role === "assistant")
      found.push(`message ${index + 1} is an empty answer`)
  })
  if (messages.length > 0 && messages.at(-1)!.role !== "assistant") {
    found.push(`it ends with a ${messages.at(-1)!.role} message; the last one must be the assistant's answer`)
  }
  return found
}

const roles: ReadonlyArray<string> = ["system", "user", "assistant", "tool"]
