/**
 * Text to token ids and back, from a GGUF file's metadata or a Hugging Face `tokenizer.json`.
 * The algorithms are those of `@huggingface/tokenizers`; this module adds roles, places and messages.
 */
import { Tokenizer as Engine } from "@huggingface/tokenizers"
import {
  align,
  byteLevelBytes,
  Misaligned,
  pieceBytes,
  rewrite,
  type Span,
  type Surface,
} from "./formats/alignment.ts"
import { FormatError } from "./formats/FormatError.ts"
import type { Gguf } from "./formats/Gguf.ts"
import { writtenOut } from "./formats/preTokenizers.ts"
import * as TokenizerJson from "./formats/TokenizerJson.ts"
import * as WordCache from "./formats/WordCache.ts"

export type { Span } from "./formats/alignment.ts"

export interface Encoding {
  readonly ids: ReadonlyArray<number>
  /** For each token the part of the text that it covers; tokens that share one character share its span. */
  readonly spans: ReadonlyArray<Span>
}

/** All that a tokenizer is made of: plain values, which another thread can make it from again. */
export interface Definition {
  readonly json: TokenizerJson.TokenizerJson
  readonly config: TokenizerJson.TokenizerConfig
  readonly file: string
}

export interface Tokenizer {
  readonly definition: Definition
  /** The file or folder it came from, for messages. */
  readonly file: string
  readonly vocabularySize: number
  readonly bosId: number | null
  readonly eosId: number | null
  readonly padId: number | null
  readonly bosToken: string
  readonly eosToken: string
  /** Ids that end an answer: the end-of-sequence token and the end-of-turn tokens that the vocabulary has. */
  readonly stopIds: ReadonlyArray<number>
  /** Special tokens by id. */
  readonly special: ReadonlyMap<number, string>
  /** The chat template that came with the tokenizer. */
  readonly chatTemplate: string | null
  /** Ids of the whole text; special tokens written in it are recognised, none is added unless asked for. */
  readonly encode: (text: string, options?: { readonly addSpecialTokens?: boolean }) => Array<number>
  /** As `encode`, with the place of each token. Throws FormatError where a token cannot be placed. */
  readonly encodeWithSpans: (text: string) => Encoding
  readonly decode: (ids: ReadonlyArray<number>, options?: { readonly skipSpecialTokens?: boolean }) => string
  readonly tokenText: (id: number) => string | undefined
  readonly idOf: (token: string) => number | undefined
}

/** The tokenizer in a GGUF file's metadata. Throws FormatError. */
export const fromGguf = (gguf: Gguf): Tokenizer => {
  const { json, config } = TokenizerJson.fromGguf(gguf)
  return make({ json, config, file: gguf.file })
}

/** A tokenizer from the parsed `tokenizer.json` and `tokenizer_config.json`. Throws FormatError. */
export const fromJson = (
  json: unknown,
  config: TokenizerJson.TokenizerConfig = {},
  file = "tokenizer.json",
): Tokenizer => {
  const model = (json as { readonly model?: unknown } | null)?.model
  if (typeof model !== "object" || model === null) {
    throw new FormatError({
      file,
      reason: "This is not a tokenizer.json.",
      facts: [["Missing", "an object 'model'"]],
      hint: "Older models have only vocab.json or tokenizer.model: save the tokenizer again with transformers.",
    })
  }
  const given = json as Partial<TokenizerJson.TokenizerJson> & { readonly model: Record<string, unknown> }
  return make({
    json: {
      added_tokens: given.added_tokens ?? [],
      normalizer: given.normalizer ?? null,
      pre_tokenizer: given.pre_tokenizer ?? null,
      post_processor: given.post_processor ?? null,
      decoder: given.decoder ?? null,
      model: given.model,
    },
    config,
    file,
  })
}

/** Special tokens that end a turn in the chat formats of known models. */
const endOfTurn = [
  "<|im_end|>",
  "<|eot_id|>",
  "<|end|>",
  "<end_of_turn>",
  "<turn|>",
  "<|END_OF_TURN_TOKEN|>",
  "<|end_of_text|>",
  "<｜end▁of▁sentence｜>",
]

/** The tokenizer of a definition. Throws FormatError. */
export const make = (definition: Definition): Tokenizer => {
  const { config, file, json } = definition
  let engine: Engine
  const written = { ...json, pre_tokenizer: writtenOut(json.pre_tokenizer) }
  try {
    engine = new Engine(written, { clean_up_tokenization_spaces: false, ...config })
  } catch (cause) {
    throw new FormatError({
      file,
      reason: "The tokenizer cannot be built.",
      facts: [["Cause", cause instanceof Error ? cause.message : String(cause)]],
    })
  }
  const idOf = (token: string): number | undefined => (token === "" ? undefined : engine.token_to_id(token))
  const bosToken = contentOf(config.bos_token)
  const eosToken = contentOf(config.eos_token)
  const added = new Map(json.added_tokens.map((token) => [token.id, token]))
  const special = new Map([...added.values()].filter((t) => t.special).map((t) => [t.id, t.content]))
  const stops = [eosToken, contentOf(config["end_of_turn_token"]), ...endOfTurn]
    .map(idOf)
    .filter((id) => id !== undefined)
  const template = config.chat_template
  const unknown = contentOf(json.model["unk_token"])
  const surfaceOf = surfaces(json, unknown)
  const vocabulary = engine.get_vocab(true)
  const { normalizer } = engine
  const remembered = WordCache.make(engine, written, config)
  const normalise = normalizer === null ? undefined : (text: string): string => normalizer.normalize(text)
  return {
    definition,
    file,
    vocabularySize: largest(vocabulary.values()) + 1,
    bosId: idOf(bosToken) ?? null,
    eosId: idOf(eosToken) ?? null,
    padId: idOf(contentOf(config.pad_token)) ?? null,
    bosToken,
    eosToken,
    stopIds: [...new Set(stops)],
    special,
    chatTemplate:
      typeof template === "string"
        ? template
        : (template?.find((named) => named.name === "default")?.template ?? template?.[0]?.template ?? null),
    encode: (text, options) => {
      if (options?.addSpecialTokens === true) return engine.encode(text, { add_special_tokens: true }).ids
      if (text === "") return []
      return remembered?.(text)?.ids ?? engine.encode(text, { add_special_tokens: false }).ids
    },
    encodeWithSpans: (text) => {
      const known = remembered?.(text)
      if (known !== undefined) {
        const { ends, ids, starts } = known
        return { ids, spans: ids.map((_, i) => ({ start: starts[i]!, end: ends[i]! })) }
      }
      const { ids, tokens } = engine.encode(text, { add_special_tokens: false })
      return { ids, spans: place(file, text, tokens.map(surfaceOf), tokens, normalise) }
    },
    decode: (ids, options) =>
      ids.length === 0
        ? ""
        : engine.decode([...ids], { skip_special_tokens: options?.skipSpecialTokens ?? false }),
    tokenText: (id) => engine.id_to_token(id),
    idOf,
  }
}

/** A special token as tokenizer_config.json has it: its text, or an object around it. */
const contentOf = (token: unknown): string => {
  if (typeof token === "string") return token
  return (token as { readonly content?: string } | null | undefined)?.content ?? ""
}

/** Without spreading a vocabulary of 150,000 over the stack. */
const largest = (ids: Iterable<number>): number => {
  let found = -1
  for (const id of ids) if (id > found) found = id
  return found
}

/** What each token spells; remembered, as texts repeat their tokens. */
const surfaces = (json: TokenizerJson.TokenizerJson, unknown: string): ((token: string) => Surface) => {
  const added = new Set(json.added_tokens.map((token) => token.content))
  const spellsBytes = JSON.stringify([json.pre_tokenizer, json.decoder]).includes('"ByteLevel"')
  const wordPiece = json.model.type === "WordPiece"
  const known = new Map<string, Surface>()
  const find = (token: string): Surface => {
    if (added.has(token)) {
      return { bytes: new TextEncoder().encode(token), kind: token === unknown ? "unknown" : "added" }
    }
    if (token === unknown) return { bytes: new Uint8Array(), kind: "unknown" }
    const bytes = spellsBytes ? byteLevelBytes(token) : undefined
    const piece = wordPiece && token.startsWith("##") ? token.slice(2) : token
    return { bytes: bytes ?? pieceBytes(piece), kind: "plain" }
  }
  return (token) => {
    const found = known.get(token) ?? find(token)
    known.set(token, found)
    return found
  }
}

const place = (
  file: string,
  text: string,
  found: ReadonlyArray<Surface>,
  tokens: ReadonlyArray<string>,
  normalise: ((text: string) => string) | undefined,
): Array<Span> => {
  try {
    return align(text, found)
  } catch (error) {
    if (!(error instanceof Misaligned)) throw error
    // Some tokenizers rewrite the text first, as Qwen's compose its characters: look in what they make of it.
    const spans = normalise === undefined ? undefined : placeRewritten(text, found, normalise)
    if (spans !== undefined) return spans
    throw new FormatError({
      file,
      reason: "The tokens cannot be traced back to the text, so that no label could be placed.",
      facts: [
        [
          "Token",
          `${error.token + 1} of ${tokens.length}: ${JSON.stringify(tokens[error.token] ?? "(end)")}`,
        ],
        ["Text there", JSON.stringify(text.slice(error.at, error.at + 40))],
      ],
      hint: "This tokenizer rewrites its input; supervise the whole text instead, or use a byte-level tokenizer.",
    })
  }
}

const placeRewritten = (
  text: string,
  found: ReadonlyArray<Surface>,
  normalise: (text: string) => string,
): Array<Span> | undefined => {
  const rewritten = rewrite(text, normalise)
  if (rewritten === undefined || rewritten.text === text) return undefined
  try {
    return align(rewritten.text, found).map(({ start, end }) => ({
      start: rewritten.starts[start] ?? text.length,
      end: end === start ? (rewritten.starts[start] ?? text.length) : rewritten.ends[end - 1]!,
    }))
  } catch (error) {
    if (error instanceof Misaligned) return undefined
    throw error
  }
}
