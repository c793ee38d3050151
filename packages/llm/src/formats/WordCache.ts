/**
 * Byte-level BPE with its words remembered: the ids of `@huggingface/tokenizers`, several times as fast on texts that
 * repeat words, which all texts do.
 *
 * Such a tokenizer cuts a text at its added tokens, cuts what is between them into words by patterns, and merges the
 * bytes of each word by itself. So the tokens of a word never depend on its neighbours, and a word needs the library
 * only once. Whole stretches between two added tokens (a system prompt) are remembered too. What a tokenizer might do
 * otherwise (another model, a prefix space, stripped white space) is left to the library: `make` gives undefined.
 */
import type { Tokenizer as Engine } from "@huggingface/tokenizers"
import { align, byteLevelBytes } from "./alignment.ts"
import type { TokenizerConfig, TokenizerJson } from "./TokenizerJson.ts"

/** Tokens of a text with their places; UTF-16 offsets, end exclusive. */
export interface Placed {
  readonly ids: Array<number>
  readonly starts: Array<number>
  readonly ends: Array<number>
}

/** The tokens of a text, or undefined where only the library knows them. */
export type WordCache = (text: string) => Placed | undefined

/** Memory is bounded: a full cache starts over. */
const mostWords = 50_000
const mostStretches = 1000
const longestWord = 256
const longestStretch = 4000

interface Part {
  readonly type?: string
  readonly pretokenizers?: ReadonlyArray<Part>
  readonly invert?: boolean
  readonly behavior?: string
  readonly use_regex?: boolean
  readonly add_prefix_space?: boolean
}

/** The cache for a tokenizer whose pre-tokenizer's patterns are written out (`preTokenizers.ts`). */
export const make = (engine: Engine, json: TokenizerJson, config: TokenizerConfig): WordCache | undefined => {
  const { model, normalizer: described } = json
  if (model.type !== "BPE" || engine.model === null) return undefined
  const composes = described !== null
  if (composes && (described as Part).type !== "NFC") return undefined
  if (config["remove_space"] === true || config["do_lowercase_and_remove_accent"] === true) return undefined
  const added = json.added_tokens.filter(({ content }) => content !== "")
  if (added.some((token) => token.lstrip || token.rstrip || (composes && token.normalized))) return undefined
  const patterns = patternsOf(json.pre_tokenizer as Part | null, engine.pre_tokenizer)
  if (patterns === undefined) return undefined

  const merge = mergerOf(engine)
  const cut = cutterOf(added.map(({ content }) => content))
  const idOfAdded = new Map(added.map(({ content, id }) => [content, id]))
  const words = new Map<string, Placed>()
  const stretches = new Map<string, Placed>()

  const wordOf = (word: string): Placed | undefined => {
    const known = words.get(word)
    if (known !== undefined) return known
    const found = merge(word)
    if (found === undefined || word.length > longestWord) return found
    if (words.size >= mostWords) words.clear()
    words.set(apart(word), found)
    return found
  }
  const stretchOf = (text: string): Placed | undefined => {
    const known = stretches.get(text)
    if (known !== undefined) return known
    const found: Placed = { ids: [], starts: [], ends: [] }
    let at = 0
    for (const word of split(text, patterns)) {
      const tokens = wordOf(word)
      if (tokens === undefined) return undefined
      append(found, tokens, at)
      at += word.length
    }
    if (text.length > longestStretch) return found
    if (stretches.size >= mostStretches) stretches.clear()
    stretches.set(apart(text), found)
    return found
  }

  return (text) => {
    if (composes && text.normalize("NFC") !== text) return undefined
    const found: Placed = { ids: [], starts: [], ends: [] }
    let at = 0
    for (const section of cut(text)) {
      const id = idOfAdded.get(section)
      if (id !== undefined) {
        found.ids.push(id)
        found.starts.push(at)
        found.ends.push(at + section.length)
      } else {
        const tokens = stretchOf(section)
        if (tokens === undefined) return undefined
        append(found, tokens, at)
      }
      at += section.length
    }
    return found
  }
}

const append = (all: Placed, { ends, ids, starts }: Placed, at: number): void => {
  for (let i = 0; i < ids.length; i++) {
    all.ids.push(ids[i]!)
    all.starts.push(at + starts[i]!)
    all.ends.push(at + ends[i]!)
  }
}

/** A copy of a part of a text that does not keep the text in memory, as V8's own parts do. */
const apart = (text: string): string =>
  text.length < 13 ? text : Buffer.from(text, "utf16le").toString("utf16le")

/** The patterns that cut words, in their order; undefined for pre-tokenizers that do anything else. */
const patternsOf = (described: Part | null, instance: unknown): ReadonlyArray<RegExp> | undefined => {
  const parts = flat(described, instance)
  const last = parts.pop()
  if (last === undefined || last.described.type !== "ByteLevel") return undefined
  if (last.described.use_regex !== false || last.described.add_prefix_space === true) return undefined
  const patterns: Array<RegExp> = []
  for (const { described: part, instance: built } of parts) {
    const pattern = (built as { readonly pattern?: unknown } | undefined)?.pattern
    if (part.type !== "Split" || part.invert === true || part.behavior?.toLowerCase() !== "isolated")
      return undefined
    if (!(pattern instanceof RegExp) || !pattern.global) return undefined
    patterns.push(pattern)
  }
  return patterns
}

/** Each part of a pre-tokenizer beside what the library built of it. */
const flat = (described: Part | null, instance: unknown): Array<{ described: Part; instance: unknown }> => {
  if (described === null) return []
  if (described.type !== "Sequence") return [{ described, instance }]
  const built = (instance as { readonly tokenizers?: ReadonlyArray<unknown> }).tokenizers ?? []
  return (described.pretokenizers ?? []).flatMap((part, i) => flat(part, built[i]))
}

/** The words of a text: every pattern cuts what the one before left, and what lies between its matches is a word too. */
const split = (text: string, patterns: ReadonlyArray<RegExp>): ReadonlyArray<string> => {
  let words: ReadonlyArray<string> = [text]
  for (const pattern of patterns) {
    words = words.length === 1 ? splitBy(words[0]!, pattern) : words.flatMap((word) => splitBy(word, pattern))
  }
  return words
}

const splitBy = (text: string, pattern: RegExp): ReadonlyArray<string> => {
  const matches: ReadonlyArray<string> | null = text.match(pattern)
  if (matches === null) return [text]
  let length = 0
  for (const match of matches) length += match.length
  // Matches that make up the whole text leave nothing between them.
  if (length === text.length && !matches.includes("")) return matches
  const found: Array<string> = []
  let end = 0
  for (const match of text.matchAll(pattern)) {
    if (end < match.index) found.push(text.slice(end, match.index))
    if (match[0] !== "") found.push(match[0])
    end = match.index + match[0].length
  }
  if (end < text.length) found.push(text.slice(end))
  return found
}

/** Cuts a text at added tokens, the longest that stands at a place. */
const cutterOf = (contents: ReadonlyArray<string>): ((text: string) => ReadonlyArray<string>) => {
  if (contents.length === 0) return (text) => (text === "" ? [] : [text])
  const byFirst = new Map<string, Array<string>>()
  for (const content of contents.toSorted((a, b) => b.length - a.length)) {
    byFirst.set(content[0]!, [...(byFirst.get(content[0]!) ?? []), content])
  }
  const escaped = [...byFirst.keys()].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
  const first = new RegExp(`[${escaped.join("")}]`, "g")
  return (text) => {
    const found: Array<string> = []
    let start = 0
    first.lastIndex = 0
    while (first.test(text)) {
      const at = first.lastIndex - 1
      const content = byFirst.get(text[at]!)!.find((candidate) => text.startsWith(candidate, at))
      if (content === undefined) continue
      if (at > start) found.push(text.slice(start, at))
      found.push(content)
      start = at + content.length
      first.lastIndex = start
    }
    if (start < text.length) found.push(text.slice(start))
    return found
  }
}

const characterOfByte: ReadonlyArray<string> = (() => {
  const found: Array<string> = []
  for (let code = 33; found.filter(Boolean).length < 256; code++) {
    const byte = byteLevelBytes(String.fromCharCode(code))?.[0]
    if (byte !== undefined) found[byte] = String.fromCharCode(code)
  }
  return found
})()

const encoder = new TextEncoder()

/** Merges one word by the library; undefined where its tokens do not spell the word. */
const mergerOf = (engine: Engine): ((word: string) => Placed | undefined) => {
  const model = engine.model as unknown as (words: ReadonlyArray<string>) => ReadonlyArray<string>
  return (word) => {
    let spelled = ""
    for (const byte of encoder.encode(word)) spelled += characterOfByte[byte]!
    const tokens = model([spelled])
    const ids = tokens.map((token) => engine.token_to_id(token))
    if (tokens.join("") !== spelled || ids.includes(undefined)) return undefined
    const spans = align(
      word,
      tokens.map((token) => ({ bytes: byteLevelBytes(token)!, kind: "plain" })),
    )
    return {
      ids: ids as Array<number>,
      starts: spans.map(({ start }) => start),
      ends: spans.map(({ end }) => end),
    }
  }
}
