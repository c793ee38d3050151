/**
 * Two cached steps: the words of some texts, and the most frequent of them.
 */
import { Pipeline, Source, Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { wordsOf } from "./words.ts"

class Word extends Table.make({ word: Table.utf8, count: Table.int32 }) {}

const Count = Step.make({
  name: "count",
  inputs: { texts: Source.files },
  output: Word,
  run: async ({ inputs, summarize }) => {
    const counts = new Map<string, number>()
    for (const text of inputs.texts) {
      const bytes = await Effect.runPromise(text.bytes)
      for (const word of wordsOf(new TextDecoder().decode(bytes)))
        counts.set(word, (counts.get(word) ?? 0) + 1)
    }
    summarize(`${counts.size} different words in ${inputs.texts.length} texts`)
    return Array.from(counts, ([word, count]) => ({ word, count }))
  },
})

const Top = Step.make({
  name: "top",
  inputs: { words: Word },
  config: { most: Schema.Int.check(Schema.isGreaterThan(0)) },
  output: Word,
  run: async ({ config, inputs, summarize }) => {
    const words = await Effect.runPromise(inputs.words.all)
    const top = words
      .toSorted((a, b) => b.count - a.count || (a.word < b.word ? -1 : 1))
      .slice(0, config.most)
    summarize(top.map(({ word, count }) => `${word} ${count}`).join(", "))
    return top
  },
})

export default Pipeline.make(
  "words",
  { params: { most: Schema.Int.check(Schema.isGreaterThan(0)).pipe(Pipeline.withDefault(3)) } },
  ({ params, step }) => {
    const words = step("count", Count({ texts: "texts/*.txt" }))
    return step("top", Top({ words, most: params.most }))
  },
)
