/**
 * What changed between two tables, by rows.
 *
 * Chunks are cut by the rows alone, so chunks with equal digests hold equal rows and are not read. Of the rest, rows
 * that stand in both tables are set aside; a row that is left over on both sides counts as changed where an `id`
 * column says that it is the same row, or, without one, where it stands between the same neighbours and has a column
 * in common.
 */
import * as Effect from "effect/Effect"
import * as Artifact from "./Artifact.ts"
import type { ArtifactStore } from "./ArtifactStore.ts"
import * as Canonical from "./Canonical.ts"
import type * as Errors from "./Errors.ts"
import type * as Table from "./Table.ts"

type Row = Readonly<Record<string, unknown>>

export interface Example {
  readonly kind: "added" | "removed" | "changed"
  /** From 1; in the earlier table for a removed row, else in the later one. */
  readonly row: number
  /** The columns that differ, or all of them; `before` and `after` as far as there are both. */
  readonly columns: ReadonlyArray<{
    readonly name: string
    readonly before?: unknown
    readonly after?: unknown
  }>
  /** Of a changed row: a column that is the same, to know the row by. */
  readonly by: { readonly name: string; readonly value: unknown } | undefined
}

export interface RowChanges {
  readonly rowsBefore: number
  readonly rowsAfter: number
  readonly added: number
  readonly removed: number
  readonly changed: number
  /** Columns that only one of the tables has; rows are compared by the others. */
  readonly columnsAdded: ReadonlyArray<string>
  readonly columnsRemoved: ReadonlyArray<string>
  readonly examples: ReadonlyArray<Example>
}

const shownExamples = 3

/** Compares the tables with these fingerprints. */
export const between = Effect.fnUntraced(function* (
  before: string,
  after: string,
): Effect.fn.Return<RowChanges, Errors.StoreError | Errors.SchemaMismatch, ArtifactStore> {
  const old = yield* Artifact.openTable(undefined, refOf(before), "the earlier table")
  const now = yield* Artifact.openTable(undefined, refOf(after), "the later table")
  const oldTypes = new Map(old.table.type.columns.map(({ name, type }) => [name, Canonical.encode(type)]))
  const nowTypes = new Map(now.table.type.columns.map(({ name, type }) => [name, Canonical.encode(type)]))
  const columns = [...nowTypes.keys()].filter((name) => oldTypes.get(name) === nowTypes.get(name))
  const sameColumns = columns.length === oldTypes.size && columns.length === nowTypes.size
  const oldRows = yield* rowsOf(old, sameColumns ? unshared(old, now) : old.chunks)
  const nowRows = yield* rowsOf(now, sameColumns ? unshared(now, old) : now.chunks)
  const { removed, added, changed } = pair(
    leftOver(oldRows, nowRows, columns),
    leftOver(nowRows, oldRows, columns),
    columns,
  )
  const whole = (row: Row, side: "before" | "after"): Example["columns"] =>
    columns.map((name) => ({ name, [side]: row[name] }))
  const examples: ReadonlyArray<Example> = [
    ...changed.map(([one, other]): Example => {
      const differing = columns.filter((name) => encoded(one.row[name]) !== encoded(other.row[name]))
      const same = columns.find((name) => !differing.includes(name))
      return {
        kind: "changed",
        row: other.at,
        columns: differing.map((name) => ({ name, before: one.row[name], after: other.row[name] })),
        by: same === undefined ? undefined : { name: same, value: other.row[same] },
      }
    }),
    ...added.map(({ row, at }): Example => ({
      kind: "added",
      row: at,
      columns: whole(row, "after"),
      by: undefined,
    })),
    ...removed.map(({ row, at }): Example => ({
      kind: "removed",
      row: at,
      columns: whole(row, "before"),
      by: undefined,
    })),
  ]
  return {
    rowsBefore: old.rowCount,
    rowsAfter: now.rowCount,
    added: added.length,
    removed: removed.length,
    changed: changed.length,
    columnsAdded: [...nowTypes.keys()].filter((name) => !columns.includes(name)),
    columnsRemoved: [...oldTypes.keys()].filter((name) => !columns.includes(name)),
    examples: oneOfEach(examples),
  }
})

/** At most three, of as many kinds as there are. */
const oneOfEach = (examples: ReadonlyArray<Example>): ReadonlyArray<Example> => {
  const kinds = ["changed", "added", "removed"] as const
  const lists = kinds.map((kind) => examples.filter((example) => example.kind === kind))
  const taken = lists.map(() => 0)
  let total = 0
  for (let round = 0; round < shownExamples; round++) {
    for (const [at, list] of lists.entries()) {
      if (total === shownExamples || list.length <= round) continue
      taken[at]! += 1
      total += 1
    }
  }
  return lists.flatMap((list, at) => list.slice(0, taken[at]))
}

/** A reference for reading alone: sizes are not needed to open a table. */
const refOf = (fingerprint: string): Artifact.ArtifactRef => ({
  kind: "table",
  fingerprint,
  manifestBytes: 0,
  sizeBytes: 0,
})

/** The chunks that the other table lacks; `undefined` in the place of one that it has. */
const unshared = (
  one: Table.Reader<Table.Any>,
  other: Table.Reader<Table.Any>,
): ReadonlyArray<Table.Chunk | Skipped> => {
  const counts = new Map<string, number>()
  for (const { digest } of other.chunks) counts.set(digest, (counts.get(digest) ?? 0) + 1)
  return one.chunks.map((chunk) => {
    const left = counts.get(chunk.digest) ?? 0
    if (left === 0) return chunk
    counts.set(chunk.digest, left - 1)
    return { skipped: chunk.rowCount, digest: chunk.digest }
  })
}

interface Skipped {
  readonly skipped: number
  readonly digest: string
}

interface Placed {
  readonly row: Row
  /** From 1. */
  readonly at: number
  /** The last shared chunk before it: what stands after another one is no neighbour. */
  readonly after: string
}

const rowsOf = Effect.fnUntraced(function* (
  reader: Table.Reader<Table.Any>,
  chunks: ReadonlyArray<Table.Chunk | Skipped>,
) {
  const rows: Array<Placed> = []
  let at = 0
  let after = ""
  for (const chunk of chunks) {
    if ("skipped" in chunk) {
      at += chunk.skipped
      after = chunk.digest
      continue
    }
    for (const row of (yield* reader.only([chunk]).all) as ReadonlyArray<Row>)
      rows.push({ row, at: ++at, after })
  }
  return rows
})

const encoded = (value: unknown): string => Canonical.encode(value)

const textOf = (row: Row, columns: ReadonlyArray<string>): string =>
  columns.map((name) => encoded(row[name])).join("\n")

interface Left extends Placed {
  /** Which gap between rows of both tables it stands in. */
  readonly gap: string
}

/** The rows of the one that the other does not have as often. */
const leftOver = (
  one: ReadonlyArray<Placed>,
  other: ReadonlyArray<Placed>,
  columns: ReadonlyArray<string>,
): ReadonlyArray<Left> => {
  const counts = new Map<string, number>()
  for (const { row } of other) {
    const text = textOf(row, columns)
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  const left: Array<Left> = []
  let before = ""
  let chunk = ""
  for (const placed of one) {
    if (placed.after !== chunk) {
      chunk = placed.after
      before = ""
    }
    const text = textOf(placed.row, columns)
    const count = counts.get(text) ?? 0
    if (count > 0) {
      counts.set(text, count - 1)
      before = text
    } else left.push({ ...placed, gap: `${chunk}\n${before}` })
  }
  return left
}

/** Rows of the two sides that are one row with another content, and those that are not. */
const pair = (
  removed: ReadonlyArray<Left>,
  added: ReadonlyArray<Left>,
  columns: ReadonlyArray<string>,
): {
  readonly removed: ReadonlyArray<Left>
  readonly added: ReadonlyArray<Left>
  readonly changed: ReadonlyArray<readonly [Left, Left]>
} => {
  const identify = columns.includes("id") && isUnique(removed) && isUnique(added)
  const groupOf = (left: Left): string => (identify ? encoded(left.row["id"]) : left.gap)
  const waiting = new Map<string, Array<Left>>()
  for (const left of removed) {
    const group = groupOf(left)
    const list = waiting.get(group)
    if (list === undefined) waiting.set(group, [left])
    else list.push(left)
  }
  const changed: Array<readonly [Left, Left]> = []
  const fresh: Array<Left> = []
  for (const left of added) {
    const list = waiting.get(groupOf(left)) ?? []
    const near = list.slice(0, lookedAt)
    const found = near.findIndex((one) => identify || isAlike(one.row, left.row, columns))
    if (found < 0) fresh.push(left)
    else changed.push([list.splice(found, 1)[0]!, left])
  }
  const gone = new Set(changed.map(([one]) => one))
  return { removed: removed.filter((one) => !gone.has(one)), added: fresh, changed }
}

/** How many candidates in a gap are compared: a table that is new all over has very long ones. */
const lookedAt = 50

const isUnique = (rows: ReadonlyArray<Left>): boolean =>
  new Set(rows.map(({ row }) => encoded(row["id"]))).size === rows.length

const isAlike = (one: Row, other: Row, columns: ReadonlyArray<string>): boolean =>
  columns.length === 1 || columns.some((name) => encoded(one[name]) === encoded(other[name]))
