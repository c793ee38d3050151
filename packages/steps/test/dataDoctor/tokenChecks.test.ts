import { describe, expect, it } from "vitest"
import { bos, cleanChats, eos, findingsOf, found, namesOf, pad, tokensOf, withTokens } from "./subject.ts"

const first =
  (change: (row: { id: string; ids: Array<number>; labels: Array<number> }) => object) =>
  (row: any, at: number) =>
    at === 0 ? { ...row, ...change(row) } : row

describe("tokens", () => {
  it("without a fault are passed over in silence", () => {
    expect(findingsOf({})).toEqual([])
  })

  it("of a tokenizer that pads with the end token are noted while that token is learnt", () => {
    expect(findingsOf({ model: { padId: eos } })).toMatchObject([
      { check: "padIsEos", severity: "note", count: 0, excerpt: "pad </s> (2), end </s> (2)" },
    ])
  })

  it("of a tokenizer that pads with another end-of-turn token are noted too", () => {
    expect(namesOf(findingsOf({ model: { padId: 100, stopIds: [eos, 100] } }))).toEqual(["padIsEos"])
  })

  it("whose end token was masked with the padding are warned of, and refused for never ending", () => {
    const tokens = withTokens((row) => ({ ...row, labels: [-100, -100, -100, -100, 100, -100] }))
    const findings = findingsOf({ tokens, model: { padId: eos } })
    expect(found(findings, "padIsEos")).toMatchObject({ severity: "warn", count: 250 })
    expect(found(findings, "missingEndOfTurn")).toMatchObject({ severity: "refuse", count: 250 })
  })

  it.each([
    ["at the start", [bos, bos, 11, 12, 100, eos]],
    ["three times", [bos, bos, bos, 12, 100, eos]],
    ["after padding on the left", [pad, bos, bos, 12, 100, eos]],
  ])("with a doubled first token %s are refused", (_, ids) => {
    const tokens = withTokens(first(() => ({ ids })))
    expect(findingsOf({ tokens })).toMatchObject([
      { check: "doubledBos", severity: "refuse", count: 1, rows: ["clean-0"] },
    ])
  })

  it.each([
    ["again in a later turn", {}, [bos, 10, bos, 12, 100, eos]],
    ["as padding too, in a long run", { padId: bos }, [bos, bos, bos, bos, 100, eos]],
    ["not at all", { bosId: null }, [bos, bos, 11, 12, 100, eos]],
  ])("that have the first token %s are let be", (_, facts, ids) => {
    expect(findingsOf({ tokens: withTokens(first(() => ({ ids }))), model: facts })).toEqual([])
  })

  it.each([
    ["an id at the vocabulary's end", { ids: [bos, 10, 11, 1000, 100, eos] }, "token 1000 at 3"],
    ["a negative id", { ids: [bos, 10, -1, 12, 100, eos] }, "token -1 at 2"],
    ["a label beyond it", { labels: [-100, -100, -100, -100, 5000, eos] }, "label 5000 at 4"],
  ])("with %s are refused", (_, change, excerpt) => {
    const finding = found(findingsOf({ tokens: withTokens(first(() => change)) }), "outsideVocabulary")
    expect(finding).toMatchObject({ severity: "refuse", count: 1, excerpt })
  })

  it("with the vocabulary's last id are let be", () => {
    const ids = [bos, 10, 11, 999, 100, eos]
    expect(findingsOf({ tokens: withTokens(first(() => ({ ids }))) })).toEqual([])
  })

  it.each([
    ["shifted by one", [-100, -100, -100, 100, eos, -100]],
    ["too few", [-100, -100, 100, eos]],
  ])("with labels that are %s are refused", (_, labels) => {
    const finding = found(findingsOf({ tokens: withTokens(first(() => ({ labels }))) }), "labelsDiffer")
    expect(finding).toMatchObject({ severity: "refuse", count: 1 })
  })

  it("that are all masked are warned of in one row, and refused in a tenth of them", () => {
    const none = () => ({ labels: [-100, -100, -100, -100, -100, -100] })
    expect(findingsOf({ tokens: withTokens(first(none)) })).toMatchObject([
      { check: "allMasked", severity: "warn", count: 1, rows: ["clean-0"] },
    ])
    const many = withTokens((row, at) => (at % 10 === 0 ? { ...row, ...none() } : row))
    expect(findingsOf({ tokens: many })).toMatchObject([
      { check: "allMasked", severity: "refuse", count: 25 },
    ])
  })

  it("that are learnt at the first position alone are all masked: nothing stands before it", () => {
    const labels = [bos, -100, -100, -100, -100, -100]
    expect(found(findingsOf({ tokens: withTokens(first(() => ({ labels }))) }), "allMasked")).toMatchObject({
      count: 1,
    })
  })

  it.each([
    ["masked", {}, [-100, -100, -100, -100, 100, -100]],
    ["not written", { ids: [bos, 10, 11, 12, 100, 101] }, [-100, -100, -100, -100, 100, 101]],
    [
      "learnt in an earlier turn only",
      { ids: [bos, 10, eos, 12, 100, eos] },
      [-100, 10, eos, -100, 100, -100],
    ],
  ])("whose last end of turn is %s are named", (_, change, labels) => {
    const tokens = withTokens(first(() => ({ ...change, labels })))
    expect(findingsOf({ tokens })).toMatchObject([
      { check: "missingEndOfTurn", severity: "warn", count: 1, rows: ["clean-0"] },
    ])
  })

  it("with a line break learnt after the end of turn are let be", () => {
    const row = { ids: [bos, 10, 11, 100, eos, 13], labels: [-100, -100, -100, 100, eos, 13] }
    expect(findingsOf({ tokens: withTokens(first(() => row)) })).toEqual([])
  })

  it("of a prompt over the limit are refused, and of a long answer warned of", () => {
    const long = (prompt: number, answer: number) => () => {
      const ids = [bos, ...Array.from({ length: prompt + answer - 2 }, () => 7), eos]
      return { ids, labels: ids.map((id, at) => (at < prompt ? -100 : id)) }
    }
    const of = (prompt: number, answer: number) =>
      findingsOf({ maxTokens: 16, tokens: withTokens(first(long(prompt, answer))) })
    expect(of(16, 4)).toMatchObject([
      { check: "longPrompts", severity: "refuse", excerpt: "20 tokens, 16 before the answer" },
    ])
    expect(of(12, 8)).toMatchObject([{ check: "longPrompts", severity: "warn", count: 1 }])
    expect(of(8, 8)).toEqual([])
  })

  it("at the limit that begin unlike the others have been cut", () => {
    const full = (start: number) => () => {
      const ids = [start, 7, 7, 7, 7, 7, 7, eos]
      return { ids, labels: [-100, -100, -100, -100, 7, 7, 7, eos] }
    }
    const of = (start: number) => findingsOf({ maxTokens: 8, tokens: withTokens(first(full(start))) })
    expect(of(7)).toMatchObject([{ check: "cutRows", severity: "warn", rows: ["clean-0"] }])
    expect(of(bos)).toEqual([])
  })

  it("that some chats lack are counted", () => {
    const tokens = tokensOf(cleanChats(250).slice(3))
    expect(findingsOf({ tokens })).toMatchObject([
      { check: "lostRows", severity: "note", count: 3, rows: ["clean-0", "clean-1", "clean-2"] },
    ])
    expect(findingsOf({ tokens: tokens.slice(30) })).toMatchObject([{ check: "lostRows", severity: "warn" }])
  })
})
