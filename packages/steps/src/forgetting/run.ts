import { type Artifact, Errors, Random, type Step, type Table } from "@sluice/core"
import { Backend, Llama, Lora, Trainer } from "@sluice/llm"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { counted, signed, thousands } from "../counted.ts"
import type { Choices, Harm } from "../Forgetting.ts"
import * as OpenModel from "../model/open.ts"
import { backendOptions, precisionOf } from "../numeric.ts"
import * as Perplexity from "../scores/Perplexity.ts"
import * as Bootstrap from "../stats/Bootstrap.ts"
import * as PairedRates from "../stats/PairedRates.ts"
import * as Wilson from "../stats/Wilson.ts"
import { isAborted } from "../train/Aborted.ts"
import * as HeldOut from "../train/HeldOut.ts"
import { type Row, supervisedTokens } from "../train/rows.ts"
import * as Snapshots from "../train/Snapshots.ts"
import type { Question } from "./generalQuestions.ts"
import { chosen, optionRows, textRows } from "./rows.ts"

interface Config {
  readonly text: ReadonlyArray<string> | null
  readonly questions: ReadonlyArray<Question> | null
}

interface Inputs {
  readonly model: Artifact.FilesReader
  readonly adapter?: Artifact.FilesReader
  readonly snapshots?: Artifact.FilesReader
}

type HarmRow = Table.Row<typeof Harm>
type ChoiceRow = Table.Row<typeof Choices>

/** Passages at a time: little memory, and enough tokens to keep the processor busy. */
const batchRows = 4

/** One model's answers to everything. */
interface Measured {
  readonly checkpoint: string
  readonly optimizerStep: number | null
  readonly passages: ReadonlyArray<Perplexity.RowLoss>
  /** The option chosen for each question. */
  readonly choices: ReadonlyArray<number>
}

/** What is measured: a name, and its adapter. */
interface Checkpoint extends Pick<Measured, "checkpoint" | "optimizerStep"> {
  readonly lora: Effect.Effect<Lora.Lora, unknown>
}

export const measure = (context: Step.Context<Config, Inputs>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { adapter, model: files, snapshots } = context.inputs
      const text = context.config.text ?? (yield* generalText)
      const questions = context.config.questions ?? (yield* generalQuestions)
      const { tokenizer, weights } = yield* OpenModel.open(files)
      const passages = textRows(tokenizer, text)
      if (passages.length === 0) return yield* new TextTooShort({ passages: text.length })
      const options = questions.map((question) => optionRows(tokenizer, question))
      const backend = yield* Backend.open(backendOptions(context.settings))
      const model = Llama.load(backend, weights, precisionOf(context.settings))
      const told = new Set<string>()
      const loraOf = (given: Artifact.FilesReader, folder = "") =>
        Effect.map(OpenModel.adapter(given, folder), (read) => {
          const remark = OpenModel.otherBase(read, files)
          if (remark !== undefined && !told.has(remark)) {
            told.add(remark)
            context.warn(remark)
          }
          return Lora.fromWeights(backend, model.config, read)
        })
      const checkpoints: ReadonlyArray<Checkpoint> = [
        // B is zero, so that the least adapter there can be leaves the base model as it is.
        {
          checkpoint: "base",
          optimizerStep: 0,
          lora: Effect.sync(() =>
            Lora.create(backend, model.config, "base", { rank: 1, targetModules: ["q_proj"] }),
          ),
        },
        ...(snapshots === undefined
          ? []
          : Snapshots.optimizerSteps(snapshots).map((step) => ({
              checkpoint: `step ${step}`,
              optimizerStep: step,
              lora: loraOf(snapshots, `${Snapshots.folderOf(step)}/`),
            }))),
        ...(adapter === undefined
          ? []
          : [{ checkpoint: "adapter", optimizerStep: null, lora: loraOf(adapter) }]),
      ]
      const total = checkpoints.length * (passages.length + options.length)
      let done = 0
      const progress = (count: number) =>
        context.progress({ done: (done += count), total, unit: "passage and question" })
      const interrupt = () => Effect.interrupt

      const measured: Array<Measured> = []
      for (const { checkpoint, lora: opened, optimizerStep } of checkpoints) {
        const lora = yield* opened
        const trainer = Trainer.make(backend, { model, adapter: lora })
        const lossesOf = (rows: ReadonlyArray<Row>) =>
          Effect.catchIf(HeldOut.losses(trainer, rows, batchRows, context.signal), isAborted, interrupt)
        const losses: Array<Perplexity.RowLoss> = []
        for (let at = 0; at < passages.length; at += batchRows) {
          const rows = passages.slice(at, at + batchRows)
          const { rowLosses } = yield* lossesOf(rows)
          losses.push(...rows.map((row, index) => sumOf(row, rowLosses[index]!)))
          progress(rows.length)
        }
        const choices: Array<number> = []
        for (const [index, rows] of options.entries()) {
          const { rowLosses } = yield* lossesOf(rows)
          choices.push(chosen(questions[index]!, rowLosses, rows.map(supervisedTokens)))
          progress(1)
        }
        measured.push({ checkpoint, optimizerStep, passages: losses, choices })
        trainer.free()
        lora.free()
      }
      context.measure("peak memory", process.resourceUsage().maxRSS * 1024, "bytes")
      // The same draws for each, so that equal models have equal intervals.
      const harm = measured.map((each) => harmOf(each, measured[0]!, questions, Random.make(context.seed)))
      context.summarize(summary(harm))
      return { harm, choices: measured.flatMap((each) => choicesOf(each, questions)) }
    }),
  )

/** Text of which no token has another one before it. */
export class TextTooShort extends Data.TaggedError("TextTooShort")<{ readonly passages: number }> {
  override get message(): string {
    return Errors.structured(
      "The general text is too short to measure.",
      { Passages: `${thousands(this.passages)}, of one token each` },
      "Give passages of some sentences, or leave text out for the one that is shipped.",
    )
  }
}

const generalText = Effect.map(
  Effect.promise(() => import("./generalText.ts")),
  (module) => module.generalText.map(({ text }) => text),
)

const generalQuestions = Effect.map(
  Effect.promise(() => import("./generalQuestions.ts")),
  (module) => module.generalQuestions,
)

const sumOf = (row: Row, loss: number): Perplexity.RowLoss => {
  const tokens = supervisedTokens(row)
  return { lossSum: loss * tokens, tokens }
}

const harmOf = (
  { checkpoint, choices, optimizerStep, passages }: Measured,
  base: Measured,
  questions: ReadonlyArray<Question>,
  draws: Bootstrap.Draws,
): HarmRow => {
  const { loss, perplexity, tokens } = Perplexity.heldOut(passages, draws)
  const baseShares = Perplexity.shares(base.passages)
  const rises = Perplexity.shares(passages).map((share, at) => share - baseShares[at]!)
  const rise = Bootstrap.interval(rises, draws)
  const right = rightOf(choices, questions)
  const baseRight = rightOf(base.choices, questions)
  const count = right.filter(Boolean).length
  const gained = right.filter((is, at) => is && !baseRight[at]!).length
  const lost = right.filter((is, at) => !is && baseRight[at]!).length
  const accuracy = Wilson.interval(count, questions.length)
  const change =
    checkpoint === base.checkpoint
      ? { low: 0, high: 0 }
      : PairedRates.interval(gained, lost, questions.length)
  return {
    checkpoint,
    optimizerStep,
    loss,
    perplexity,
    lossRise: rises.reduce((sum, each) => sum + each, 0) / rises.length,
    lossRiseLow: rise.low,
    lossRiseHigh: rise.high,
    tokens,
    right: count,
    questions: questions.length,
    accuracy: count / questions.length,
    accuracyLow: accuracy.low,
    accuracyHigh: accuracy.high,
    accuracyChange: (gained - lost) / questions.length,
    accuracyChangeLow: change.low,
    accuracyChangeHigh: change.high,
  }
}

const rightOf = (
  choices: ReadonlyArray<number>,
  questions: ReadonlyArray<Question>,
): ReadonlyArray<boolean> => choices.map((choice, at) => choice === questions[at]!.answer)

const choicesOf = (
  { checkpoint, choices }: Measured,
  questions: ReadonlyArray<Question>,
): ReadonlyArray<ChoiceRow> =>
  questions.map(({ answer, options, question }, at) => ({
    checkpoint,
    question,
    chosen: options[choices[at]!]!,
    expected: options[answer]!,
    right: choices[at] === answer,
  }))

/** `5,012 tokens and 60 questions: base loss 2.9611, 50 right; adapter +0.1023, 48 right (−3.3 points)`. */
const summary = (harm: ReadonlyArray<HarmRow>): string => {
  const [base, ...others] = harm as [HarmRow, ...Array<HarmRow>]
  const last = others.at(-1)!
  const worst = others.reduce((most, each) => (each.lossRise > most.lossRise ? each : most))
  return [
    `${thousands(base.tokens)} tokens, ${counted(base.questions, "question")}: base loss ${base.loss.toFixed(4)}, ${base.right} right`,
    `${last.checkpoint} ${signed(last.lossRise, 4)}, ${last.right} right (${signed(100 * last.accuracyChange, 1)} points)`,
    ...(worst === last ? [] : [`most at ${worst.checkpoint}, ${signed(worst.lossRise, 4)}`]),
  ].join("; ")
}
