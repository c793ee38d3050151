import { Tokenizer as Engine } from "@huggingface/tokenizers"
import { describe, expect, it } from "vitest"
import { align, byteLevelBytes } from "../../src/formats/alignment.ts"
import { writtenOut } from "../../src/formats/preTokenizers.ts"
import type { TokenizerJson } from "../../src/formats/TokenizerJson.ts"
import * as WordCache from "../../src/formats/WordCache.ts"
import { hash32 } from "../support/ramp.ts"
import { fixtureJson } from "../support/smollm2.ts"

const read = (name: string, more: Partial<TokenizerJson> = {}) => {
  const given = { ...fixtureJson<TokenizerJson>(`tokenizers/${name}.json`), ...more }
  const json: TokenizerJson = { ...given, pre_tokenizer: writtenOut(given.pre_tokenizer) }
  return {
    json,
    engine: new Engine(json, {}),
    cache: (config = {}) => WordCache.make(new Engine(json, {}), json, config),
  }
}

const added = ({ json }: { readonly json: TokenizerJson }) => json.added_tokens.map(({ content }) => content)

/** Texts of pieces that meet oddly: marks cut short, white space, digits, letters of several bytes, lone surrogates. */
const texts = (marks: ReadonlyArray<string>): ReadonlyArray<string> => {
  const pieces = [
    ...marks,
    ...marks.map((mark) => mark.slice(0, -1)),
    ...marks.map((mark) => mark.slice(1)),
    " ",
    "  ",
    "\n",
    "\r\n\n",
    "\t",
    "\u0085",
    "\ufeff",
    "don't",
    "'LL",
    "12",
    "½",
    "Ⅷ",
    "naïve",
    "cafe\u0301",
    "日本語",
    "𐍈",
    "👩‍🔬",
    "\ud800",
    "</",
    "<|",
    '{"a": 1}',
    "supercalifragilistic",
    "the",
    " the",
    "ſ",
    "x".repeat(300),
  ]
  return Array.from({ length: 400 }, (_, n) =>
    Array.from({ length: 1 + (n % 12) }, (_, k) => pieces[hash32(97 * n + k) % pieces.length]!).join(""),
  )
}

describe("remembered words", () => {
  it.each(["byteLevel", "llama3"])("are the library's tokens at their places: %s", (name) => {
    const family = read(name)
    const cache = family.cache()!
    const marks = added(family)
    expect(marks.length).toBeGreaterThan(0)
    for (const text of texts(marks)) {
      const { ids, tokens } = family.engine.encode(text, { add_special_tokens: false })
      const spans = align(
        text,
        tokens.map((token: string) =>
          marks.includes(token)
            ? { bytes: new TextEncoder().encode(token), kind: "added" }
            : { bytes: byteLevelBytes(token)!, kind: "plain" },
        ),
      )
      const found = [cache(text), cache(text)]
      const expected = { ids, starts: spans.map(({ start }) => start), ends: spans.map(({ end }) => end) }
      expect(found).toEqual([expected, expected])
    }
  })

  it("stay right after more words than are kept", () => {
    const family = read("byteLevel")
    const cache = family.cache()!
    const before = cache("first last")
    for (let n = 0; n < 1200; n++) cache(Array.from({ length: 50 }, (_, k) => `w${50 * n + k}`).join(" "))
    expect(cache("first last")).toEqual(before)
    expect(cache("w7 w59999")!.ids).toEqual(
      family.engine.encode("w7 w59999", { add_special_tokens: false }).ids,
    )
  })

  it("give way where the text is composed first, and where the tokenizer is of another kind", () => {
    const composing = read("byteLevel", { normalizer: { type: "NFC" } })
    const marked = composing.json.added_tokens.map((token) => ({ ...token, normalized: false }))
    const cache = WordCache.make(composing.engine, { ...composing.json, added_tokens: marked }, {})!
    expect(cache("café")?.ids).toEqual(composing.engine.encode("café", { add_special_tokens: false }).ids)
    expect(cache("cafe\u0301")).toBeUndefined()
    for (const name of ["sentencePiece", "unigram", "wordPiece"]) expect(read(name).cache()).toBeUndefined()
    expect(read("byteLevel", { normalizer: { type: "Lowercase" } }).cache()).toBeUndefined()
    expect(read("byteLevel").cache({ remove_space: true })).toBeUndefined()
    const stripping = read("byteLevel").json
    const lstrip = stripping.added_tokens.map((token) => ({ ...token, lstrip: true }))
    expect(read("byteLevel", { added_tokens: lstrip }).cache()).toBeUndefined()
  })
})
