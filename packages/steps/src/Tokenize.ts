/** Chats to token ids, with labels that say which tokens are learnt. */
import { Step, Table } from "@sluice/core"
import * as Schema from "effect/Schema"
import { Chat } from "./Chat.ts"
import { ModelFiles } from "./kinds.ts"
import { Tokens } from "./Tokens.ts"

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

/**
 * Token ids of each chat in the model's own template. Learnt are the assistant's tokens with the token that ends
 * its turn. Outputs: the tokens, and what became of every chat.
 */
export const chat = (options: ChatOptions) => tokenizeChat(options)

const tokenizeChat = Step.make({
  name: "tokenizeChat",
  inputs: { chats: Chat, model: ModelFiles },
  config: {
    maxTokens: Schema.Int.check(Schema.isGreaterThan(1)).pipe(Step.withDefault(512)),
    onTooLong: Schema.Literals(["fail", "drop", "cut"]).pipe(Step.withDefault("fail")),
    supervise: Schema.Literals(["assistant", "lastAssistant", "all"]).pipe(Step.withDefault("assistant")),
  },
  outputs: { tokens: Tokens, accounting: Accounting },
  run: async (context) => {
    const { tokenize } = await import("./tokenize/run.ts")
    return tokenize(context)
  },
})
