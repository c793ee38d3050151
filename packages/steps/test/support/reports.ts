/** Reports to render: as many arms and rows as wanted, of which arm `at` is right about (at + 1) / arms of the time. */
import { Random } from "@sluice/core"
import * as Schema from "effect/Schema"
import * as Comparison from "../../src/evaluate/Comparison.ts"
import * as OwnScores from "../../src/evaluate/OwnScores.ts"
import * as Score from "../../src/evaluate/Score.ts"
import { toReport } from "../../src/evaluate/toReport.ts"
import type { Facts } from "../../src/report/Facts.ts"
import { Report } from "../../src/report/Report.ts"

const isMood = (value: unknown): boolean =>
  ["good", "bad"].includes((value as { readonly mood?: string } | null)?.mood ?? "")

const mood = (good: boolean): string => JSON.stringify({ mood: good ? "good" : "bad" })

export interface Wanted {
  readonly arms?: ReadonlyArray<string>
  readonly rows?: number
  readonly prompt?: (row: number) => string
  readonly title?: string
  readonly decidedBy?: string
}

export const make = ({
  arms = ["base", "fewShot", "tuned"],
  rows = 40,
  prompt = (row) => `review number ${row} & more`,
  title = "A comparison",
  decidedBy = "exact",
}: Wanted = {}): Report => {
  const chance = Random.make("reports")
  const named = arms.map((name, at) => ({ name, tuned: at === arms.length - 1 && at > 0, endpoint: null }))
  const answered = Array.from({ length: rows }, (_, row): Comparison.Answered => {
    const expected = mood(row % 2 === 0)
    return {
      id: `row${String(row).padStart(4, "0")}`,
      prompt: prompt(row),
      expected,
      label: Score.label(expected, isMood),
      answers: Object.fromEntries(
        arms.map((arm, at) => {
          const draw = chance.uniform()
          const isRight = draw < (at + 1) / arms.length - 0.05
          const text = isRight ? expected : draw > 0.97 ? "Good!" : mood(row % 2 !== 0)
          const stopped = row % 7 !== 0
          return [
            arm,
            {
              text,
              stopped,
              promptTokens: 50,
              newTokens: 7,
              score: Score.score({ text, stopped }, expected, isMood),
            },
          ]
        }),
      ),
    }
  })
  const draws = (name: string) => Random.make(name)
  return toReport({
    title,
    arms: named,
    comparison: Comparison.make(named, answered, draws),
    answered,
    decidedBy,
    own: OwnScores.make(
      [{ name: "letters", kind: "mean", higherIsBetter: false, score: ({ answer }) => answer.length }],
      named,
      answered,
      draws,
    ),
    asides: [{ title: "Prompts tried", head: ["Prompt", "Exact"], rows: [["plain", "12"]] }],
    provenance: [["Base model", "abc123"]],
  })
}

/** The same with `rows` rows, its own over and over under other names. No score follows: it is for what takes room. */
export const repeated = (
  report: Report,
  rows: number,
  prompt = (row: number) => `review number ${row} & more`,
): Report => ({
  ...report,
  rows: Array.from({ length: rows }, (_, at) => ({
    ...report.rows[at % report.rows.length]!,
    id: `row${String(at).padStart(4, "0")}`,
    prompt: prompt(at),
  })),
})

/** As the step writes it and a reader takes it. */
export const reread = (report: Report): Report =>
  Schema.decodeUnknownSync(Schema.fromJsonString(Report))(JSON.stringify(report))

/** What a run might know of a report. */
export const facts = (report: Report): Facts => ({
  run: {
    id: "20261123-070511-710782",
    pipeline: "moods",
    startedAt: "2026-11-23T07:05:11.310Z",
    params: { learningRate: "0.0002" },
  },
  comparison: "evaluate",
  versions: { "Rendered by": "sluice 0.1.0, Node 24" },
  costs: report.arms.map(({ name, newTokens, promptTokens, tuned }) => ({
    arm: name,
    rows: report.rows.length,
    promptTokens,
    newTokens,
    secondsPerPrompt: tuned ? 0.125 : null,
    peakBytes: tuned ? 1.4e9 : null,
    preparationSeconds: 0,
    trainingSeconds: tuned ? 181 : null,
    trainingPeakBytes: tuned ? 1.7e9 : null,
  })),
  curves: [
    {
      step: "train",
      training: Array.from({ length: 38 }, (_, at) => ({ optimizerStep: at + 1, loss: 0.8 / (at + 1) })),
      heldOut: [
        { optimizerStep: 0, loss: 0.75, best: false },
        { optimizerStep: 38, loss: 0.04, best: true },
      ],
    },
  ],
  stages: [
    {
      step: "collect",
      rowsIn: [],
      rowsOut: [{ output: "rows", rows: 300 }],
      reasons: [{ what: "dropped", reason: "class is null", rows: 3, example: "a.json row 4 (line 4)" }],
      tokens: null,
      supervisedTokens: null,
      summary: "300 rows, 3 dropped",
    },
    {
      step: "tokenize",
      rowsIn: [{ input: "chats", rows: 200 }],
      rowsOut: [{ output: "tokens", rows: 200 }],
      reasons: [],
      tokens: 14_000,
      supervisedTokens: 1_600,
      summary: null,
    },
  ],
  steps: [
    {
      name: "train",
      definition: "trainLora",
      key: "c05d6560".repeat(8),
      outputs: [{ name: "adapter", fingerprint: "ab12cd34".repeat(8), rows: null }],
      inputs: [{ name: "tokens", from: "tokenize", fingerprints: ["12ab34cd".repeat(8)] }],
      config: { learningRate: "0.0002" },
      seed: "moods train",
      code: "99aa".repeat(16),
      packages: { "effect@4.1.0": "sha512-x" },
      numeric: { backend: "tensorflow", threads: 2 },
      runtime: { node: "24" },
    },
  ],
  lineage: {
    arms: report.arms.map(({ name, tuned }) => ({
      arm: name,
      chain: [{ step: "train.adapter", fingerprint: "ab12cd34".repeat(8), summary: "38 optimizer steps" }],
      rows: tuned ? 200 : 0,
    })),
    heldOut: Object.fromEntries(
      report.rows.map(({ id }, at) => [id, { file: "a.json", row: at + 1, line: at + 2 }]),
    ),
    learnt: [
      {
        id: "learnt1",
        prompt: "a review learnt",
        expected: '{"mood":"good"}',
        place: { file: "a.json", row: 99, line: 100 },
        times: 2,
        firstLoss: 0.8,
        lastLoss: 0.01,
      },
    ],
    nearest: Object.fromEntries(report.rows.map(({ id }) => [id, [0]])),
    leftOut: null,
  },
})
