import { describe, expect, it } from "@effect/vitest"
import { RecordBatchReader } from "apache-arrow"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Artifact from "../../src/Artifact.ts"
import { ArtifactStore, layerMemory } from "../../src/ArtifactStore.ts"
import type * as Errors from "../../src/Errors.ts"
import * as Table from "../../src/Table.ts"
import { commit, write, writeChunks } from "../../src/table/writer.ts"

class Word extends Table.make({ id: Table.int32, text: Table.utf8 }) {}

const words = function* (count: number, start = 0): Generator<Word> {
  for (let id = start; id < start + count; id++) yield { id, text: `word ${id}` }
}

const wordsLater = async function* (count: number): AsyncGenerator<Word> {
  for (const word of words(count)) yield word
}

const readAll = (ref: Artifact.ArtifactRef) =>
  Effect.flatMap(Artifact.openTable(Word, ref, "test"), (reader) => reader.all)

describe("the table writer", () => {
  it.effect("stores the same table from an array, an iterable, an async iterable and a stream", () =>
    Effect.gen(function* () {
      const rows = [...words(40_000)]
      const refs = yield* Effect.forEach(
        [
          rows,
          words(40_000),
          wordsLater(40_000),
          Stream.fromIterable(rows),
          Stream.rechunk(Stream.fromIterable(rows), 7),
        ],
        (source) => write(Word, source),
      )
      expect(new Set(refs.map((ref) => ref.fingerprint)).size).toBe(1)
      expect(refs[0]).toMatchObject({ kind: "table", rowCount: 40_000 })
      expect(yield* readAll(refs[0]!)).toEqual(rows)
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("hands a stored table on by its chunks, and writes rows anew where its columns are others", () =>
    Effect.gen(function* () {
      const ref = yield* write(Word, words(40_000))
      const reader = yield* Artifact.openTable(Word, ref, "test")
      expect(yield* write(Word, reader)).toEqual(ref)
      const [, ...later] = reader.chunks
      const some = yield* write(Word, reader.only(later))
      expect((yield* Artifact.openTable(Word, some, "test")).chunks).toEqual(later)
      const wider = yield* write(
        Table.extend(Word, { more: Table.bool }),
        [...words(40_000)].map((word) => Object.assign({}, word, { more: true })),
      )
      const narrowed = yield* Artifact.openTable(Word, wider, "test")
      expect(yield* write(Word, narrowed)).toEqual(ref)
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("pins the fingerprint of a small table", () =>
    Effect.gen(function* () {
      const ref = yield* write(Word, words(3))
      expect(ref).toEqual({
        kind: "table",
        fingerprint: "11a641b26f17ecb54a273b60c389c0dc9359a08ddd5d61ef0c28b51adae82076",
        manifestBytes: 236,
        sizeBytes: 692,
        rowCount: 3,
      })
      const store = yield* ArtifactStore
      expect(Buffer.from(yield* store.read(ref.fingerprint)).toString()).toBe(
        '{"chunks":[{"digest":"a895247343a1f9c670fb0c64d702057e8353fb01feb3254794da891d98965a5d","rowCount":3,' +
          '"sizeBytes":456}],"columns":[{"name":"id","type":{"kind":"int32"}},' +
          '{"name":"text","type":{"kind":"utf8"}}],"kind":"table","rowCount":3}',
      )
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("stores a table without rows, which keeps its columns", () =>
    Effect.gen(function* () {
      const ref = yield* write(Word, [])
      expect(ref.rowCount).toBe(0)
      const reader = yield* Artifact.openTable(undefined, ref, "test")
      expect(reader.table.type).toEqual(Word.type)
      expect(yield* reader.all).toEqual([])
      expect(yield* Stream.runCount(reader.arrow)).toBe(0)
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("joins chunks that were written by several calls", () =>
    Effect.gen(function* () {
      const parts = yield* Effect.forEach([0, 5000, 10_000], (start) => writeChunks(Word, words(5000, start)))
      const ref = yield* commit(Word, parts.flat())
      expect(yield* readAll(ref)).toEqual([...words(15_000)])
      const again = yield* writeChunks(Word, words(5000, 5000))
      expect(again).toEqual(parts[1])
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("holds a few chunks and no more, however long the table", () =>
    Effect.gen(function* () {
      let pulled = 0
      let stored = 0
      let most = 0
      const counted = (function* () {
        for (const word of words(300_000)) {
          pulled++
          yield word
        }
      })()
      const memory = yield* ArtifactStore
      const counting: typeof memory = {
        ...memory,
        putBytes: (bytes) => {
          most = Math.max(most, pulled - stored)
          return Effect.map(memory.putBytes(bytes), (blob) => {
            stored += [...RecordBatchReader.from(bytes)].reduce((sum, batch) => sum + batch.numRows, 0)
            return blob
          })
        },
      }
      yield* Effect.provideService(writeChunks(Word, counted), ArtifactStore, counting)
      expect(pulled).toBe(300_000)
      expect(most).toBeLessThan(60_000)
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("names the bad row by its number in the whole, stores no table and closes the source", () =>
    Effect.gen(function* () {
      let closed = 0
      const bad = function* () {
        try {
          yield* words(30_000)
          yield { id: 1.5, text: "bad" }
          yield* words(10)
        } finally {
          closed++
        }
      }
      const badLater = async function* () {
        yield* bad()
      }
      for (const rows of [bad(), badLater()]) {
        const error = (yield* Effect.flip(write(Word, rows))) as Errors.RowInvalid
        expect(error).toMatchObject({ _tag: "RowInvalid", table: "Word", row: 30_001 })
      }
      expect(closed).toBe(2)
      const error = (yield* Effect.flip(
        writeChunks(Word, [{ id: 1 }] as never, { firstRow: 7 }),
      )) as Errors.RowInvalid
      expect(error.row).toBe(7)
      const store = yield* ArtifactStore
      const blobs = yield* Effect.forEach(yield* store.list, (blob) => store.read(blob.digest))
      expect(blobs.filter((bytes) => bytes[0] === "{".charCodeAt(0))).toEqual([])
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("passes on what the rows' source fails with", () =>
    Effect.gen(function* () {
      const failure = new Error("the source broke")
      const broken = function* (): Generator<Word> {
        yield* words(10)
        throw failure
      }
      const brokenLater = async function* (): AsyncGenerator<Word> {
        yield* broken()
      }
      const stream = Stream.concat(Stream.fromIterable(words(10)), Stream.fail(failure))
      for (const rows of [broken(), brokenLater(), stream]) {
        expect(yield* Effect.flip(write(Word, rows))).toBe(failure)
      }
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("says what rows must be", () =>
    Effect.gen(function* () {
      const error = (yield* Effect.flip(write(Word, { rows: [] } as never))) as Errors.OutputInvalid
      expect(error.message).toBe(
        [
          "What the step returned is not the rows of table Word.",
          "  Problems:  neither an iterable, an async iterable nor a Stream of rows",
          "Return what the step's definition declares, or change the declaration.",
        ].join("\n"),
      )
    }).pipe(Effect.provide(layerMemory)),
  )
})
