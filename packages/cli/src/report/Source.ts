/**
 * A run's stored results as a report reads them: the comparison's steps, and everything that they were made from.
 */
import { ActionCache, Artifact, RunLog } from "@sluice/core"
import type { Errors, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Show from "../show/artifact.ts"
import type * as Store from "../Store.ts"

export type Row = Readonly<Record<string, unknown>>

/** A step of the run with what is stored of it. */
export interface Made extends ActionCache.Stored {
  /** The step's name in this run, which may not be that under which the result was first made. */
  readonly step: string
}

/** A comparison of a run. */
export interface Compared {
  readonly run: Store.RunHead
  /** Under which its steps stand: `evaluate`. */
  readonly name: string
  readonly report: Made
  /** The report's step and all that it was made from, in the run's order. */
  readonly made: ReadonlyArray<Made>
  /** The maker of an input of a step; `undefined` for files and for what is no longer stored. */
  readonly maker: (of: Made, input: string) => Made | undefined
}

/** The last word of the step that writes a comparison's report. */
const lastWord = "report"

/** Names of steps that may be a comparison's report. Costs nothing: no store is read. */
export const candidates = (steps: Iterable<{ readonly name: string }>): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const { name } of steps) if (name.endsWith(`/${lastWord}`)) found.push(name)
  return found
}

/** The comparisons of a run whose reports are stored. */
export const comparisons = Effect.fnUntraced(function* (run: Store.RunHead) {
  const log = yield* RunLog.RunLog
  const cache = yield* ActionCache.ActionCache
  const steps = log.steps(run.id)
  const keys = new Map(steps.map(({ key, name }) => [name, key]))
  const known = new Map<string, Made | undefined>()
  const madeBy = (step: string): Made | undefined => {
    if (known.has(step)) return known.get(step)
    const key = keys.get(step)
    const stored = key === undefined ? undefined : cache.stored(key)
    const made = stored === undefined ? undefined : { ...stored, step }
    known.set(step, made)
    return made
  }
  const maker = (of: Made, input: string): Made | undefined => {
    const step = of.wiring[input]
    return step === undefined ? undefined : madeBy(step)
  }
  return candidates(steps).flatMap((step): ReadonlyArray<Compared> => {
    const report = madeBy(step)
    if (report?.record.step !== "compareArms") return []
    const needed = new Set<string>()
    const follow = (made: Made): void => {
      if (needed.has(made.step)) return
      needed.add(made.step)
      for (const name of Object.values(made.wiring)) {
        const before = madeBy(name)
        if (before !== undefined) follow(before)
      }
    }
    follow(report)
    const made = steps.filter(({ name }) => needed.has(name)).map(({ name }) => madeBy(name)!)
    return [{ run, name: step.slice(0, -lastWord.length - 1), report, made, maker }]
  })
})

/** An output's name by its fingerprint. */
export const outputOf = (made: Made, fingerprint: unknown): string | undefined =>
  Object.entries(made.outputs).find(([, ref]) => ref.fingerprint === fingerprint)?.[0]

/** A table output with columns of these names, if the step has one. */
export const tableWith = Effect.fnUntraced(function* (made: Made, columns: ReadonlyArray<string>) {
  for (const [output, ref] of Object.entries(made.outputs)) {
    if (ref.kind !== "table") continue
    const reader = yield* Artifact.openTable(undefined, ref, `${made.step}.${output}`)
    const names = reader.table.type.columns.map(({ name }) => name)
    if (columns.every((column) => names.includes(column))) return reader
  }
  return undefined
})

/** Every row of a table, a chunk at a time. */
export const eachRow = (
  reader: Table.Reader<Table.Any>,
  use: (row: Row) => void,
): Effect.Effect<void, Errors.StoreError> =>
  Stream.runForEach(reader.batches, (rows) =>
    Effect.sync(() => (rows as ReadonlyArray<Row>).forEach((row) => use(row))),
  )

/** A file of an output that is a set of files; `undefined` where it has none of this name. */
export const file = Effect.fnUntraced(function* (ref: Artifact.ArtifactRef, name: string) {
  const files = yield* Show.openFiles(ref)
  return files.names.includes(name) ? Buffer.from(yield* files.bytes(name)).toString() : undefined
})
