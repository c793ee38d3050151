/**
 * Passages from documents, found for each question and set before it: what retrieval-augmented generation reads, and
 * how often the right passage is among them, apart from what a model makes of it.
 *
 * The chunks (and vectors) are the stored artifact. LanceDB's files hold random names, so an index in them would be
 * another artifact each time: it is built in a scratch folder from the chunks, where it is searched.
 */
import { Source, Step, type Table } from "@sluice/core"
import * as Schema from "effect/Schema"
import { Chat } from "./Chat.ts"
import { Chunks, Documents, Passages, RetrievalScores, type Vectors } from "./retrieve/Tables.ts"
import { WiringRefused } from "./WiringRefused.ts"

export { Chunks, Documents, Passages, RetrievalScores, Vectors } from "./retrieve/Tables.ts"
export { type Embedder, embed, embedQuestions } from "./retrieve/Embedder.ts"

/** Markdown, text, HTML and PDF files, by their endings. A file that cannot be read fails by name. */
export const documents = (options: {
  readonly files: string | ReadonlyArray<string>
}): Step.Use<typeof Documents, "readDocuments"> => readDocuments({ files: options.files as string })

/**
 * Cuts sections into chunks of at most `maxCharacters` (1,000), each as it stands there, at the ends of
 * paragraphs, else of lines and sentences, else of words. A section under a heading of its own never shares a chunk; a
 * chunk repeats the last sentences of the one before up to `overlap` characters (100).
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

/** What passages are found by: words, vectors, or the ranks that both give. */
export type By = "BM25" | "vectors" | "hybrid"

/**
 * The `count` passages (3) that fit each chat's question best: its last message before the answer. By LanceDB's
 * full-text BM25, and where vectors are given by cosine too: reciprocal ranks of both are added up, unless `by` asks for
 * one of them alone.
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
  readonly by?: By
}): Step.Use<typeof Passages, "searchChunks"> => {
  const by = options.by ?? (options.vectors === undefined ? "BM25" : "hybrid")
  if (by !== "BM25" && options.vectors === undefined)
    throw new WiringRefused(`A search by ${by} needs vectors of the chunks and of the questions.`)
  return Step.use(searchChunks, {
    inputs: {
      chats: options.chats,
      chunks: options.chunks,
      ...(by === "BM25" || options.vectors === undefined
        ? {}
        : { chunkVectors: options.vectors.chunks, questionVectors: options.vectors.questions }),
    },
    config: {
      count: options.count ?? 3,
      language: options.language === undefined ? "English" : options.language,
      by,
    },
    output: Passages,
  })
}

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

/**
 * Hit rate at one passage and at all of them, and mean reciprocal rank. Rows for which `relevant` gives null have nothing
 * to find and are left out.
 */
export const quality = <T extends Table.Any>(options: {
  /** The rows that the chats were made from. */
  readonly rows: Step.Ref<T>
  /** What a search found, or what several did, each under its name. */
  readonly passages: Step.Ref<typeof Passages> | { readonly [search: string]: Step.Ref<typeof Passages> }
  readonly relevant: (row: Table.Row<T>) => Relevant | null
}): Step.Use<typeof RetrievalScores, "scoreRetrieval"> => {
  const searches: Readonly<Record<string, Step.Ref>> = Step.isRef(options.passages)
    ? { passages: options.passages as Step.Ref }
    : options.passages
  const names = Object.keys(searches)
  return Step.use(scoreRetrieval, {
    inputs: {
      rows: options.rows,
      ...Object.fromEntries(names.map((name) => [`of ${name}`, searches[name]!])),
    },
    config: { searches: names, relevant: options.relevant },
    output: RetrievalScores,
  })
}

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
  config: {
    count: Positive,
    language: Schema.NullOr(Schema.String),
    by: Schema.Literals(["BM25", "vectors", "hybrid"]),
  },
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

/** Each use adds an input `of SEARCH` for each search. */
const scoreRetrieval = Step.make({
  name: "scoreRetrieval",
  inputs: { rows: Step.anyTable },
  config: {
    /** In the order to tell of them; what each found is the input `of NAME`. */
    searches: Schema.Array(Schema.String),
    relevant: Step.fn<(row: any) => Relevant | null>(),
  },
  output: RetrievalScores,
  seed: true,
  run: async (context) => {
    const { score } = await import("./retrieve/quality.ts")
    return score(context)
  },
})
