import type { Artifact, Step, Table } from "@sluice/core"
import { Backend, SentenceModel } from "@sluice/llm"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Chat } from "../Chat.ts"
import { backendOptions } from "../numeric.ts"
import { type Embedded, embedAll, ofChunks, ofQuestions, type Text } from "./embedding.ts"
import type { Chunks } from "./Tables.ts"

interface Inputs {
  readonly model: Artifact.FilesReader
}

type Context<I> = Step.Context<{ readonly prefix: string | null }, I & Inputs>

export const chunks = (context: Context<{ readonly chunks: Table.Reader<typeof Chunks> }>) =>
  Effect.flatMap(ofChunks(context.inputs.chunks), (texts) => embedded(context, texts, "document"))

export const questions = (context: Context<{ readonly chats: Table.Reader<typeof Chat> }>) =>
  Effect.flatMap(ofQuestions(context.inputs.chats), (texts) => embedded(context, texts, "query"))

/** After so many vectors they are kept: what an interruption costs at most. */
const keptTogether = 64

const embedded = (context: Context<unknown>, texts: ReadonlyArray<Text>, role: SentenceModel.Role) =>
  embedAll(context, texts, (wanted, keep) =>
    Effect.scoped(
      Effect.gen(function* () {
        const files = context.inputs.model
        const places = new Map<string, string>()
        for (const name of files.names) places.set(name, yield* files.path(name))
        const model = yield* SentenceModel.open(places, "model")
        const backend = yield* Backend.open(backendOptions(context.settings))
        const { embed } = SentenceModel.load(backend, model)
        const prefix = context.config.prefix ?? model.prefix[role]
        // sluice: not in the result
        const started = yield* Clock.currentTimeMillis
        let tokens = 0
        for (let from = 0; from < wanted.length; from += keptTogether) {
          const vectors = yield* Effect.promise(async (signal) => {
            const found: Array<readonly [string, Embedded]> = []
            for (const text of wanted.slice(from, from + keptTogether)) {
              if (signal.aborted) break
              const { cut, ids } = model.encode(prefix + text)
              tokens += ids.length
              found.push([text, { vector: await embed(ids), cut }])
              context.progress({ done: from + found.length, total: wanted.length, unit: "text" })
            }
            return found
          })
          yield* keep(vectors)
        }
        // sluice: not in the result
        const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
        context.measure("embedding seconds", seconds, "s")
        context.measure("tokens per second", tokens / Math.max(seconds, 0.001), "tok/s")
      }),
    ),
  )
