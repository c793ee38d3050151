/**
 * Passages from documents, found for each question and set before it: what retrieval-augmented generation reads, and
 * how often the right passage is among them, apart from what a model makes of it.
 *
 * The chunks (and vectors) are the stored artifact. LanceDB's files hold random names, so an index in them would be
 * another artifact each time: it is built in a scratch folder from the chunks, where it is searched.
 */
import { Source, Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Chat } from "./Chat.ts"
import * as Endpoint from "./Endpoint.ts"

/** Documents as sections under their headings; a PDF's sections are its pages. */
export class Documents extends Table.make({
  /** The file's name, from the project's folder. */
  document: Table.utf8,
  format: Table.dictionary(["markdown", "text", "html", "pdf"]),
  title: Table.nullable(Table.utf8),
  sections: Table.list(
    Table.struct({
      /** `Guide > Install`; empty before the first heading. */
      heading: Table.utf8,
      text: Table.utf8,
    }),
  ),
}) {}

/** Pieces of documents that are found and shown as one. */
export class Chunks extends Table.make({
  /** `guide.md#3`: the document and the chunk's number in it, from 1. */
  id: Table.utf8,
  document: Table.utf8,
  heading: Table.utf8,
  text: Table.utf8,
}) {}

/** What texts mean, as an embedding model has it. Ids are those of chunks or of chats. */
export class Vectors extends Table.make({ id: Table.utf8, vector: Table.list(Table.float32) }) {}

/** The passages found for each chat, best first. */
export class Passages extends Table.make({
  /** The chat's. */
  id: Table.utf8,
  /** From 1. */
  rank: Table.int32,
  chunk: Table.utf8,
  document: Table.utf8,
  heading: Table.utf8,
  text: Table.utf8,
  /** BM25's, or the fused one where vectors were searched too. To compare within a question only. */
  score: Table.float64,
}) {}

/** How good the retrieval itself is. */
export class RetrievalScores extends Table.make({
  /** `hit rate`: the share of questions with a relevant passage found. `MRR`: the mean of 1 / rank of the first one. */
  metric: Table.dictionary(["hit rate", "MRR"]),
  /** Passages looked at. */
  passages: Table.int32,
  /** Questions that have a relevant passage to find. */
  rows: Table.int32,
  value: Table.float64,
  /** 95 %: Wilson's for the rate, a studentized bootstrap for the mean. */
  low: Table.float64,
  high: Table.float64,
}) {}

/** Markdown, text, HTML and PDF files, by their endings. A file that cannot be read fails by name. */
export const documents = (options: {
  readonly files: string | ReadonlyArray<string>
}): Step.Use<typeof Documents, "readDocuments"> => readDocuments({ files: options.files as string })

/**
 * Cuts sections into chunks of at most `maxCharacters` (1,000), at the ends of paragraphs, else of sentences, else of
 * words. A section under a heading of its own never shares a chunk; a chunk repeats the last sentences of the one
 * before up to `overlap` characters (100).
 */
export const chunk = (options: {
  readonly documents: Step.Ref<typeof Documents>
  readonly maxCharacters?: number
  readonly overlap?: number
}): Step.Use<typeof Chunks, "chunkDocuments"> =>
  chunkDocuments({
    documents: options.documents,
    maxCharacters: options.maxCharacters ?? 1000,
    overlap: options.overlap ?? 100,
  })

/** A model that turns texts into vectors: a server, and what it wants before a text. */
export interface Embedder extends Endpoint.Endpoint {
  /** Before every chunk: `passage: ` for E5. */
  readonly chunkPrefix?: string
  /** Before every question: `query: `. */
  readonly questionPrefix?: string
}

/** The vectors of chunks by an OpenAI-compatible endpoint. Each text is asked once, whatever is added later. */
export const embed = (options: {
  readonly chunks: Step.Ref<typeof Chunks>
  readonly embedder: Embedder
}): Step.Use<typeof Vectors, "embedChunks"> =>
  embedding(embedChunks, { chunks: options.chunks }, options.embedder, options.embedder.chunkPrefix)

/** The vectors of chats' questions. */
export const embedQuestions = (options: {
  readonly chats: Step.Ref<typeof Chat>
  readonly embedder: Embedder
}): Step.Use<typeof Vectors, "embedQuestions"> =>
  embedding(embedChats, { chats: options.chats }, options.embedder, options.embedder.questionPrefix)

/**
 * The `count` passages (3) that fit each chat's question best: its last message before the answer. By LanceDB's
 * full-text BM25, and where vectors of both are given by them too: reciprocal ranks of both are added up.
 */
export const search = (options: {
  readonly chats: Step.Ref<typeof Chat>
  readonly chunks: Step.Ref<typeof Chunks>
  readonly count?: number
  /** Whose word endings are cut off before comparing; English by default, `null` for none. */
  readonly language?: string | null
  readonly vectors?: {
    readonly chunks: Step.Ref<typeof Vectors>
    readonly questions: Step.Ref<typeof Vectors>
  }
}): Step.Use<typeof Passages, "searchChunks"> =>
  Step.use(searchChunks, {
    inputs: {
      chats: options.chats,
      chunks: options.chunks,
      ...(options.vectors === undefined
        ? {}
        : { chunkVectors: options.vectors.chunks, questionVectors: options.vectors.questions }),
    },
    config: {
      count: options.count ?? 3,
      language: options.language === undefined ? "English" : options.language,
    },
    output: Passages,
  })

/** A passage as a prompt's function sees it. */
export type Passage = Omit<Table.Row<typeof Passages>, "id">

/** Makes a question's message out of it and its passages, best first; there may be none. */
export type Prompt = (question: string, passages: ReadonlyArray<Passage>) => string

/** Chats with their passages before the question: for answering, or for learning to answer from passages. */
export const augment = (options: {
  readonly chats: Step.Ref<typeof Chat>
  readonly passages: Step.Ref<typeof Passages>
  readonly prompt?: Prompt
}): Step.Use<typeof Chat, "augmentChats"> =>
  Step.use(augmentChats, {
    inputs: { chats: options.chats, passages: options.passages },
    config: { prompt: options.prompt ?? null },
    output: Chat,
  })

/** What a passage must be to answer a row: from that document, or holding that text, or both. */
export interface Relevant {
  readonly document?: string
  readonly contains?: string
}

/** Hit rate and mean reciprocal rank. Rows for which `relevant` gives null have nothing to find and are left out. */
export const quality = <T extends Table.Any>(options: {
  /** The rows that the chats were made from. */
  readonly rows: Step.Ref<T>
  readonly passages: Step.Ref<typeof Passages>
  readonly relevant: (row: Table.Row<T>) => Relevant | null
}): Step.Use<typeof RetrievalScores, "scoreRetrieval"> =>
  Step.use(scoreRetrieval, {
    inputs: { rows: options.rows, passages: options.passages },
    config: { relevant: options.relevant },
    output: RetrievalScores,
  })

const Positive = Schema.Int.check(Schema.isGreaterThan(0))

const readDocuments = Step.make({
  name: "readDocuments",
  inputs: { files: Source.files },
  output: Documents,
  run: async (context) => {
    const { read } = await import("./retrieve/documents.ts")
    return read(context)
  },
})

const chunkDocuments = Step.make({
  name: "chunkDocuments",
  inputs: { documents: Documents },
  config: { maxCharacters: Positive, overlap: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)) },
  output: Chunks,
  rowWise: { input: "documents" },
  run: async (context) => {
    const { chunk: run } = await import("./retrieve/chunks.ts")
    return run(context)
  },
})

const searchChunks = Step.make({
  name: "searchChunks",
  inputs: { chats: Chat, chunks: Chunks },
  config: { count: Positive, language: Schema.NullOr(Schema.String) },
  output: Passages,
  isolated: true,
  unchecked: "uses native code",
  run: async (context) => {
    const { search: run } = await import("./retrieve/search.ts")
    return run(context)
  },
})

const augmentChats = Step.make({
  name: "augmentChats",
  inputs: { chats: Chat, passages: Passages },
  config: { prompt: Schema.NullOr(Step.fn<Prompt>()) },
  output: Chat,
  run: async (context) => {
    const { augment: run } = await import("./retrieve/augment.ts")
    return run(context)
  },
})

const scoreRetrieval = Step.make({
  name: "scoreRetrieval",
  inputs: { rows: Step.anyTable, passages: Passages },
  config: { relevant: Step.fn<(row: any) => Relevant | null>() },
  output: RetrievalScores,
  seed: true,
  run: async (context) => {
    const { score } = await import("./retrieve/quality.ts")
    return score(context)
  },
})

const embedFields = { ...Endpoint.fields, prefix: Schema.String }

const embedChunks = Step.make({
  name: "embedChunks",
  inputs: { chunks: Chunks },
  config: embedFields,
  unkeyed: Endpoint.unkeyed,
  output: Vectors,
  unchecked: Endpoint.unchecked,
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./endpoint/embed.ts")),
      ({ chunks }) => chunks(context),
    ),
})

const embedChats = Step.make({
  name: "embedQuestions",
  inputs: { chats: Chat },
  config: embedFields,
  unkeyed: Endpoint.unkeyed,
  output: Vectors,
  unchecked: Endpoint.unchecked,
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./endpoint/embed.ts")),
      ({ questions }) => questions(context),
    ),
})

/** A vector follows from its text alone; the key's variable is decided at the use. */
const embedding = <N extends string>(
  definition: Step.Definition<N, any, any, any>,
  inputs: Readonly<Record<string, Step.Ref<any>>>,
  embedder: Embedder,
  prefix = "",
): Step.Use<typeof Vectors, N> => {
  const env = Endpoint.env(embedder)
  const facts = { ...definition.facts, env, remembers: { apartFrom: { inputs: Object.keys(inputs), env } } }
  return Step.use({ facts } as unknown as Step.Definition<N, any, any, any>, {
    inputs,
    config: { ...Endpoint.config(embedder), prefix },
    output: Vectors,
  })
}
