/** Chats to token ids, with labels that say which tokens are learnt. */
import { Step, Table } from "@sluice/core"
import * as Schema from "effect/Schema"
import { Chat } from "./Chat.ts"
import { ModelFiles } from "./kinds.ts"
import { Tokens } from "./Tokens.ts"
import { Counts } from "./tokenize/Counts.ts"

/** What became of every chat. */
export class Accounting extends Table.make({
  id: Table.utf8,
  status: Table.dictionary(["kept", "cut", "dropped"]),
  /** Why it was cut or dropped: `801 tokens, the limit is 512`. */
  reason: Table.nullable(Table.utf8),
  /** Tokens before a cut. */
  tokens: Table.int32,
  /** Tokens that are learnt from; 0 when it was dropped. */
  supervisedTokens: Table.int32,
}) {}

/** What to do with a chat of more tokens than the limit. */
export type OnTooLong = "fail" | "drop" | "cut"

export interface ChatOptions {
  readonly chats: Step.Ref<typeof Chat>
  /** Its tokenizer and chat template are used. */
  readonly model: Step.Ref<typeof ModelFiles>
  /** Longest row; 512 by default. */
  readonly maxTokens?: number
  /** "fail" (the default) lists the rows; "drop" leaves them out, "cut" takes tokens off their start; both are counted. */
  readonly onTooLong?: OnTooLong
  /** Which text is learnt: every answer of the assistant (the default), its last one, or all text. */
  readonly supervise?: "assistant" | "lastAssistant" | "all"
}

export interface TextOptions<T extends Table.Any> extends Pick<ChatOptions, "maxTokens" | "onTooLong"> {
  readonly rows: Step.Ref<T>
  /** Its tokenizer is used. */
  readonly model: Step.Ref<typeof ModelFiles>
  /** The column that holds the text; "text" by default. */
  readonly column?: string
}

/**
 * Token ids of each chat in the model's own template. Learnt are the assistant's tokens with the token that ends
 * its turn; a message may say that it is not learnt, or what parts of it count (`supervised`, `weights`). A chat of
 * which nothing would be learnt, or of which the template leaves something out, is refused by row. Outputs: the
 * tokens, and what became of every chat. Large tables are encoded on all cores, with the same result; of a table that
 * grew or was edited, only the chunks that changed.
 */
export const chat = (options: ChatOptions) => tokenizeChat(options)

/**
 * Token ids of texts that are no chats, for going on with a language or a domain: all of a text is learnt, and the
 * token that ends it. Outputs as of `chat`.
 */
export const text = <T extends Table.Any>({
  column,
  maxTokens,
  model,
  onTooLong,
  rows,
  ...unknown
}: TextOptions<T>) =>
  Step.use(tokenizeText, {
    inputs: { rows, model },
    config: {
      column: column ?? "text",
      maxTokens: maxTokens ?? 512,
      onTooLong: onTooLong ?? "fail",
      ...unknown,
    },
    outputs: { tokens: Tokens, accounting: Accounting },
  })

const MaxTokens = Schema.Int.check(Schema.isGreaterThan(1))
const OnTooLong = Schema.Literals(["fail", "drop", "cut"])

/** Enough for the threads of a large machine to have work while a chunk is being stored. */
const chunksAtOnce = 4

const tokenizeChat = Step.make({
  name: "tokenizeChat",
  inputs: { chats: Chat, model: ModelFiles },
  config: {
    maxTokens: MaxTokens.pipe(Step.withDefault(512)),
    onTooLong: OnTooLong.pipe(Step.withDefault("fail")),
    supervise: Schema.Literals(["assistant", "lastAssistant", "all"]).pipe(Step.withDefault("assistant")),
  },
  outputs: { tokens: Tokens, accounting: Accounting },
  rowWise: {
    input: "chats",
    atOnce: chunksAtOnce,
    tally: Counts,
    finish: async (...all) => (await import("./tokenize/finish.ts")).finish(...all),
  },
  run: async (context) => {
    const { tokenizeChats } = await import("./tokenize/run.ts")
    return tokenizeChats(context)
  },
})

const tokenizeText = Step.make({
  name: "tokenizeText",
  inputs: { rows: Step.anyTable, model: ModelFiles },
  config: { column: Schema.NonEmptyString, maxTokens: MaxTokens, onTooLong: OnTooLong },
  outputs: { tokens: Tokens, accounting: Accounting },
  rowWise: {
    input: "rows",
    atOnce: chunksAtOnce,
    tally: Counts,
    finish: async (...all) => (await import("./tokenize/finish.ts")).finish(...all),
  },
  run: async (context) => {
    const { tokenizeTexts } = await import("./tokenize/run.ts")
    return tokenizeTexts(context)
  },
})
