import { describe, expect, it } from "vitest"
import { Predictions } from "../../src/Evaluate.ts"
import * as Grounding from "../../src/Grounding.ts"
import * as Retrieve from "../../src/Retrieve.ts"
import * as RowId from "../../src/RowId.ts"
import { reader, ref, runStep } from "../support/runStep.ts"

const documents = [
  {
    document: "a.md",
    format: "markdown",
    title: null,
    sections: [
      { heading: "Aldra 4", text: "It weighs 215 grams." },
      { heading: "Aldra 4 > Colour", text: "The Aldra is made in olive by Istra Works." },
    ],
  },
  {
    document: "b.md",
    format: "markdown",
    title: null,
    sections: [{ heading: "", text: "Kelto: 300 grams." }],
  },
]
const rows = [
  { question: "How heavy is the Aldra?", source: "a.md" },
  { question: "Which colour has it?", source: "a.md" },
  { question: "Who founded Rome?", source: "" },
]
const prediction = (arm: string, at: number, answer: string) => ({
  id: RowId.of(rows[at]!),
  arm,
  prompt: rows[at]!.question,
  answer,
})

const rates = (predictions: ReadonlyArray<object>, more: object = {}) =>
  runStep(
    Grounding.rates({
      rows: ref(Retrieve.Chunks),
      predictions: ref(Predictions),
      documents: ref(Retrieve.Documents),
      document: (row: any) => row.source || null,
      ...more,
    }),
    { rows: reader(rows), predictions: reader(predictions as never), documents: reader(documents) },
  )

describe("Grounding.rates", () => {
  it("counts answers whose row's document does not say them, and answers declined", async () => {
    const { outputs, summary } = await rates([
      prediction("open", 0, "215 grams"),
      prediction("open", 1, "The Aldra is made in olive by Istra Works."),
      prediction("open", 2, "I do not know."),
      // What another document says supports nothing.
      prediction("closed", 0, "300 grams"),
      prediction("closed", 1, "I'm not sure."),
      prediction("closed", 2, "Romulus, in 753 BC, on the Palatine hill."),
    ])
    expect(
      outputs["output"].map(({ arm, measure, count, rows: of }: any) => [arm, measure, count, of]),
    ).toEqual([
      ["open", "unsupported claim", 0, 2],
      ["open", "declined, answerable", 0, 2],
      ["open", "declined, unanswerable", 1, 1],
      ["closed", "unsupported claim", 1, 1],
      ["closed", "declined, answerable", 1, 2],
      ["closed", "declined, unanswerable", 0, 1],
    ])
    expect(summary).toBe("unsupported claims: open 0 of 2, closed 1 of 1")
  })

  it("reads the text of an answer as it is told, and leaves out measures without rows", async () => {
    const { outputs } = await rates([prediction("json", 0, '{"answer": "215 grams"}')], {
      textOf: (answer: string) => JSON.parse(answer).answer,
    })
    expect(outputs["output"].map(({ measure, rate }: any) => [measure, rate])).toEqual([
      ["unsupported claim", 0],
      ["declined, answerable", 0],
    ])
  })

  it("refuses a document that was not read", async () => {
    await expect(rates([], { document: () => "missing.md" })).rejects.toThrow(
      "No document is named missing.md; 2 were read.",
    )
  })
})
