/**
 * The structure of a Hugging Face `tokenizer.json`, and how a GGUF file's metadata becomes one.
 *
 * @see llama.cpp's `llama-vocab.cpp` for the pre-tokenizers' names and patterns
 */
import { FormatError } from "./FormatError.ts"
import type { Gguf, GgufValue } from "./Gguf.ts"

export interface AddedToken {
  readonly id: number
  readonly content: string
  readonly special: boolean
  readonly single_word: boolean
  readonly lstrip: boolean
  readonly rstrip: boolean
  readonly normalized: boolean
}

export interface TokenizerJson {
  readonly added_tokens: ReadonlyArray<AddedToken>
  readonly normalizer: unknown
  readonly pre_tokenizer: unknown
  readonly post_processor: unknown
  readonly decoder: unknown
  readonly model: Readonly<Record<string, unknown>> & { readonly type?: string }
}

/** What `tokenizer_config.json` adds: the special tokens' roles and the chat template. */
export interface TokenizerConfig {
  readonly bos_token?: string | { readonly content: string } | null
  readonly eos_token?: string | { readonly content: string } | null
  readonly pad_token?: string | { readonly content: string } | null
  readonly unk_token?: string | { readonly content: string } | null
  readonly chat_template?: string | ReadonlyArray<{ readonly name: string; readonly template: string }> | null
  readonly [key: string]: unknown
}

const byteLevel = (useRegex: boolean): unknown => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
})

const splitThenBytes = (pattern: string): unknown => ({
  type: "Sequence",
  pretokenizers: [
    { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
    byteLevel(false),
  ],
})

const digitsThenBytes = {
  type: "Sequence",
  pretokenizers: [{ type: "Digits", individual_digits: true }, byteLevel(true)],
}

/** GPT-2's pattern, which `ByteLevel` holds itself. */
const gpt2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

/** `\s` as in Unicode, not as in JavaScript, where it holds U+FEFF and lacks U+0085. */
const unicodeSpace = (pattern: string): string =>
  pattern.replaceAll(/\\(.)/gs, (escape, character) =>
    character === "s" ? "\\p{White_Space}" : character === "S" ? "\\P{White_Space}" : escape,
  )

const split = (pattern: string): unknown => ({
  type: "Split",
  pattern: { Regex: unicodeSpace(pattern) },
  behavior: "Isolated",
  invert: false,
})

interface Part {
  readonly type?: string
  readonly individual_digits?: boolean
  readonly add_prefix_space?: boolean
  readonly use_regex?: boolean
  readonly pattern?: { readonly Regex?: string }
  readonly pretokenizers?: ReadonlyArray<unknown>
}

/**
 * The same pre-tokenizer with its patterns written out, where JavaScript's library would read them otherwise than
 * Rust's: `Digits` is `0` to `9` there and every number of Unicode here, and `\s` differs by two characters.
 */
export const writtenOut = (preTokenizer: unknown): unknown => {
  const part = preTokenizer as Part | null
  switch (part?.type) {
    case "Digits":
      return split(part.individual_digits === true ? "\\p{N}" : "\\p{N}+")
    case "Split": {
      const pattern = part.pattern?.Regex
      return pattern === undefined ? part : { ...part, pattern: { Regex: unicodeSpace(pattern) } }
    }
    case "ByteLevel":
      return part.use_regex === false || part.add_prefix_space === true
        ? part
        : { type: "Sequence", pretokenizers: [split(gpt2), { ...part, use_regex: false }] }
    case "Sequence":
      return { ...part, pretokenizers: part.pretokenizers?.map(writtenOut) ?? [] }
    default:
      return preTokenizer
  }
}

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
const words = (numbers: string): string =>
  `${contractions}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`

interface PreTokenizer {
  readonly pre_tokenizer: unknown
  readonly normalizer?: unknown
  readonly ignoreMerges?: boolean
}

/** By `tokenizer.ggml.pre`. */
const preTokenizers: Readonly<Record<string, PreTokenizer>> = {
  "gpt-2": { pre_tokenizer: byteLevel(true) },
  smollm: { pre_tokenizer: digitsThenBytes },
  starcoder: { pre_tokenizer: digitsThenBytes },
  "llama-bpe": { pre_tokenizer: splitThenBytes(words("\\p{N}{1,3}")), ignoreMerges: true },
  qwen2: { pre_tokenizer: splitThenBytes(words("\\p{N}")), normalizer: { type: "NFC" } },
  "deepseek-r1-qwen": { pre_tokenizer: splitThenBytes(words("\\p{N}")), normalizer: { type: "NFC" } },
}

/** Token kinds in `tokenizer.ggml.token_type`. */
const control = 3
const userDefined = 4

/** Reads one metadata value of an expected kind, or fails by name. */
const text = (gguf: Gguf, key: string): string => {
  const value = gguf.metadata.get(key)
  if (typeof value === "string") return value
  throw missing(gguf, key, value)
}

const list = <A extends GgufValue>(gguf: Gguf, key: string): ReadonlyArray<A> => {
  const value = gguf.metadata.get(key)
  if (Array.isArray(value)) return value as ReadonlyArray<A>
  throw missing(gguf, key, value)
}

const missing = (gguf: Gguf, key: string, value: unknown): FormatError =>
  new FormatError({
    file: gguf.file,
    reason: "The file's metadata hold no usable tokenizer.",
    facts: [
      ["Key", key],
      ["Found", value === undefined ? "nothing" : typeof value],
    ],
    hint: "Use a GGUF file with its tokenizer, or a folder with tokenizer.json.",
  })

/** The tokenizer that a GGUF file describes. Throws FormatError for a kind that is not known. */
export const fromGguf = (gguf: Gguf): { readonly json: TokenizerJson; readonly config: TokenizerConfig } => {
  const kind = text(gguf, "tokenizer.ggml.model")
  const pre = gguf.metadata.get("tokenizer.ggml.pre") ?? "gpt-2"
  if (kind !== "gpt2" || typeof pre !== "string" || !Object.hasOwn(preTokenizers, pre)) {
    throw new FormatError({
      file: gguf.file,
      reason: "The GGUF file's tokenizer is of a kind that Sluice does not read.",
      facts: [
        ["Model", `${kind} (tokenizer.ggml.model)`],
        ["Pre-tokenizer", `${String(pre)} (tokenizer.ggml.pre)`],
        ["Known", `gpt2 with ${Object.keys(preTokenizers).join(", ")}`],
      ],
      hint: "Use the model's folder with tokenizer.json and safetensors instead.",
    })
  }
  const tokens = list<string>(gguf, "tokenizer.ggml.tokens")
  const types = gguf.metadata.has("tokenizer.ggml.token_type")
    ? list<number>(gguf, "tokenizer.ggml.token_type")
    : []
  const vocab: Record<string, number> = {}
  const added: Array<AddedToken> = []
  tokens.forEach((content, id) => {
    vocab[content] = id
    if (types[id] === control || types[id] === userDefined) {
      const special = types[id] === control
      added.push({
        id,
        content,
        special,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
      })
    }
  })
  const role = (name: string): string | null => {
    const id = gguf.metadata.get(`tokenizer.ggml.${name}_token_id`)
    return typeof id === "number" ? (tokens[id] ?? null) : null
  }
  const chosen = preTokenizers[pre]!
  const template = gguf.metadata.get("tokenizer.chat_template")
  const bos = role("bos")
  return {
    json: {
      added_tokens: added,
      normalizer: chosen.normalizer ?? null,
      pre_tokenizer: chosen.pre_tokenizer,
      post_processor:
        gguf.metadata.get("tokenizer.ggml.add_bos_token") === true && bos !== null
          ? startsWith(bos, vocab)
          : null,
      decoder: byteLevel(true),
      model: {
        type: "BPE",
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: "",
        end_of_word_suffix: "",
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: chosen.ignoreMerges ?? false,
        vocab,
        merges: list<string>(gguf, "tokenizer.ggml.merges"),
      },
    },
    config: {
      bos_token: bos,
      eos_token: role("eos"),
      pad_token: role("padding"),
      unk_token: role("unknown"),
      end_of_turn_token: role("eot"),
      chat_template: typeof template === "string" ? template : null,
    },
  }
}

const startsWith = (bos: string, vocab: Readonly<Record<string, number>>): unknown => ({
  type: "TemplateProcessing",
  single: [{ SpecialToken: { id: bos, type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
  pair: [
    { SpecialToken: { id: bos, type_id: 0 } },
    { Sequence: { id: "A", type_id: 0 } },
    { Sequence: { id: "B", type_id: 1 } },
  ],
  special_tokens: { [bos]: { id: bos, ids: [vocab[bos]], tokens: [bos] } },
})
