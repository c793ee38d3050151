/**
 * What every embedding step has in common: texts out of rows, vectors remembered by text, and one row for each of them.
 */
import { Canonical, type Step, type Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import type { Chat } from "../Chat.ts"
import { counted, thousands } from "../counted.ts"
import { shownOf } from "../evaluate/prompt.ts"
import type { Chunks, Vectors } from "./Tables.ts"

export interface Text {
  readonly id: string
  readonly text: string
}

/** A text's vector, and how many of its tokens the model had no place for. */
export interface Embedded {
  readonly vector: Float32Array
  readonly cut: number
}

/** A chunk is embedded under its heading. */
export const ofChunks = (chunks: Table.Reader<typeof Chunks>) =>
  Effect.map(chunks.all, (rows) =>
    rows.map(({ heading, id, text }): Text => ({ id, text: heading === "" ? text : `${heading}\n${text}` })),
  )

export const ofQuestions = (chats: Table.Reader<typeof Chat>) =>
  Effect.map(chats.all, (rows) => rows.map(({ id, messages }): Text => ({ id, text: shownOf(messages) })))

/** Embeds texts; calls `keep` as soon as it has some. */
export type Ask<E, R> = (
  texts: ReadonlyArray<string>,
  keep: (vectors: ReadonlyArray<readonly [string, Embedded]>) => Effect.Effect<void, E>,
) => Effect.Effect<void, E, R>

/** Every text's vector, in their order. Texts that were embedded before, in this run or another, are not asked. */
export const embedAll = <E, R>(
  { measure, memory, summarize }: Pick<Step.Context, "measure" | "memory" | "summarize">,
  texts: ReadonlyArray<Text>,
  ask: Ask<E, R>,
): Effect.Effect<ReadonlyArray<Table.Row<typeof Vectors>>, E, R> =>
  Effect.gen(function* () {
    const keyOf = (text: string) => Canonical.digest("text", text)
    const known = new Map<string, Embedded>()
    const missing = new Set<string>()
    for (const { text } of texts) {
      const remembered = memory.get(keyOf(text))
      if (remembered === undefined) missing.add(text)
      else known.set(text, fromMemory(remembered as Remembered))
    }
    measure("texts asked", missing.size)
    measure("texts remembered", known.size)
    if (missing.size > 0) {
      yield* ask([...missing], (vectors) => {
        for (const [text, embedded] of vectors) known.set(text, embedded)
        return memory.put(
          vectors.map(([text, embedded]) => [keyOf(text), toMemory(embedded)]),
        ) as Effect.Effect<void, E>
      })
    }
    const found = texts.map(({ text }) => known.get(text)!)
    const length = found[0]?.vector.length ?? 0
    const cut = found.filter((one) => one.cut > 0)
    const tokens = cut.reduce((sum, one) => sum + one.cut, 0)
    summarize(
      `${counted(texts.length, "vector")} of ${length} numbers` +
        (cut.length === 0
          ? ""
          : `, ${counted(cut.length, "text")} too long: ${thousands(tokens)} tokens unread`),
    )
    return texts.map(({ id }, at) => ({ id, vector: Array.from(found[at]!.vector) }))
  })

/** The vector's bytes in base64, which are half as long as its digits. */
type Remembered = readonly [vector: string, cut: number]

const toMemory = ({ cut, vector }: Embedded): Remembered => [
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64"),
  cut,
]

const fromMemory = ([text, cut]: Remembered): Embedded => {
  // A copy of its own: a Buffer may begin anywhere.
  const bytes = new Uint8Array(Buffer.from(text, "base64"))
  return { vector: new Float32Array(bytes.buffer), cut }
}
