/**
 * One answer to a task that asks for JSON.
 *
 * The whole answer must parse: white space around it is all that JSON allows. Prose or a code fence around a value
 * makes it invalid, is counted as leakage, and the value inside is looked at as well, so that a report can say what
 * unwrapping would bring.
 */
import * as Fields from "./Fields.ts"
import * as Json from "./jsonValue.ts"

/** What stands around the JSON value: nothing, a Markdown fence, words, or both. `null`: there is no value inside. */
export type Leakage = "none" | "fence" | "prose" | "fence and prose"

export interface JsonScore {
  /** The whole answer is JSON. */
  readonly parses: boolean
  /** It parses and fits the schema. */
  readonly schemaValid: boolean
  /** It fits and equals the expected value, whatever the order of fields. */
  readonly exact: boolean
  readonly fields: Readonly<Record<string, Fields.FieldOutcome>>
  readonly leakage: Leakage | null
  /** The answer, or the value inside it, parses, fits the schema and equals the expected value. */
  readonly exactUnwrapped: boolean
  /** The limit of new tokens ended the answer, not the model. */
  readonly cut: boolean
}

export interface Given {
  readonly text: string
  /** False when the limit of new tokens cut the answer. */
  readonly stopped: boolean
}

/**
 * Scores an answer against the expected value. `fits` tells whether a value fits the schema (JsonSchema, EffectSchema);
 * fields of an answer that does not parse are missing, those of one that does not fit count as they are.
 */
export const score = (answer: Given, expected: unknown, fits: (value: unknown) => boolean): JsonScore => {
  const value = Json.parsed(answer.text)
  const schemaValid = value !== undefined && fits(value)
  const inner = value === undefined ? unwrapped(answer.text) : { value, leakage: "none" as const }
  return {
    parses: value !== undefined,
    schemaValid,
    exact: schemaValid && Json.equal(value, expected),
    fields: Fields.compare(value, expected),
    leakage: inner?.leakage ?? null,
    exactUnwrapped: inner !== undefined && fits(inner.value) && Json.equal(inner.value, expected),
    cut: !answer.stopped,
  }
}

const fence = /```[^\n`]*\n([\s\S]*?)```/

/** The value inside an answer that is not JSON as a whole, and what is around it. */
const unwrapped = (text: string): { readonly value: unknown; readonly leakage: Leakage } | undefined => {
  const block = fence.exec(text)
  if (block !== null) {
    const value = Json.parsed(block[1]!)
    const around = text.slice(0, block.index) + text.slice(block.index + block[0].length)
    if (value !== undefined) return { value, leakage: around.trim() === "" ? "fence" : "fence and prose" }
  }
  const value = firstValue(text)
  return value === undefined
    ? undefined
    : { value, leakage: text.includes("```") ? "fence and prose" : "prose" }
}

/** The first object or array in the text that parses: numbers and words in prose are no answer. */
const firstValue = (text: string): unknown => {
  for (let start = 0; start < text.length; start++) {
    if (text[start] !== "{" && text[start] !== "[") continue
    const end = closing(text, start)
    const value = end === undefined ? undefined : Json.parsed(text.slice(start, end))
    if (value !== undefined) return value
    // What opens and never closes holds no value, but what opens inside of it may.
  }
  return undefined
}

/** Behind the bracket that closes the one at `start`, brackets in strings aside. */
const closing = (text: string, start: number): number | undefined => {
  let depth = 0
  let quoted = false
  for (let at = start; at < text.length; at++) {
    const letter = text[at]!
    if (quoted) {
      if (letter === "\\") at++
      else if (letter === '"') quoted = false
    } else if (letter === '"') quoted = true
    else if (letter === "{" || letter === "[") depth++
    else if (letter === "}" || letter === "]") {
      depth--
      if (depth === 0) return at + 1
    }
  }
  return undefined
}
