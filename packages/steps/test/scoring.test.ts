import { Random, type RunLog } from "@sluice/core"
import { describe, expect, it } from "vitest"
import { stored } from "../src/Chat.ts"
import type { Answered } from "../src/evaluate/Comparison.ts"
import * as Cost from "../src/evaluate/Cost.ts"
import * as OwnScores from "../src/evaluate/OwnScores.ts"
import * as StyleScore from "../src/evaluate/styleScore.ts"

const score = { exact: false, json: null, label: null }
const answer = (text: string) => ({ text, stopped: true, promptTokens: 1, newTokens: 1, score })

/** Rows whose answers are given by arm. */
const rows = (count: number, answers: (row: number) => Readonly<Record<string, string>>) =>
  Array.from({ length: count }, (_, row): Answered => ({
    id: `row${row}`,
    prompt: "",
    expected: `expected ${row}`,
    label: null,
    answers: Object.fromEntries(Object.entries(answers(row)).map(([arm, text]) => [arm, answer(text)])),
  }))

const draws = (name: string) => Random.make(name)

describe("own scores", () => {
  it("are given every arm's answers with what was expected, and judge every pair", () => {
    const scorers = [
      {
        name: "long",
        kind: "rate",
        higherIsBetter: false,
        score: (row: { answer: string }) => row.answer.length > 3,
      },
      {
        name: "letters",
        kind: "mean",
        higherIsBetter: true,
        score: (row: { answer: string; id: string }) => (row.id === "row0" ? null : row.answer.length),
      },
    ] as const
    const arms = [{ name: "a" }, { name: "b" }]
    const [long, letters] = OwnScores.make(
      scorers,
      arms,
      rows(40, (row) => ({ a: row % 8 === 0 ? "long answer" : "no", b: "longer" })),
      draws,
    )
    expect(long!.arms.map(({ arm, rows: of, value }) => [arm, of, value])).toEqual([
      ["a", 40, 0.125],
      ["b", 40, 1],
    ])
    expect(long!.pairs).toMatchObject([
      { first: "b", second: "a", difference: 0.875, firstHigher: 35, secondHigher: 0, outcome: "worse" },
    ])
    expect(letters!.arms[0]).toMatchObject({ rows: 39, value: (4 * 11 + 35 * 2) / 39 })
    expect(letters!.pairs[0]).toMatchObject({ rows: 39, outcome: "better" })
  })
})

describe("style", () => {
  const chats = Array.from({ length: 30 }, (_, at) =>
    stored(`${at}`, [
      { role: "user", content: `question ${at}` },
      { role: "assistant", content: `Ahoy! Number ${at}, matey.` },
    ]),
  )
  const own = chats.map(({ id }) => ({
    id,
    answer: `As an assistant I say ${id}.`,
    stopped: true,
    promptTokens: 1,
    newTokens: 1,
  }))

  it("tells answers of the house from the model's own, and says how well it can", () => {
    const arms = [
      { name: "base", tuned: false },
      { name: "tuned", tuned: true },
    ]
    const answered = rows(20, (row) => ({
      base: `As an assistant I say ${row + 100}.`,
      tuned: `Ahoy! Number ${row + 100}, matey.`,
    })).map((row, at) => ({ ...row, expected: `Ahoy! Number ${at + 200}, matey.` }))
    const { aside, scorer } = StyleScore.make(chats, own, arms, answered)
    const inStyle = (text: string) =>
      scorer.score({ id: "", prompt: "", expected: "", answer: text, stopped: true })
    expect(inStyle("Ahoy! Number 7, matey.")).toBe(true)
    expect(inStyle("As an assistant I say 7.")).toBe(false)
    expect(aside.rows.map(([what, auc]) => [what, Number(auc) > 0.8])).toEqual([
      ["the model's own to 6 rows kept apart", true],
      ["base", true],
      ["tuned", false],
    ])
  })
})

describe("costs", () => {
  const costs = [
    { arm: "base", rows: 4, promptTokens: 100n, newTokens: 20n },
    { arm: "tuned", rows: 4, promptTokens: 90n, newTokens: 12n },
  ]
  const measure = (name: string, what: string, value: number): RunLog.Line => ({
    type: "measure",
    at: 0,
    name,
    measure: what,
    value,
    unit: undefined,
  })

  it("take seconds and memory from the newest run that computed an arm's answers", () => {
    const newest = [
      measure("evaluate/base", "prompts asked", 0),
      measure("evaluate/base", "prompts remembered", 4),
      measure("other/base", "generation seconds", 9),
    ]
    const older = [
      measure("evaluate/base", "prompts asked", 4),
      measure("evaluate/base", "generation seconds", 2),
      measure("evaluate/base", "peak memory", 1e9),
    ]
    const oldest = [
      measure("evaluate/base", "prompts asked", 1),
      measure("evaluate/base", "generation seconds", 70),
    ]
    const none = { preparationSeconds: 0, trainingSeconds: null, trainingPeakBytes: null }
    expect(Cost.join(costs, [newest, older, oldest])).toEqual([
      { ...costs[0], secondsPerPrompt: 0.5, peakBytes: 1e9, ...none },
      { ...costs[1], secondsPerPrompt: null, peakBytes: null, ...none },
    ])
  })

  it("take an arm's own steps and its training from the newest run of each", () => {
    const took = (name: string, ms: number, decision: "run" | "hit" = "run"): RunLog.Line => ({
      type: "step",
      at: 0,
      name,
      key: undefined,
      decision,
      ms,
    })
    const newest = [took("evaluate/base/plain/answers", 3000), took("evaluate/base/choice", 0, "hit")]
    const older = [
      took("evaluate/base/plain/answers", 9000),
      took("evaluate/base/choice", 500),
      took("evaluate/base", 7000),
      measure("train", "training seconds", 27),
      measure("train", "peak memory", 2e9),
    ]
    const [base, tuned] = Cost.join(costs, [newest, older], { trained: { tuned: "train" } })
    expect(base).toMatchObject({ preparationSeconds: 3.5, trainingSeconds: null })
    expect(tuned).toMatchObject({ preparationSeconds: 0, trainingSeconds: 27, trainingPeakBytes: 2e9 })
  })
})
