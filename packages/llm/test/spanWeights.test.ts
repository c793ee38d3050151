import { describe, expect, it } from "vitest"
import * as Supervision from "../src/Supervision.ts"
import { chatml, learnt, named, refusal, tokenizer } from "./support/trl.ts"

const chatOf = (content: string, weights: Supervision.Turn["weights"]): ReadonlyArray<Supervision.Turn> => [
  { role: "user", content: "a" },
  { role: "assistant", content, ...(weights === undefined ? {} : { weights }) },
]
const encode = (turns: ReadonlyArray<Supervision.Turn>, template = chatml()) =>
  Supervision.encode(tokenizer, template, turns)
const at = (content: string, part: string, weight: number): Supervision.SpanWeight => {
  const start = content.indexOf(part)
  return { start, end: start + part.length, weight }
}

describe("weights of parts of an answer", () => {
  const content = '{"label": "good"} sure'

  it("reach the tokens that stand there; the others count 1, also the one that ends the turn", () => {
    const row = encode(chatOf(content, [at(content, '"good"', 3)]))
    const heavy = learnt(row).filter((piece) => piece[1] === 3)
    expect(heavy).toHaveLength(1)
    expect(heavy[0]![0]).toContain("good")
    expect(learnt(row).at(-1)![0]).toMatch(/<\|im_end\|>$/)
    expect(learnt(row).at(-1)![1]).toBe(1)
    expect(
      learnt(row)
        .map(([text]) => text)
        .join(""),
    ).toBe(`${content}<|im_end|>`)
    const { ids, labels } = encode(chatOf(content, undefined))
    expect([row.ids, row.labels]).toEqual([ids, labels])
    expect(row.weights).toHaveLength(ids.length)
  })

  it("of 0 take tokens out of what is learnt", () => {
    const row = encode(chatOf(content, [{ start: 0, end: 17, weight: 0 }]))
    expect(learnt(row)).toEqual([[" sure<|im_end|>", 1]])
    const all = chatOf(content, [{ start: 0, end: content.length, weight: 0 }])
    expect(learnt(encode(all))).toEqual([["<|im_end|>", 1]])
  })

  it("find their place in an earlier turn and where the template trims", () => {
    const trimming = chatml("{{ m.content | trim }}<|im_end|>")
    const padded = "  yes no  "
    const turns: ReadonlyArray<Supervision.Turn> = [
      ...chatOf(padded, [at(padded, "no", 0.5)]),
      { role: "user", content: "no" },
      { role: "assistant", content: "no" },
    ]
    const halves = learnt(encode(turns, trimming)).filter((piece) => piece[1] === 0.5)
    expect(halves.map(([text]) => String(text).trim())).toEqual(["no"])
  })

  it("are refused where they name no part of the content, or overlap", () => {
    const first = (weights: Supervision.Turn["weights"]) => refusal(() => encode(chatOf("abc", weights)))
    expect(first([{ start: 1, end: 4, weight: 2 }])).toBe(
      'A weight of message 2 ends after the content, which has 3 characters: {"start":1,"end":4,"weight":2}.',
    )
    expect(first([{ start: 2, end: 2, weight: 2 }])).toContain("has no part of the content")
    expect(
      first([
        { start: 0, end: 2, weight: 2 },
        { start: 1, end: 3, weight: 1 },
      ]),
    ).toContain("overlaps the one before")
    expect(first([{ start: 0, end: 2, weight: -1 }])).toContain("is not a number of 0 or more")
  })

  it("are refused where the template rewrites the content", () => {
    const upper = named(
      chatml().source.replace(
        "{% if m.role == 'assistant' %}{{ m.content }}",
        "{% if m.role == 'assistant' %}{{ m.content | replace('b', 'x') }}",
      ),
    )
    expect(refusal(() => encode(chatOf("abc", [{ start: 0, end: 1, weight: 2 }]), upper))).toBe(
      "The content of message 2 is rewritten by the chat template, so that its weights have no place.",
    )
  })

  it("are cut with their row", () => {
    const row = { ids: [1, 2, 3], labels: [-100, 2, 3], weights: [1, 2, 0.5] }
    expect(Supervision.fit(row, 2, "cutLeft").row).toEqual({ ids: [2, 3], labels: [2, 3], weights: [2, 0.5] })
  })
})
