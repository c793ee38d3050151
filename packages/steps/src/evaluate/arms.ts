/**
 * One arm's steps: what stands before its questions, then its answers.
 */
import { type Pipeline, Step, type Table } from "@sluice/core"
import { Chat, type Message } from "../Chat.ts"
import type { Endpoint } from "../Endpoint.ts"
import * as Format from "../Format.ts"
import type { AdapterFiles, ModelFiles } from "../kinds.ts"
import * as Retrieve from "../Retrieve.ts"
import * as Split from "../Split.ts"
import type { Answers } from "./Answers.ts"
import * as Answering from "./answering.ts"
import { nearestShots } from "./NearestShots.ts"
import { choosePrompt, PromptScores } from "./PromptChoice.ts"
import { WiringRefused } from "../WiringRefused.ts"

/** The chat of a row: prompt, then the expected answer as the last message. */
export type Messages<T extends Table.Any> = (row: Table.Row<T>) => ReadonlyArray<Message>

/**
 * One way to get an answer. With no field: the row's own prompt to the model. Fields may be combined, but for
 * `prompts` and `shots` of both kinds, of which there is one at most.
 */
export interface Arm<T extends Table.Any> {
  /** Rows whose chats stand before every question as worked examples, the same for all. */
  readonly shots?: Step.Ref<T>
  /** Worked examples chosen for each question: those of the rows that are most like it, by BM25. */
  readonly nearest?: {
    readonly rows: Step.Ref<T>
    /** 4 by default. */
    readonly count?: number
  }
  /** The best of several prompts, chosen on rows to learn from. */
  readonly prompts?: {
    readonly candidates: { readonly [name: string]: Messages<T> }
    /** Rows to learn from, of which some are set apart to choose on. Never the held-out ones. */
    readonly rows: Step.Ref<T>
    /** How many to choose on; 40 by default. */
    readonly count?: number
  }
  /** Passages of documents before the question. */
  readonly retrieval?: Retrieval<T>
  /** A trained adapter on top of the model. */
  readonly adapter?: Step.Ref<typeof AdapterFiles>
  /** A served model in the place of the pipeline's. */
  readonly endpoint?: Endpoint
}

export interface Retrieval<T extends Table.Any> {
  readonly chunks: Step.Ref<typeof Retrieve.Chunks>
  /** Passages before each question; 3 by default. */
  readonly count?: number
  readonly language?: string | null
  readonly prompt?: Retrieve.Prompt
  /** Vectors of the chunks and what made them, to search by meaning as well as by words. */
  readonly embedding?: {
    readonly vectors: Step.Ref<typeof Retrieve.Vectors>
    readonly embedder: Retrieve.Embedder
  }
  /** What passages are found by where there are vectors; `hybrid` by default. */
  readonly by?: Retrieve.By
  /** Which passages answer a row: then the report says how often they are found. */
  readonly relevant?: (row: Table.Row<T>) => Retrieve.Relevant | null
}

/** What the arms of one comparison share. */
export interface Shared<T extends Table.Any> {
  /** The scope of the comparison's steps. */
  readonly step: Pipeline.AddStep
  readonly rows: Step.Ref<T>
  readonly chats: Step.Ref<typeof Chat>
  readonly messages: Messages<T>
  readonly model: Step.Ref<typeof ModelFiles>
  readonly maxNewTokens: number
  /** The answers' schema as config. */
  readonly schema: unknown
}

/** What an arm's steps write. */
export interface Wired {
  readonly answers: Step.Ref<typeof Answers>
  readonly promptScores: Step.Ref<typeof PromptScores> | undefined
  readonly retrievalScores: Step.Ref<typeof Retrieve.RetrievalScores> | undefined
}

/** Adds an arm's steps: `evaluate/NAME` answers, others stand under `evaluate/NAME/`. */
export const wire = <T extends Table.Any>(name: string, arm: Arm<T>, shared: Shared<T>): Wired => {
  check(name, arm)
  const add = shared.step
  const own = add.scope(name)
  const { maxNewTokens, messages, model } = shared
  const chosen = arm.prompts === undefined ? undefined : bestPrompt(arm.prompts, arm.endpoint, own, shared)
  let chats = chosen?.chats ?? shared.chats
  const found = arm.retrieval === undefined ? undefined : retrieved(arm.retrieval, chats, own, shared)
  chats = found?.chats ?? chats
  if (arm.nearest !== undefined) {
    const shots = own("shots", Format.chat({ rows: arm.nearest.rows, messages }))
    chats = own("chats", nearestShots({ chats, shots, count: arm.nearest.count ?? 4 }))
  }
  const shots =
    arm.shots === undefined ? undefined : add(`${name}Shots`, Format.chat({ rows: arm.shots, messages }))
  const { adapter, endpoint } = arm
  const answers = add(name, Answering.use({ chats, model, maxNewTokens, shots, adapter, endpoint }))
  return { answers, promptScores: chosen?.scores, retrievalScores: found?.scores }
}

const check = <T extends Table.Any>(name: string, arm: Arm<T>): void => {
  const given = (["shots", "nearest", "prompts"] as const).filter((field) => arm[field] !== undefined)
  if (given.length > 1) throw new WiringRefused(`Arm ${name} has ${given.join(" and ")}: give one of them.`)
  if (arm.adapter !== undefined && arm.endpoint !== undefined)
    throw new WiringRefused(`Arm ${name} has an adapter and an endpoint: an endpoint serves what it serves.`)
  const candidates = Object.keys(arm.prompts?.candidates ?? { one: 1, two: 2 })
  if (candidates.length < 2)
    throw new WiringRefused(`Arm ${name} has ${candidates.length} prompts to choose from.`)
}

/** Each candidate answers the development rows; the best one's held-out chats are what the arm asks. */
const bestPrompt = <T extends Table.Any>(
  prompts: NonNullable<Arm<T>["prompts"]>,
  endpoint: Endpoint | undefined,
  own: Pipeline.AddStep,
  { maxNewTokens, model, rows: held, schema }: Shared<T>,
) => {
  const count = prompts.count ?? 40
  const rows = own(
    "development",
    Split.sample({ rows: prompts.rows, count, seed: "development", onShort: "all" }),
  ) as unknown as Step.Ref<T>
  const inputs: Record<string, Step.Ref> = {}
  for (const [candidate, messages] of Object.entries(prompts.candidates)) {
    const one = own.scope(candidate)
    const chats = one("chats", Format.chat({ rows, messages }))
    inputs[`chats ${candidate}`] = chats
    inputs[`answers ${candidate}`] = one(
      "answers",
      Answering.use({ chats, model, maxNewTokens, shots: undefined, adapter: undefined, endpoint }),
    )
    inputs[`held ${candidate}`] = one("heldOut", Format.chat({ rows: held, messages }))
  }
  return own(
    "choice",
    Step.use(choosePrompt, {
      inputs,
      config: { candidates: Object.keys(prompts.candidates), schema },
      outputs: { chats: Chat, scores: PromptScores },
    }),
  )
}

const retrieved = <T extends Table.Any>(
  { by, chunks, count, embedding, language, prompt, relevant }: Retrieval<T>,
  chats: Step.Ref<typeof Chat>,
  own: Pipeline.AddStep,
  { rows }: Shared<T>,
) => {
  const vectors =
    embedding === undefined
      ? undefined
      : {
          chunks: embedding.vectors,
          questions: own("questions", Retrieve.embedQuestions({ chats, embedder: embedding.embedder })),
        }
  const found = (name: string, by?: Retrieve.By) =>
    own(
      name,
      Retrieve.search({
        chats,
        chunks,
        ...(count === undefined ? {} : { count }),
        ...(language === undefined ? {} : { language }),
        ...(vectors === undefined ? {} : { vectors }),
        ...(by === undefined ? {} : { by }),
      }),
    )
  const passages = found("passages", vectors === undefined ? "BM25" : by)
  return {
    chats: own(
      "augmented",
      Retrieve.augment({ chats, passages, ...(prompt === undefined ? {} : { prompt }) }),
    ),
    scores:
      relevant === undefined
        ? undefined
        : own(
            "found",
            Retrieve.quality({
              rows,
              passages:
                vectors === undefined
                  ? { BM25: passages }
                  : // What each way of searching finds, whichever the arm reads.
                    Object.fromEntries(
                      (["BM25", "vectors", "hybrid"] as const).map((one) => [
                        one,
                        one === (by ?? "hybrid") ? passages : found(`passages-${one}`, one),
                      ]),
                    ),
              relevant,
            }),
          ),
  }
}
