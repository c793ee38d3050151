import type { Step, Table } from "@sluice/core"
import { rowsOf } from "../reading.ts"
import type { Chunks, Documents } from "../Retrieve.ts"

interface Limits {
  readonly maxCharacters: number
  readonly overlap: number
}

export async function* chunk(
  context: Step.Context<Limits, { readonly documents: Table.Reader<typeof Documents> }>,
): AsyncGenerator<Table.Row<typeof Chunks>> {
  for await (const { document, sections } of rowsOf(context.inputs.documents)) {
    let number = 0
    for (const { heading, text } of sections) {
      for (const piece of pieces(text, context.config))
        yield { id: `${document}#${++number}`, document, heading, text: piece }
    }
  }
}

/** Cuts a text into pieces of at most `maxCharacters`, where they are smallest: paragraphs, sentences, words. */
export const pieces = (text: string, limits: Limits): ReadonlyArray<string> => {
  const found: Array<string> = []
  let current = ""
  const add = (part: string, between: string): void => {
    if (current === "") current = part
    else if (current.length + between.length + part.length <= limits.maxCharacters) current += between + part
    else {
      found.push(current)
      const kept = tail(current, Math.min(limits.overlap, limits.maxCharacters - part.length - 1))
      current = kept === "" ? part : `${kept} ${part}`
    }
  }
  for (const paragraph of text.split(/\n{2,}/)) {
    if (paragraph.length <= limits.maxCharacters) {
      add(paragraph, "\n\n")
      continue
    }
    for (const sentence of sentencesOf(paragraph)) {
      if (sentence.length <= limits.maxCharacters) add(sentence, " ")
      else for (const part of cutWords(sentence, limits.maxCharacters)) add(part, " ")
    }
  }
  if (current !== "") found.push(current)
  return found
}

const sentencesOf = (text: string): ReadonlyArray<string> =>
  text
    .split(/(?<=[.!?。])\s+|\n/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "")

/** Runs of words of at most that length; a word that is longer by itself is cut. */
const cutWords = (text: string, length: number): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let current = ""
  for (const word of text.split(/\s+/)) {
    if (current !== "" && current.length + 1 + word.length <= length) {
      current += ` ${word}`
      continue
    }
    if (current !== "") parts.push(current)
    let rest = word
    for (; rest.length > length; rest = rest.slice(length)) parts.push(rest.slice(0, length))
    current = rest
  }
  return current === "" ? parts : [...parts, current]
}

/** The last whole sentences within so many characters. */
const tail = (text: string, length: number): string => {
  const sentences = sentencesOf(text)
  let kept = ""
  for (const sentence of sentences.toReversed()) {
    const longer = kept === "" ? sentence : `${sentence} ${kept}`
    if (longer.length > length) break
    kept = longer
  }
  return kept
}
