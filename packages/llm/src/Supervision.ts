/** Token ids with the labels that say which of them are learnt. */
import type { Message } from "./ChatTemplate.ts"

/** Marks a position that no loss looks at. */
export const ignored = -100

export interface SupervisedRow {
  readonly ids: Array<number>
  /** As long as `ids`; −100 where not supervised. */
  readonly labels: Array<number>
}

export interface Options {
  /** Which text is learnt: every assistant turn (default), the last one only, or everything. */
  readonly supervise?: "assistant" | "lastAssistant" | "all"
  readonly tools?: ReadonlyArray<unknown>
  readonly variables?: Readonly<Record<string, unknown>>
}

export type Chat = ReadonlyArray<Message>
