/**
 * Weights of parts of messages as parts of the rendered text.
 */
import { withContent, wordNotIn } from "./assistantPieces.ts"
import type { ChatTemplate, Message, RenderOptions } from "./ChatTemplate.ts"
import { SupervisionError } from "./SupervisionError.ts"

/** What a part of a message's content counts in the loss; UTF-16 offsets into the content, end exclusive. */
export interface SpanWeight {
  readonly start: number
  readonly end: number
  /** 0 or more; 0 is not learnt. */
  readonly weight: number
}

/** The same in the rendered text. */
export type WeightedSpan = SpanWeight

interface Weighing extends Message {
  readonly weights?: ReadonlyArray<SpanWeight>
}

/** Weighted spans of the text, upwards. Throws SupervisionError for spans that no content has, and where one is lost. */
export const weightedSpans = (
  template: ChatTemplate,
  turns: ReadonlyArray<Weighing>,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
  text: string,
): ReadonlyArray<WeightedSpan> =>
  turns.flatMap(({ content, weights = [] }, i) => {
    if (weights.length === 0) return []
    const length = content?.length ?? 0
    const sorted = weights.toSorted((a, b) => a.start - b.start)
    sorted.forEach((span, k) => {
      const problem = problemOf(span, sorted[k - 1]?.end ?? 0, length)
      if (problem === undefined) return
      throw refusal(
        messages,
        `A weight of message ${i + 1} ${problem}: ${JSON.stringify(span)}.`,
        "Give start and end as offsets into the content, in order, and a weight of 0 or more.",
      )
    })
    const at = contentAt(template, messages, render, text, i)
    if (at === undefined) {
      throw refusal(
        messages,
        `The content of message ${i + 1} is rewritten by the chat template, so that its weights have no place.`,
        "Leave the weights out, or give the content as the template writes it.",
      )
    }
    return sorted.map(({ end, start, weight }) => ({
      start: at.start + Math.max(start - at.trimmed, 0),
      end: Math.min(at.start + Math.max(end - at.trimmed, 0), at.end),
      weight,
    }))
  })

const problemOf = ({ end, start, weight }: SpanWeight, after: number, length: number): string | undefined => {
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end <= start)
    return "has no part of the content"
  if (end > length) return `ends after the content, which has ${length} characters`
  if (start < after) return "overlaps the one before"
  return Number.isFinite(weight) && weight >= 0 ? undefined : "is not a number of 0 or more"
}

/**
 * Where a message's content stands in the text: right before all that follows another content in its place.
 * Templates may trim it; `trimmed` characters are then missing at its start.
 */
const contentAt = (
  template: ChatTemplate,
  messages: ReadonlyArray<Message>,
  render: RenderOptions,
  text: string,
  i: number,
): { readonly start: number; readonly end: number; readonly trimmed: number } | undefined => {
  const word = wordNotIn(text)
  const marked = template.render(
    messages.map((message, j) => (j === i ? withContent(message, word) : message)),
    render,
  )
  const at = marked.indexOf(word)
  const tail = marked.slice(at + word.length)
  if (at < 0 || !text.endsWith(tail)) return undefined
  const end = text.length - tail.length
  const content = messages[i]!.content ?? ""
  for (const written of [content, content.trimEnd(), content.trimStart(), content.trim()]) {
    const start = end - written.length
    if (written !== "" && start >= 0 && text.startsWith(written, start))
      return { start, end, trimmed: content.indexOf(written) }
  }
  return undefined
}

const refusal = (messages: ReadonlyArray<Message>, reason: string, hint: string): SupervisionError =>
  new SupervisionError({ reason, roles: messages.map((message) => message.role), hint })
