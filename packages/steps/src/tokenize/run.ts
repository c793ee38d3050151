import type { Artifact, Step, Table } from "@sluice/core"
import { EncodePool } from "@sluice/llm"
import * as Effect from "effect/Effect"
import * as os from "node:os"
import { type Chat, toolsOf, turnOf } from "../Chat.ts"
import * as OpenModel from "../model/open.ts"
import { rowsOf } from "../reading.ts"
import * as RowId from "../RowId.ts"
import { watched } from "../watched.ts"
import type { Accounting, OnTooLong } from "../Tokenize.ts"
import { listed } from "./ChatsUnfit.ts"
import type { Counts } from "./Counts.ts"
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

/** What the chunks of a table share. */
interface Encoder {
  readonly pool: EncodePool.EncodePool
  /** Tokens that end an answer. */
  readonly stopIds: ReadonlyArray<number>
}

const close = ({ pool }: Encoder): Promise<void> => pool.close()

/** Renders, tokenizes and labels every chat, and accounts for each. */
export const tokenizeChats = async (context: Step.Context<ChatConfig, ChatInputs, Counts>) => {
  const { chats, model } = context.inputs
  const options = optionsOf(context.config, context.config.supervise)
  const open = async ({ rows }: { readonly rows: number }): Promise<Encoder> => {
    const { chatTemplate, stopIds, tokenizer } = await Effect.runPromise(
      Effect.scoped(OpenModel.openForChat(model)),
    )
    return { pool: EncodePool.make(tokenizer, chatTemplate, options, threadsFor(rows)), stopIds }
  }
  const encoder = await context.once("encoder", open, close)
  const example = ({ id, messages, tools }: Table.Row<typeof Chat>) => ({
    id,
    example: { turns: messages.map(turnOf), ...(tools === null ? {} : { tools: toolsOf(tools) }) },
  })
  return tokenize(context, encoder, chats.rowCount, mapped(rowsOf(chats), example))
}

/** Tokenizes every text whole, and accounts for each. */
export const tokenizeTexts = async (context: Step.Context<TextConfig, TextInputs, Counts>) => {
  const { model, rows: texts } = context.inputs
  const { column } = context.config
  const options = optionsOf(context.config, "all")
  const open = async ({ rows }: { readonly rows: number }): Promise<Encoder> => {
    const { stopIds, tokenizer } = await Effect.runPromise(Effect.scoped(OpenModel.open(model)))
    return { pool: EncodePool.make(tokenizer, null, options, threadsFor(rows)), stopIds }
  }
  const encoder = await context.once("encoder", open, close)
  const example = (row: Readonly<Record<string, unknown>>) => {
    const text = row[column]
    if (typeof text !== "string" || text === "") throw new TextMissing({ column, row })
    return { id: RowId.of(row), example: { text } }
  }
  const all = rowsOf(texts) as AsyncIterable<Readonly<Record<string, unknown>>>
  return tokenize(context, encoder, texts.rowCount, mapped(all, example))
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
  context: Pick<Step.Context<unknown, unknown, Counts>, "progress" | "tally">,
  { pool, stopIds }: Encoder,
  total: number,
  examples: AsyncIterable<Given>,
) => {
  const accounting: Array<Table.Row<typeof Accounting>> = []
  const unfit: Array<{ id: string; reason: string }> = []

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
    let tokens = 0
    let weighted = 0
    let endless = 0
    for await (const [given, encoded] of encodedAhead(examples, pool)) {
      const row = take(given, encoded)
      if (accounting.length % 100 === 0) context.progress({ done: accounting.length, total, unit: "row" })
      if (row === null) continue
      tokens += row.ids.length
      if (row.weights !== null) weighted++
      if (!stopIds.some((id) => row.labels.lastIndexOf(id) >= 0)) endless++
      yield row
    }
    const count = (status: string) => accounting.filter((row) => row.status === status).length
    context.tally({
      rows: accounting.length,
      cut: count("cut"),
      dropped: count("dropped"),
      tokens,
      supervised: accounting.reduce((sum, row) => sum + row.supervisedTokens, 0),
      weighted,
      endless,
      unfitRows: unfit.length,
      unfit: unfit.slice(0, listed),
    })
  }
  const written = watched(rows(), () => accounting)
  return { tokens: written.rows, accounting: written.after }
}
