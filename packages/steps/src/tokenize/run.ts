import type { Artifact, Step, Table } from "@sluice/core"
import { ChatTemplate, Supervision } from "@sluice/llm"
import * as Effect from "effect/Effect"
import type { Chat } from "../Chat.ts"
import { counted, thousands } from "../counted.ts"
import * as OpenModel from "../model/open.ts"
import { rowsOf } from "../reading.ts"
import { watched } from "../watched.ts"
import type { Accounting, OnTooLong } from "../Tokenize.ts"
import { ChatsUnfit } from "./ChatsUnfit.ts"

export interface Config {
  readonly maxTokens: number
  readonly onTooLong: OnTooLong
  readonly supervise: "assistant" | "lastAssistant" | "all"
}

export interface Inputs {
  readonly chats: Table.Reader<typeof Chat>
  readonly model: Artifact.FilesReader
}

/** Renders, tokenizes and labels every chat, and accounts for each. */
export const tokenize = async (context: Step.Context<Config, Inputs>) => {
  const { maxTokens, onTooLong, supervise } = context.config
  const overLength = ({ fail: "refuse", drop: "drop", cut: "cutLeft" } as const)[onTooLong]
  const { chatTemplate, tokenizer } = await Effect.runPromise(
    Effect.scoped(OpenModel.openForChat(context.inputs.model)),
  )
  const accounting: Array<Table.Row<typeof Accounting>> = []
  const unfit: Array<{ id: string; reason: string }> = []
  const total = context.inputs.chats.rowCount

  /** What is learnt of a chat, or null where it was dropped or refused. */
  const take = ({ id, messages }: Table.Row<typeof Chat>) => {
    let encoded: Supervision.SupervisedRow
    try {
      encoded = Supervision.encode(tokenizer, chatTemplate, messages, { supervise })
    } catch (error) {
      if (!isRefusal(error)) throw error
      unfit.push({ id, reason: error.message })
      accounting.push({ id, status: "dropped", reason: error.message, tokens: 0, supervisedTokens: 0 })
      return null
    }
    const { row, account } = Supervision.fit(encoded, maxTokens, overLength)
    const { reason, status, supervisedTokens, tokens } = account
    accounting.push({
      id,
      status: status === "refused" ? "dropped" : status,
      reason,
      tokens,
      supervisedTokens,
    })
    if (status === "refused") unfit.push({ id, reason: reason! })
    return row === null ? null : { id, ids: row.ids, labels: row.labels }
  }

  async function* rows() {
    let sum = 0
    for await (const chat of rowsOf(context.inputs.chats)) {
      const row = take(chat)
      if (accounting.length % 100 === 0) context.progress({ done: accounting.length, total, unit: "row" })
      if (row === null) continue
      sum += row.ids.length
      yield row
    }
    if (unfit.length > 0) {
      throw new ChatsUnfit({
        rows: accounting.length,
        unfit,
        hint: 'Raise maxTokens or set onTooLong to "drop" or "cut" for long chats; give every chat an answer.',
      })
    }
    context.summarize(summary(accounting, sum))
  }
  const written = watched(rows(), () => accounting)
  return { tokens: written.rows, accounting: written.after }
}

/** What the chat template or the mask has against a chat; anything else is a fault of ours. */
const isRefusal = (error: unknown): error is ChatTemplate.ChatTemplateError | Supervision.SupervisionError =>
  error instanceof ChatTemplate.ChatTemplateError || error instanceof Supervision.SupervisionError

/** `300 rows, 22,600 tokens, 2,700 supervised, 3 cut, 2 dropped`. */
const summary = (accounting: ReadonlyArray<Table.Row<typeof Accounting>>, tokens: number): string => {
  const count = (status: string) => accounting.filter((row) => row.status === status).length
  const supervised = accounting.reduce((sum, row) => sum + row.supervisedTokens, 0)
  const parts = [
    counted(accounting.length - count("dropped"), "row"),
    counted(tokens, "token"),
    `${thousands(supervised)} supervised`,
  ]
  if (count("cut") > 0) parts.push(`${thousands(count("cut"))} cut`)
  if (count("dropped") > 0) parts.push(`${thousands(count("dropped"))} dropped`)
  return parts.join(", ")
}
