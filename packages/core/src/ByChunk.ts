/**
 * Runs a row-wise step: chunks of its input that are remembered are taken as they are, `run` is called for the others.
 *
 * Each input chunk's rows are cut into output chunks by themselves, so remembered and new ones join to the bytes that a
 * full run writes.
 */
import * as Effect from "effect/Effect"
import type { ArtifactRef } from "./Artifact.ts"
import type { ArtifactStore } from "./ArtifactStore.ts"
import * as Canonical from "./Canonical.ts"
import type { ChunkResult } from "./ChunkMemory.ts"
import type { Job } from "./Execution.ts"
import * as StepCall from "./StepCall.ts"
import type * as Table from "./Table.ts"
import * as Tally from "./Tally.ts"

/** The reader of the input by whose chunks the step runs: declared, a table, and nothing but tables written. */
export const inputOf = (
  job: Job,
  inputs: Readonly<Record<string, unknown>>,
): Table.Reader<Table.Any> | undefined => {
  const input = job.facts.rowWise?.input
  if (input === undefined || inputs[input] === undefined) return undefined
  const tables = Object.values(job.outputs).every((output) => output.kind === "table")
  return tables ? (inputs[input] as Table.Reader<Table.Any>) : undefined
}

/** The outputs, and what the step tallied of all chunks. */
export const run = Effect.fnUntraced(function* (
  setting: StepCall.Setting,
  inputs: Readonly<Record<string, unknown>>,
  reader: Table.Reader<Table.Any>,
) {
  const { hooks, job } = setting
  const { commit } = yield* Effect.promise(() => import("./table/writer.ts"))
  // Chunks of equal bytes may belong to tables whose columns are declared differently.
  const type = Canonical.digest("columns", reader.table.type).slice(0, 16)
  const known = new Map<string, ChunkResult>()
  const missing = new Map<string, Table.Chunk>()
  for (const chunk of reader.chunks) {
    if (known.has(chunk.digest)) continue
    const found = yield* hooks.chunks.get(`${chunk.digest} ${type}`)
    if (found !== undefined && Tally.fit(job, found.tallies)) known.set(chunk.digest, found)
    else missing.set(chunk.digest, chunk)
  }
  const total = [...missing.values()].reduce((sum, chunk) => sum + chunk.rowCount, 0)
  setting.shared.expect(total)
  if (total < reader.rowCount && total > 0) {
    const count = (reader.rowCount - total).toLocaleString("en-US")
    hooks.note(`${count} of ${reader.rowCount.toLocaleString("en-US")} rows are remembered`)
  }

  const results: Array<ChunkResult> = []
  let doneRows = 0
  let firstRow = 1
  for (const chunk of reader.chunks) {
    let result = known.get(chunk.digest)
    if (result === undefined) {
      result = yield* runChunk(setting, inputs, reader.only([chunk]), { doneRows, firstRow, total })
      known.set(chunk.digest, result)
      yield* hooks.chunks.put(`${chunk.digest} ${type}`, result)
      doneRows += chunk.rowCount
      if (missing.size > 1) hooks.progress({ done: doneRows, total, unit: "row" })
    }
    result.warnings.forEach(hooks.warn)
    results.push(result)
    firstRow += chunk.rowCount
  }

  const outputs: Record<string, ArtifactRef> = {}
  for (const name in job.outputs) {
    const chunks = results.flatMap((result) => result.outputs[name]!)
    outputs[name] = yield* commit(job.outputs[name] as Table.Any, chunks)
  }
  return { outputs, tallies: results.flatMap(({ tallies }) => tallies) }
})

interface Place {
  /** Rows that this execution has gone through. */
  readonly doneRows: number
  /** The chunk's first row in the whole table, from 1: for messages. */
  readonly firstRow: number
  /** Rows that this execution goes through. */
  readonly total: number
}

const runChunk = (
  setting: StepCall.Setting,
  inputs: Readonly<Record<string, unknown>>,
  chunk: Table.Reader<Table.Any>,
  { doneRows, firstRow, total }: Place,
): Effect.Effect<ChunkResult, unknown, ArtifactStore> =>
  Effect.gen(function* () {
    const { hooks, job } = setting
    const { writeChunks } = yield* Effect.promise(() => import("./table/writer.ts"))
    const tallies: Array<unknown> = []
    const warnings: Array<string> = []
    const call: StepCall.Call = {
      inputs: { ...inputs, [job.facts.rowWise!.input]: chunk },
      progress: (progress) => hooks.progress({ ...progress, done: doneRows + progress.done, total }),
      warn: (message) => warnings.push(message),
      summarize: () => {},
      tally: (value) => tallies.push(Tally.encode(job, value)),
    }
    return yield* Effect.gen(function* () {
      const values = yield* Effect.flatMap(StepCall.run(setting, call), (returned) =>
        StepCall.outputsOf(job, returned),
      )
      const outputs: Record<string, ReadonlyArray<Table.Chunk>> = {}
      for (const name in job.outputs) {
        const table = job.outputs[name] as Table.Any
        outputs[name] = yield* writeChunks(table, values[name] as Table.Rows<Table.Any>, { firstRow })
      }
      return { outputs, tallies, warnings }
      // What a chunk said is passed on at its turn; if it fails, at once.
    }).pipe(Effect.tapError(() => Effect.sync(() => warnings.forEach(hooks.warn))))
  })

/** `2,613 rows`, or `chats 300 rows, accounting 302 rows`. */
export const rowsOf = (outputs: Readonly<Record<string, ArtifactRef>>): string =>
  Object.entries(outputs)
    .map(
      ([name, { rowCount }]) =>
        `${name === "output" ? "" : `${name} `}${(rowCount ?? 0).toLocaleString("en-US")} rows`,
    )
    .join(", ")
