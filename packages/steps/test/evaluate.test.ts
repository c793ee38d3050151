import { Random } from "@sluice/core"
import { describe, expect, it } from "vitest"
import * as Comparison from "../src/evaluate/Comparison.ts"
import * as Score from "../src/evaluate/Score.ts"
import * as Markdown from "../src/report/Markdown.ts"
import * as Page from "../src/report/Page.ts"
import type { Report } from "../src/report/Report.ts"

const isSentiment: Score.Fits = (value) =>
  typeof value === "object" &&
  value !== null &&
  "sentiment" in value &&
  (value.sentiment === "positive" || value.sentiment === "negative")

const positive = '{"sentiment": "positive"}'
const negative = '{"sentiment": "negative"}'

const answer = (text: string, expected: string): Comparison.Answer => ({
  text,
  stopped: true,
  promptTokens: 50,
  newTokens: 8,
  score: Score.score(text, expected, isSentiment),
})

/** Rows whose base and tuned answers are right as told: [base, tuned]. */
const rows = (right: ReadonlyArray<readonly [boolean, boolean]>): ReadonlyArray<Comparison.Answered> =>
  right.map(([base, tuned], index) => {
    const [expected, other] = index % 2 === 0 ? [positive, negative] : [negative, positive]
    return {
      id: `row${index}`,
      prompt: `review <${index}> & more`,
      expected,
      label: Score.label(JSON.parse(expected)),
      answers: {
        base: answer(base ? expected : "Positive!", expected),
        tuned: answer(tuned ? expected : other, expected),
      },
    }
  })

const times = (count: number, base: boolean, tuned: boolean) =>
  Array.from({ length: count }, (): [boolean, boolean] => [base, tuned])

const arms = [
  { name: "base", tuned: false },
  { name: "tuned", tuned: true },
]
const draws = (pair: string) => Random.make(pair)

describe("score", () => {
  it("asks for the whole answer to be JSON, to fit the schema and to equal the expected value", () => {
    expect(Score.score(' { "sentiment" : "positive" }\n', positive, isSentiment)).toEqual({
      validJson: true,
      schemaValid: true,
      exact: true,
      fields: { sentiment: true },
      label: "positive",
    })
    expect(Score.score(`Here it is: ${positive}`, positive, isSentiment)).toEqual({
      validJson: false,
      schemaValid: false,
      exact: false,
      fields: { sentiment: false },
      label: null,
    })
    expect(Score.score('{"sentiment": "neutral"}', positive, isSentiment)).toMatchObject({
      validJson: true,
      schemaValid: false,
      exact: false,
      label: null,
    })
    expect(Score.score(negative, positive, isSentiment)).toMatchObject({
      schemaValid: true,
      exact: false,
      label: "negative",
    })
  })

  it("compares JSON whatever the order of its fields, and each field by itself", () => {
    const any = () => true
    expect(Score.score('{"b": [1, {"x": null}], "a": 1}', '{"a": 1, "b": [1, {"x": null}]}', any).exact).toBe(
      true,
    )
    expect(Score.score('{"a": 2, "b": 3, "c": 0}', '{"a": 1, "b": 3}', any)).toMatchObject({
      exact: false,
      fields: { a: false, b: true },
    })
    expect(Score.score("[1, 2]", "[2, 1]", any).exact).toBe(false)
  })

  it("takes text for equal but for white space at its ends", () => {
    expect(Score.score(" yes\n", "yes", null)).toEqual({
      validJson: null,
      schemaValid: null,
      exact: true,
      fields: {},
      label: null,
    })
    expect(Score.score("Yes", "yes", null).exact).toBe(false)
  })
})

describe("comparison", () => {
  it("finds the tuned arm better, in one sentence with its figures", () => {
    const compared = Comparison.make(
      arms,
      rows([
        ...times(12, true, true),
        ...times(2, true, false),
        ...times(80, false, true),
        ...times(6, false, false),
      ]),
      draws,
    )
    expect(compared.pairs).toMatchObject([
      { first: "tuned", second: "base", onlyFirst: 80, onlySecond: 2, difference: 0.78, verdict: "better" },
    ])
    expect(
      compared.arms.map((arm) => [arm.name, arm.exact.count, arm.validJson?.count, arm.newTokens]),
    ).toEqual([
      ["base", 14, 14, 800],
      ["tuned", 92, 100, 800],
    ])
    expect(compared.verdict).toMatch(
      /^tuned is better than base: tuned answers 92 of 100 rows exactly, base 14 \(\+78\.0 points, 95 % interval \+69\.0 points to \+87\.0 points, p < 0\.001\)\.$/,
    )
    expect(compared.confusions[0]).toEqual({
      arm: "base",
      expected: ["negative", "positive"],
      answered: ["negative", "positive", null],
      counts: [
        [7, 0, 43],
        [0, 7, 43],
      ],
    })
  })

  it("calls arms of near equal rows undecided, and a tuned arm that lost worse", () => {
    const near = Comparison.make(
      arms,
      rows([...times(50, true, true), ...times(4, false, true), ...times(3, true, false)]),
      draws,
    )
    expect(near.pairs[0]).toMatchObject({ p: 1, verdict: "undecided" })
    expect(near.verdict).toMatch(/^tuned against base is undecided on these rows: /)
    const lost = Comparison.make(arms, rows([...times(20, true, false), ...times(2, false, true)]), draws)
    expect(lost.verdict).toMatch(/^tuned is worse than base: /)
  })

  it("corrects p-values over all pairs", () => {
    const three = rows([...times(20, true, true), ...times(6, false, true)]).map((row) => ({
      ...row,
      answers: { ...row.answers, other: row.answers["base"]! },
    }))
    const compared = Comparison.make([...arms, { name: "other", tuned: false }], three, draws)
    const rounded = (p: number) => Number(p.toFixed(9))
    expect(
      compared.pairs.map((pair) => [pair.first, pair.second, rounded(pair.p), rounded(pair.pAdjusted)]),
    ).toEqual([
      ["tuned", "base", 0.03125, 0.09375],
      ["other", "base", 1, 1],
      ["other", "tuned", 0.03125, 0.09375],
    ])
  })
})

describe("report", () => {
  const answered = rows([...times(3, true, true), ...times(5, false, true), ...times(1, false, false)])
  const report: Report = {
    title: "Reviews <held out>",
    comparison: Comparison.make(arms, answered, draws),
    rows: answered,
    provenance: [["Base model", "abc123"]],
  }

  it("gives the same bytes for the same results, every row and every answer in them", () => {
    expect(Page.render(report)).toBe(Page.render(structuredClone(report)))
    for (const text of [Page.render(report), Markdown.render(report)]) {
      for (const row of answered) expect(text).toContain(row.id)
      expect(text.match(/Positive!/g)).toHaveLength(6)
      expect(text).toContain("abc123")
    }
  })

  it("is one page that asks for nothing and shows text as text", () => {
    const page = Page.render(report)
    expect(page).not.toMatch(/(src|href)="(?!#)/)
    expect(page).not.toContain("<held out>")
    expect(page).toContain("<h1>Reviews &lt;held out&gt;</h1>")
    expect(page).toContain("review &lt;0&gt; &amp; more")
    expect(page).toContain("prefers-color-scheme: dark")
    expect(page.match(/<circle /g)).toHaveLength(2)
  })

  it("keeps Markdown tables whole when text holds bars and line ends", () => {
    const odd = { ...report, rows: [{ ...answered[0]!, prompt: "a | b\nc" }] }
    const line = Markdown.render(odd)
      .split("\n")
      .find((each) => each.includes("row0"))
    expect(line).toContain(String.raw`a \| b ⏎ c`)
  })
})
