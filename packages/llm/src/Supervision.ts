/**
 * Token ids with the labels that say which of them are learnt.
 *
 * The whole chat is rendered once and tokenised once: ids are those of the text that the model will see. What the
 * assistant generates is found as pieces of that text, and a token that stands in such a piece, in whole or in part,
 * is supervised. Where the template marks its generations (`{% generation %}`) the marks decide; elsewhere the
 * pieces are found by rendering the chat again, cut short and with other contents (`assistantPieces`).
 */
import * as Data from "effect/Data"
import type { ChatTemplate, Message, RenderOptions } from "./ChatTemplate.ts"
import { structured } from "./formats/structured.ts"
import { assistantPieces, TurnNotFound } from "./assistantPieces.ts"
import type { Span, Tokenizer } from "./Tokenizer.ts"

/** Marks a position that no loss looks at. */
export const ignored = -100

export interface SupervisedRow {
  readonly ids: Array<number>
  /** As long as `ids`; −100 where not supervised. */
  readonly labels: Array<number>
}

/** Which text is learnt: every turn of the assistant, its last turn only, or everything. */
export type Supervise = "assistant" | "lastAssistant" | "all"

export interface Options {
  /** "assistant" by default. */
  readonly supervise?: Supervise
  /**
   * Where a turn of the assistant ends: with the token that ends it (the default), or with all the template writes
   * up to the next message, such as a line break. Templates that mark their generations decide for themselves.
   */
  readonly turnEnd?: "token" | "text"
  /** Pays no heed to the template's own marks; for proving the two ways equal. */
  readonly ignoreMarkers?: boolean
  readonly tools?: ReadonlyArray<unknown>
  readonly variables?: Readonly<Record<string, unknown>>
}

/** A chat from which nothing can be learnt as asked. */
export class SupervisionError extends Data.TaggedError("SupervisionError")<{
  readonly reason: string
  readonly roles: ReadonlyArray<string>
  readonly hint: string
}> {
  override get message(): string {
    return structured(this.reason, [["Roles", this.roles.join(", ")]], this.hint)
  }
}

/**
 * Ids and labels of a chat. Throws ChatTemplateError where the template refuses the messages, and SupervisionError
 * where the chat has no turn of the assistant or the end of one is no text of its own.
 */
export const encode = (
  tokenizer: Tokenizer,
  template: ChatTemplate,
  messages: ReadonlyArray<Message>,
  options: Options = {},
): SupervisedRow => {
  const { supervise = "assistant", turnEnd = "token" } = options
  const render: RenderOptions = {
    ...(options.tools === undefined ? {} : { tools: options.tools }),
    ...(options.variables === undefined ? {} : { variables: options.variables }),
  }
  if (supervise === "all") {
    const ids = tokenizer.encode(template.render(messages, render))
    return { ids, labels: [...ids] }
  }
  if (!messages.some((message) => message.role === "assistant")) {
    throw new SupervisionError({
      reason: "The chat has no turn of the assistant, so that nothing of it would be learnt.",
      roles: messages.map((message) => message.role),
      hint: 'End the chat with a message of role "assistant", or supervise the whole text.',
    })
  }
  const byMarks = template.hasGenerationMarkers && options.ignoreMarkers !== true
  const { text, pieces } = byMarks
    ? markedPieces(template, messages, render)
    : foundPieces(tokenizer, template, messages, render, turnEnd)
  const { ids, spans } = tokenizer.encodeWithSpans(text)
  const chosen =
    supervise === "lastAssistant" ? lastTurn(pieces, byMarks, template, messages, render) : pieces
  return { ids: [...ids], labels: labelsOf(ids, spans, chosen) }
}

const markedPieces = (
  template: ChatTemplate,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
): { readonly text: string; readonly pieces: ReadonlyArray<Span> } => {
  const { text, spans } = template.renderMarked(messages, render)
  return { text, pieces: spans }
}

const foundPieces = (
  tokenizer: Tokenizer,
  template: ChatTemplate,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
  turnEnd: "token" | "text",
): { readonly text: string; readonly pieces: ReadonlyArray<Span> } => {
  try {
    return assistantPieces(tokenizer, template, messages, render, turnEnd === "token")
  } catch (error) {
    if (!(error instanceof TurnNotFound)) throw error
    throw new SupervisionError({
      reason: `Where message ${error.index + 1} ends cannot be told from this chat template.`,
      roles: messages.map((message) => message.role),
      hint: "Mark what the assistant generates with {% generation %} in the template, or supervise the whole text.",
    })
  }
}

/**
 * The pieces of the last turn. Found pieces stand one for a turn; a template may mark several in one turn, and those
 * of the last turn are the ones that the chat without it does not have.
 */
const lastTurn = (
  pieces: ReadonlyArray<Span>,
  byMarks: boolean,
  template: ChatTemplate,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
): ReadonlyArray<Span> => {
  if (!byMarks) return pieces.slice(-1)
  const last = messages.findLastIndex((message) => message.role === "assistant")
  const earlier = messages.slice(0, last)
  if (!earlier.some((message) => message.role === "assistant")) return pieces
  return pieces.slice(template.renderMarked(earlier, render).spans.length)
}

/** Labels of the tokens that stand in a piece, in whole or in part. Spans and pieces go upwards. */
const labelsOf = (
  ids: ReadonlyArray<number>,
  spans: ReadonlyArray<Span>,
  pieces: ReadonlyArray<Span>,
): Array<number> => {
  let piece = 0
  return ids.map((id, i) => {
    const { start, end } = spans[i]!
    while (piece < pieces.length && pieces[piece]!.end <= start) piece++
    const within = piece < pieces.length && end > pieces[piece]!.start && start < pieces[piece]!.end
    return within ? id : ignored
  })
}

/** What is to become of rows of more than `maxTokens` tokens. */
export type OverLength = "refuse" | "drop" | "cutLeft"

/** What became of one row. */
export interface RowAccount {
  readonly status: "kept" | "cut" | "dropped" | "refused"
  /** Why it was not kept as it is: `801 tokens, the limit is 512`. */
  readonly reason: string | null
  /** Tokens before a cut. */
  readonly tokens: number
  /** Supervised tokens that a loss sees; the first token of a row has nothing before it and never counts. */
  readonly supervisedTokens: number
}

/** Tokens whose loss counts: the first of a row is predicted by nothing. */
export const supervisedTokens = (labels: ReadonlyArray<number>): number =>
  labels.reduce((count, label, i) => (i > 0 && label !== ignored ? count + 1 : count), 0)

const number = (value: number): string => value.toLocaleString("en-US")

/**
 * Applies the limit to one row. "cutLeft" takes tokens off the start, keeping the answer and its end. A row that has
 * no supervised token (left) is never kept: "refuse" refuses it, the other two drop it.
 */
export const fit = (
  row: SupervisedRow,
  maxTokens: number,
  overLength: OverLength = "refuse",
): { readonly row: SupervisedRow | null; readonly account: RowAccount } => {
  const tokens = row.ids.length
  const leave = (reason: string): { row: null; account: RowAccount } => ({
    row: null,
    account: { status: overLength === "refuse" ? "refused" : "dropped", reason, tokens, supervisedTokens: 0 },
  })
  const before = supervisedTokens(row.labels)
  if (before === 0) return leave("no token of it is supervised")
  if (tokens <= maxTokens)
    return { row, account: { status: "kept", reason: null, tokens, supervisedTokens: before } }
  const reason = `${number(tokens)} tokens, the limit is ${number(maxTokens)}`
  if (overLength !== "cutLeft") return leave(reason)
  const cut = { ids: row.ids.slice(-maxTokens), labels: row.labels.slice(-maxTokens) }
  const after = supervisedTokens(cut.labels)
  if (after === 0) return leave(`${reason}, and its last ${number(maxTokens)} hold nothing supervised`)
  const lost = before - after
  return {
    row: cut,
    account: {
      status: "cut",
      reason:
        lost === 0 ? reason : `${reason}; ${number(lost)} of ${number(before)} supervised tokens were cut`,
      tokens,
      supervisedTokens: after,
    },
  }
}
