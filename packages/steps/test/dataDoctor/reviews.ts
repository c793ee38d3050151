/** npm `sentiment`'s 3,000 review sentences as chats: each text once, one of ten held out. */
import * as fs from "node:fs"
import * as path from "node:path"
import { chat } from "./subject.ts"

const fixtures = path.join(import.meta.dirname, "../../../../pipelines/node_modules/sentiment/test/fixtures")
export const instruction =
  "Classify the sentiment of the review. " +
  'Reply with only a JSON object: {"sentiment": "positive"} or {"sentiment": "negative"}.'

const reviews = ["amazon", "imdb", "yelp"].flatMap((source) => {
  const text = fs.readFileSync(path.join(fixtures, `${source}.json`), "utf8").replace(/\/\*.*?\*\//s, "")
  const rows = JSON.parse(text) as ReadonlyArray<{ text: string; class: number | null }>
  return rows
    .filter((row) => row.class !== null)
    .map((row, at) => ({ id: `${source} ${at + 1}`, text: row.text, positive: row.class === 1 }))
})

/** As a split by text leaves them: each text once, one of ten held out. */
const distinct = [...new Map(reviews.toReversed().map((row) => [row.text, row])).values()].toReversed()
const chats = distinct.map(({ id, positive, text }) =>
  chat(id, text, `{"sentiment": "${positive ? "positive" : "negative"}"}`, instruction),
)
export const heldOutReviews = chats.filter((_, at) => at % 10 === 0)
export const trainingReviews = chats.filter((_, at) => at % 10 !== 0)
