/**
 * Question answering over a small documentation set: twelve instruments, each in a document of its own (Markdown, HTML,
 * text or PDF). What do retrieval and tuning each bring, to the facts and to the form of an answer?
 *
 * Held-out questions ask for facts of four instruments that no training row names, and, in other words, for facts that
 * training rows do name. Answers are to be one JSON object. The arm `both` was tuned on questions with passages.
 */
import { Pipeline, type Step, Table } from "@sluice/core"
import {
  Collect,
  Doctor,
  Evaluate,
  Format,
  Grounding,
  Model,
  Retrieve,
  Split,
  Tokenize,
  Train,
  type Chat,
} from "@sluice/steps"
import * as Schema from "effect/Schema"

class Question extends Table.make({
  question: Table.utf8,
  answer: Table.utf8,
  /** Where the answer stands. */
  document: Table.utf8,
  /** Whether training rows ask for the same fact. */
  seen: Table.bool,
}) {}

const Answer = Schema.Struct({ answer: Schema.String })

const instruction =
  'Answer the question about our instruments. Reply with only a JSON object: {"answer": "..."}.'

const chatOf = (row: Question): ReadonlyArray<Chat.Message> => [
  { role: "system", content: instruction },
  { role: "user", content: row.question },
  { role: "assistant", content: JSON.stringify({ answer: row.answer }) },
]

/** Whether the answer names the fact, in whatever form. */
const named = ({ answer, expected }: { readonly answer: string; readonly expected: string }): boolean =>
  answer.toLowerCase().includes((JSON.parse(expected) as { answer: string }).answer.toLowerCase())

/** The fact in an answer in JSON; all of any other. */
const textOf = (answer: string): string => {
  try {
    const { answer: text } = JSON.parse(answer) as { readonly answer?: unknown }
    return typeof text === "string" ? text : answer
  } catch {
    return answer
  }
}

/** Instruments that no training row names. */
const unseen = /Istra|Jorund|Kelto|Lumira/

export default Pipeline.make(
  "docs",
  {
    params: {
      learningRate: Schema.Finite.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(2e-4)),
      /** At most 160. */
      trainRows: Schema.Int.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(160)),
      /** At most 60. */
      heldOutRows: Schema.Int.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(60)),
      /** Passages before a question. */
      passages: Schema.Int.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(2)),
      /** What finds them: words, a sentence model's vectors, or the ranks that both give. */
      search: Schema.Literals(["BM25", "vectors", "hybrid"]).pipe(Pipeline.withDefault("hybrid")),
      /** Fewer distinct rows to learn from are refused. */
      minimumRows: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).pipe(Pipeline.withDefault(20)),
    },
  },
  ({ params, step }) => {
    const model = step("model", Model.smolLM2({ size: "135M" }))
    const documents = step("documents", Retrieve.documents({ files: ["data/docs/*.{md,html,txt,pdf}"] }))
    const chunks = step("chunks", Retrieve.chunk({ documents, maxCharacters: 600, overlap: 0 }))
    const embedder = { model: step("embedder", Model.miniLM()) }
    const vectors = step("vectors", Retrieve.embed({ chunks, embedder }))
    const collect = (file: string) =>
      Collect.jsonLines({ files: `data/questions/${file}.jsonl`, row: Question })
    const { rows: questions } = step("collect", collect("train"))
    const { rows: heldOut } = step("held-out", collect("held-out"))
    const rows = step("sample", Split.sample({ rows: questions, count: params.trainRows }))
    const chats = step("format", Format.chat({ rows, messages: chatOf }))
    const held = step("held-out-chats", Format.chat({ rows: heldOut, messages: chatOf }))
    const { minimumRows } = params
    const tuned = (name: string, given: Step.Ref<typeof Chat.Chat>) => {
      const add = step.scope(name)
      const { tokens: read } = add("tokenize", Tokenize.chat({ chats: given, model, maxTokens: 1024 }))
      const { tokens } = add(
        "doctor",
        Doctor.data({ chats: given, tokens: read, heldOut: held, model, maxTokens: 1024, minimumRows }),
      )
      return add("train", Train.lora({ model, tokens, learningRate: params.learningRate })).adapter
    }
    const questionVectors = step("questions", Retrieve.embedQuestions({ chats, embedder }))
    const passages = step(
      "passages",
      Retrieve.search({
        chats,
        chunks,
        vectors: { chunks: vectors, questions: questionVectors },
        by: params.search,
        count: params.passages,
      }),
    )
    const adapter = tuned("closed", chats)
    const reading = tuned("open", step("augment", Retrieve.augment({ chats, passages })))
    const retrieval = {
      chunks,
      embedding: { vectors, embedder },
      by: params.search,
      count: params.passages,
      relevant: ({ answer, document }: Question) => ({ document, contains: answer }),
    }
    const { predictions, report } = Evaluate.compare(step, {
      heldOut,
      rows: params.heldOutRows,
      model,
      messages: chatOf,
      schema: Answer,
      arms: {
        base: {},
        retrieval: { retrieval },
        tuned: { adapter },
        both: { retrieval, adapter: reading },
      },
      scorers: [
        { name: "fact named", kind: "rate", higherIsBetter: true, score: named },
        {
          name: "fact named, of instruments that were tuned on",
          kind: "rate",
          higherIsBetter: true,
          score: (row) => (unseen.test(row.prompt) ? null : named(row)),
        },
        {
          name: "fact named, of other instruments",
          kind: "rate",
          higherIsBetter: true,
          score: (row) => (unseen.test(row.prompt) ? named(row) : null),
        },
      ],
      maxNewTokens: 32,
      title: "Questions over documents: retrieval, fine-tuning or both",
      about: { "Training rows": params.trainRows, Passages: params.passages, "Found by": params.search },
    })
    const grounding = step(
      "grounding",
      Grounding.rates({
        rows: heldOut,
        predictions,
        documents,
        document: ({ document }) => document,
        textOf,
      }),
    )
    return { predictions, grounding, report }
  },
)
