/**
 * The pieces that a template marks itself with `{% generation %}`, each with the token that ends its turn.
 */
import type { TurnPiece } from "./assistantPieces.ts"
import type { ChatTemplate, GeneratedSpan, Message, RenderOptions } from "./ChatTemplate.ts"
import { SupervisionError } from "./SupervisionError.ts"
import type { Tokenizer } from "./Tokenizer.ts"

/**
 * Text and marked pieces. `byTurn` tells which message each piece belongs to, which takes a rendering a turn;
 * otherwise `message` is −1. Throws ChatTemplateError, and SupervisionError where the turns cannot be told apart.
 */
export const markedPieces = (
  tokenizer: Tokenizer,
  template: ChatTemplate,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
  byTurn: boolean,
): { readonly text: string; readonly pieces: ReadonlyArray<TurnPiece> } => {
  const { spans, text } = template.renderMarked(messages, render)
  const ends = tokenizer.stopIds.flatMap((id) => tokenizer.tokenText(id) ?? [])
  const whole = spans.map((span) => withEnd(text, span, ends))
  const owners = byTurn ? ownersOf(template, messages, render, spans.length) : []
  return { text, pieces: whole.map((span, i) => ({ ...span, message: owners[i] ?? -1 })) }
}

/** A mark that stops right before the token that ends the turn takes it in: a model that never learns it never stops. */
const withEnd = (text: string, { end, start }: GeneratedSpan, ends: ReadonlyArray<string>): GeneratedSpan => {
  const generated = text.slice(start, end).trimEnd()
  if (ends.some((token) => generated.endsWith(token))) return { start, end }
  const next = ends.find((token) => text.startsWith(token, end))
  return { start, end: end + (next?.length ?? 0) }
}

/** The message of each mark: a turn's marks are those that the chat before it does not have. */
const ownersOf = (
  template: ChatTemplate,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
  count: number,
): ReadonlyArray<number> => {
  const turns = messages.flatMap((message, i) => (message.role === "assistant" ? [i] : []))
  const owners: Array<number> = []
  turns.forEach((turn, k) => {
    const next = turns[k + 1]
    const until = next === undefined ? count : marksBefore(template, messages, render, next)
    while (owners.length < until) owners.push(turn)
  })
  if (owners.length === count) return owners
  throw notTold(messages)
}

const marksBefore = (
  template: ChatTemplate,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
  turn: number,
): number => {
  try {
    return template.renderMarked(messages.slice(0, turn), render).spans.length
  } catch {
    throw notTold(messages)
  }
}

const notTold = (messages: ReadonlyArray<Message>): SupervisionError =>
  new SupervisionError({
    reason: "Which turn each mark of this chat template belongs to cannot be told.",
    roles: messages.map((message) => message.role),
    hint: "Supervise every turn of the assistant, or take the {% generation %} marks out of the template.",
  })
