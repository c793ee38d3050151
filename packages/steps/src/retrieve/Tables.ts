/** The tables between retrieval's steps. */
import { Table } from "@sluice/core"

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
  /** The number of the document's section, from 1. */
  section: Table.int32,
  /** Where the text stands in the section's: characters (UTF-16 units) from 0, and the one after the last. */
  start: Table.int32,
  end: Table.int32,
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
  /** What was searched by, where several ways are compared. */
  search: Table.utf8,
  /** `hit rate`: the share of questions with a relevant passage found. `MRR`: the mean of 1 / rank of the first one. */
  metric: Table.dictionary(["hit rate", "MRR"]),
  /** The first so many passages of each question were looked at. */
  passages: Table.int32,
  /** Questions that have a relevant passage to find. */
  rows: Table.int32,
  value: Table.float64,
  /** 95 %: Wilson's for the rate, a studentized bootstrap for the mean. */
  low: Table.float64,
  high: Table.float64,
}) {}
