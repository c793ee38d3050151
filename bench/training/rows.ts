/** The batches that every contender trains on: real reviews as chats, and rows without anything in common. */
import { Random } from "@sluice/core"
import { type ModelFiles, Supervision } from "@sluice/llm"
import * as project from "../lib/project.ts"

export interface Row {
  readonly ids: ReadonlyArray<number>
  readonly labels: ReadonlyArray<number>
}

export interface Scenario {
  readonly name: string
  readonly batches: ReadonlyArray<ReadonlyArray<Row>>
}

const instruction =
  "Classify the sentiment of the review. " +
  'Reply with only a JSON object: {"sentiment": "positive"} or {"sentiment": "negative"}.'

/** `count` reviews of all three files, as chats, with the answer's tokens supervised. */
export const reviews = (model: ModelFiles.OpenModel, count: number): ReadonlyArray<Row> => {
  const chosen = Random.make("bench/train")
    .shuffle(project.reviews().filter((row) => row.class !== null))
    .slice(0, count)
  return chosen.map((row) => {
    const answer = `{"sentiment": "${row.class === 1 ? "positive" : "negative"}"}`
    const { ids, labels } = Supervision.encode(model.tokenizer, model.chatTemplate!, [
      { role: "system", content: instruction },
      { role: "user", content: row.text },
      { role: "assistant", content: answer },
    ])
    return { ids, labels }
  })
}

/** Rows of random tokens from the 100th on; `supervised` is the share of tokens at the end that are learnt. */
export const randomRows = (
  count: number,
  length: (draw: Random.Random) => number,
  supervised: number,
  kinds = 40_000,
) => {
  const draw = Random.make("bench/train/random")
  return Array.from({ length: count }, (): Row => {
    const ids = Array.from({ length: length(draw) }, () => 100 + draw.integer(kinds))
    return { ids, labels: ids.map((id, i) => (i >= ids.length * (1 - supervised) ? id : -100)) }
  })
}

export const batched = (rows: ReadonlyArray<Row>, size: number) =>
  Array.from({ length: Math.floor(rows.length / size) }, (_, k) => rows.slice(k * size, (k + 1) * size))

/** `steps` batches of each kind. */
export const scenarios = (model: ModelFiles.OpenModel, steps: number): ReadonlyArray<Scenario> => [
  { name: "reviews, batch 8", batches: batched(reviews(model, 8 * steps), 8) },
  { name: "reviews, batch 16", batches: batched(reviews(model, 16 * steps), 16) },
  {
    name: "mixed lengths, no common prefix, batch 8",
    batches: batched(
      randomRows(8 * steps, (draw) => 24 + draw.integer(140), 0.3),
      8,
    ),
  },
  {
    name: "256 tokens, all supervised, batch 4",
    batches: batched(
      randomRows(4 * steps, () => 256, 1),
      4,
    ),
  },
]
