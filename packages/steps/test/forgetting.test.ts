/** What a model has unlearnt: on a tiny model in plain JavaScript, and the base SmolLM2 against transformers. */
import { Backend, Adapter, Llama, Lora, ModelFiles as Opened } from "@sluice/llm"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { Table } from "@sluice/core"
import * as Forgetting from "../src/Forgetting.ts"
import { aside } from "../src/forgetting/aside.ts"
import { generalQuestions } from "../src/forgetting/generalQuestions.ts"
import { generalText } from "../src/forgetting/generalText.ts"
import { chosen, optionRows, textRows } from "../src/forgetting/rows.ts"
import { AdapterFiles, AdapterSnapshots, ModelFiles } from "../src/kinds.ts"
import { Tokens } from "../src/Tokens.ts"
import * as Train from "../src/Train.ts"
import * as Wilson from "../src/stats/Wilson.ts"
import reference from "./fixtures/forgetting/smollm2.json" with { type: "json" }
import { filesReader, written } from "./support/files.ts"
import { reader, ref, runStep } from "./support/runStep.ts"
import { writeTinyModel } from "./support/tinyModel.ts"

type Harm = Table.Row<typeof Forgetting.Harm>

let folder: string
let model: ReturnType<typeof filesReader>
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-forgetting-"))
  writeTinyModel(path.join(folder, "model"))
  model = filesReader(Opened.filesOf(path.join(folder, "model")))
})
afterAll(() => fs.rmSync(folder, { recursive: true }))

const of = (kind: unknown) => ({ ...ref(Tokens), kind }) as never
const adapterRef = { adapter: of(AdapterFiles) }

/** An adapter of rank 2 whose B is zero, as files. */
const untouched = (given = model, settings: Backend.Options = { backend: "cpu" }, rank = 2, baseModel = "") =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const places = new Map(
          yield* Effect.forEach(given.names, (name) =>
            Effect.map(given.path(name), (place) => [name, place] as const),
          ),
        )
        const { weights } = yield* Opened.open(places)
        const backend = yield* Backend.open(settings)
        const { config } = Llama.load(backend, weights)
        const lora = Lora.create(backend, config, "seed", { rank })
        const { config: made, modules } = yield* Effect.promise(lora.weights)
        return written(
          path.join(folder, `untouched ${rank}`),
          Adapter.toFiles({ config: { ...made, baseModel }, modules }),
        )
      }),
    ),
  )

const text = ["The quick brown fox jumps over the lazy dog.", "Rain fell all day; nobody went out.", "x = 1"]
const questions = [
  { question: "What do cows eat?", options: ["grass", "stones"], answer: 0 },
  { question: "The glass fell and", options: ["sang", "broke", "wrote"], answer: 1 },
]

const measure = (
  options: Partial<Forgetting.MeasureOptions>,
  inputs: Readonly<Record<string, unknown>>,
  settings: Readonly<Record<string, string | number>> = { backend: "cpu" },
) =>
  runStep(
    Forgetting.measure({ model: of(ModelFiles), text, questions, ...options }),
    { model, ...inputs },
    { settings },
  )

describe("the shipped text and questions", () => {
  it("are those that the reference was made with", () => {
    const digest = (value: unknown) =>
      createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16)
    expect([generalText.length, generalQuestions.length]).toEqual([23, 60])
    expect(generalText.reduce((sum, passage) => sum + Buffer.byteLength(passage.text), 0)).toBe(18_568)
    expect([digest(generalText), digest(generalQuestions)]).toEqual(["19806e171faa9225", "7840f8ce0debd1d5"])
  })

  it("have the right option at each position as often, and no option twice", () => {
    const at = [0, 1, 2, 3].map((place) => generalQuestions.filter(({ answer }) => answer === place).length)
    expect(at).toEqual([15, 15, 15, 15])
    for (const { options } of generalQuestions) expect(new Set(options).size).toBe(4)
    expect(new Set(generalQuestions.map(({ question }) => question)).size).toBe(60)
  })
})

describe("rows", () => {
  const letters = { encode: (given: string) => Array.from(given, (letter) => letter.codePointAt(0)!) }

  it("ask every token of a text but the first, in pieces of 512", () => {
    const rows = textRows(letters, ["a".repeat(1025), "abc"])
    expect(rows.map(({ id, ids }) => [id, ids.length])).toEqual([
      ["passage 0.0", 512],
      ["passage 0.1", 512],
      ["passage 1.0", 3],
    ])
    expect(rows[2]!.labels).toEqual(rows[2]!.ids)
  })

  it("ask the option's tokens alone, after a question or a sentence that is left open", () => {
    const [row] = optionRows(letters, { question: "Why?", options: ["So."], answer: 0 })
    expect(String.fromCodePoint(...(row!.ids as Array<number>))).toBe("Question: Why?\nAnswer: So.")
    expect(Array.from(row!.labels).filter((label) => label !== -100)).toEqual(letters.encode(" So."))
    const [open] = optionRows(letters, { question: "It rained, so", options: ["we stayed."], answer: 0 })
    expect(String.fromCodePoint(...(open!.ids as Array<number>))).toBe("It rained, so we stayed.")
  })

  it("are chosen by ln p for each character", () => {
    const question = { question: "?", options: ["ab", "abcdefgh"], answer: 0 }
    // −2 by 2 characters, −4 by 8 characters.
    expect(chosen(question, [1, 2], [2, 2])).toBe(1)
    // −1 by 2, −4 by 8: equal, the first.
    expect(chosen(question, [0.5, 2], [2, 2])).toBe(0)
  })
})

describe("Forgetting.measure", () => {
  it("finds no harm at all in an adapter whose B is zero", async () => {
    const { outputs, summary } = await measure(adapterRef, { adapter: await untouched() })
    const [base, tuned] = outputs["harm"] as [Harm, Harm]
    expect(tuned).toEqual({
      ...base,
      checkpoint: "adapter",
      optimizerStep: null,
      accuracyChangeLow: tuned.accuracyChangeLow,
      accuracyChangeHigh: tuned.accuracyChangeHigh,
    })
    expect([tuned.lossRise, tuned.lossRiseLow, tuned.lossRiseHigh, tuned.accuracyChange]).toEqual([
      0, 0, 0, 0,
    ])
    // Two questions of which none differs say little about others.
    expect(tuned.accuracyChangeLow).toBeCloseTo(-0.657, 2)
    expect(base).toMatchObject({ checkpoint: "base", optimizerStep: 0, questions: 2, tokens: 81 })
    expect(base.perplexity).toBe(Math.exp(base.loss))
    expect({ low: base.accuracyLow, high: base.accuracyHigh }).toEqual(Wilson.interval(base.right, 2))
    expect(summary).toBe(
      `81 tokens, 2 questions: base loss ${base.loss.toFixed(4)}, ${base.right} right; ` +
        `adapter +0.0000, ${base.right} right (+0.0 points)`,
    )
  })

  it("measures each snapshot of a training, the last of which is its adapter", async () => {
    const ids = [256, ...Buffer.from("a?"), 256, ...Buffer.from("x"), 257]
    const row = { id: "row", ids, labels: ids.map((token, at) => (at < 4 ? -100 : token)), weights: null }
    const trained = await runStep(
      Train.lora({
        model: of(ModelFiles),
        tokens: ref(Tokens),
        rank: 2,
        epochs: 4,
        learningRate: 0.3,
        snapshots: { every: 2 },
      }),
      { model, tokens: reader([row]) },
      { settings: { backend: "cpu" } },
    )
    const snapshots = filesReader(
      new Map(
        Object.entries(trained.outputs["snapshots"] as Record<string, string | Uint8Array>).map(
          ([name, content]) => {
            const place = path.join(folder, name.replaceAll("/", " "))
            fs.writeFileSync(place, content)
            return [name, place]
          },
        ),
      ),
    )
    const adapter = written(path.join(folder, "trained"), trained.outputs["adapter"])
    const both = { ...adapterRef, snapshots: of(AdapterSnapshots) }
    const { outputs } = await measure(both, { adapter, snapshots })
    const harm = outputs["harm"] as ReadonlyArray<Harm>
    expect(harm.map(({ checkpoint, optimizerStep }) => [checkpoint, optimizerStep])).toEqual([
      ["base", 0],
      ["step 2", 2],
      ["step 4", 4],
      ["adapter", null],
    ])
    const { lossRise, loss } = harm[3]!
    expect(harm[2]).toEqual({ ...harm[3]!, checkpoint: "step 4", optimizerStep: 4 })
    expect(new Set([0, harm[1]!.lossRise, lossRise]).size).toBe(3)
    expect(loss - harm[0]!.loss).toBeCloseTo(lossRise, 12)
    expect(outputs["choices"]).toHaveLength(4 * questions.length)
    expect(outputs["choices"][1]).toMatchObject({
      checkpoint: "base",
      question: "The glass fell and",
      expected: "broke",
    })
  })

  it("refuses a text that has nothing to ask", async () => {
    await expect(measure({ ...adapterRef, text: ["a"] }, { adapter: await untouched() })).rejects.toThrow(
      "The general text is too short to measure.\n  Passages:  1, of one token each\n" +
        "Give passages of some sentences, or leave text out for the one that is shipped.",
    )
  })

  it("ends at once when it is interrupted", async () => {
    const stop = new AbortController()
    const inputs = { model, adapter: await untouched() }
    const done: Array<number> = []
    const use = Forgetting.measure({ model: of(ModelFiles), ...adapterRef, text, questions })
    const running = runStep(use, inputs, {
      settings: { backend: "cpu" },
      signal: stop.signal,
      progress: (progress) => {
        done.push(progress.done)
        stop.abort()
      },
    })
    await expect(running).rejects.toThrow(/interrupt/)
    expect(done).toEqual([3])
  })

  it("says what it needs where it is declared", () => {
    expect(() => Forgetting.measure({ model: of(ModelFiles) })).toThrow(
      "Forgetting.measure needs something that was trained: give adapter, or snapshots (of Train.lora), or both.",
    )
    const wrong = [{ question: "Why?", options: ["So.", "No."], answer: 2 }]
    expect(() => Forgetting.measure({ model: of(ModelFiles), ...adapterRef, questions: wrong })).toThrow(
      'Forgetting.measure is given questions whose answer is none of their options: "Why?" (answer 2 of 2).',
    )
    expect(() => Forgetting.gate({ harm: ref(Forgetting.Harm) })).toThrow(
      "Forgetting.gate needs a limit: lossRise, accuracyDrop, or both.",
    )
  })
})

describe("Forgetting.gate", () => {
  const row = (checkpoint: string, optimizerStep: number | null, lossRise: number, right: number): Harm => ({
    checkpoint,
    optimizerStep,
    loss: 3 + lossRise,
    perplexity: Math.exp(3 + lossRise),
    lossRise,
    lossRiseLow: lossRise / 2,
    lossRiseHigh: lossRise * 2,
    tokens: 4000,
    right,
    questions: 60,
    accuracy: right / 60,
    accuracyLow: 0.5,
    accuracyHigh: 0.9,
    accuracyChange: (right - 48) / 60,
    accuracyChangeLow: -0.2,
    accuracyChangeHigh: 0.1,
  })
  const harm = [
    row("base", 0, 0, 48),
    row("step 10", 10, 0.04, 48),
    row("step 20", 20, 0.25, 42),
    row("adapter", null, 0.25, 42),
  ]
  const gate = (limits: { lossRise?: number; accuracyDrop?: number }, rows = harm) =>
    runStep(Forgetting.gate({ harm: ref(Forgetting.Harm), ...limits }), { harm: reader(rows) })

  it("lets pass what is within the limits, and says how near it came", async () => {
    const { outputs, summary } = await gate({ lossRise: 0.25, accuracyDrop: 0.1 })
    expect(outputs["output"]).toEqual([
      { checkpoint: "adapter", measure: "loss rise", value: 0.25, limit: 0.25 },
      { checkpoint: "adapter", measure: "accuracy drop", value: 0.1, limit: 0.1 },
    ])
    expect(summary).toBe(
      "adapter: loss rise 0.2500 of 0.25 allowed, adapter: accuracy drop 10.0 of 10.0 points allowed",
    )
  })

  it("fails with every limit that was passed, all that was measured, and where to stop", async () => {
    await expect(gate({ lossRise: 0.1, accuracyDrop: 0.05 })).rejects.toThrow(
      [
        "The model has forgotten more than the limit allows.",
        "  Checkpoint:  adapter: loss rise 0.2500 of 0.1 allowed",
        "  Checkpoint:  adapter: accuracy drop 10.0 of 5.0 points allowed",
        "  Measured:    base: loss 3.0000 (rise 0.0000, 0.0000 to 0.0000), 48 of 60 right",
        "  Measured:    step 10: loss 3.0400 (rise 0.0400, 0.0200 to 0.0800), 48 of 60 right",
        "  Measured:    step 20: loss 3.2500 (rise 0.2500, 0.1250 to 0.5000), 42 of 60 right",
        "  Measured:    adapter: loss 3.2500 (rise 0.2500, 0.1250 to 0.5000), 42 of 60 right",
        "Train for fewer epochs, at a lower learning rate, or on general rows as well; or stop where the limits were kept: maxOptimizerSteps: 10.",
      ].join("\n"),
    )
  })

  it("names no place to stop where none was within", async () => {
    await expect(gate({ lossRise: 0.1 }, [harm[0]!, harm[3]!])).rejects.toThrow(
      /on general rows as well; or allow more\.$/,
    )
  })
})

describe("the report's table", () => {
  it("has the base model first, and the others against it", async () => {
    const { outputs } = await measure(adapterRef, { adapter: await untouched() })
    const harm = outputs["harm"] as [Harm, Harm]
    const moved = {
      ...harm[1],
      loss: 3.5,
      lossRise: 0.25,
      lossRiseLow: -0.00001,
      lossRiseHigh: 0.5,
      accuracyChange: -0.5,
    }
    const [loss, right] = [harm[0].loss.toFixed(4), String(harm[0].right)]
    expect(aside([harm[0], moved])).toEqual({
      title: "What tuning made the model forget: 81 tokens of general text, 2 general questions",
      head: ["Model", "Loss", "Rise", "95 % interval", "Right", "Change in points", "95 % interval"],
      rows: [
        ["base", loss, "", "", right, "", ""],
        ["adapter", "3.5000", "+0.2500", "+0.0000 to +0.5000", right, "−50.0", "−65.8 to +65.8"],
      ],
    })
  })
})

describe("SmolLM2-135M", { timeout: 300_000 }, () => {
  it("has transformers' losses and answers, and none of it changes by an adapter whose B is zero", async () => {
    const file = await Effect.runPromise(Opened.ensure(Opened.smolLM2))
    const real = filesReader(new Map([[path.basename(file), file]]))
    const settings = { backend: "tensorflow", threads: 2 } as const
    const { outputs, warnings } = await runStep(
      Forgetting.measure({ model: of(ModelFiles), ...adapterRef }),
      { model: real, adapter: await untouched(real, settings, 4, "SmolLM2-135M") },
      { settings },
    )
    expect(warnings).toEqual([
      "the adapter was trained on SmolLM2-135M and is used with SmolLM2-135M-Instruct: if those are different models, it makes answers worse",
    ])
    const [base, tuned] = outputs["harm"] as [Harm, Harm]
    expect(base.tokens).toBe(reference.tokens)
    expect(Math.abs(base.loss - reference.loss)).toBeLessThan(1e-4)
    expect(base.right).toBe(reference.right)
    const choices = outputs["choices"] as ReadonlyArray<Table.Row<typeof Forgetting.Choices>>
    expect(choices.slice(0, 60).map((choice) => choice.chosen)).toEqual(
      reference.questions.map((question, at) => generalQuestions[at]!.options[question.chosen]),
    )
    // Far above the 15 of guessing, and with room to rise and fall.
    expect(base.accuracyLow).toBeGreaterThan(0.6)
    expect(base.accuracyHigh).toBeLessThan(0.95)
    expect([tuned.lossRise, tuned.loss, tuned.right]).toEqual([0, base.loss, base.right])
  })
})
