/**
 * One execution of one action: opens its inputs, calls `run`, stores what it returns.
 *
 * The same code runs in the engine's own process and in a child; whoever calls it holds the lease.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as Artifact from "./Artifact.ts"
import type { ArtifactStore } from "./ArtifactStore.ts"
import type * as Checkpoint from "./Checkpoint.ts"
import * as Errors from "./Errors.ts"
import type { Settings } from "./Numerics.ts"
import { temporaryPath } from "./internal/atomicFile.ts"
import { hashFile, type DigestedFile } from "./SourceDigests.ts"
import * as SourceFiles from "./SourceFiles.ts"
import type * as RowMemory from "./RowMemory.ts"
import type * as Step from "./Step.ts"
import * as StepFailure from "./StepFailure.ts"
import type * as Table from "./Table.ts"

/** An action with everything resolved. */
export interface Job {
  readonly name: string
  readonly facts: Step.Facts
  readonly config: unknown
  readonly inputs: { readonly [name: string]: JobInput }
  readonly outputs: Step.Outputs
  readonly single: boolean
  readonly seed: string
  /** Names of the variables that the step may read. */
  readonly env: ReadonlyArray<string>
  readonly settings: Settings
  /** The project's root: places in messages are relative to it. */
  readonly root: string
  /** The store's folder. */
  readonly store: string
}

export type JobInput =
  | {
      readonly type: "artifact"
      readonly kind: Step.Output | Step.AnyTable
      readonly ref: Artifact.ArtifactRef
    }
  | { readonly type: "source"; readonly files: ReadonlyArray<DigestedFile> }

/** Where a step's words go. */
export interface Hooks {
  readonly progress: Step.Context["progress"]
  readonly measure: Step.Context["measure"]
  readonly warn: (message: string) => void
  readonly note: (message: string) => void
  readonly checkpoint: Checkpoint.Handle
  /** What is remembered of a row-wise step's chunks. */
  readonly memo: Memo
  /** What the step remembers by keys of its own. */
  readonly memory: RowMemory.Handle
}

/** Results of a row-wise step for single chunks of its input. */
export interface Memo {
  readonly get: (chunk: string) => Readonly<Record<string, Artifact.ArtifactRef>> | undefined
  readonly put: (
    chunk: string,
    outputs: Readonly<Record<string, Artifact.ArtifactRef>>,
  ) => Effect.Effect<void, Errors.StoreError>
}

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
    let summary: string | undefined
    const call = (given: Record<string, unknown>) =>
      callRun(job, hooks, given, scratch, (text) => {
        summary = text
      })
    const outputs = yield* Effect.acquireUseRelease(
      Effect.sync(() => mkdirSync(scratch, { recursive: true })),
      () => {
        const chunked = rowWiseInput(job, inputs)
        return chunked === undefined
          ? Effect.flatMap(call(inputs), (returned) => storeAll(job, returned))
          : runByChunk(job, hooks, inputs, chunked, call)
      },
      () => Effect.sync(() => rmSync(scratch, { recursive: true, force: true })),
    )
    // A chunk's own words depend on which chunks were remembered; what was written does not.
    if (rowWiseInput(job, inputs) !== undefined) summary = rowsOf(outputs)
    if (changed.length > 0) return yield* Effect.fail(changed[0]!)
    yield* checkSources(job)
    return { outputs, summary }
  }).pipe(Effect.catchCause((cause) => failWith(job, cause)))

const failWith = (job: Job, cause: Cause.Cause<unknown>): Effect.Effect<never, Error> =>
  Cause.hasInterruptsOnly(cause)
    ? Effect.failCause(cause as Cause.Cause<never>)
    : Effect.fail(StepFailure.from(job.name, job.root, Cause.squash(cause)))

// ── calling run ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** How long an interrupted step that looked at its signal may take to save what it has. */
const graceMs = 20_000

const callRun = (
  job: Job,
  hooks: Hooks,
  inputs: Record<string, unknown>,
  scratch: string,
  summarize: (text: string) => void,
): Effect.Effect<unknown, unknown> =>
  Effect.suspend(() => {
    const abort = makeAbort()
    const context = makeContext(job, hooks, inputs, scratch, summarize, abort)
    const returned: unknown = job.facts.run(context)
    if (Effect.isEffect(returned)) return abortable(returned as Effect.Effect<unknown, unknown>, abort)
    if (returned instanceof Promise)
      return abortable(Effect.tryPromise({ try: () => returned, catch: identity }), abort)
    return Effect.succeed(returned)
  }).pipe(Effect.catchDefect((defect) => Effect.fail(defect)))

interface Abort {
  readonly controller: AbortController
  /** Set once the step asked for its signal: it means to end by itself. */
  listens: boolean
}

const makeAbort = (): Abort => ({ controller: new AbortController(), listens: false })

/**
 * Runs the work in a fiber of its own. An interruption aborts the signal. A step that listens is then given time to
 * save a checkpoint and end; any other is interrupted at once.
 */
const abortable = (work: Effect.Effect<unknown, unknown>, abort: Abort): Effect.Effect<unknown, unknown> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkDetach(Effect.interruptible(work))
      const ended = yield* Effect.exit(restore(fiberResult(fiber)))
      if (Exit.isFailure(ended) && Cause.hasInterruptsOnly(ended.cause) && fiber.pollUnsafe() === undefined) {
        abort.controller.abort()
        if (abort.listens) yield* endedOr(fiber, graceMs)
        if (fiber.pollUnsafe() === undefined) fiber.interruptUnsafe()
      }
      return yield* ended
    }),
  )

const makeContext = (
  job: Job,
  hooks: Hooks,
  inputs: Record<string, unknown>,
  scratch: string,
  summarize: (text: string) => void,
  abort: Abort,
): Step.Context => ({
  name: job.name,
  config: job.config,
  inputs,
  get seed() {
    if (job.facts.seed) return job.seed
    throw new Error(`Step "${job.name}" reads its seed: declare seed: true, so that it enters the key.`)
  },
  env: Object.fromEntries(job.env.map((name) => [name, process.env[name]])),
  progress: hooks.progress,
  measure: hooks.measure,
  warn: hooks.warn,
  note: hooks.note,
  summarize,
  scratch,
  checkpoint: hooks.checkpoint,
  memory: hooks.memory,
  get signal() {
    abort.listens = true
    return abort.controller.signal
  },
  settings: job.facts.numeric ? job.settings : {},
})

// ── outputs ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const returnedFor = (
  job: Job,
  returned: unknown,
): Effect.Effect<Record<string, unknown>, Errors.StepFailed> => {
  if (job.single) return Effect.succeed({ output: returned })
  const names = Object.keys(job.outputs)
  const given = typeof returned === "object" && returned !== null ? Object.keys(returned) : []
  const problems = [
    ...names.filter((name) => !given.includes(name)).map((name) => `it returned no output "${name}"`),
    ...given
      .filter((name) => !names.includes(name))
      .map((name) => `it returned "${name}", which is no declared output`),
  ]
  return problems.length === 0
    ? Effect.succeed(returned as Record<string, unknown>)
    : Effect.fail(
        new Errors.StepFailed({
          step: job.name,
          reason: problems.join("\n"),
          hint: `Return a record with ${names.join(", ")}.`,
        }),
      )
}

const storeAll = Effect.fnUntraced(function* (job: Job, returned: unknown) {
  const values = yield* returnedFor(job, returned)
  const outputs: Record<string, Artifact.ArtifactRef> = {}
  for (const name in job.outputs) outputs[name] = yield* Artifact.write(job.outputs[name]!, values[name])
  return outputs
})

// ── row-wise steps ───────────────────────────────────────────────────────────────────────────────────────────────────

/** The input by whose chunks the step may run: declared, a table, and nothing but tables written. */
const rowWiseInput = (job: Job, inputs: Record<string, unknown>): string | undefined => {
  const input = job.facts.rowWise?.input
  if (input === undefined || inputs[input] === undefined) return undefined
  return Object.values(job.outputs).every((output) => output.kind === "table") ? input : undefined
}

const rowsOf = (outputs: Result["outputs"]): string =>
  Object.entries(outputs)
    .map(
      ([name, { rowCount }]) =>
        `${name === "output" ? "" : `${name} `}${(rowCount ?? 0).toLocaleString("en-US")} rows`,
    )
    .join(", ")

const runByChunk = Effect.fnUntraced(function* (
  job: Job,
  hooks: Hooks,
  inputs: Record<string, unknown>,
  input: string,
  call: (given: Record<string, unknown>) => Effect.Effect<unknown, unknown>,
) {
  const { commit, writeChunks } = yield* Effect.promise(() => import("./table/writer.ts"))
  const reader = inputs[input] as Table.Reader<Table.Any>
  const joined: Record<string, Array<Table.Chunk>> = {}
  for (const name in job.outputs) joined[name] = []
  let doneRows = 0
  for (const chunk of reader.chunks) {
    let outputs = hooks.memo.get(chunk.digest)
    if (outputs === undefined) {
      const values = yield* Effect.flatMap(call({ ...inputs, [input]: reader.only([chunk]) }), (returned) =>
        returnedFor(job, returned),
      )
      const fresh: Record<string, Artifact.ArtifactRef> = {}
      for (const name in job.outputs) {
        const table = job.outputs[name] as Table.Any
        const chunks = yield* writeChunks(table, values[name] as Table.Rows<Table.Any>, {
          firstRow: doneRows + 1,
        })
        fresh[name] = yield* commit(table, chunks)
      }
      outputs = fresh
      yield* hooks.memo.put(chunk.digest, outputs)
    }
    for (const name in job.outputs) {
      const manifest = yield* Artifact.readManifest("table", outputs[name]!.fingerprint)
      joined[name]!.push(...manifest.chunks)
    }
    doneRows += chunk.rowCount
    if (reader.chunks.length > 1) hooks.progress({ done: doneRows, total: reader.rowCount, unit: "row" })
  }
  const outputs: Record<string, Artifact.ArtifactRef> = {}
  for (const name in job.outputs) outputs[name] = yield* commit(job.outputs[name] as Table.Any, joined[name]!)
  return outputs
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

const identity = <A>(value: A): A => value

/** Waits until the fiber has ended, but no longer than so many milliseconds; cannot be interrupted. */
const endedOr = (fiber: Fiber.Fiber<unknown, unknown>, ms: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const timer = setTimeout(() => resume(Effect.void), ms)
    fiber.addObserver(() => {
      clearTimeout(timer)
      resume(Effect.void)
    })
  })

const fiberResult = <A, E>(fiber: Fiber.Fiber<A, E>): Effect.Effect<A, E> =>
  Effect.callback<A, E>((resume) => {
    fiber.addObserver((exit) => resume(exit))
  })
