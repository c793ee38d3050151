import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
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
