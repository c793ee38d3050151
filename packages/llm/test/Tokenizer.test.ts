import { createHash } from "node:crypto"
import { beforeAll, describe, expect, it } from "vitest"
import * as ChatTemplate from "../src/ChatTemplate.ts"
import * as Gguf from "../src/formats/Gguf.ts"
import * as Tokenizer from "../src/Tokenizer.ts"
import { chatOf, fixtureJson, reviews, smolLM2 } from "./support/smollm2.ts"

interface Expected {
  readonly rows: number
  readonly tokens: number
  readonly text: string
  readonly ids: string
  readonly rowDigests: { readonly text: string; readonly ids: string }
  readonly literal: ReadonlyArray<{ text: string; ids: Array<number>; prompt: string }>
  readonly probes: ReadonlyArray<{ text: string; ids: Array<number>; decoded: string }>
}

describe("SmolLM2's tokenizer and chat template out of its GGUF file", () => {
  const expected = fixtureJson<Expected>("smollm2/reviews.json")
  let tokenizer: Tokenizer.Tokenizer
  let template: ChatTemplate.ChatTemplate
  beforeAll(async () => {
    const gguf = Gguf.openSync(await smolLM2())
    tokenizer = Tokenizer.fromGguf(gguf)
    gguf.close()
    template = ChatTemplate.make({
      source: tokenizer.chatTemplate!,
      bosToken: tokenizer.bosToken,
      eosToken: tokenizer.eosToken,
    })
  }, 600_000)

  it("give the text and the token ids of transformers on all 3,000 reviews", () => {
    const digest = (line: string): string => createHash("sha256").update(line).digest("hex")
    const all = { text: createHash("sha256"), ids: createHash("sha256") }
    const wrong: Array<number> = []
    let tokens = 0
    const rows = reviews()
    rows.forEach((row, n) => {
      const rendered = template.render(chatOf(row))
      const ids = tokenizer.encode(rendered)
      const lines = { text: JSON.stringify(rendered), ids: ids.join(" ") }
      for (const key of ["text", "ids"] as const) {
        all[key].update(`${lines[key]}\n`)
        const same = digest(lines[key]).slice(0, 4) === expected.rowDigests[key].slice(4 * n, 4 * n + 4)
        if (!same && !wrong.includes(n)) wrong.push(n)
      }
      tokens += ids.length
    })
    expect(wrong).toEqual([])
    expect({ rows: rows.length, tokens, text: all.text.digest("hex"), ids: all.ids.digest("hex") }).toEqual({
      rows: expected.rows,
      tokens: expected.tokens,
      text: expected.text,
      ids: expected.ids,
    })
  })

  it("give literal rows, and the prompt that asks for an answer", () => {
    const rows = reviews()
    const found = [0, 1999, 2999].map((n) => {
      const chat = chatOf(rows[n]!)
      const text = template.render(chat)
      const prompt = template.render(chat.slice(0, 2), { addGenerationPrompt: true })
      return { text, ids: tokenizer.encode(text), prompt }
    })
    expect(found).toEqual(expected.literal.map(({ text, ids, prompt }) => ({ text, ids, prompt })))
  })

  it("knows the roles of its special tokens", () => {
    const { bosId, eosId, padId, bosToken, eosToken, stopIds, vocabularySize } = tokenizer
    expect({ bosId, eosId, padId, bosToken, eosToken, stopIds, vocabularySize }).toEqual({
      bosId: 1,
      eosId: 2,
      padId: 2,
      bosToken: "<|im_start|>",
      eosToken: "<|im_end|>",
      stopIds: [2],
      vocabularySize: 49152,
    })
    expect([...tokenizer.special.keys()]).toEqual(Array.from({ length: 17 }, (_, id) => id))
    expect(tokenizer.decode([1, 4093, 2], { skipSpecialTokens: true })).toBe(tokenizer.decode([4093]))
    expect([tokenizer.encode(""), tokenizer.decode([])]).toEqual([[], ""])
  })

  it("splits digits, spaces, emoji, scripts and special tokens as the Rust library, and decodes them back", () => {
    for (const probe of expected.probes) {
      expect(tokenizer.encode(probe.text)).toEqual(probe.ids)
      expect(tokenizer.decode(probe.ids)).toBe(probe.decoded)
    }
    expect(expected.probes.length).toBe(12)
  })

  it("places tokens without a gap, several in one character where it takes several", () => {
    for (const probe of expected.probes) {
      const { ids, spans } = tokenizer.encodeWithSpans(probe.text)
      expect(ids).toEqual(probe.ids)
      let end = 0
      for (const span of spans) {
        expect(span.start).toBeLessThanOrEqual(end)
        expect(span.end).toBeGreaterThanOrEqual(end)
        end = span.end
      }
      expect(end).toBe(probe.text.length)
    }
    const { spans } = tokenizer.encodeWithSpans("a𐍈<|im_end|>")
    expect(spans.length).toBeGreaterThan(3)
    expect([spans[0], spans.at(-1)]).toEqual([
      { start: 0, end: 1 },
      { start: 3, end: 13 },
    ])
    // A letter of two UTF-16 units, spelled by several tokens: each covers it whole.
    expect(new Set(spans.slice(1, -1).map(({ start, end }) => `${start}-${end}`))).toEqual(new Set(["1-3"]))
  })
})

describe("a tokenizer from tokenizer.json", () => {
  const json = fixtureJson<Record<string, unknown>>("trl/tokenizer.json")

  it("takes the special tokens' roles from tokenizer_config.json, as text or as objects", () => {
    const tokenizer = Tokenizer.fromJson(json, {
      bos_token: "<s>",
      eos_token: { content: "</s>" },
      chat_template: [
        { name: "tool_use", template: "T" },
        { name: "default", template: "D" },
      ],
    })
    expect([tokenizer.bosId, tokenizer.eosId, tokenizer.padId, tokenizer.chatTemplate]).toEqual([
      1,
      2,
      null,
      "D",
    ])
    // The end-of-turn tokens of known chat formats end an answer too.
    const stops = tokenizer.stopIds.map((id) => tokenizer.tokenText(id))
    expect(stops).toContain("</s>")
    expect(stops).toContain("<|im_end|>")
  })

  it("composes characters first where the tokenizer does, and still finds each token's place", () => {
    const tokenizer = Tokenizer.fromJson({ ...json, normalizer: { type: "NFC" } })
    const text = "cafe\u0301 x"
    const { ids, spans } = tokenizer.encodeWithSpans(text)
    expect(tokenizer.decode(ids)).toBe("café x")
    expect(spans.at(-1)!.end).toBe(text.length)
    const last = spans.findIndex((span) => span.end === 5)
    expect(text.slice(spans[last]!.start, 5)).toMatch(/e\u0301$/)
  })

  it("splits every number of Unicode where the file says Digits, as the Rust library does", () => {
    const pre_tokenizer = {
      type: "Sequence",
      pretokenizers: [
        { type: "Digits", individual_digits: true },
        { type: "ByteLevel", add_prefix_space: false, use_regex: true },
      ],
    }
    const tokenizer = Tokenizer.fromJson({ ...json, pre_tokenizer })
    const spans = tokenizer.encodeWithSpans("Ⅷ½ 12").spans.map(({ start, end }) => [start, end])
    expect(spans.some(([start, end]) => start! < 1 && end! > 1)).toBe(false)
    expect(spans.slice(-2)).toEqual([
      [3, 4],
      [4, 5],
    ])
  })

  it("that rewrites its input is refused for placing, with the token and the text there", () => {
    const tokenizer = Tokenizer.fromJson(
      { ...json, normalizer: { type: "Replace", pattern: { String: "cat" }, content: "dog" } },
      {},
      "models/odd",
    )
    expect(tokenizer.encode("my cat")).toEqual(tokenizer.encode("my dog"))
    expect(() => tokenizer.encodeWithSpans("my cat")).toThrow(
      /cannot be traced back[^]*models\/odd[^]*Text there: {2}" ?cat"/,
    )
  })

  it("that is none is refused by its file", () => {
    expect(() => Tokenizer.fromJson({ version: "1.0" }, {}, "models/x")).toThrow(
      /This is not a tokenizer\.json\.\n {2}File: +models\/x/,
    )
    expect(() => Tokenizer.fromJson({ ...json, model: { type: "Odd" } }, {}, "models/x")).toThrow(
      /The tokenizer cannot be built\.\n {2}File: +models\/x/,
    )
  })
})

describe("a GGUF file's tokenizer of another kind", () => {
  it("is refused with what is known", () => {
    const metadata = new Map<string, Gguf.GgufValue>([
      ["tokenizer.ggml.model", "t5"],
      ["tokenizer.ggml.pre", "default"],
    ])
    const gguf = {
      file: "t5.gguf",
      version: 3,
      metadata,
      tensors: new Map(),
      values: () => new Float32Array(),
      close: () => {},
    }
    expect(() => Tokenizer.fromGguf(gguf)).toThrow(/t5\.gguf[^]*Known: +llama, and gpt2 with gpt-2, smollm/)
    expect(() => Tokenizer.fromGguf({ ...gguf, metadata: new Map() })).toThrow(/Key: +tokenizer\.ggml\.model/)
  })
})
