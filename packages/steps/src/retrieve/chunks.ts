import type { Step, Table } from "@sluice/core"
import { rowsOf } from "../reading.ts"
import type { Chunks, Documents } from "./Tables.ts"

interface Limits {
  readonly maxCharacters: number
  readonly overlap: number
}

/** A part of a text: characters from `start` up to `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

export async function* chunk(
  context: Step.Context<Limits, { readonly documents: Table.Reader<typeof Documents> }>,
): AsyncGenerator<Table.Row<typeof Chunks>> {
  for await (const { document, sections } of rowsOf(context.inputs.documents)) {
    let number = 0
    for (const [at, { heading, text }] of sections.entries()) {
      for (const { end, start } of ranges(text, context.config)) {
        const id = `${document}#${++number}`
        yield { id, document, heading, section: at + 1, start, end, text: text.slice(start, end) }
      }
    }
  }
}

/**
 * Cuts a text into parts of at most `maxCharacters`, each as it stands there, at the ends of paragraphs, else of lines
 * and sentences, else of words. A part begins with the last sentences of the one before, up to `overlap` characters.
 */
export const ranges = (text: string, limits: Limits): ReadonlyArray<Range> => {
  const found: Array<Range> = []
  const sentences = limits.overlap === 0 ? [] : split(text, whole(text), sentenceEnd)
  let sentence = 0
  let start = 0
  let end = -1
  for (const unit of units(text, limits.maxCharacters)) {
    if (end < 0) start = unit.start
    else if (unit.end - start > limits.maxCharacters) {
      found.push({ start, end })
      const earliest = Math.max(start + 1, end - limits.overlap, unit.end - limits.maxCharacters)
      while (sentence < sentences.length && sentences[sentence]!.start < earliest) sentence++
      start = Math.min(sentences[sentence]?.start ?? unit.start, unit.start)
    }
    end = unit.end
  }
  if (end >= 0) found.push({ start, end })
  return found
}

const whole = (text: string): Range => ({ start: 0, end: text.length })

const paragraphEnd = /\n\s*\n/g
const sentenceEnd = /(?<=[.!?。])\s+|\n/g
const wordEnd = /\s+/g

/** Parts of at most that length, as large as paragraphs where these fit. */
function* units(text: string, length: number): Generator<Range> {
  const fits = ({ end, start }: Range) => end - start <= length
  for (const paragraph of split(text, whole(text), paragraphEnd)) {
    if (fits(paragraph)) {
      yield paragraph
      continue
    }
    for (const sentence of split(text, paragraph, sentenceEnd)) {
      if (fits(sentence)) yield sentence
      else for (const word of split(text, sentence, wordEnd)) yield* cut(text, word, length)
    }
  }
}

/** A word by itself where it fits, else pieces of it; a character of two units stays whole. */
function* cut(text: string, { end, start }: Range, length: number): Generator<Range> {
  let from = start
  while (end - from > length) {
    const last = text.charCodeAt(from + length - 1)
    const within = last >= 0xd800 && last <= 0xdbff && length > 1
    const to = from + length - (within ? 1 : 0)
    yield { start: from, end: to }
    from = to
  }
  yield { start: from, end }
}

/** The parts of a part between a pattern's matches, without white space around them; empty ones are left out. */
const split = (text: string, { end, start }: Range, pattern: RegExp): ReadonlyArray<Range> => {
  const parts: Array<Range> = []
  const add = (from: number, to: number): void => {
    while (from < to && isSpace(text.charCodeAt(from))) from++
    while (to > from && isSpace(text.charCodeAt(to - 1))) to--
    if (from < to) parts.push({ start: from, end: to })
  }
  let from = start
  for (const match of text.slice(start, end).matchAll(pattern)) {
    add(from, start + match.index)
    from = start + match.index + match[0].length
  }
  add(from, end)
  return parts
}

const isSpace = (code: number): boolean => /\s/.test(String.fromCharCode(code))
