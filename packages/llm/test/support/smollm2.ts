/** The real model of the tests, fetched once into the user's cache folder where it is missing. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as path from "node:path"
import * as ModelFiles from "../../src/ModelFiles.ts"

/** Path of SmolLM2-135M-Instruct's GGUF file. */
export const smolLM2 = (): Promise<string> => Effect.runPromise(ModelFiles.ensure(ModelFiles.smolLM2))

export const fixture = (name: string): string => path.join(import.meta.dirname, "..", "fixtures", name)

export const fixtureJson = <A>(name: string): A => JSON.parse(fs.readFileSync(fixture(name), "utf8")) as A

export interface Review {
  readonly text: string
  readonly class: number
}

/** The 3,000 valid reviews in file order. */
export const reviews = (): ReadonlyArray<Review> => {
  const root = path.dirname(createRequire(import.meta.url).resolve("sentiment/package.json"))
  return ["amazon", "imdb", "yelp"].flatMap((name) =>
    (
      JSON.parse(fs.readFileSync(path.join(root, "test/fixtures", `${name}.json`), "utf8")) as Array<Review>
    ).filter((row) => row.class !== null),
  )
}

const system =
  'Classify the sentiment of the review. Reply with only a JSON object: {"sentiment": "positive"} or {"sentiment": "negative"}.'

/** A review as the chat that the reference scripts make of it. */
export const chatOf = (review: Review): ReadonlyArray<{ role: string; content: string }> => [
  { role: "system", content: system },
  { role: "user", content: review.text },
  { role: "assistant", content: `{"sentiment": "${review.class === 1 ? "positive" : "negative"}"}` },
]
