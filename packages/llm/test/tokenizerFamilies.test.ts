import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import type * as Gguf from "../src/formats/Gguf.ts"
import * as Tokenizer from "../src/Tokenizer.ts"
import { hash32 } from "./support/ramp.ts"
import { fixtureJson, reviews } from "./support/smollm2.ts"

interface Families {
  readonly pieces: ReadonlyArray<string>
  readonly bytes: number
  /** First six hex digits of each chunk's SHA-256. */
  readonly chunks: string
  readonly families: Readonly<Record<string, { tokens: number; digests: string; decoded: string }>>
}

const { pieces, bytes, chunks: expectedChunks, families } = fixtureJson<Families>("tokenizers/families.json")
const everything = [...pieces, ...reviews().map((review) => review.text)]

/** Chunk n of the mixed text, by the rule of reference/tokenizer_families.py. */
const chunkOf = (n: number): string => {
  let text = ""
  for (let k = 0, length = 0; length < 2048; k++) {
    const piece = everything[hash32(1000 * n + k) % everything.length]!
    text += piece
    length += Array.from(piece).length
  }
  return text
}

const chunks = Array.from({ length: 500 }, (_, n) => chunkOf(n))
const short = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 6)
const read = (name: string): Tokenizer.Tokenizer => Tokenizer.fromJson(fixtureJson(`tokenizers/${name}.json`))

interface Kinds {
  readonly kinds: Readonly<Record<string, { tokens: number; digests: string }>>
}

interface Family {
  readonly added_tokens: ReadonlyArray<{ content: string }>
  readonly model: {
    readonly vocab: Readonly<Record<string, number>>
    readonly merges: ReadonlyArray<Array<string>>
  }
}

/** A GGUF file's tokenizer metadata with a family's vocabulary, as reference/gguf_tokenizers.py makes them. */
const gguf = (kind: string): Gguf.Gguf => {
  const fromPieces = kind === "llama"
  const { added_tokens, model } = fixtureJson<Family>(
    `tokenizers/${fromPieces ? "sentencePiece" : "byteLevel"}.json`,
  )
  const tokens = Object.keys(model.vocab).toSorted((a, b) => model.vocab[a]! - model.vocab[b]!)
  const special = new Set(added_tokens.map((token) => token.content))
  const typeOf = (token: string): number =>
    token === "<unk>" ? 2 : special.has(token) ? 3 : token.startsWith("<0x") ? 6 : 1
  const metadata = new Map<string, Gguf.GgufValue>([
    ["tokenizer.ggml.model", fromPieces ? "llama" : "gpt2"],
    ["tokenizer.ggml.pre", kind],
    ["tokenizer.ggml.tokens", tokens],
    ["tokenizer.ggml.token_type", tokens.map(typeOf)],
    ...(fromPieces
      ? [["tokenizer.ggml.scores", tokens.map((_, id) => -id)] as const]
      : [["tokenizer.ggml.merges", model.merges.map((merge) => merge.join(" "))] as const]),
  ])
  return {
    file: `${kind}.gguf`,
    version: 3,
    metadata,
    tensors: new Map(),
    values: () => new Float32Array(),
    close: () => {},
  }
}

describe("a GGUF file's tokenizer metadata", () => {
  const { kinds } = fixtureJson<Kinds>("tokenizers/gguf.json")

  it.each(Object.keys(kinds))("give the token ids that transformers' reader gives: %s", (kind) => {
    const tokenizer = Tokenizer.fromGguf(gguf(kind))
    const { tokens, digests } = kinds[kind]!
    const ids = chunks.slice(0, 100).map((chunk) => tokenizer.encode(chunk))
    const wrong = ids.flatMap((row, n) =>
      short(row.join(" ")) === digests.slice(6 * n, 6 * n + 6) ? [] : [n],
    )
    expect(wrong).toEqual([])
    expect(ids.reduce((sum, row) => sum + row.length, 0)).toBe(tokens)
  })

  it("of SentencePiece's kind gives every token a place and the text back", () => {
    const tokenizer = Tokenizer.fromGguf(gguf("llama"))
    const text = "Good  day, 🙂<|im_end|> and\n more"
    const { ids, spans } = tokenizer.encodeWithSpans(text)
    expect(spans.map(({ start, end }) => text.slice(start, end)).join("")).toContain("Good  day, ")
    expect(spans.at(-1)!.end).toBe(text.length)
    expect(tokenizer.decode(ids)).toBe(text)
  })
})

describe("one megabyte of mixed text", () => {
  it("is the one that the reference was made from", () => {
    expect(chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk), 0)).toBe(bytes)
    expect(bytes).toBeGreaterThan(1_000_000)
    expect(chunks.map(short).join("")).toBe(expectedChunks)
  })

  it.each(Object.keys(families))("has the token ids and the decoded text of the Rust library: %s", (name) => {
    const tokenizer = read(name)
    const { tokens, digests, decoded } = families[name]!
    const ids = chunks.map((chunk) => tokenizer.encode(chunk))
    const wrong = ids.flatMap((row, n) =>
      short(row.join(" ")) === digests.slice(6 * n, 6 * n + 6) ? [] : [n],
    )
    expect(wrong).toEqual([])
    expect(ids.reduce((sum, row) => sum + row.length, 0)).toBe(tokens)
    const text = ids.slice(0, 50).map((row) => tokenizer.decode(row))
    expect(createHash("sha256").update(text.join("\n")).digest("hex")).toBe(decoded)
  })

  it.each(["byteLevel", "llama3", "sentencePiece"])(
    "has a place for each token, without a gap: %s",
    (name) => {
      const tokenizer = read(name)
      const gaps = chunks.slice(0, 100).filter((chunk) => {
        let end = 0
        for (const span of tokenizer.encodeWithSpans(chunk).spans) {
          if (span.start > end) return true
          end = Math.max(end, span.end)
        }
        return end !== chunk.length
      })
      expect(gaps).toEqual([])
    },
  )

  it("has a place for each token of a tokenizer that lowers letters and strips accents", () => {
    const tokenizer = read("wordPiece")
    const text = "The CAFÉ was Great."
    const { ids, spans } = tokenizer.encodeWithSpans(text)
    expect(spans).toHaveLength(ids.length)
    expect(text.slice(spans[0]!.start, spans[0]!.end)).toBe("The")
    expect(spans.map(({ start, end }) => text.slice(start, end)).join("")).toBe("TheCAFÉwasGreat.")
  })
})
