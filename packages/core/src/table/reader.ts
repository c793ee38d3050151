/**
 * Opens stored tables: as rows, as batches of rows, as Arrow. Loaded when a step runs, not when one is planned.
 */
import { type RecordBatch, RecordBatchReader } from "apache-arrow"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { readManifest } from "../Artifact.ts"
import { ArtifactStore, type Service } from "../ArtifactStore.ts"
import * as Errors from "../Errors.ts"
import type { ArtifactRef } from "../internal/manifest.ts"
import * as Table from "../Table.ts"
import { decodeRows } from "./decodeRows.ts"

/**
 * Opens a stored table with the columns of `table`, or with its own where none is given. Fails with SchemaMismatch where
 * the stored columns do not fit, all of them named.
 */
export const open = Effect.fnUntraced(function* <T extends Table.Any>(
  table: T | undefined,
  ref: ArtifactRef,
  place: string,
) {
  const store = yield* ArtifactStore
  const manifest = yield* readManifest("table", ref.fingerprint)
  const stored = { columns: manifest.columns }
  if (table !== undefined) {
    const problems = Table.mismatches(table.type, stored)
    if (problems.length > 0) return yield* new Errors.SchemaMismatch({ place, problems })
  }
  return makeReader(store, table ?? (Table.fromType(stored) as T), ref.fingerprint, manifest.chunks)
})

const makeReader = <T extends Table.Any>(
  store: Service,
  table: T,
  fingerprint: string,
  chunks: ReadonlyArray<Table.Chunk>,
): Table.Reader<T> => {
  const batch = (chunk: Table.Chunk) =>
    Effect.flatMap(store.read(chunk.digest), (bytes) => parse(bytes, chunk))
  const rows = (chunk: Table.Chunk) =>
    Effect.map(batch(chunk), (records) => decodeRows(records, table.type.columns) as Array<Table.Row<T>>)
  return {
    table,
    fingerprint,
    chunks,
    rowCount: chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0),
    all: Effect.map(Effect.forEach(chunks, rows), (batches) => batches.flat()),
    batches: Stream.mapEffect(Stream.fromIterable(chunks), rows),
    arrow: Stream.mapEffect(Stream.fromIterable(chunks), batch),
    only: (some) => makeReader(store, table, fingerprint, some),
  }
}

const parse = (bytes: Uint8Array, chunk: Table.Chunk): Effect.Effect<RecordBatch, Errors.StoreError> =>
  Effect.try({
    try: () => {
      // Columns are views on the bytes, so the bytes must begin where 64-bit values may.
      const aligned = bytes.byteOffset % 8 === 0 ? bytes : Uint8Array.from(bytes)
      const [batch] = [...RecordBatchReader.from(aligned)]
      if (batch?.numRows !== chunk.rowCount) throw new Error(`it holds ${batch?.numRows ?? 0} rows`)
      return batch
    },
    catch: (error) =>
      new Errors.StoreError({
        operation: "read",
        place: chunk.digest,
        kind: "damaged",
        reason: `it is no table chunk of ${chunk.rowCount} rows: ${(error as Error).message}`,
        hint: "Run again with --force for the step that made it.",
      }),
  })
