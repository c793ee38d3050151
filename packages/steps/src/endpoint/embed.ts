import { Canonical, type Step, type Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import type { Chat } from "../Chat.ts"
import { counted } from "../counted.ts"
import type { Config as EndpointConfig } from "../Endpoint.ts"
import { shownOf } from "../evaluate/prompt.ts"
import type { Chunks, Vectors } from "../Retrieve.ts"
import { post } from "./request.ts"

type Config = EndpointConfig & { readonly prefix: string }
type Row = Table.Row<typeof Vectors>

/** Texts in one request. */
const together = 32

export const chunks = (context: Step.Context<Config, { readonly chunks: Table.Reader<typeof Chunks> }>) =>
  Effect.flatMap(context.inputs.chunks.all, (rows) =>
    vectors(
      context,
      rows.map(({ heading, id, text }) => ({ id, text: heading === "" ? text : `${heading}\n${text}` })),
    ),
  )

export const questions = (context: Step.Context<Config, { readonly chats: Table.Reader<typeof Chat> }>) =>
  Effect.flatMap(context.inputs.chats.all, (rows) =>
    vectors(
      context,
      rows.map(({ id, messages }) => ({ id, text: shownOf(messages) })),
    ),
  )

/** The vector of every text, by id; texts that were embedded before are not asked for. */
const vectors = (
  { config, env, measure, memory, progress, summarize }: Step.Context<Config>,
  texts: ReadonlyArray<{ readonly id: string; readonly text: string }>,
) =>
  Effect.gen(function* () {
    const keyOf = (text: string) => Canonical.digest("text", text)
    const known = new Map<string, ReadonlyArray<number>>()
    const missing = new Set<string>()
    for (const { text } of texts) {
      const vector = memory.get(keyOf(text)) as ReadonlyArray<number> | undefined
      if (vector === undefined) missing.add(text)
      else known.set(text, vector)
    }
    measure("texts asked", missing.size)
    measure("texts remembered", known.size)
    const wanted = [...missing]
    const batches = Array.from({ length: Math.ceil(wanted.length / together) }, (_, at) =>
      wanted.slice(at * together, (at + 1) * together),
    )
    const key = config.keyVariable === null ? undefined : env[config.keyVariable]
    let done = 0
    yield* Effect.forEach(
      batches,
      (batch) =>
        Effect.gen(function* () {
          const body = { model: config.model, input: batch.map((text) => config.prefix + text) }
          const found = yield* post(config, key, "embeddings", body, (reply) => replyOf(reply, batch.length))
          batch.forEach((text, index) => known.set(text, found[index]!))
          yield* memory.put(batch.map((text, index) => [keyOf(text), found[index]]))
          progress({ done: (done += batch.length), total: wanted.length, unit: "text" })
        }),
      { concurrency: config.concurrency, discard: true },
    )
    summarize(`${counted(texts.length, "vector")} of ${known.values().next().value?.length ?? 0} numbers`)
    return texts.map(({ id, text }): Row => ({ id, vector: known.get(text)! }))
  })

/** One vector a text, as float32, in the order asked for. */
const replyOf = (reply: unknown, count: number): ReadonlyArray<ReadonlyArray<number>> | undefined => {
  const { data } = (reply ?? {}) as { data?: ReadonlyArray<{ index?: number; embedding?: unknown }> }
  if (data?.length !== count) return undefined
  const inOrder = data.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0))
  const found = inOrder.flatMap(({ embedding }) =>
    Array.isArray(embedding) && embedding.length > 0 && embedding.every(Number.isFinite)
      ? [embedding.map((value: number) => Math.fround(value))]
      : [],
  )
  return found.length === count ? found : undefined
}
