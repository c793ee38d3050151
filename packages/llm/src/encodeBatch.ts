/**
 * Chats to rows of tokens, many at a time: what one thread does, whichever it is.
 */
import * as ChatTemplate from "./ChatTemplate.ts"
import * as Supervision from "./Supervision.ts"
import type { Tokenizer } from "./Tokenizer.ts"

export interface EncodeOptions {
  readonly supervise: Supervision.Supervise
  readonly maxTokens: number
  readonly overLength: Supervision.OverLength
}

/** One example: a chat, with the tools that it may call, or a text that is no chat. */
export type Example =
  | { readonly turns: ReadonlyArray<Supervision.Turn>; readonly tools?: ReadonlyArray<unknown> }
  | { readonly text: string }

/** A list of whole numbers, as it comes from this thread or another. */
type Ids = ReadonlyArray<number> | Int32Array

/** What became of an example: a row, if it was kept, or why nothing can be learnt from it as asked. */
export type Encoded =
  | {
      readonly row: {
        readonly ids: Ids
        readonly labels: Ids
        readonly weights: ReadonlyArray<number> | Float32Array | null
      } | null
      readonly account: Supervision.RowAccount
    }
  | { readonly refused: string }

export type EncodeBatch = (examples: ReadonlyArray<Example>) => ReadonlyArray<Encoded>

/** `template` may be null where there are no chats. */
export const make =
  (tokenizer: Tokenizer, template: ChatTemplate.ChatTemplate | null, options: EncodeOptions): EncodeBatch =>
  (examples) =>
    examples.map((example) => {
      try {
        const encoded =
          "text" in example
            ? Supervision.encodeText(tokenizer, example.text)
            : Supervision.encode(tokenizer, template!, example.turns, {
                supervise: options.supervise,
                ...(example.tools === undefined ? {} : { tools: example.tools }),
              })
        const { account, row } = Supervision.fit(encoded, options.maxTokens, options.overLength)
        return {
          account,
          row: row === null ? null : { ids: row.ids, labels: row.labels, weights: row.weights ?? null },
        }
      } catch (error) {
        if (isRefusal(error)) return { refused: error.message }
        throw error
      }
    })

/** What the chat template or the mask has against a chat; anything else is a fault of ours. */
const isRefusal = (error: unknown): error is Error =>
  error instanceof ChatTemplate.ChatTemplateError || error instanceof Supervision.SupervisionError
