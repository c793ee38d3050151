import type { Artifact, Step, Table } from "@sluice/core"
import { EncodePool } from "@sluice/llm"
import * as Effect from "effect/Effect"
import * as os from "node:os"
import { type Chat, toolsOf, turnOf } from "../Chat.ts"
import { counted, thousands } from "../counted.ts"
import * as OpenModel from "../model/open.ts"
import { rowsOf } from "../reading.ts"
import * as RowId from "../RowId.ts"
import { watched } from "../watched.ts"
import type { Accounting, OnTooLong } from "../Tokenize.ts"
import { ChatsUnfit } from "./ChatsUnfit.ts"
import { encodedAhead } from "./encodedAhead.ts"
import { TextMissing } from "./TextMissing.ts"

interface Limits {
  readonly maxTokens: number
  readonly onTooLong: OnTooLong
}

export interface ChatConfig extends Limits {
  readonly supervise: "assistant" | "lastAssistant" | "all"
}

export interface TextConfig extends Limits {
  readonly column: string
}

interface ChatInputs {
  readonly chats: Table.Reader<typeof Chat>
  readonly model: Artifact.FilesReader
}

interface TextInputs {
  readonly rows: Table.Reader<Table.Any>
  readonly model: Artifact.FilesReader
}

/** Renders, tokenizes and labels every chat, and accounts for each. */
export const tokenizeChats = async (context: Step.Context<ChatConfig, ChatInputs>) => {
  const { chats } = context.inputs
  const model = await Effect.runPromise(Effect.scoped(OpenModel.openForChat(context.inputs.model)))
  const pool = EncodePool.make(
    model.tokenizer,
    model.chatTemplate,
    optionsOf(context.config, context.config.supervise),
    threadsFor(chats.rowCount),
  )
  const example = ({ id, messages, tools }: Table.Row<typeof Chat>) => ({
    id,
    example: { turns: messages.map(turnOf), ...(tools === null ? {} : { tools: toolsOf(tools) }) },
  })
  return tokenize(context, pool, model.stopIds, chats.rowCount, mapped(rowsOf(chats), example))
}

/** Tokenizes every text whole, and accounts for each. */
export const tokenizeTexts = async (context: Step.Context<TextConfig, TextInputs>) => {
  const { rows } = context.inputs
  const { column } = context.config
  const { stopIds, tokenizer } = await Effect.runPromise(Effect.scoped(OpenModel.open(context.inputs.model)))
  const pool = EncodePool.make(tokenizer, null, optionsOf(context.config, "all"), threadsFor(rows.rowCount))
  const example = (row: Readonly<Record<string, unknown>>) => {
    const text = row[column]
    if (typeof text !== "string" || text === "") throw new TextMissing({ column, row })
    return { id: RowId.of(row), example: { text } }
  }
  const all = rowsOf(rows) as AsyncIterable<Readonly<Record<string, unknown>>>
  return tokenize(context, pool, stopIds, rows.rowCount, mapped(all, example))
}

const optionsOf = ({ maxTokens, onTooLong }: Limits, supervise: ChatConfig["supervise"]) => ({
  maxTokens,
  supervise,
  overLength: ({ fail: "refuse", drop: "drop", cut: "cutLeft" } as const)[onTooLong],
})

/** Rows for which a thread is worth its start, about half a second of work. */
const rowsPerThread = 10_000
const mostThreads = 16

/** How many threads encode a table: results do not depend on it. */
const threadsFor = (rows: number): number =>
  // sluice: not in the result
  Math.min(os.availableParallelism(), Math.floor(rows / rowsPerThread), mostThreads)

async function* mapped<A, B>(items: AsyncIterable<A>, of: (item: A) => B): AsyncGenerator<B> {
  for await (const item of items) yield of(item)
}

interface Given {
  readonly id: string
  readonly example: EncodePool.Example
}

const tokenize = (
  context: Pick<Step.Context, "progress" | "summarize" | "warn" | "signal">,
  pool: EncodePool.EncodePool,
  stopIds: ReadonlyArray<number>,
  total: number,
  examples: AsyncIterable<Given>,
) => {
  const accounting: Array<Table.Row<typeof Accounting>> = []
  const unfit: Array<{ id: string; reason: string }> = []
  // An interrupted run reads no further: nothing else would end the threads.
  context.signal.addEventListener("abort", () => void pool.close(), { once: true })

  /** What is learnt of an example, or null where it was dropped or refused. */
  const take = ({ id }: Given, encoded: EncodePool.Encoded) => {
    if ("refused" in encoded) {
      const reason = encoded.refused
      unfit.push({ id, reason })
      accounting.push({ id, status: "dropped", reason, tokens: 0, supervisedTokens: 0 })
      return null
    }
    const { account, row } = encoded
    const { reason, status, supervisedTokens, tokens } = account
    accounting.push({
      id,
      status: status === "refused" ? "dropped" : status,
      reason,
      tokens,
      supervisedTokens,
    })
    if (status === "refused") unfit.push({ id, reason: reason! })
    return row === null ? null : { id, ...row }
  }

  async function* rows() {
    let sum = 0
    let weighted = 0
    let endless = 0
    try {
      for await (const [given, encoded] of encodedAhead(examples, pool)) {
        const row = take(given, encoded)
        if (accounting.length % 100 === 0) context.progress({ done: accounting.length, total, unit: "row" })
        if (row === null) continue
        sum += row.ids.length
        if (row.weights !== null) weighted++
        if (!stopIds.some((id) => row.labels.lastIndexOf(id) >= 0)) endless++
        yield row
      }
    } finally {
      await pool.close()
    }
    if (unfit.length > 0) {
      throw new ChatsUnfit({
        rows: accounting.length,
        unfit,
        hint: 'Raise maxTokens or set onTooLong to "drop" or "cut" for long rows; correct the others or leave them out before.',
      })
    }
    if (endless > 0) {
      context.warn(
        `In ${counted(endless, "row")} of ${thousands(accounting.length)} no token that ends an answer is learnt: a model tuned on them may not stop.`,
      )
    }
    context.summarize(summary(accounting, sum, weighted))
  }
  const written = watched(rows(), () => accounting)
  return { tokens: written.rows, accounting: written.after }
}

/** `300 rows, 22,600 tokens, 2,700 supervised, 3 cut, 2 dropped`. */
const summary = (
  accounting: ReadonlyArray<Table.Row<typeof Accounting>>,
  tokens: number,
  weighted: number,
): string => {
  const count = (status: string) => accounting.filter((row) => row.status === status).length
  const supervised = accounting.reduce((sum, row) => sum + row.supervisedTokens, 0)
  const parts = [
    counted(accounting.length - count("dropped"), "row"),
    counted(tokens, "token"),
    `${thousands(supervised)} supervised`,
  ]
  if (weighted > 0) parts.push(`weights in ${counted(weighted, "row")}`)
  if (count("cut") > 0) parts.push(`${thousands(count("cut"))} cut`)
  if (count("dropped") > 0) parts.push(`${thousands(count("dropped"))} dropped`)
  return parts.join(", ")
}
