/**
 * Which pieces of a rendered chat the assistant generates, for any template and without marks in it.
 *
 * A turn begins where the prompt for it ends: the chat before it, rendered with the generation prompt, is what the
 * model is given when it is to answer. A turn ends where its content is followed by the same text whether the chat
 * goes on or not. Contents are told from the template's own text by rendering once more with a sentinel in their
 * place, which also serves templates that rewrite earlier turns (as Qwen's, which drop old thoughts).
 */
import type { ChatTemplate, Message, RenderOptions } from "./ChatTemplate.ts"
import type { Span, Tokenizer } from "./Tokenizer.ts"

/** A piece that the assistant generates, and the index of the message that it belongs to. */
export interface TurnPiece extends Span {
  readonly message: number
}

/** A word that the text does not hold; letters and digits, which no template trims away. */
export const wordNotIn = (text: string): string => {
  let word = "Zq7sentinel3Kx"
  while (text.includes(word)) word += "7"
  return word
}

/**
 * The text, and one piece for each turn of the assistant in their order. `untilToken` ends a piece with its last
 * special token, leaving out a line break after it. Throws ChatTemplateError and TurnNotFound.
 */
export const assistantPieces = (
  tokenizer: Tokenizer,
  template: ChatTemplate,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
  untilToken: boolean,
): { readonly text: string; readonly pieces: ReadonlyArray<TurnPiece> } => {
  const text = template.render(messages, render)
  const attempt = (chat: ReadonlyArray<Message>, addGenerationPrompt = false): string | undefined => {
    try {
      return template.render(chat, { ...render, addGenerationPrompt })
    } catch {
      // Some templates refuse a chat that is cut short; another way is tried then.
      return undefined
    }
  }
  const sentinel = wordNotIn(text)
  const pieces: Array<TurnPiece> = []
  messages.forEach((message, i) => {
    if (message.role !== "assistant") return
    const after = pieces.at(-1)?.end ?? 0
    const replaced = messages.map((other, j) => (j === i ? withContent(other, sentinel) : other))
    const marked = attempt(replaced)
    const at = marked?.indexOf(sentinel) ?? -1
    const content = marked === undefined || at < 0 ? undefined : { marked, at, sentinel }
    const start = startOfTurn(tokenizer, text, after, content, {
      prompt: attempt(messages.slice(0, i), true),
      before: () => attempt(messages.slice(0, i)),
    })
    // The last message's turn stands alone already.
    const alone =
      i === messages.length - 1
        ? { whole: text, marked }
        : { whole: attempt(messages.slice(0, i + 1)), marked: attempt(replaced.slice(0, i + 1)) }
    let end = endOfTurn(tokenizer, text, start, content, alone)
    if (messages[i + 1]?.role === "tool" && alone.whole !== undefined) {
      // Some templates write a tool's answer into the turn that called it, before its content: nothing to learn.
      const own = commonTokens(tokenizer, text, alone.whole)
      if (own > start) end = end < 0 ? own : Math.min(end, own)
    }
    if (end < 0) throw new TurnNotFound(i)
    pieces.push({ message: i, start, end: untilToken ? endWithToken(tokenizer, text, start, end) : end })
  })
  return { text, pieces }
}

/** The message with the sentinel for its content and without thoughts, so that the template's frame stays. */
export const withContent = (message: Message, content: string): Message => {
  const { reasoning_content: _, ...rest } = message
  return { ...rest, content }
}

/** Thrown where no way of rendering tells the end of a turn: nothing is guessed. */
export class TurnNotFound extends Error {
  readonly index: number
  constructor(index: number) {
    super(`the end of message ${index + 1} cannot be found in the rendered chat`)
    this.index = index
  }
}

interface Content {
  /** The chat with the sentinel in this turn's place. */
  readonly marked: string
  /** Where the sentinel stands in it. */
  readonly at: number
  readonly sentinel: string
}

const startOfTurn = (
  tokenizer: Tokenizer,
  text: string,
  after: number,
  content: Content | undefined,
  rendered: { readonly prompt: string | undefined; readonly before: () => string | undefined },
): number => {
  const { prompt } = rendered
  // The usual case: the prompt is how the text begins.
  if (prompt !== undefined && text.startsWith(prompt) && prompt.length >= after) return prompt.length
  const frame = content === undefined ? undefined : commonPrefix(text, content.marked.slice(0, content.at))
  // The prompt's header may say more than the turn does (a thought begun), or the chat before it may read
  // differently once it goes on: look for the header, or as much of it as stands there, right before the content.
  const before = prompt === undefined ? undefined : rendered.before()
  if (prompt !== undefined && before !== undefined && prompt.startsWith(before)) {
    const header = prompt.slice(before.length)
    const bounds = tokenizer.encodeWithSpans(header).spans.map((span) => span.end)
    const limit = frame ?? text.length
    for (const bound of bounds.toReversed()) {
      if (bound === 0) continue
      const found = text.lastIndexOf(header.slice(0, bound), limit - bound)
      if (found >= after) return found + bound
    }
  }
  return Math.max(after, frame ?? after)
}

const endOfTurn = (
  tokenizer: Tokenizer,
  text: string,
  start: number,
  content: Content | undefined,
  alone: { readonly whole: string | undefined; readonly marked: string | undefined },
): number => {
  if (content !== undefined && alone.marked !== undefined) {
    const { sentinel } = content
    const tail = content.marked.slice(content.at + sentinel.length)
    const at = alone.marked.indexOf(sentinel)
    if (at >= 0 && text.endsWith(tail) && text.length - tail.length >= start) {
      const own = alone.marked.slice(at + sentinel.length)
      const common = commonTokens(tokenizer, tail, own)
      return text.length - tail.length + common + otherEnd(tokenizer, tail, own, common)
    }
  }
  if (alone.whole === undefined) return -1
  const end = commonTokens(tokenizer, text, alone.whole)
  if (end > start) return end
  // The turn reads differently when it is the last: only the token that ends it is sure.
  const last = specialAtEnd(tokenizer, alone.whole.trimEnd())
  const found = last === undefined ? -1 : text.indexOf(last, start)
  return found < 0 ? -1 : found + last!.length
}

/**
 * Some templates end the last turn with another token than those before (`<|return|>`, `<|end|>`). Where the two
 * part before any special token, and both go on with one, that one ends the turn.
 */
const otherEnd = (tokenizer: Tokenizer, tail: string, own: string, common: number): number => {
  const specials = [...tokenizer.special.values()]
  if (specials.some((token) => tail.slice(0, common).includes(token))) return 0
  if (!specials.some((token) => own.startsWith(token, common))) return 0
  return specials.find((token) => tail.startsWith(token, common))?.length ?? 0
}

/** The special token with which a text ends. */
const specialAtEnd = (tokenizer: Tokenizer, text: string): string | undefined =>
  [...tokenizer.special.values()].find((token) => text.endsWith(token))

const commonPrefix = (one: string, other: string): number => {
  const length = Math.min(one.length, other.length)
  let i = 0
  while (i < length && one.charCodeAt(i) === other.charCodeAt(i)) i++
  return i
}

/**
 * How much text both begin with, in whole tokens: `<|end|>` followed by `<|user|>` or by `<|endoftext|>` have `<|`
 * in common as text, and nothing as tokens.
 */
const commonTokens = (tokenizer: Tokenizer, one: string, other: string): number => {
  const common = commonPrefix(one, other)
  if (common === one.length) return common
  const { ids, spans } = tokenizer.encodeWithSpans(one)
  const others = tokenizer.encode(other)
  let end = 0
  for (let i = 0; i < ids.length && ids[i] === others[i] && spans[i]!.end <= common; i++) end = spans[i]!.end
  return end
}

/** The end of the last special token, where nothing but white space follows it in the piece. */
const endWithToken = (tokenizer: Tokenizer, text: string, start: number, end: number): number => {
  const trimmed = text.slice(start, end).trimEnd()
  return specialAtEnd(tokenizer, trimmed) === undefined ? end : start + trimmed.length
}
