import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Artifact from "../../src/Artifact.ts"
import { ArtifactStore, layerMemory } from "../../src/ArtifactStore.ts"
import * as Table from "../../src/Table.ts"
import { write } from "../../src/table/writer.ts"
import { Everything, everythingRows } from "../fixtures/everything.ts"

class Word extends Table.make({ id: Table.int32, text: Table.utf8, label: Table.dictionary(["a", "b"]) }) {}

const words = (count: number): Array<Word> =>
  Array.from({ length: count }, (_, id) => ({ id, text: `word ${id}`, label: id % 3 === 0 ? "a" : "b" }))

describe("a table's reader", () => {
  it.effect("gives every row of every type", () =>
    Effect.gen(function* () {
      const rows = everythingRows(1000, "reader")
      const reader = yield* Artifact.openTable(Everything, yield* write(Everything, rows), "test")
      expect(yield* reader.all).toEqual(rows)
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("gives batches of rows, and Arrow batches, a chunk each", () =>
    Effect.gen(function* () {
      const rows = words(20_000)
      const ref = yield* write(Word, rows)
      const reader = yield* Artifact.openTable(Word, ref, "test")
      expect(reader).toMatchObject({ rowCount: 20_000, fingerprint: ref.fingerprint, table: Word })
      const sizes = reader.chunks.map((chunk) => chunk.rowCount)
      expect(sizes.length).toBeGreaterThan(2)
      const batches = yield* Stream.runCollect(reader.batches)
      expect(batches.map((batch) => batch.length)).toEqual(sizes)
      expect(batches.flat()).toEqual(rows)
      const arrow = yield* Stream.runCollect(reader.arrow)
      expect(arrow.map((batch) => batch.numRows)).toEqual(sizes)
      expect(arrow[0]?.getChild("text")?.get(5)).toBe("word 5")
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("reads some of the chunks, as a row-wise step does", () =>
    Effect.gen(function* () {
      const rows = words(20_000)
      const reader = yield* Artifact.openTable(Word, yield* write(Word, rows), "test")
      const parts = reader.chunks.map((chunk) => reader.only([chunk]))
      expect(parts.map((part) => part.rowCount)).toEqual(reader.chunks.map((chunk) => chunk.rowCount))
      expect((yield* Effect.forEach(parts, (part) => part.all)).flat()).toEqual(rows)
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("gives only the columns that were asked for, in the order asked for", () =>
    Effect.gen(function* () {
      const Asked = Table.make({ label: Table.dictionary(), id: Table.nullable(Table.int32) })
      const reader = yield* Artifact.openTable(Asked, yield* write(Word, words(2)), "test")
      const rows = yield* reader.all
      expect(rows).toEqual([
        { label: "a", id: 0 },
        { label: "b", id: 1 },
      ])
      expect(Object.keys(rows[0]!)).toEqual(["label", "id"])
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("refuses a table without the columns asked for, naming all of them", () =>
    Effect.gen(function* () {
      const Asked = Table.make({ id: Table.utf8, score: Table.float64 })
      const ref = yield* write(Word, words(2))
      const error = yield* Effect.flip(Artifact.openTable(Asked, ref, "clean.rows"))
      expect(error.message).toBe(
        [
          "The table handed to clean.rows does not have the columns declared there.",
          "  Columns:  column 'id' is Int32 but Utf8 is required",
          "            column 'score' (Float64) is missing",
          "Declare the columns that the producer writes, or change the producer's table.",
        ].join("\n"),
      )
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("says which chunk is missing", () =>
    Effect.gen(function* () {
      const store = yield* ArtifactStore
      const reader = yield* Artifact.openTable(Word, yield* write(Word, words(9000)), "test")
      const chunk = reader.chunks[1]!
      yield* store.remove(chunk.digest)
      expect(yield* Effect.flip(reader.all)).toMatchObject({ kind: "missing", place: chunk.digest })
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("does not take other bytes for a chunk or a manifest", () =>
    Effect.gen(function* () {
      const store = yield* ArtifactStore
      const ref = yield* write(Word, words(10))
      const reader = yield* Artifact.openTable(Word, ref, "test")
      const chunk = { ...(yield* store.putBytes(Buffer.from("no Arrow"))), rowCount: 10 }
      expect(yield* Effect.flip(reader.only([chunk]).all)).toMatchObject({
        _tag: "StoreError",
        kind: "damaged",
      })
      const short = { ...reader.chunks[0]!, rowCount: 11 }
      expect((yield* Effect.flip(reader.only([short]).all)).reason).toBe(
        "it is no table chunk of 11 rows: it holds 10 rows",
      )
      const files = yield* Artifact.write(Artifact.files("f"), { a: "{}" })
      const wrong = { ...ref, fingerprint: files.fingerprint }
      expect(yield* Effect.flip(Artifact.openTable(Word, wrong, "test"))).toMatchObject({ kind: "damaged" })
    }).pipe(Effect.provide(layerMemory)),
  )
})
