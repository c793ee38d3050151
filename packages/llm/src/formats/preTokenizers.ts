/**
 * How texts are cut before their pieces are merged to tokens: the patterns behind the names in GGUF files, and
 * patterns written so that JavaScript reads them as the Rust library does.
 *
 * @see llama.cpp's `llama-vocab.cpp`
 */

export const byteLevel = (useRegex: boolean): unknown => ({
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

const upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
const lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
const cased = (suffix: string, numbers: string): string =>
  `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${suffix}|[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${suffix}` +
  `|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`

export interface PreTokenizer {
  readonly pre_tokenizer: unknown
  readonly normalizer?: unknown
  /** A whole word that is in the vocabulary is taken without merging. */
  readonly ignoreMerges?: boolean
}

const llama3: PreTokenizer = { pre_tokenizer: splitThenBytes(words("\\p{N}{1,3}")), ignoreMerges: true }
const qwen2: PreTokenizer = { pre_tokenizer: splitThenBytes(words("\\p{N}")), normalizer: { type: "NFC" } }
const gpt4o: PreTokenizer = { pre_tokenizer: splitThenBytes(cased(`${contractions}?`, "\\p{N}{1,3}")) }

/** By `tokenizer.ggml.pre`, for the model `gpt2`. */
export const preTokenizers: Readonly<Record<string, PreTokenizer>> = {
  "gpt-2": { pre_tokenizer: byteLevel(true) },
  smollm: { pre_tokenizer: digitsThenBytes },
  starcoder: { pre_tokenizer: digitsThenBytes },
  "llama-bpe": llama3,
  llama3,
  "llama-v3": llama3,
  qwen2,
  "deepseek-r1-qwen": qwen2,
  tekken: { pre_tokenizer: splitThenBytes(cased("", "\\p{N}")) },
  "gpt-4o": gpt4o,
  llama4: gpt4o,
}
