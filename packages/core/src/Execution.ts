/**
 * One execution of one action: opens its inputs, calls `run`, stores what it returns.
 *
 * The same code runs in the engine's own process and in a child; whoever calls it holds the lease.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as Artifact from "./Artifact.ts"
import type { ArtifactStore } from "./ArtifactStore.ts"
import * as ByChunk from "./ByChunk.ts"
import * as ChunkMemory from "./ChunkMemory.ts"
import * as Errors from "./Errors.ts"
import type { Hooks, Job } from "./Job.ts"
import * as Once from "./Once.ts"
import { temporaryPath } from "./internal/atomicFile.ts"
import { hashFile } from "./SourceDigests.ts"
import * as SourceFiles from "./SourceFiles.ts"
import * as StepCall from "./StepCall.ts"
import * as StepFailure from "./StepFailure.ts"
import type * as Table from "./Table.ts"
import * as Tally from "./Tally.ts"

export interface Result {
  readonly outputs: Readonly<Record<string, Artifact.ArtifactRef>>
  readonly summary: string | undefined
}

/** Runs the job. Every failure is an error with a message for the user; interruption aborts the step's signal. */
export const run = (job: Job, hooks: Hooks): Effect.Effect<Result, Error, ArtifactStore> =>
  Effect.gen(function* () {
    const scratch = temporaryPath(join(job.store, "tmp"))
    const changed: Array<Errors.SourceChanged | Errors.SourceMissing> = []
    const inputs: Record<string, unknown> = {}
    for (const name in job.inputs) {
      const input = job.inputs[name]!
      inputs[name] =
        input.type === "source"
          ? input.files.map((file) =>
              SourceFiles.open(job.name, job.root, file, (error) => changed.push(error)),
            )
          : input.kind.kind === "anyTable"
            ? yield* Artifact.openTable(undefined, input.ref, `${job.name}.${name}`)
            : yield* Artifact.open(input.kind, input.ref, `${job.name}.${name}`)
    }
    const shared = Once.make()
    const readsFiles = Object.values(job.inputs).some((input) => input.type === "source")
    const chunks = ChunkMemory.heldBack(hooks.chunks)
    const setting: StepCall.Setting = {
      job,
      hooks: readsFiles ? { ...hooks, chunks } : hooks,
      scratch,
      shared,
    }
    const result = yield* Effect.acquireUseRelease(
      Effect.sync(() => mkdirSync(scratch, { recursive: true })),
      () => {
        const rows = ByChunk.inputOf(job, inputs)
        return rows === undefined ? runWhole(setting, inputs) : runByChunk(setting, inputs, rows)
      },
      () =>
        Effect.ensuring(
          Effect.promise(shared.release),
          Effect.sync(() => rmSync(scratch, { recursive: true, force: true })),
        ),
    )
    if (changed.length > 0) return yield* Effect.fail(changed[0]!)
    yield* checkSources(job)
    yield* chunks.keep
    return result
  }).pipe(Effect.catchCause((cause) => failWith(job, cause)))

const failWith = (job: Job, cause: Cause.Cause<unknown>): Effect.Effect<never, Error> =>
  Cause.hasInterruptsOnly(cause)
    ? Effect.failCause(cause as Cause.Cause<never>)
    : Effect.fail(StepFailure.from(job.name, job.root, Cause.squash(cause)))

/** Calls `run` once for all. */
const runWhole = Effect.fnUntraced(function* (
  setting: StepCall.Setting,
  inputs: Readonly<Record<string, unknown>>,
) {
  const { hooks, job } = setting
  const tallies: Array<unknown> = []
  let summary: string | undefined
  const returned = yield* StepCall.run(setting, {
    inputs,
    progress: hooks.progress,
    warn: hooks.warn,
    summarize: (text) => {
      summary = text
    },
    tally: (value) => tallies.push(Tally.encode(job, value)),
  })
  const values = yield* StepCall.outputsOf(job, returned)
  const outputs: Record<string, Artifact.ArtifactRef> = {}
  for (const name in job.outputs) outputs[name] = yield* Artifact.write(job.outputs[name]!, values[name])
  const summedUp = yield* Tally.finish(job, hooks, tallies)
  return { outputs, summary: summedUp ?? summary }
})

/** Calls `run` for the chunks that are not remembered. What they summarize depends on which those are: it is not used. */
const runByChunk = Effect.fnUntraced(function* (
  setting: StepCall.Setting,
  inputs: Readonly<Record<string, unknown>>,
  rows: Table.Reader<Table.Any>,
) {
  const { outputs, tallies } = yield* ByChunk.run(setting, inputs, rows)
  const summedUp = yield* Tally.finish(setting.job, setting.hooks, tallies)
  return { outputs, summary: summedUp ?? ByChunk.rowsOf(outputs) }
})

// ── sources ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Digests every file once more when the step has ended: what it read in pieces, or not at all, counts too. */
const checkSources = (job: Job): Effect.Effect<void, Errors.SourceChanged | Errors.SourceMissing> =>
  Effect.suspend((): Effect.Effect<void, Errors.SourceChanged | Errors.SourceMissing> => {
    for (const input of Object.values(job.inputs)) {
      if (input.type !== "source") continue
      for (const file of input.files) {
        let found: string
        try {
          found = hashFile(file.path)
        } catch {
          return Effect.fail(new Errors.SourceMissing({ step: job.name, pattern: file.name, root: job.root }))
        }
        if (found !== file.digest) {
          return Effect.fail(
            new Errors.SourceChanged({ step: job.name, file: file.name, expected: file.digest, found }),
          )
        }
      }
    }
    return Effect.void
  })
