/**
 * The structure of a Hugging Face `tokenizer.json`, and how a GGUF file's metadata becomes one.
 */
import { FormatError } from "./FormatError.ts"
import type { Gguf, GgufValue } from "./Gguf.ts"
import { byteLevel, type PreTokenizer, preTokenizers } from "./preTokenizers.ts"

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
  const chosen =
    kind === "gpt2" && typeof pre === "string" && Object.hasOwn(preTokenizers, pre)
      ? preTokenizers[pre]
      : undefined
  if (kind !== "llama" && chosen === undefined) {
    throw new FormatError({
      file: gguf.file,
      reason: "The GGUF file's tokenizer is of a kind that Sluice does not read.",
      facts: [
        ["Model", `${kind} (tokenizer.ggml.model)`],
        ["Pre-tokenizer", `${String(pre)} (tokenizer.ggml.pre)`],
        ["Known", `llama, and gpt2 with ${Object.keys(preTokenizers).join(", ")}`],
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
  const template = gguf.metadata.get("tokenizer.chat_template")
  const bos = role("bos")
  // llama.cpp puts the first token before a SentencePiece vocabulary's texts where the file does not say otherwise.
  const addsBos = gguf.metadata.get("tokenizer.ggml.add_bos_token") ?? kind === "llama"
  return {
    json: {
      added_tokens: added,
      post_processor: addsBos === true && bos !== null ? startsWith(bos, vocab) : null,
      ...(chosen === undefined
        ? sentencePiece(gguf, tokens, vocab, role("unknown"))
        : byteLevelBpe(chosen, vocab, list<string>(gguf, "tokenizer.ggml.merges"))),
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

type Algorithm = Pick<TokenizerJson, "normalizer" | "pre_tokenizer" | "decoder" | "model">

const byteLevelBpe = (
  { normalizer, pre_tokenizer, ignoreMerges }: PreTokenizer,
  vocab: Readonly<Record<string, number>>,
  merges: ReadonlyArray<string>,
): Algorithm => ({
  normalizer: normalizer ?? null,
  pre_tokenizer,
  decoder: byteLevel(true),
  model: {
    type: "BPE",
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: "",
    end_of_word_suffix: "",
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: ignoreMerges ?? false,
    vocab,
    merges,
  },
})

/** SentencePiece's BPE (Llama 2, Mistral, TinyLlama): the file has scores in place of merges. */
const sentencePiece = (
  gguf: Gguf,
  tokens: ReadonlyArray<string>,
  vocab: Readonly<Record<string, number>>,
  unknown: string | null,
): Algorithm => {
  const addSpace = gguf.metadata.get("tokenizer.ggml.add_space_prefix") !== false
  const merges = gguf.metadata.has("tokenizer.ggml.merges")
    ? list<string>(gguf, "tokenizer.ggml.merges")
    : mergesOf(tokens, vocab, list<number>(gguf, "tokenizer.ggml.scores"))
  return {
    normalizer: null,
    pre_tokenizer: {
      type: "Metaspace",
      replacement: "▁",
      prepend_scheme: addSpace ? "first" : "never",
      split: false,
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...(addSpace ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: unknown,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab,
      merges,
    },
  }
}

/**
 * The merges that pieces and scores imply: every way to join two pieces to a third, best score first, and among
 * equal ones the longest left part first, as transformers orders them.
 */
const mergesOf = (
  tokens: ReadonlyArray<string>,
  vocab: Readonly<Record<string, number>>,
  scores: ReadonlyArray<number>,
): ReadonlyArray<readonly [left: string, right: string]> => {
  const found: Array<{ left: string; right: string; score: number; lengths: readonly [number, number] }> = []
  tokens.forEach((token, id) => {
    const characters = Array.from(token)
    for (let at = 1; at < characters.length; at++) {
      const left = characters.slice(0, at).join("")
      const right = characters.slice(at).join("")
      if (!Object.hasOwn(vocab, left) || !Object.hasOwn(vocab, right)) continue
      found.push({ left, right, score: scores[id] ?? 0, lengths: [at, characters.length - at] })
    }
  })
  found.sort((a, b) => b.score - a.score || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1])
  return found.map(({ left, right }) => [left, right])
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
