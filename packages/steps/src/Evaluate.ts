/**
 * Ways to get an answer (arms), compared on one held-out set: is fine-tuning better than a good prompt or a few
 * examples, on these data, and by how much? Each arm is a step of its own, so adding one runs that one alone.
 */
import { Artifact, type Pipeline, Step, Table } from "@sluice/core"
import * as Schema from "effect/Schema"
import { Chat } from "./Chat.ts"
import { Answers } from "./evaluate/Answers.ts"
import * as AnswerSchema from "./evaluate/answerSchema.ts"
import * as Answering from "./evaluate/answering.ts"
import * as Arms from "./evaluate/arms.ts"
import { checkComparison } from "./evaluate/checkComparison.ts"
import type { Harm } from "./Forgetting.ts"
import { type JudgeOptions, judgeUse, type Preferences } from "./evaluate/Preferences.ts"
import * as Format from "./Format.ts"
import { ModelFiles } from "./kinds.ts"
import type * as Scorer from "./scores/Scorer.ts"
import * as Split from "./Split.ts"

export type { Arm, Messages, Retrieval } from "./evaluate/arms.ts"
export * as Cost from "./evaluate/Cost.ts"
export { type JudgeOptions, Preferences } from "./evaluate/Preferences.ts"
export { PromptScores } from "./evaluate/PromptChoice.ts"

export interface CompareOptions<T extends Table.Any> {
  readonly heldOut: Step.Ref<T>
  /** How many held-out rows to ask (Split.sample); all of them by default. */
  readonly rows?: number
  readonly model: Step.Ref<typeof ModelFiles>
  /** The chat of a row: prompt, then the expected answer as the last message. */
  readonly messages: Arms.Messages<T>
  /** What an answer must be, when the task is to answer in JSON: an Effect Schema, or a JSON Schema as an object. */
  readonly schema?: AnswerSchema.AnswerSchema
  readonly arms: { readonly [name: string]: Arms.Arm<T> }
  /** Scores of one's own beside those that fit the task (Scores), each over every arm and every pair of them. */
  readonly scorers?: ReadonlyArray<Scorer.Scorer<Scorer.Answered>>
  /** The score that the verdict goes by, such as an own one's name; `exact` by default, `chrF` for free text. */
  readonly decidedBy?: string
  /**
   * Asks whether answers are in the style of the expected ones, by a classifier that learns it from rows to learn from
   * (`count` of them, 60 by default) and from the model's own answers to the same prompts.
   */
  readonly style?: { readonly rows: Step.Ref<T>; readonly count?: number }
  /** Asks a served model which of two arms' answers is the better one, in either order; the report shows it beside. */
  readonly judge?: JudgeOptions
  /** What Forgetting.measure found: the report shows it beside the comparison. */
  readonly harm?: Step.Ref<typeof Harm>
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

/**
 * Rates with Wilson's 95 % intervals, means with the studentized bootstrap's, F1s with the percentile bootstrap's.
 *
 * Every task has `exact` and `cut` (the limit of new tokens ended the answer). Answers in JSON have `validJson`,
 * `schemaValid`, `leaking` (prose or a fence around a value), `exactUnwrapped` (exact, were that removed), `fieldsF1`,
 * and for each field `field NAME` and `field NAME F1`. Where the expected answers are a few classes, `accuracy` and
 * `macroF1`; where they are free text, `token F1`, `ROUGE-L` and `chrF` (0 to 100). Own scorers stand by their names.
 */
export class Scores extends Table.make({
  arm: Table.utf8,
  metric: Table.utf8,
  /** null for what is no rate. */
  count: Table.nullable(Table.int32),
  rows: Table.int32,
  /** The rate, the mean, or the F1. */
  rate: Table.float64,
  low: Table.float64,
  high: Table.float64,
}) {}

/**
 * Every pair of arms by exact match, then by the likeness of free texts and by each own scorer: the first arm less the
 * second, with Tango's interval for rates and the studentized bootstrap's for means.
 */
export class Differences extends Table.make({
  metric: Table.utf8,
  first: Table.utf8,
  second: Table.utf8,
  onlyFirst: Table.int32,
  onlySecond: Table.int32,
  difference: Table.float64,
  low: Table.float64,
  high: Table.float64,
  /** Paired bootstrap over rows, 10,000 rounds: percentiles for rates, for means `low` and `high` again. */
  bootstrapLow: Table.float64,
  bootstrapHigh: Table.float64,
  /** McNemar's test with the mid-p correction for rates, the studentized bootstrap's for means. */
  p: Table.float64,
  /** Exact McNemar; null for means. */
  pExact: Table.nullable(Table.float64),
  /** `p` after Holm's correction over all pairs: what the verdict goes by. */
  pAdjusted: Table.float64,
  verdict: Table.dictionary(["better", "worse", "undecided"]),
  /**
   * While undecided about how many more rows would decide, were the difference seen the true one (power 0.8); null
   * where none is seen, or a million would not do. Decided: 0.
   */
  moreRows: Table.nullable(Table.int32),
  /** The smallest difference that this many rows show, with power 0.8. */
  detectable: Table.float64,
}) {}

/** What each arm reads and writes; seconds and memory stand in the run's log (Cost.join). */
export class Costs extends Table.make({
  arm: Table.utf8,
  rows: Table.int32,
  promptTokens: Table.int64,
  newTokens: Table.int64,
}) {}

/** Files report.md and report.html. */
export const ReportFiles = Artifact.files("report")

/** What `compare` wires up. */
export interface Compared {
  readonly predictions: Step.Ref<typeof Predictions>
  readonly scores: Step.Ref<typeof Scores>
  readonly differences: Step.Ref<typeof Differences>
  readonly costs: Step.Ref<typeof Costs>
  readonly report: Step.Ref<typeof ReportFiles>
  /** Each arm's answers, by arm. */
  readonly answers: { readonly [arm: string]: Step.Ref<typeof Answers> }
  /** What the judge preferred, by both arms: `tuned base`. */
  readonly preferences: { readonly [arms: string]: Step.Ref<typeof Preferences> }
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
  checkComparison({
    arms: options.arms,
    schema: options.schema !== undefined,
    style: options.style !== undefined,
    scorers: options.scorers ?? [],
    decidedBy: options.decidedBy,
    judge: options.judge,
  })
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
  if (options.style !== undefined) Object.assign(inputs, ownStyle(options.style, shared))
  const preferences: Record<string, Step.Ref<typeof Preferences>> = {}
  for (const [first, second] of options.judge === undefined ? [] : judgedPairs(options.judge, arms)) {
    const judged = add.scope(`judge/${first}`)(
      second,
      judgeUse(options.judge!, { chats, first: answers[first]!, second: answers[second]! }),
    )
    preferences[`${first} ${second}`] = inputs[`judge ${first} ${second}`] = judged
  }
  if (options.harm !== undefined) inputs["harm"] = options.harm
  const { predictions, scores, differences, costs, report } = add(
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
        scorers: (options.scorers ?? []).map(({ higherIsBetter, kind, name, score }) => ({
          name,
          kind,
          higherIsBetter,
          score,
        })),
        decidedBy: options.decidedBy ?? null,
        judge:
          options.judge === undefined
            ? null
            : `${options.judge.endpoint.model} at ${options.judge.endpoint.url}`,
        about: Object.entries(options.about ?? {}).map(([label, value]): [string, string] => [
          label,
          String(value),
        ]),
      },
      outputs: reported,
    }),
  )
  return { predictions, scores, differences, costs, report, answers, preferences }
}

/** Every later arm against every earlier one, unless pairs are given. */
const judgedPairs = (
  { pairs }: JudgeOptions,
  arms: ReadonlyArray<readonly [name: string, arm: unknown]>,
): ReadonlyArray<readonly [string, string]> =>
  pairs ?? arms.flatMap(([first], at) => arms.slice(0, at).map(([second]) => [first, second] as const))

/** What a classifier of the style learns from: chats of rows to learn from, and the model's own answers to them. */
const ownStyle = <T extends Table.Any>(
  style: NonNullable<CompareOptions<T>["style"]>,
  { maxNewTokens, messages, model, step }: Arms.Shared<T>,
): Readonly<Record<string, Step.Ref>> => {
  const own = step.scope("style")
  const count = style.count ?? 60
  const rows = own("rows", Split.sample({ rows: style.rows, count, seed: "style", onShort: "all" }))
  const chats = own("chats", Format.chat({ rows: rows as Step.Ref<T>, messages }))
  const plain = { shots: undefined, adapter: undefined, endpoint: undefined }
  const answers = own("answers", Answering.use({ chats, model, maxNewTokens, ...plain }))
  return { "style chats": chats, "style answers": answers }
}

const reported = {
  predictions: Predictions,
  scores: Scores,
  differences: Differences,
  costs: Costs,
  report: ReportFiles,
}

/**
 * Each use adds inputs `answers ARM`, where an arm has them `adapter ARM`, `prompts ARM` and `retrieval ARM`, for the
 * style `style chats` and `style answers`, and for a judge `judge ARM ARM`.
 */
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
    scorers: Schema.Array(
      Schema.Struct({
        name: Schema.String,
        kind: Schema.Literals(["rate", "mean"]),
        higherIsBetter: Schema.Boolean,
        score: Step.fn<(row: Scorer.Answered) => boolean | number | null>(),
      }),
    ),
    decidedBy: Schema.NullOr(Schema.String),
    judge: Schema.NullOr(Schema.String),
    about: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
  },
  outputs: reported,
  seed: true,
  run: async (context) => {
    const { compareArms: run } = await import("./evaluate/compareArms.ts")
    return run(context)
  },
})
