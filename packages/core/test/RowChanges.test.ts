import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { Artifact, ArtifactStore, Random, Table } from "../src/index.ts"
import * as RowChanges from "../src/RowChanges.ts"

class Word extends Table.make({ word: Table.utf8, length: Table.int32 }) {}
class Named extends Table.make({ id: Table.utf8, text: Table.utf8, n: Table.int32 }) {}
class Longer extends Table.make({ id: Table.utf8, text: Table.utf8, more: Table.utf8 }) {}

const between = (
  before: readonly [Table.Any, ReadonlyArray<object>],
  after: readonly [Table.Any, ReadonlyArray<object>],
) =>
  Effect.gen(function* () {
    const [old, now] = [
      yield* Artifact.write(before[0], before[1]),
      yield* Artifact.write(after[0], after[1]),
    ]
    return yield* RowChanges.between(old.fingerprint, now.fingerprint)
  }).pipe(Effect.provide(ArtifactStore.layerMemory), Effect.runPromise)

const words = (...given: ReadonlyArray<string>) => given.map((word) => ({ word, length: word.length }))

describe("changes of rows", () => {
  it("tells added, removed and changed rows apart, with an example of each", async () => {
    const before = words("one", "two", "three", "four")
    const after = [{ word: "one", length: 3 }, { word: "two", length: 5 }, ...words("four", "five")]
    expect(await between([Word, before], [Word, after])).toEqual({
      rowsBefore: 4,
      rowsAfter: 4,
      added: 1,
      removed: 1,
      changed: 1,
      columnsAdded: [],
      columnsRemoved: [],
      examples: [
        {
          kind: "changed",
          row: 2,
          columns: [{ name: "length", before: 3, after: 5 }],
          by: { name: "word", value: "two" },
        },
        {
          kind: "added",
          row: 4,
          columns: [
            { name: "word", after: "five" },
            { name: "length", after: 4 },
          ],
          by: undefined,
        },
        {
          kind: "removed",
          row: 3,
          columns: [
            { name: "word", before: "three" },
            { name: "length", before: 5 },
          ],
          by: undefined,
        },
      ],
    })
  })

  it("pairs rows by their ids, wherever they stand", async () => {
    const row = (id: string, text: string) => ({ id, text, n: 1 })
    const found = await between(
      [Named, [row("a", "x"), row("b", "y"), row("c", "z")]],
      [Named, [row("c", "z"), row("b", "other"), row("a", "x")]],
    )
    expect(found).toMatchObject({ added: 0, removed: 0, changed: 1 })
    expect(found.examples).toEqual([
      {
        kind: "changed",
        row: 2,
        columns: [{ name: "text", before: "y", after: "other" }],
        by: { name: "id", value: "b" },
      },
    ])
  })

  it("compares by the columns of both, and names those of one", async () => {
    expect(
      await between([Named, [{ id: "a", text: "x", n: 1 }]], [Longer, [{ id: "a", text: "x", more: "m" }]]),
    ).toMatchObject({ added: 0, removed: 0, changed: 0, columnsAdded: ["more"], columnsRemoved: ["n"] })
  })

  it("counts what was edited in a large table, in which most chunks are not read", async () => {
    const random = Random.make("rows")
    const before = Array.from({ length: 30_000 }, (_, at) => ({
      word: `word ${at}`,
      length: random.integer(100),
    }))
    const after = before.map((row) => ({ ...row }))
    after[200]!.length += 1000
    after.splice(15_000, 2)
    after.push({ word: "last", length: 4 })
    const found = await between([Word, before], [Word, after])
    expect(found).toMatchObject({ rowsBefore: 30_000, rowsAfter: 29_999, added: 1, removed: 2, changed: 1 })
    expect(found.examples.map(({ kind, row }) => [kind, row])).toEqual([
      ["changed", 201],
      ["added", 29_999],
      ["removed", 15_001],
    ])
  })
})
