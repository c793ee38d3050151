/**
 * Token ids with the labels that say which of them are learnt.
 *
 * The whole chat is rendered once and tokenised once: ids are those of the text that the model will see. What the
 * assistant generates is found as pieces of that text, and a token that stands in such a piece, in whole or in part,
 * is supervised. Where the template marks its generations (`{% generation %}`) the marks decide; elsewhere the
 * pieces are found by rendering the chat again, cut short and with other contents (`assistantPieces`).
 * A chat of which nothing would be learnt, or something left out without a word, is refused.
 */
import type { ChatTemplate, Message, RenderOptions } from "./ChatTemplate.ts"
import { assistantPieces, TurnNotFound, type TurnPiece } from "./assistantPieces.ts"
import { leftOut } from "./leftOut.ts"
import { markedPieces } from "./markedPieces.ts"
import { type SpanWeight, weightedSpans, type WeightedSpan } from "./spanWeights.ts"
import { SupervisionError } from "./SupervisionError.ts"
import type { Span, Tokenizer } from "./Tokenizer.ts"

export type { SpanWeight } from "./spanWeights.ts"
export { SupervisionError } from "./SupervisionError.ts"

/** Marks a position that no loss looks at. */
export const ignored = -100

export interface SupervisedRow {
  readonly ids: Array<number>
  /** As long as `ids`; −100 where not supervised. */
  readonly labels: Array<number>
  /** As long as `ids`: what each label's loss counts, 1 unless said otherwise. Missing where all count 1. */
  readonly weights?: Array<number>
}

/** A message, and what of it is learnt. */
export interface Turn extends Message {
  /** `false`: the model sees this turn of the assistant and does not learn it. */
  readonly supervised?: boolean
  /** What parts of the content count in the loss, 1 elsewhere; 0 is not learnt. */
  readonly weights?: ReadonlyArray<SpanWeight>
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
  /** What to do with a chat of which the template leaves something out: "refuse" by default. */
  readonly leftOut?: "refuse" | "allow"
  readonly tools?: ReadonlyArray<unknown>
  readonly variables?: Readonly<Record<string, unknown>>
}

/**
 * Ids and labels of a chat. Throws ChatTemplateError where the template refuses the messages, and SupervisionError
 * where nothing would be learnt, the end of a turn is no text of its own, the template leaves something out, or the
 * first token would stand twice.
 */
export const encode = (
  tokenizer: Tokenizer,
  template: ChatTemplate,
  turns: ReadonlyArray<Turn>,
  options: Options = {},
): SupervisedRow => {
  const { supervise = "assistant" } = options
  const messages = turns.map(plain)
  const render: RenderOptions = {
    ...(options.tools === undefined ? {} : { tools: options.tools }),
    ...(options.variables === undefined ? {} : { variables: options.variables }),
  }
  checkTurns(turns, supervise)
  const { pieces, text } = textAndPieces(tokenizer, template, turns, messages, render, options)
  const { ids, spans } = tokenizer.encodeWithSpans(text)
  const roles = messages.map((message) => message.role)
  checkFirstToken(tokenizer, ids, roles)
  if (options.leftOut !== "allow") leftOut(template, messages, render)
  const row = labelled(ids, spans, pieces, weightedSpans(template, turns, messages, render, text))
  if (supervisedTokens(row.labels) === 0) {
    throw new SupervisionError({
      reason: "No token of the chat is supervised, so that nothing of it would be learnt.",
      roles,
      hint: "Let a turn of the assistant be supervised, with a weight above 0, or leave the chat out.",
    })
  }
  return row
}

/**
 * Ids and labels of a text that is no chat: all of it is supervised, with the token that ends it. What the tokenizer
 * puts before every text (a first token) stands there once. Throws SupervisionError.
 */
export const encodeText = (tokenizer: Tokenizer, text: string): SupervisedRow => {
  const ids = tokenizer.encode(text, { addSpecialTokens: true })
  checkFirstToken(tokenizer, ids, [])
  const end = tokenizer.eosId
  if (end !== null && ids.at(-1) !== end) ids.push(end)
  return { ids, labels: [...ids] }
}

/** The message as the template sees it. */
const plain = (turn: Turn): Message => {
  if (turn.supervised === undefined && turn.weights === undefined) return turn
  const { supervised: _, weights: __, ...message } = turn
  return message
}

const checkTurns = (turns: ReadonlyArray<Turn>, supervise: Supervise): void => {
  const roles = turns.map((turn) => turn.role)
  const other = turns.findIndex(
    ({ role, supervised }) =>
      role !== "assistant" && supervised !== undefined && (supervised || supervise === "all"),
  )
  if (other >= 0) {
    throw new SupervisionError({
      reason: `Message ${other + 1} says whether it is supervised, and is none of the assistant's.`,
      roles,
      hint: "Only turns of the assistant can be chosen one by one; supervise the whole text, or leave the mark out.",
    })
  }
  if (supervise !== "all" && !roles.includes("assistant")) {
    throw new SupervisionError({
      reason: "The chat has no turn of the assistant, so that nothing of it would be learnt.",
      roles,
      hint: 'End the chat with a message of role "assistant", or supervise the whole text.',
    })
  }
}

const textAndPieces = (
  tokenizer: Tokenizer,
  template: ChatTemplate,
  turns: ReadonlyArray<Turn>,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
  { ignoreMarkers, supervise, turnEnd }: Options,
): { readonly text: string; readonly pieces: ReadonlyArray<Span> } => {
  const notLearnt = turns.some((turn) => turn.role === "assistant" && turn.supervised === false)
  if (supervise === "all" && !notLearnt) {
    const text = template.render(messages, render)
    return { text, pieces: [{ start: 0, end: text.length }] }
  }
  const byTurn = notLearnt || supervise === "lastAssistant"
  const { pieces, text } =
    template.hasGenerationMarkers && ignoreMarkers !== true
      ? markedPieces(tokenizer, template, messages, render, byTurn)
      : foundPieces(tokenizer, template, messages, render, turnEnd !== "text")
  const last = messages.findLastIndex((message) => message.role === "assistant")
  const isLearnt = ({ message }: TurnPiece): boolean =>
    turns[message]?.supervised !== false && (supervise !== "lastAssistant" || message === last)
  if (!byTurn) return { text, pieces }
  if (supervise !== "all") return { text, pieces: pieces.filter(isLearnt) }
  return {
    text,
    pieces: without(
      text.length,
      pieces.filter((piece) => !isLearnt(piece)),
    ),
  }
}

/** What is left of a text without some pieces of it. */
const without = (length: number, pieces: ReadonlyArray<Span>): Array<Span> => {
  const left: Array<Span> = []
  let start = 0
  for (const piece of [...pieces, { start: length, end: length }]) {
    if (piece.start > start) left.push({ start, end: piece.start })
    start = Math.max(start, piece.end)
  }
  return left
}

const foundPieces = (
  tokenizer: Tokenizer,
  template: ChatTemplate,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
  untilToken: boolean,
): { readonly text: string; readonly pieces: ReadonlyArray<TurnPiece> } => {
  try {
    return assistantPieces(tokenizer, template, messages, render, untilToken)
  } catch (error) {
    if (!(error instanceof TurnNotFound)) throw error
    throw new SupervisionError({
      reason: `Where message ${error.index + 1} ends cannot be told from this chat template.`,
      roles: messages.map((message) => message.role),
      hint: "Mark what the assistant generates with {% generation %} in the template, or supervise the whole text.",
    })
  }
}

const checkFirstToken = (
  tokenizer: Tokenizer,
  ids: ReadonlyArray<number>,
  roles: ReadonlyArray<string>,
): void => {
  if (tokenizer.bosId === null || ids[0] !== tokenizer.bosId || ids[1] !== tokenizer.bosId) return
  throw new SupervisionError({
    reason: `The text starts with ${tokenizer.bosToken} twice, which no model has seen.`,
    roles,
    hint: "Take the token out of the row's own text: it is put there for every row.",
  })
}

/** Labels of the tokens that stand in a piece, in whole or in part. Spans, pieces and weighted spans go upwards. */
const labelled = (
  ids: ReadonlyArray<number>,
  spans: ReadonlyArray<Span>,
  pieces: ReadonlyArray<Span>,
  weighted: ReadonlyArray<WeightedSpan>,
): SupervisedRow => {
  const labels = [...ids]
  const weights = weighted.length === 0 ? undefined : ids.map(() => 1)
  let piece = 0
  let span = 0
  for (let i = 0; i < ids.length; i++) {
    const { start, end } = spans[i]!
    while (piece < pieces.length && pieces[piece]!.end <= start) piece++
    const within = piece < pieces.length && end > pieces[piece]!.start && start < pieces[piece]!.end
    if (!within) labels[i] = ignored
    if (weights === undefined) continue
    while (span < weighted.length && weighted[span]!.end <= start) span++
    const found = weighted[span]
    if (found !== undefined && end > found.start) weights[i] = found.weight
    if (weights[i] === 0) labels[i] = ignored
  }
  return { ids: [...ids], labels, ...(weights === undefined ? {} : { weights }) }
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
  const cut: SupervisedRow = {
    ids: row.ids.slice(-maxTokens),
    labels: row.labels.slice(-maxTokens),
    ...(row.weights === undefined ? {} : { weights: row.weights.slice(-maxTokens) }),
  }
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
