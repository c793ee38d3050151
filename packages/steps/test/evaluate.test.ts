import { Random } from "@sluice/core"
import { describe, expect, it } from "vitest"
import * as Comparison from "../src/evaluate/Comparison.ts"
import * as Score from "../src/evaluate/Score.ts"
import type { Fits } from "../src/scores/JsonSchema.ts"

const isSentiment: Fits = (value) =>
  typeof value === "object" &&
  value !== null &&
  "sentiment" in value &&
  (value.sentiment === "positive" || value.sentiment === "negative")

const positive = '{"sentiment": "positive"}'
const negative = '{"sentiment": "negative"}'

const scored = (text: string, expected: string, fits: Fits | null) =>
  Score.score({ text, stopped: true }, expected, fits)

const answer = (text: string, expected: string): Comparison.Answer => ({
  text,
  stopped: true,
  promptTokens: 50,
  newTokens: 8,
  score: scored(text, expected, isSentiment),
})

/** Rows whose base and tuned answers are right as told: [base, tuned]. */
const rows = (right: ReadonlyArray<readonly [boolean, boolean]>): ReadonlyArray<Comparison.Answered> =>
  right.map(([base, tuned], index) => {
    const [expected, other] = index % 2 === 0 ? [positive, negative] : [negative, positive]
    return {
      id: `row${index}`,
      prompt: `review <${index}> & more`,
      expected,
      label: Score.label(expected, isSentiment),
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
    expect(scored(' { "sentiment" : "positive" }\n', positive, isSentiment)).toMatchObject({
      exact: true,
      json: { parses: true, schemaValid: true, fields: { sentiment: "right" }, leakage: "none" },
      label: "positive",
    })
    expect(scored(`Here it is: ${positive}`, positive, isSentiment)).toMatchObject({
      exact: false,
      json: { parses: false, schemaValid: false, leakage: "prose", exactUnwrapped: true },
      label: null,
    })
    expect(scored('{"sentiment": "neutral"}', positive, isSentiment)).toMatchObject({
      exact: false,
      json: { parses: true, schemaValid: false },
      label: null,
    })
    expect(scored(negative, positive, isSentiment)).toMatchObject({
      exact: false,
      json: { schemaValid: true },
      label: "negative",
    })
  })

  it("takes text for equal but for white space at its ends, and short text for a class", () => {
    expect(scored(" yes\n", "yes", null)).toEqual({ exact: true, json: null, label: "yes" })
    expect(scored("Yes", "yes", null)).toEqual({ exact: false, json: null, label: "Yes" })
    expect(Score.label("Yes.\nBecause it is.", null)).toBeNull()
    expect(Score.label("one of the longer answers that name no class", null)).toBeNull()
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
      /^tuned is better than base: tuned answers 92 of 100 rows exactly, base 14 \(\+78\.0 points, 95 % interval \+67\.0 to \+85\.5 points, p < 0\.001\)\.$/,
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
    expect(near.pairs[0]).toMatchObject({ pExact: 1, verdict: "undecided", moreRows: 3_073 })
    expect(near.pairs[0]!.p).toBeCloseTo(0.7265625, 12)
    expect(near.detectable).toBe(near.pairs[0]!.detectable)
    expect(near.verdict).toBe(
      "tuned against base is undecided on these rows: tuned answers 54 of 57 rows exactly, base 53 (+1.8 points, " +
        "95 % interval -8.7 to +12.5 points, p = 0.727). About 3,073 more held-out rows would likely " +
        "decide; with 57 rows only a difference of 13.2 points or more is likely to show.",
    )
    const same = Comparison.make(arms, rows([...times(30, true, true)]), draws)
    expect(same.pairs[0]).toMatchObject({ p: 1, moreRows: null })
    expect(same.verdict).toMatch(/ No number of rows can be said to decide it; with 30 rows only /)
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
      ["tuned", "base", 0.015625, 0.046875],
      ["other", "base", 1, 1],
      ["other", "tuned", 0.015625, 0.046875],
    ])
  })
})

describe("figures of the task", () => {
  const of = (texts: ReadonlyArray<readonly [expected: string, text: string]>, fits: Fits | null) => {
    const answered = texts.map(([expected, text], row) => ({
      id: `${row}`,
      prompt: "",
      expected,
      label: Score.label(expected, fits),
      answers: { base: { ...answer("", ""), text, score: scored(text, expected, fits) } },
    }))
    return Comparison.make(arms.slice(0, 1), answered, draws).arms[0]!
  }

  it("are, for JSON, what parses, fits, leaks and would be exact unwrapped, and each field's F1", () => {
    const wanted = '{"city": "Rome", "year": 1960}'
    const arm = of(
      [
        [wanted, '{"year": 1960, "city": "Rome"}'],
        [wanted, '{"city": "Rome", "year": 1961, "host": "x"}'],
        [wanted, '{"city": "Rome"}'],
        [wanted, `Sure!\n\`\`\`json\n${wanted}\n\`\`\``],
        [wanted, "Rome in 1960"],
      ],
      () => true,
    )
    const counts = [arm.validJson, arm.exact, arm.json?.leaking, arm.json?.exactUnwrapped]
    expect(counts.map((rate) => rate?.count)).toEqual([3, 1, 1, 2])
    expect(
      arm.fields.map(({ f1, field, precision, rate }) => [field, rate.count, precision, f1.value]),
    ).toEqual([
      // 3 right of 3 given and 5 wanted; 1 right of 2 given.
      ["city", 3, 1, 0.75],
      ["year", 1, 0.5, 2 / 7],
    ])
    // 4 right, 6 given, 10 wanted.
    expect(arm.json!.f1).toMatchObject({ rows: 5, value: 0.5 })
    expect(arm.json!.f1.low).toBeLessThan(0.5)
    expect(arm.json!.f1.high).toBeGreaterThan(0.5)
    expect(arm.classes).toBeNull()
  })

  it("are, for classes, accuracy and macro-F1, whether JSON or text names them", () => {
    const texts = [
      ["yes", "yes"],
      ["yes", "yes"],
      ["yes", "no"],
      ["no", "no"],
      ["no", "maybe"],
    ] as const
    // yes: precision 1, recall 2/3, F1 0.8; no: precision 1/2, recall 1/2, F1 0.5.
    const plain = of(texts, null)
    expect(plain.classes).toMatchObject({
      accuracy: { count: 3, rows: 5 },
      macroF1: { rows: 5, value: 0.65 },
    })
    expect(plain.classes!.macroF1.low).toBeLessThan(plain.classes!.macroF1.high)
    const json = texts.map(([expected, text]) => [`{"a": "${expected}"}`, `{"a": "${text}"}`] as const)
    expect(of(json, () => true).classes).toEqual(plain.classes)
  })

  it("are no classes' where every answer is another, or longer than a name", () => {
    expect(
      of(
        [
          ["a", "a"],
          ["b", "b"],
          ["c", "c"],
        ],
        null,
      ).classes,
    ).toBeNull()
    const long = "a sentence that is rather too long for a class"
    expect(
      of(
        [
          [long, long],
          [long, long],
        ],
        null,
      ).classes,
    ).toBeNull()
  })
})
