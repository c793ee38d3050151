/**
 * Runs a row-wise step: chunks of its input that are remembered are taken as they are, `run` is called for the others.
 *
 * Each input chunk's rows are cut into output chunks by themselves, so remembered and new ones join to the bytes that a
 * full run writes.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { ArtifactRef } from "./Artifact.ts"
import * as Canonical from "./Canonical.ts"
import type { ChunkResult } from "./ChunkMemory.ts"
import type { Job } from "./Job.ts"
import type { Progress } from "./Reporter.ts"
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
  const keyOf = keysFor(reader.table)
  const known = new Map<string, ChunkResult>()
  const missing = new Map<string, Part>()
  let total = 0
  let firstRow = 1
  for (const chunk of reader.chunks) {
    if (!known.has(chunk.digest) && !missing.has(chunk.digest)) {
      const key = keyOf(chunk)
      const found = yield* hooks.chunks.get(key)
      if (found !== undefined && Tally.fit(job, found.tallies)) known.set(chunk.digest, found)
      else {
        missing.set(chunk.digest, { chunk, key, firstRow })
        total += chunk.rowCount
      }
    }
    firstRow += chunk.rowCount
  }
  setting.shared.expect(total)
  if (total > 0 && known.size > 0) {
    const count = (reader.rowCount - total).toLocaleString("en-US")
    hooks.note(`${count} of ${reader.rowCount.toLocaleString("en-US")} rows are remembered`)
  }

  const results: Array<ChunkResult> = []
  yield* Effect.scoped(
    Effect.gen(function* () {
      const advance = progressOf(setting, total)
      const waiting = [...missing.values()]
      const running = new Map<string, Fiber.Fiber<ChunkResult, unknown>>()
      // Taken in the order of the rows, so that the first row that fails is the one that is named.
      for (const { digest } of reader.chunks) {
        let result = known.get(digest)
        if (result === undefined) {
          while (running.size < (job.facts.rowWise?.atOnce ?? 1) && waiting.length > 0) {
            const part = waiting.shift()!
            const work = runPart(setting, inputs, reader, part, advance)
            running.set(part.chunk.digest, yield* Effect.forkScoped(work))
          }
          result = yield* Fiber.join(running.get(digest)!)
          running.delete(digest)
          known.set(digest, result)
        }
        result.warnings.forEach(hooks.warn)
        results.push(result)
      }
    }),
  )

  const outputs: Record<string, ArtifactRef> = {}
  for (const name in job.outputs) {
    const chunks = results.flatMap((result) => result.outputs[name]!)
    outputs[name] = yield* commit(job.outputs[name] as Table.Any, chunks)
  }
  return { outputs, tallies: results.flatMap(({ tallies }) => tallies) }
})

/** A chunk that is not remembered. */
interface Part {
  readonly chunk: Table.Chunk
  /** Under which it will be. */
  readonly key: string
  /** Of the whole table, from 1: for messages. */
  readonly firstRow: number
}

/** What a chunk is remembered by: equal bytes may belong to tables whose columns are declared differently. */
const keysFor = (table: Table.Any): ((chunk: Table.Chunk) => string) => {
  const type = Canonical.digest("columns", table.type).slice(0, 16)
  return ({ digest }) => `${digest} ${type}`
}

/** Hears how far chunks have come, and says how far all of them are. */
const progressOf = ({ hooks }: StepCall.Setting, total: number) => {
  const rows = new Map<string, number>()
  let done = 0
  return ({ digest }: Table.Chunk, progress: Progress): void => {
    done += progress.done - (rows.get(digest) ?? 0)
    rows.set(digest, progress.done)
    hooks.progress({ ...progress, done, total })
  }
}

const runPart = Effect.fnUntraced(function* (
  setting: StepCall.Setting,
  inputs: Readonly<Record<string, unknown>>,
  reader: Table.Reader<Table.Any>,
  { chunk, key, firstRow }: Part,
  advance: ReturnType<typeof progressOf>,
) {
  const { hooks, job } = setting
  const { writeChunks } = yield* Effect.promise(() => import("./table/writer.ts"))
  const tallies: Array<unknown> = []
  const warnings: Array<string> = []
  const written = Effect.gen(function* () {
    const returned = yield* StepCall.run(setting, {
      inputs: { ...inputs, [job.facts.rowWise!.input]: reader.only([chunk]) },
      progress: (progress) => advance(chunk, progress),
      warn: (message) => warnings.push(message),
      summarize: () => {},
      tally: (value) => tallies.push(Tally.encode(job, value)),
    })
    const values = yield* StepCall.outputsOf(job, returned)
    const outputs: Record<string, ReadonlyArray<Table.Chunk>> = {}
    for (const name in job.outputs) {
      const table = job.outputs[name] as Table.Any
      outputs[name] = yield* writeChunks(table, values[name] as Table.Rows<Table.Any>, { firstRow })
    }
    return outputs
  })
  // Warnings wait for their turn, which they will not have if the step fails here.
  const outputs = yield* Effect.tapError(written, () => Effect.sync(() => warnings.forEach(hooks.warn)))
  const result: ChunkResult = { outputs, tallies, warnings }
  yield* hooks.chunks.put(key, result)
  if (chunk.rowCount < reader.rowCount) advance(chunk, { done: chunk.rowCount, unit: "row" })
  return result
})

/** `2,613 rows`, or `chats 300 rows, accounting 302 rows`. */
export const rowsOf = (outputs: Readonly<Record<string, ArtifactRef>>): string =>
  Object.entries(outputs)
    .map(
      ([name, { rowCount }]) =>
        `${name === "output" ? "" : `${name} `}${(rowCount ?? 0).toLocaleString("en-US")} rows`,
    )
    .join(", ")
