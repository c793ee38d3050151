/**
 * Stores tables: rows from an iterable, an async iterable or a stream, as chunks and a manifest.
 *
 * Memory is bounded by a few chunks. Loaded when a step runs, not when one is planned.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { readManifest, writeManifest } from "../Artifact.ts"
import { ArtifactStore } from "../ArtifactStore.ts"
import * as Canonical from "../Canonical.ts"
import * as Errors from "../Errors.ts"
import type { ArtifactRef } from "../internal/manifest.ts"
import * as Table from "../Table.ts"
import { type EncodedChunk, TableEncoder } from "./TableEncoder.ts"

export interface Options {
  /** The number of the first row in messages, counted from 1. */
  readonly firstRow?: number
}

/** Chunks that are encoded before any is stored, and then stored at the same time: flushing to disk is waiting. */
const chunksInFlight = 4

/** Stores a table. Of a stored table with the same columns the chunks are taken as they are: nothing is copied. */
export const write = <T extends Table.Any>(
  table: T,
  rows: Table.Rows<T> | Table.Reader<T>,
): Effect.Effect<ArtifactRef, unknown, ArtifactStore> =>
  Effect.gen(function* () {
    if (Table.isReader(rows)) {
      const { columns } = yield* readManifest("table", rows.fingerprint)
      if (Canonical.encode(columns) === Canonical.encode(table.type.columns))
        return yield* commit(table, rows.chunks)
    }
    return yield* commit(table, yield* writeChunks(table, rows))
  })

/** Makes a table of stored chunks, in their order. */
export const commit = (
  table: Table.Any,
  chunks: ReadonlyArray<Table.Chunk>,
): Effect.Effect<ArtifactRef, Errors.StoreError, ArtifactStore> =>
  writeManifest({
    kind: "table",
    columns: table.type.columns,
    rowCount: chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0),
    chunks,
  })

/**
 * Stores rows as chunks that no table holds yet. Cutting starts afresh with every call, so what a call gives depends on
 * its rows alone: a row-wise step writes the rows of each input chunk by one call, and `commit` joins the chunks.
 *
 * Fails with RowInvalid, StoreError, or whatever the rows' own iterator or stream fails with.
 */
export const writeChunks = <T extends Table.Any>(
  table: T,
  given: Table.Rows<T> | Table.Reader<T>,
  options: Options = {},
): Effect.Effect<ReadonlyArray<Table.Chunk>, unknown, ArtifactStore> =>
  Effect.gen(function* () {
    const rows: Table.Rows<T> = Table.isReader(given)
      ? (Stream.flattenIterable(given.batches) as Stream.Stream<never, unknown>)
      : given
    const store = yield* ArtifactStore
    const encoder = new TableEncoder(table.type, { ...options, name: nameOf(table) })
    const stored: Array<Table.Chunk> = []
    let pending: Array<EncodedChunk> = []

    const flush = Effect.suspend(() => {
      const chunks = pending
      pending = []
      return Effect.map(
        Effect.forEach(
          chunks,
          ({ bytes, rowCount }) => Effect.map(store.putBytes(bytes), (blob) => ({ ...blob, rowCount })),
          { concurrency: chunksInFlight },
        ),
        (blobs) =>
          void stored.push(
            ...blobs.map(({ digest, rowCount, sizeBytes }) => ({ digest, rowCount, sizeBytes })),
          ),
      )
    })
    /** Takes a row; true when it is time to flush. */
    const push = (row: unknown): boolean => {
      const chunk = encoder.push(row)
      return chunk !== undefined && pending.push(chunk) >= chunksInFlight
    }

    if (Stream.isStream(rows)) {
      yield* Stream.runForEachArray(rows, (batch) => takeAll(batch[Symbol.iterator](), push, flush))
    } else if (isIterable(rows)) {
      yield* takeAll(rows[Symbol.iterator](), push, flush)
    } else if (isAsyncIterable(rows)) {
      yield* takeAllAsync(rows[Symbol.asyncIterator](), push, flush)
    } else {
      return yield* new Errors.OutputInvalid({
        output: `the rows of table ${nameOf(table)}`,
        problems: ["neither an iterable, an async iterable nor a Stream of rows"],
      })
    }
    const last = encoder.finish()
    if (last !== undefined) pending.push(last)
    yield* flush
    return stored
  })

type Flush = Effect.Effect<void, Errors.StoreError>

const takeAll = (
  iterator: Iterator<unknown>,
  push: (row: unknown) => boolean,
  flush: Flush,
): Effect.Effect<void, unknown> => {
  // Until it is time to flush (true) or the rows end (false).
  const take = (): boolean => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
      if (push(next.value)) return true
    }
    return false
  }
  let ended = false
  const loop = Effect.gen(function* () {
    while (yield* Effect.try({ try: take, catch: identity })) yield* flush
    ended = true
  })
  return Effect.ensuring(
    loop,
    Effect.sync(() => {
      if (!ended) iterator.return?.()
    }),
  )
}

const takeAllAsync = (
  iterator: AsyncIterator<unknown>,
  push: (row: unknown) => boolean,
  flush: Flush,
): Effect.Effect<void, unknown> => {
  const take = async (): Promise<boolean> => {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      if (push(next.value)) return true
    }
    return false
  }
  let ended = false
  const loop = Effect.gen(function* () {
    while (yield* Effect.tryPromise({ try: take, catch: identity })) yield* flush
    ended = true
  })
  return Effect.ensuring(
    loop,
    Effect.promise(async () => {
      if (!ended) await iterator.return?.()
    }),
  )
}

const nameOf = (table: Table.Any): string => (table.name === "" ? "(unnamed)" : table.name)

const identity = (error: unknown): unknown => error

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.iterator in value

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value
