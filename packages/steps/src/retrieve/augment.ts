import type { Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import type { Chat } from "../Chat.ts"
import { shownOf } from "../evaluate/prompt.ts"
import type { Passage, Prompt } from "../Retrieve.ts"
import type { Passages } from "./Tables.ts"

export const augment = async (
  context: Step.Context<
    { readonly prompt: Prompt | null },
    { readonly chats: Table.Reader<typeof Chat>; readonly passages: Table.Reader<typeof Passages> }
  >,
): Promise<ReadonlyArray<Table.Row<typeof Chat>>> => {
  const prompt = context.config.prompt ?? plain
  const found = new Map<string, Array<Passage>>()
  for (const { id, ...passage } of await Effect.runPromise(context.inputs.passages.all)) {
    const list = found.get(id)
    if (list === undefined) found.set(id, [passage])
    else list.push(passage)
  }
  return (await Effect.runPromise(context.inputs.chats.all)).map((chat) => {
    const passages = (found.get(chat.id) ?? []).toSorted((a, b) => a.rank - b.rank)
    const at = chat.messages.length - 2
    if (at < 0) return chat
    const content = prompt(shownOf(chat.messages), passages)
    return { ...chat, messages: chat.messages.with(at, { ...chat.messages[at]!, content }) }
  })
}

/** Passages under their headings, then the question; the question alone where nothing was found. */
const plain: Prompt = (question, passages) =>
  passages.length === 0
    ? question
    : `Context:\n${passages
        .map(({ heading, text }) => `${heading === "" ? "" : `${heading}\n`}${text}`)
        .join("\n\n")}\n\nQuestion: ${question}`
