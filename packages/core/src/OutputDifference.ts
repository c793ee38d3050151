/**
 * Whether two outputs of one step are the same, and where they first differ.
 *
 * Equal fingerprints are equal outputs. Where they differ, numbers of tables and values count as equal within the
 * step's declared tolerance; files are compared byte for byte.
 */
import * as Effect from "effect/Effect"
import * as Artifact from "./Artifact.ts"
import type { ArtifactStore } from "./ArtifactStore.ts"
import * as Canonical from "./Canonical.ts"
import type * as Errors from "./Errors.ts"
import type * as Step from "./Step.ts"
import type * as Table from "./Table.ts"

export type Outputs = Readonly<Record<string, Artifact.ArtifactRef>>

/** What was found of two answers. `within`: not the same bytes, but the same within the tolerance. */
export interface Verdict {
  readonly result: "same" | "within" | "differs"
  /** The first differences, one a line: `word in row 1: "A" -> "B"`. */
  readonly differences: ReadonlyArray<string>
}

type Compared<A> = Effect.Effect<A, Errors.StoreError | Errors.SchemaMismatch, ArtifactStore>

const shownDifferences = 3

export const compare = Effect.fnUntraced(function* (
  before: Outputs,
  after: Outputs,
  tolerance: Step.Tolerance | undefined,
): Effect.fn.Return<Verdict, Errors.StoreError | Errors.SchemaMismatch, ArtifactStore> {
  const differences: Array<string> = []
  let isSame = true
  for (const name of Object.keys(before)) {
    const [old, now] = [before[name]!, after[name]!]
    if (old.fingerprint === now.fingerprint) continue
    isSame = false
    const prefix = name === "output" ? "" : `${name}: `
    const found = yield* differencesOf(old, now, tolerance)
    differences.push(...found.map((line) => `${prefix}${line}`))
  }
  if (isSame) return { result: "same", differences: [] }
  return { result: differences.length === 0 ? "within" : "differs", differences }
})

const differencesOf = (
  before: Artifact.ArtifactRef,
  after: Artifact.ArtifactRef,
  tolerance: Step.Tolerance | undefined,
): Compared<ReadonlyArray<string>> => {
  switch (before.kind) {
    case "table":
      return tables(before, after, tolerance)
    case "files":
      return files(before, after)
    case "value":
      return values(before, after, tolerance)
  }
}

const tables = (
  before: Artifact.ArtifactRef,
  after: Artifact.ArtifactRef,
  tolerance: Step.Tolerance | undefined,
): Compared<ReadonlyArray<string>> =>
  Effect.gen(function* () {
    const old = yield* Artifact.openTable(undefined, before, "the stored result")
    const now = yield* Artifact.openTable(undefined, after, "the new result")
    const lines: Array<string> = []
    let differing = 0
    const columns = old.table.type.columns.map(({ name }) => name)
    let skipped = 0
    let row = 0
    while (old.chunks[skipped] !== undefined && old.chunks[skipped]!.digest === now.chunks[skipped]?.digest)
      row += old.chunks[skipped++]!.rowCount
    const left = rowsFrom(old, skipped)
    const right = rowsFrom(now, skipped)
    for (;;) {
      const one = yield* left()
      const other = yield* right()
      if (one === undefined || other === undefined) break
      row += 1
      let differs = false
      for (const column of columns) {
        if (isEqual(one[column], other[column], tolerance)) continue
        differs = true
        if (lines.length < shownDifferences)
          lines.push(`${column} in row ${row}: ${show(one[column])} -> ${show(other[column])}`)
      }
      if (differs) differing += 1
    }
    if (old.rowCount !== now.rowCount) lines.push(`${old.rowCount} -> ${now.rowCount} rows`)
    if (differing > 1) lines.push(`${differing} rows differ`)
    return lines
  })

/** The rows of the chunks from `first` on, one at a time: a chunk is read when its first row is asked for. */
const rowsFrom = (
  reader: Table.Reader<Table.Any>,
  first: number,
): (() => Compared<Readonly<Record<string, unknown>> | undefined>) => {
  let chunk = first
  let rows: ReadonlyArray<Readonly<Record<string, unknown>>> = []
  let at = 0
  return () =>
    Effect.gen(function* () {
      while (at === rows.length) {
        const next = reader.chunks[chunk++]
        if (next === undefined) return undefined
        rows = yield* reader.only([next]).all
        at = 0
      }
      return rows[at++]
    })
}

const files = Effect.fnUntraced(function* (before: Artifact.ArtifactRef, after: Artifact.ArtifactRef) {
  const old = new Map(
    (yield* Artifact.readManifest("files", before.fingerprint)).files.map((file) => [file.name, file]),
  )
  const now = new Map(
    (yield* Artifact.readManifest("files", after.fingerprint)).files.map((file) => [file.name, file]),
  )
  const lines: Array<string> = []
  for (const [name, file] of now) {
    const earlier = old.get(name)
    if (earlier === undefined) lines.push(`${name} is new`)
    else if (earlier.digest !== file.digest)
      lines.push(`${name}: ${earlier.digest.slice(0, 8)} -> ${file.digest.slice(0, 8)}`)
  }
  for (const name of old.keys()) if (!now.has(name)) lines.push(`${name} is gone`)
  return lines
})

const values = Effect.fnUntraced(function* (
  before: Artifact.ArtifactRef,
  after: Artifact.ArtifactRef,
  tolerance: Step.Tolerance | undefined,
) {
  const old = (yield* Artifact.readManifest("value", before.fingerprint)).value
  const now = (yield* Artifact.readManifest("value", after.fingerprint)).value
  const lines: Array<string> = []
  for (const [path, one, other] of leaves("", old, now)) {
    if (!isEqual(one, other, tolerance))
      lines.push(`${path === "" ? "value" : path}: ${show(one)} -> ${show(other)}`)
  }
  return lines.length <= shownDifferences
    ? lines
    : [...lines.slice(0, shownDifferences), `${lines.length} places differ`]
})

/** Places in two values where they may differ: what both hold as records and lists is gone into. */
export function* leaves(
  path: string,
  one: unknown,
  other: unknown,
): Generator<readonly [path: string, one: unknown, other: unknown]> {
  const isOpen = (value: unknown): value is Readonly<Record<string, unknown>> =>
    typeof value === "object" && value !== null && !ArrayBuffer.isView(value)
  if (!isOpen(one) || !isOpen(other) || Array.isArray(one) !== Array.isArray(other)) {
    yield [path, one, other]
    return
  }
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const place = Array.isArray(one) ? `${path}[${name}]` : path === "" ? name : `${path}.${name}`
    yield* leaves(place, one[name], other[name])
  }
}

const isEqual = (one: unknown, other: unknown, tolerance: Step.Tolerance | undefined): boolean => {
  if (Object.is(one, other)) return true
  if (typeof one === "number" && typeof other === "number") return isNear(one, other, tolerance)
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false
  if (tolerance === undefined) return Canonical.encode(one) === Canonical.encode(other)
  const [a, b] = [plain(one), plain(other)]
  for (const [, x, y] of leaves("", a, b)) {
    if (Object.is(x, y)) continue
    if (!(typeof x === "number" && typeof y === "number" && isNear(x, y, tolerance))) return false
  }
  return true
}

/** Typed arrays of floats as lists, so that their numbers can be compared one by one. */
const plain = (value: object): object =>
  value instanceof Float32Array || value instanceof Float64Array ? Array.from(value) : value

const isNear = (one: number, other: number, tolerance: Step.Tolerance | undefined): boolean => {
  if (tolerance === undefined) return false
  const distance = Math.abs(one - other)
  return (
    distance <= (tolerance.absolute ?? 0) ||
    distance <= (tolerance.relative ?? 0) * Math.max(Math.abs(one), Math.abs(other))
  )
}

const longest = 60

const show = (value: unknown): string => {
  const text = value === undefined ? "(none)" : Canonical.encode(value)
  return text.length <= longest ? text : `${text.slice(0, longest)}…`
}
