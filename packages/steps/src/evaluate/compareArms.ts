import { type Artifact, Errors, Random, type Step, type Table } from "@sluice/core"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Chat } from "../Chat.ts"
import { counted, thousands } from "../counted.ts"
import * as Markdown from "../report/Markdown.ts"
import * as Page from "../report/Page.ts"
import { type Aside, Report } from "../report/Report.ts"
import * as Json from "../scores/jsonValue.ts"
import type * as Scorer from "../scores/Scorer.ts"
import { aside as forgettingAside } from "../forgetting/aside.ts"
import type { Harm } from "../Forgetting.ts"
import type { RetrievalScores } from "../Retrieve.ts"
import type { Answers } from "./Answers.ts"
import { fits as fitsOf } from "./answerSchema.ts"
import * as Comparison from "./Comparison.ts"
import { expectedOf, shownOf } from "./prompt.ts"
import type { PromptScores } from "./PromptChoice.ts"
import * as OwnScores from "./OwnScores.ts"
import { judgeAside, type JudgedPair } from "./judgeAside.ts"
import type { Preferences } from "./Preferences.ts"
import * as Score from "./Score.ts"
import * as Settled from "./Settled.ts"
import * as StyleScore from "./styleScore.ts"
import * as Tables from "./tables.ts"
import { textScorers } from "./textScorers.ts"
import { toReport } from "./toReport.ts"

/** An own scorer as it stands in the config. */
interface Described {
  readonly name: string
  readonly kind: "rate" | "mean"
  readonly higherIsBetter: boolean
  readonly score: (row: Scorer.Answered) => boolean | number | null
}

interface Config {
  readonly title: string
  readonly arms: ReadonlyArray<Comparison.Arm & { readonly endpoint: string | null }>
  readonly schema: Schema.Json
  readonly scorers: ReadonlyArray<Described>
  readonly decidedBy: string | null
  readonly judge: string | null
  readonly about: ReadonlyArray<readonly [string, string]>
}

interface Inputs {
  readonly chats: Table.Reader<typeof Chat>
  readonly model: Artifact.FilesReader
}

/** Joins the arms' answers by row, scores and compares them, and writes tables and reports. */
export const compareArms = async (context: Step.Context<Config, Inputs>) => {
  const { arms, schema } = context.config
  const fits = schema === null ? null : await fitsOf(schema)
  const chats = await Effect.runPromise(context.inputs.chats.all)
  if (chats.length === 0) throw new NoHeldOutRows()
  const byArm = new Map<string, ReadonlyMap<string, Table.Row<typeof Answers>>>()
  for (const { name } of arms) {
    const rows = await Effect.runPromise(
      inputOf<Table.Reader<typeof Answers>>(context, `answers ${name}`).all,
    )
    byArm.set(name, new Map(rows.map((row) => [row.id, row])))
  }
  const misfits: Array<{ id: string; expected: string }> = []
  const answered = chats.map((chat): Comparison.Answered => {
    const expected = expectedOf(chat.messages)
    if (fits !== null && !fitsJson(expected, fits)) misfits.push({ id: chat.id, expected })
    return {
      id: chat.id,
      prompt: shownOf(chat.messages),
      expected,
      label: Score.label(expected, fits),
      answers: Object.fromEntries(
        arms.map(({ name }) => {
          const given = byArm.get(name)!.get(chat.id)
          if (given === undefined) throw new Error(`Arm ${name} has no answer to row ${chat.id}.`)
          const { answer: text, stopped, promptTokens, newTokens } = given
          const score = Score.score({ text, stopped }, expected, fits)
          return [name, { text, stopped, promptTokens, newTokens, score }]
        }),
      ),
    }
  })
  if (misfits.length > 0) throw new ExpectedInvalid({ rows: answered.length, misfits })
  const draws = (name: string) => Random.make(Random.derive(context.seed, name))
  const compared = Comparison.make(arms, answered, draws)
  const style = await styleOf(context, answered)
  const scorers = [
    ...(context.config.scorers as ReadonlyArray<Scorer.Scorer<Scorer.Answered>>),
    ...(style === null ? [] : [style.scorer]),
  ]
  const isFreeText = fits === null && Comparison.classesOf(answered) === null
  if (isFreeText) {
    const names = new Set(scorers.map(({ name }) => name))
    scorers.push(...textScorers().filter(({ name }) => !names.has(name)))
  }
  const own = OwnScores.make(scorers, arms, answered, draws)
  const decidedBy = context.config.decidedBy ?? (isFreeText ? "chrF" : "exact")
  const comparison = { ...compared, ...settledBy(arms, decidedBy, scorers, own) }
  const report = toReport({
    title: context.config.title,
    arms,
    comparison,
    answered,
    decidedBy,
    own,
    asides: [...(style === null ? [] : [style.aside]), ...(await asidesOf(context))],
    provenance: provenance(context),
  })
  context.summarize(`${counted(answered.length, "row")}, ${comparison.standing}`)
  return {
    predictions: Tables.predictions(arms, answered),
    scores: [...Tables.scores(comparison), ...own.flatMap(Tables.ownScores)],
    differences: [...Tables.differences(comparison), ...own.flatMap(Tables.ownDifferences)],
    costs: Tables.costs(comparison),
    report: {
      "report.json": `${JSON.stringify(Schema.encodeSync(Report)(report))}\n`,
      "report.md": Markdown.render(report),
      "report.html": Page.render(report),
    },
  }
}

/** The verdict by the score that the comparison is decided by, where that is not exact match. */
const settledBy = (
  arms: ReadonlyArray<Comparison.Arm>,
  decidedBy: string,
  scorers: ReadonlyArray<Pick<Described, "name" | "higherIsBetter">>,
  own: ReadonlyArray<OwnScores.OwnScore>,
): Settled.Settled | undefined => {
  if (decidedBy === "exact") return undefined
  const found = own.find(({ name }) => name === decidedBy)
  if (found === undefined) throw new ScoreMissing({ score: decidedBy, scores: own.map(({ name }) => name) })
  const tuned = new Map(arms.map((arm) => [arm.name, arm.tuned]))
  return Settled.make({
    score: found.name,
    kind: found.kind,
    higherIsBetter: scorers.find(({ name }) => name === decidedBy)!.higherIsBetter,
    arms: found.arms.map(({ arm, values, ...score }) => ({
      ...score,
      name: arm,
      tuned: tuned.get(arm)!,
      count: found.kind === "rate" ? values.filter((each) => each === 1).length : null,
    })),
    pairs: found.pairs.map(({ outcome, ...pair }) => ({ ...pair, verdict: outcome })),
  })
}

const fitsJson = (text: string, fits: (value: unknown) => boolean): boolean => {
  const value = Json.parsed(text)
  return value !== undefined && fits(value)
}

const inputOf = <A>(context: Step.Context<Config, Inputs>, name: string): A =>
  (context.inputs as unknown as Readonly<Record<string, A>>)[name]!

/** The classifier of the style, where the comparison asks for one. */
const styleOf = async (
  context: Step.Context<Config, Inputs>,
  answered: ReadonlyArray<Comparison.Answered>,
) => {
  const chats = inputOf<Table.Reader<typeof Chat> | undefined>(context, "style chats")
  if (chats === undefined) return null
  const answers = inputOf<Table.Reader<typeof Answers>>(context, "style answers")
  return StyleScore.make(
    await Effect.runPromise(chats.all),
    await Effect.runPromise(answers.all),
    context.config.arms,
    answered,
  )
}

/** The prompts that arms chose from, and how good their retrieval is. */
const asidesOf = async (context: Step.Context<Config, Inputs>): Promise<ReadonlyArray<Aside>> => {
  const tables: Array<Aside> = []
  const names = context.config.arms.map(({ name }) => name)
  const judged: Array<JudgedPair> = []
  for (const first of names)
    for (const second of names) {
      const preferences = inputOf<Table.Reader<typeof Preferences> | undefined>(
        context,
        `judge ${first} ${second}`,
      )
      if (preferences === undefined) continue
      const rows = await Effect.runPromise(preferences.all)
      judged.push({ first, second, preferred: rows.map(({ preferred }) => preferred) })
    }
  if (context.config.judge !== null) tables.push(judgeAside(context.config.judge, judged))
  const harm = inputOf<Table.Reader<typeof Harm> | undefined>(context, "harm")
  if (harm !== undefined) tables.push(forgettingAside(await Effect.runPromise(harm.all)))
  for (const { name } of context.config.arms) {
    const prompts = inputOf<Table.Reader<typeof PromptScores> | undefined>(context, `prompts ${name}`)
    if (prompts !== undefined) tables.push(promptsAside(name, await Effect.runPromise(prompts.all)))
    const retrieval = inputOf<Table.Reader<typeof RetrievalScores> | undefined>(context, `retrieval ${name}`)
    if (retrieval === undefined) continue
    const rows = await Effect.runPromise(retrieval.all)
    tables.push({
      title: `Retrieval of ${name}, whatever is answered`,
      head: ["Search", "Measure", "Value", "95 % interval", "Questions", "Passages"],
      rows: rows.map(({ high, low, metric, passages, rows: questions, search, value }) => [
        search,
        metric,
        value.toFixed(3),
        low === high ? "–" : `${low.toFixed(3)} to ${high.toFixed(3)}`,
        thousands(questions),
        thousands(passages),
      ]),
    })
  }
  return tables
}

const promptsAside = (arm: string, rows: ReadonlyArray<Table.Row<typeof PromptScores>>): Aside => {
  const json = rows.some(({ validJson }) => validJson !== null)
  return {
    title: `Prompts that ${arm} chose from, on ${counted(rows[0]?.rows ?? 0, "row")} to learn from`,
    head: [
      "Prompt",
      "Exact",
      ...(json ? ["Valid JSON", "Schema"] : []),
      "Words in common",
      "Tokens in",
      "Chosen",
    ],
    rows: rows.map(({ chosen, exact, prompt, promptTokens, schemaValid, tokenF1, validJson }) => [
      prompt,
      thousands(exact),
      ...(json ? [thousands(validJson ?? 0), thousands(schemaValid ?? 0)] : []),
      Comparison.percent(tokenF1),
      thousands(promptTokens),
      chosen ? "yes" : "",
    ]),
  }
}

const provenance = (context: Step.Context<Config, Inputs>): ReadonlyArray<readonly [string, string]> => [
  ["Held-out chats", context.inputs.chats.fingerprint],
  ["Base model", context.inputs.model.fingerprint],
  ...context.config.arms.flatMap(({ endpoint, name, tuned }): ReadonlyArray<readonly [string, string]> => [
    ...(endpoint === null ? [] : [[`Endpoint of ${name}`, endpoint] as const]),
    ...(tuned
      ? [
          [
            `Adapter of ${name}`,
            inputOf<Artifact.FilesReader>(context, `adapter ${name}`).fingerprint,
          ] as const,
        ]
      : []),
    [`Answers of ${name}`, inputOf<Table.Reader<Table.Any>>(context, `answers ${name}`).fingerprint],
  ]),
  ["Seed of the bootstrap", context.seed],
  ...context.config.about,
]

/** No row to compare on. */
export class NoHeldOutRows extends Data.TaggedError("NoHeldOutRows") {
  override get message(): string {
    return Errors.structured(
      "There is no held-out row to compare arms on.",
      [],
      "Hold out a larger share, collect more rows, or look at what the steps before left out (sluice show).",
    )
  }
}

/** Rows whose expected answer is not what the schema asks of answers: no arm could get them right. */
export class ExpectedInvalid extends Data.TaggedError("ExpectedInvalid")<{
  readonly rows: number
  readonly misfits: ReadonlyArray<{ readonly id: string; readonly expected: string }>
}> {
  override get message(): string {
    const shown = this.misfits.slice(0, 10)
    return Errors.structured(
      `${counted(this.misfits.length, "row")} of ${this.rows} expect an answer that does not fit the schema.`,
      shown.map(({ id, expected }): [string, string] => [`Row ${id}`, expected.slice(0, 200)]),
      "Correct the last message that the function given as messages makes, or the schema.",
    )
  }
}

/** The comparison is to be decided by a score that it does not have. */
export class ScoreMissing extends Data.TaggedError("ScoreMissing")<{
  readonly score: string
  readonly scores: ReadonlyArray<string>
}> {
  override get message(): string {
    return Errors.structured(
      `There is no score "${this.score}" to decide by.`,
      [["Scores", ["exact", ...this.scores].join(", ")]],
      "Name one of these as decidedBy; token F1, ROUGE-L and chrF are there where the expected answers are free text.",
    )
  }
}
