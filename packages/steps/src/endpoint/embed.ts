import type { Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import type { Chat } from "../Chat.ts"
import type { Config as EndpointConfig } from "../Endpoint.ts"
import { type Embedded, embedAll, ofChunks, ofQuestions, type Text } from "../retrieve/embedding.ts"
import type { Chunks } from "../retrieve/Tables.ts"
import { post } from "./request.ts"

type Config = EndpointConfig & { readonly prefix: string }

/** Texts in one request. */
const together = 32

export const chunks = (context: Step.Context<Config, { readonly chunks: Table.Reader<typeof Chunks> }>) =>
  Effect.flatMap(ofChunks(context.inputs.chunks), (texts) => vectors(context, texts))

export const questions = (context: Step.Context<Config, { readonly chats: Table.Reader<typeof Chat> }>) =>
  Effect.flatMap(ofQuestions(context.inputs.chats), (texts) => vectors(context, texts))

const vectors = (context: Step.Context<Config>, texts: ReadonlyArray<Text>) =>
  embedAll(context, texts, (wanted, keep) => {
    const { config, env, progress } = context
    const batches = Array.from({ length: Math.ceil(wanted.length / together) }, (_, at) =>
      wanted.slice(at * together, (at + 1) * together),
    )
    const key = config.keyVariable === null ? undefined : env[config.keyVariable]
    let done = 0
    return Effect.forEach(
      batches,
      (batch) =>
        Effect.gen(function* () {
          const body = { model: config.model, input: batch.map((text) => config.prefix + text) }
          const found = yield* post(config, key, "embeddings", body, (reply) => replyOf(reply, batch.length))
          yield* keep(batch.map((text, at): [string, Embedded] => [text, { vector: found[at]!, cut: 0 }]))
          progress({ done: (done += batch.length), total: wanted.length, unit: "text" })
        }),
      { concurrency: config.concurrency, discard: true },
    )
  })

/** One vector a text in the order asked for. */
const replyOf = (reply: unknown, count: number): ReadonlyArray<Float32Array> | undefined => {
  const { data } = (reply ?? {}) as { data?: ReadonlyArray<{ index?: number; embedding?: unknown }> }
  if (data?.length !== count) return undefined
  const inOrder = data.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0))
  const found = inOrder.flatMap(({ embedding }) =>
    Array.isArray(embedding) && embedding.length > 0 && embedding.every(Number.isFinite)
      ? [Float32Array.from(embedding as ReadonlyArray<number>)]
      : [],
  )
  return found.length === count ? found : undefined
}
