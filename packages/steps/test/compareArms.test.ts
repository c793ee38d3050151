/** What the report's step writes for each kind of task, without a model: answers are given. */
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { Chat, stored } from "../src/Chat.ts"
import * as Evaluate from "../src/Evaluate.ts"
import { AdapterFiles, ModelFiles } from "../src/kinds.ts"
import { reader, ref, runStep } from "./support/runStep.ts"

type Use = Parameters<typeof runStep>[0]
type Row = readonly [expected: string, base: string, tuned: string]

/** Runs the last step of a comparison of two arms over rows of expected and given answers. */
const compared = async (
  rows: ReadonlyArray<Row>,
  more: Partial<Evaluate.CompareOptions<typeof Chat>> = {},
) => {
  let last: Use | undefined
  const add: any = Object.assign(
    (_: string, use: Use) => {
      last = use
      const refs = Object.entries(use.outputs).map(([key, kind]) => [key, ref(kind as never)])
      return use.single ? refs[0]![1] : Object.fromEntries(refs)
    },
    { scope: () => add },
  )
  Evaluate.compare(add, {
    heldOut: ref(Chat),
    model: { ...ref(Chat), kind: ModelFiles },
    messages: () => [],
    arms: { base: {}, tuned: { adapter: { ...ref(Chat), kind: AdapterFiles } } },
    ...more,
  })
  const answers = (arm: 1 | 2) =>
    reader(
      rows.map((row, at) => ({
        id: `row${at}`,
        answer: row[arm],
        stopped: true,
        promptTokens: 10,
        newTokens: 2,
      })),
    )
  const chats = rows.map(([expected], at) =>
    stored(`row${at}`, [
      { role: "user", content: `question ${at}` },
      { role: "assistant", content: expected },
    ]),
  )
  const files = { fingerprint: "0".repeat(64) }
  const { outputs } = await runStep(last!, {
    chats: reader(chats),
    model: files,
    "answers base": answers(1),
    "answers tuned": answers(2),
    "adapter tuned": files,
  })
  const scores: ReadonlyArray<{ arm: string; metric: string; rate: number; count: number | null }> =
    outputs["scores"]
  return {
    metrics: scores.filter(({ arm }) => arm === "base").map(({ metric }) => metric),
    value: (arm: string, metric: string) =>
      scores.find((each) => each.arm === arm && each.metric === metric)?.rate,
    differences: outputs["differences"],
    verdict: /\*\*(.*?)\*\*/.exec(outputs["report"]["report.md"])?.[1],
  }
}

const times = <A>(count: number, make: (at: number) => A) =>
  Array.from({ length: count }, (_, at) => make(at))

describe("a comparison", () => {
  it("of JSON answers shows what parses, fits, leaks and is cut, and each field", async () => {
    const rows = times(20, (at): Row => [
      `{"n": ${at}}`,
      at < 5 ? `It is {"n": ${at}}` : "no",
      `{"n": ${at < 15 ? at : 0}}`,
    ])
    const { differences, metrics, value } = await compared(rows, {
      schema: Schema.Struct({ n: Schema.Finite }),
    })
    expect(metrics).toEqual([
      "exact",
      "validJson",
      "schemaValid",
      "leaking",
      "exactUnwrapped",
      "cut",
      "fieldsF1",
      "field n",
      "field n F1",
    ])
    expect([value("base", "leaking"), value("base", "exactUnwrapped"), value("tuned", "field n")]).toEqual([
      0.25, 0.25, 0.75,
    ])
    expect(differences).toMatchObject([
      { metric: "exact", first: "tuned", second: "base", onlyFirst: 15, verdict: "better", moreRows: 0 },
    ])
    // The exact test is twice as cautious as mid-p where all disagreements are on one side.
    expect(differences[0].pExact).toBeCloseTo(2 * differences[0].p, 12)
  })

  it("of classes in plain words shows accuracy and macro-F1", async () => {
    const rows = times(20, (at): Row => (at % 2 === 0 ? ["yes", "yes", "yes"] : ["no", "yes", "no"]))
    const { metrics, value } = await compared(rows)
    expect(metrics).toEqual(["exact", "cut", "accuracy", "macroF1"])
    expect(value("base", "accuracy")).toBe(0.5)
    // yes: precision 1/2, recall 1; no: nothing.
    expect(value("base", "macroF1")).toBeCloseTo(1 / 3, 12)
    expect(value("tuned", "macroF1")).toBe(1)
  })

  const texts = times(24, (at): Row => [
    `The harbour of town ${at} opens at noon and closes when the last of the boats is in.`,
    `Boats ${at}.`,
    `The harbour of town ${at} opens at noon and closes when the last boat is in.`,
  ])

  it("of free text shows how like the expected ones answers are, and is decided by that", async () => {
    const { differences, metrics, value, verdict } = await compared(texts)
    expect(metrics).toEqual(["exact", "cut", "token F1", "ROUGE-L", "chrF"])
    expect(value("tuned", "chrF")!).toBeGreaterThan(80)
    expect(differences.map(({ metric, verdict: of }: any) => `${metric} ${of}`)).toEqual([
      "exact undecided",
      "token F1 better",
      "ROUGE-L better",
      "chrF better",
    ])
    expect(verdict).toMatch(/^tuned is better than base: tuned has a mean "chrF" of 8\d\.\d{3}, base \d/)
  })

  it("is decided by the score that is named, and names those that there are where it is none", async () => {
    const scorers = [
      {
        name: "short",
        kind: "rate" as const,
        higherIsBetter: true,
        score: ({ answer }: { answer: string }) => answer.length < 20,
      },
    ]
    const { verdict } = await compared(texts, { scorers, decidedBy: "short" })
    expect(verdict).toMatch(
      /^tuned is worse than base: tuned has 0 of 24 rows "short", base 24 \(-100\.0 points/,
    )
    await expect(compared(texts, { scorers, decidedBy: "long" })).rejects.toThrow(
      'decidedBy:  "long" is no score to decide by: exact, short, token F1, ROUGE-L, chrF\n',
    )
    // Only the rows tell that these are classes.
    const classes = times(24, (at): Row => [at % 2 === 0 ? "yes" : "no", "yes", "no"])
    await expect(compared(classes, { decidedBy: "chrF" })).rejects.toThrow(
      'There is no score "chrF" to decide by.\n  Scores:  exact\n',
    )
  })

  it("fits a JSON Schema as well as one of Effect's", async () => {
    const schema = {
      $defs: { mail: { type: "string", format: "email" } },
      oneOf: [
        { type: "object", properties: { to: { $ref: "#/$defs/mail" } }, required: ["to"] },
        { type: "object", properties: { none: { const: true } }, required: ["none"] },
      ],
    }
    const rows = times(20, (at): Row => {
      const expected = `{"to": "a${at}@example.org"}`
      return [expected, '{"to": "nobody"}', at < 15 ? expected : '{"none": true}']
    })
    const { value } = await compared(rows, { schema })
    expect(["base", "tuned"].map((arm) => [value(arm, "validJson"), value(arm, "schemaValid")])).toEqual([
      [1, 0],
      [1, 1],
    ])
    expect(value("tuned", "exact")).toBe(0.75)
    await expect(compared(rows, { schema: { type: "objekt" } })).rejects.toThrow(
      "The schema of the answers is not a valid JSON Schema.\n  Fault:  /type: must be equal to one of the allowed values",
    )
  })

  it("is refused where there is no row to compare on", async () => {
    await expect(compared([])).rejects.toThrow("There is no held-out row to compare arms on.")
  })
})
