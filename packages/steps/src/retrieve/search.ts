import { Errors, type Step, type Table } from "@sluice/core"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import type { Chat } from "../Chat.ts"
import { counted } from "../counted.ts"
import { shownOf } from "../evaluate/prompt.ts"
import type { By } from "../Retrieve.ts"
import { words } from "./Bm25.ts"
import * as Lance from "./Lance.ts"
import type { Chunks, Passages, Vectors } from "./Tables.ts"

interface Config {
  readonly count: number
  readonly language: string | null
  readonly by: By
}

interface Inputs {
  readonly chats: Table.Reader<typeof Chat>
  readonly chunks: Table.Reader<typeof Chunks>
  readonly chunkVectors?: Table.Reader<typeof Vectors>
  readonly questionVectors?: Table.Reader<typeof Vectors>
}

/** A chunk by its position in the table, with what it was found by. */
interface Hit {
  readonly position: number
  readonly score: number
}

/** Added to a rank before it is turned over: how little the first places stand out (Cormack et al., SIGIR 2009). */
const fusion = 60

export const search = async (
  context: Step.Context<Config>,
): Promise<ReadonlyArray<Table.Row<typeof Passages>>> => {
  const { by, count, language } = context.config
  const inputs = context.inputs as Inputs
  const chunks = await Effect.runPromise(inputs.chunks.all)
  const chats = await Effect.runPromise(inputs.chats.all)
  const chunkVectors = await vectorsOf(inputs.chunkVectors)
  const questionVectors = await vectorsOf(inputs.questionVectors)
  if (chats.length === 0) return []
  if (chunks.length === 0) {
    context.warn("there is no chunk to search: every question goes on without a passage")
    context.summarize(
      `0 passages of 0 chunks for ${counted(chats.length, "question")}, none for ${chats.length}`,
    )
    return []
  }
  checkVectors(chunks, chats, chunkVectors, questionVectors)

  const lancedb = await Lance.load()
  const db = await lancedb.connect(join(context.scratch, "index"))
  const table = await db.createTable(
    "chunks",
    chunks.map(({ heading, id, text }, position) => ({
      position,
      text: `${heading}\n${text}`,
      ...(chunkVectors === undefined ? {} : { vector: Array.from(chunkVectors.get(id)!) }),
    })),
  )
  if (by !== "vectors") {
    const stemmed = language === null ? { stem: false } : { stem: true, language }
    await table.createIndex("text", {
      config: lancedb.Index.fts({ withPosition: false, removeStopWords: false, ...stemmed }),
    })
  }
  // More than wanted: chunks of one score may stand on both sides of the cut, in an order that nobody promises.
  const looked = 4 * count + 20

  const byWords = async (question: string): Promise<ReadonlyArray<Hit>> => {
    if (words(question).length === 0) return []
    const rows: ReadonlyArray<{ position: number; _score: number }> = await table
      .query()
      .fullTextSearch(words(question).join(" "), { columns: ["text"] })
      .select(["position", "_score"])
      .limit(looked)
      .toArray()
    return ordered(rows.map(({ _score, position }) => ({ position, score: _score })))
  }
  const byMeaning = async (vector: ReadonlyArray<number>): Promise<ReadonlyArray<Hit>> => {
    const rows: ReadonlyArray<{ position: number; _distance: number }> = await table
      .vectorSearch(Array.from(vector))
      .distanceType("cosine")
      .select(["position", "_distance"])
      .limit(looked)
      .toArray()
    return ordered(rows.map(({ _distance, position }) => ({ position, score: 1 - _distance })))
  }

  const passages: Array<Table.Row<typeof Passages>> = []
  let without = 0
  for (const [done, { id, messages }] of chats.entries()) {
    const vector = questionVectors?.get(id)
    const lists = [
      ...(by === "vectors" ? [] : [await byWords(shownOf(messages))]),
      ...(vector === undefined ? [] : [await byMeaning(vector)]),
    ]
    const hits = lists.length === 1 ? lists[0]! : fused(lists)
    if (hits.length === 0) without++
    hits.slice(0, count).forEach(({ position, score }, index) => {
      const { document, heading, id: chunk, text } = chunks[position]!
      passages.push({ id, rank: index + 1, chunk, document, heading, text, score })
    })
    context.progress({ done: done + 1, total: chats.length, unit: "question" })
  }
  table.close()
  db.close()
  context.summarize(
    `${counted(passages.length, "passage")} of ${counted(chunks.length, "chunk")} for ${counted(chats.length, "question")}` +
      (without === 0 ? "" : `, none for ${without}`),
  )
  return passages
}

/** Best first; equals in the chunks' order. Scores are kept to six digits, beyond which they say nothing. */
const ordered = (hits: ReadonlyArray<Hit>): ReadonlyArray<Hit> =>
  hits
    .map(({ position, score }) => ({ position, score: Number(score.toPrecision(6)) }))
    .toSorted((first, second) => second.score - first.score || first.position - second.position)

/** Reciprocal rank fusion: Σ 1 / (60 + rank) over the lists. */
const fused = (lists: ReadonlyArray<ReadonlyArray<Hit>>): ReadonlyArray<Hit> => {
  const scores = new Map<number, number>()
  for (const list of lists) {
    list.forEach(({ position }, index) =>
      scores.set(position, (scores.get(position) ?? 0) + 1 / (fusion + index + 1)),
    )
  }
  return ordered([...scores].map(([position, score]) => ({ position, score })))
}

type ById = ReadonlyMap<string, ReadonlyArray<number>>

const vectorsOf = async (reader: Table.Reader<typeof Vectors> | undefined): Promise<ById | undefined> =>
  reader === undefined
    ? undefined
    : new Map((await Effect.runPromise(reader.all)).map(({ id, vector }) => [id, vector]))

/** Every chunk and question must have a vector, all of one length. */
const checkVectors = (
  chunks: ReadonlyArray<{ readonly id: string }>,
  chats: ReadonlyArray<{ readonly id: string }>,
  chunkVectors: ById | undefined,
  questionVectors: ById | undefined,
): void => {
  if (chunkVectors === undefined && questionVectors === undefined) return
  const missing = [
    ...chunks.filter(({ id }) => chunkVectors?.has(id) !== true).map(({ id }) => `chunk ${id}`),
    ...chats.filter(({ id }) => questionVectors?.has(id) !== true).map(({ id }) => `question ${id}`),
  ]
  const lengths = new Set(
    [...(chunkVectors?.values() ?? []), ...(questionVectors?.values() ?? [])].map(({ length }) => length),
  )
  if (missing.length > 0 || lengths.size > 1) throw new VectorsUnfit({ missing, lengths: [...lengths] })
}

/** Vectors that are not there, or are of different models. */
export class VectorsUnfit extends Data.TaggedError("VectorsUnfit")<{
  readonly missing: ReadonlyArray<string>
  readonly lengths: ReadonlyArray<number>
}> {
  override get message(): string {
    return Errors.structured(
      "The vectors do not fit the texts to search.",
      [
        ...(this.missing.length === 0
          ? []
          : [["Without a vector", this.missing.slice(0, 10).join(", ")] as [string, string]]),
        ...(this.lengths.length < 2 ? [] : [["Lengths", this.lengths.join(", ")] as [string, string]]),
      ],
      "Embed the chunks and the questions of this search, both with the same embedder.",
    )
  }
}
