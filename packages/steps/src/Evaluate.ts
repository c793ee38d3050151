/**
 * Ways to get an answer (arms), compared on one held-out set: is fine-tuning better than a good prompt or a few
 * examples, on these data, and by how much? Each arm is a step of its own, so adding one runs that one alone.
 */
import { Artifact, type Pipeline, Step, Table } from "@sluice/core"
import * as Schema from "effect/Schema"
import { Chat } from "./Chat.ts"
import { Answers } from "./evaluate/Answers.ts"
import * as AnswerSchema from "./evaluate/answerSchema.ts"
import * as Arms from "./evaluate/arms.ts"
import * as Format from "./Format.ts"
import { ModelFiles } from "./kinds.ts"
import * as Split from "./Split.ts"

export type { Arm, Messages, Retrieval } from "./evaluate/arms.ts"
export { PromptScores } from "./evaluate/PromptChoice.ts"

export interface CompareOptions<T extends Table.Any> {
  readonly heldOut: Step.Ref<T>
  /** How many held-out rows to ask (Split.sample); all of them by default. */
  readonly rows?: number
  readonly model: Step.Ref<typeof ModelFiles>
  /** The chat of a row: prompt, then the expected answer as the last message. */
  readonly messages: Arms.Messages<T>
  /** What an answer must be, when the task is to answer in JSON. */
  readonly schema?: Schema.Top
  readonly arms: { readonly [name: string]: Arms.Arm<T> }
  /** Longest answer; 64 by default. */
  readonly maxNewTokens?: number
  /** Title of the report. */
  readonly title?: string
  /** Further lines for the report's provenance, such as params. */
  readonly about?: { readonly [label: string]: string | number | boolean }
  /** Under which the steps are named; "evaluate" by default. */
  readonly name?: string
}

/** Every held-out row with every arm's answer: one row for each pair of them. */
export class Predictions extends Table.make({
  id: Table.utf8,
  arm: Table.dictionary(),
  prompt: Table.utf8,
  expected: Table.utf8,
  answer: Table.utf8,
  exact: Table.bool,
  /** null where the task is text. */
  validJson: Table.nullable(Table.bool),
  schemaValid: Table.nullable(Table.bool),
  stopped: Table.bool,
  promptTokens: Table.int32,
  newTokens: Table.int32,
}) {}

/** Rates with Wilson's 95 % intervals. */
export class Scores extends Table.make({
  arm: Table.utf8,
  /** `exact`, `validJson`, `schemaValid`, or `field NAME`. */
  metric: Table.utf8,
  count: Table.int32,
  rows: Table.int32,
  rate: Table.float64,
  low: Table.float64,
  high: Table.float64,
}) {}

/** Every pair of arms by exact match, with a paired bootstrap interval and the exact McNemar test. */
export class Differences extends Table.make({
  first: Table.utf8,
  second: Table.utf8,
  onlyFirst: Table.int32,
  onlySecond: Table.int32,
  difference: Table.float64,
  low: Table.float64,
  high: Table.float64,
  p: Table.float64,
  /** After Holm's correction over all pairs. */
  pAdjusted: Table.float64,
  verdict: Table.dictionary(["better", "worse", "undecided"]),
}) {}

/** Files report.md and report.html. */
export const ReportFiles = Artifact.files("report")

/** What `compare` wires up. */
export interface Compared {
  readonly predictions: Step.Ref<typeof Predictions>
  readonly scores: Step.Ref<typeof Scores>
  readonly differences: Step.Ref<typeof Differences>
  readonly report: Step.Ref<typeof ReportFiles>
  /** Each arm's answers, by arm. */
  readonly answers: { readonly [arm: string]: Step.Ref<typeof Answers> }
}

/**
 * Adds the steps of a comparison: `evaluate/rows` (a sample of the held-out rows), `evaluate/chats`, one step an
 * arm (`evaluate/base`, `evaluate/tuned`), and `evaluate/report`.
 */
export const compare = <T extends Table.Any>(
  step: Pipeline.AddStep,
  options: CompareOptions<T>,
): Compared => {
  const add = step.scope(options.name ?? "evaluate")
  const arms = Object.entries(options.arms)
  const reserved = arms.map(([name]) => name).filter((name) => ["rows", "chats", "report"].includes(name))
  if (reserved.length > 0) {
    throw new TypeError(
      `An arm cannot be called ${reserved.join(" or ")}: steps of the comparison itself have these names.`,
    )
  }
  const held =
    options.rows === undefined
      ? options.heldOut
      : add("rows", Split.sample({ rows: options.heldOut, count: options.rows, seed: "held-out rows" }))
  const chats = add("chats", Format.chat({ rows: held as Step.Ref<T>, messages: options.messages }))
  const schema = options.schema === undefined ? null : AnswerSchema.toConfig(options.schema)
  const shared: Arms.Shared<T> = {
    step: add,
    rows: held as Step.Ref<T>,
    chats,
    messages: options.messages,
    model: options.model,
    maxNewTokens: options.maxNewTokens ?? 64,
    schema,
  }
  const answers: Record<string, Step.Ref<typeof Answers>> = {}
  const inputs: Record<string, Step.Ref> = { chats, model: options.model }
  for (const [name, arm] of arms) {
    const wired = Arms.wire(name, arm, shared)
    answers[name] = inputs[`answers ${name}`] = wired.answers
    if (arm.adapter !== undefined) inputs[`adapter ${name}`] = arm.adapter
    if (wired.promptScores !== undefined) inputs[`prompts ${name}`] = wired.promptScores
    if (wired.retrievalScores !== undefined) inputs[`retrieval ${name}`] = wired.retrievalScores
  }
  const { predictions, scores, differences, report } = add(
    "report",
    Step.use(compareArms, {
      inputs,
      config: {
        title: options.title ?? "Comparison on held-out rows",
        arms: arms.map(([name, { adapter, endpoint }]) => ({
          name,
          tuned: adapter !== undefined,
          endpoint: endpoint === undefined ? null : `${endpoint.model} at ${endpoint.url}`,
        })),
        schema,
        about: Object.entries(options.about ?? {}).map(([label, value]): [string, string] => [
          label,
          String(value),
        ]),
      },
      outputs: { predictions: Predictions, scores: Scores, differences: Differences, report: ReportFiles },
    }),
  )
  return { predictions, scores, differences, report, answers }
}

/** Each use adds inputs `answers ARM`, and where an arm has them `adapter ARM`, `prompts ARM` and `retrieval ARM`. */
const compareArms = Step.make({
  name: "compareArms",
  inputs: { chats: Chat, model: ModelFiles },
  config: {
    title: Schema.String,
    arms: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        tuned: Schema.Boolean,
        /** The served model that answers, where it is not the pipeline's. */
        endpoint: Schema.NullOr(Schema.String),
      }),
    ),
    schema: Schema.Json,
    about: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
  },
  outputs: { predictions: Predictions, scores: Scores, differences: Differences, report: ReportFiles },
  seed: true,
  run: async (context) => {
    const { compareArms: run } = await import("./evaluate/compareArms.ts")
    return run(context)
  },
})
