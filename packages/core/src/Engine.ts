/**
 * Carries out plans: concurrency, leases, early cutoff, interruption.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { randomBytes } from "node:crypto"
import { join } from "node:path"
import * as ActionCache from "./ActionCache.ts"
import * as ArtifactStore from "./ArtifactStore.ts"
import * as Checkpoint from "./Checkpoint.ts"
import * as Database from "./Database.ts"
import * as Errors from "./Errors.ts"
import * as Executor from "./Executor.ts"
import * as Forecast from "./Forecast.ts"
import * as Lease from "./Lease.ts"
import * as Numerics from "./Numerics.ts"
import * as Observe from "./Observe.ts"
import * as Owner from "./Owner.ts"
import * as Params from "./Params.ts"
import type * as Pipeline from "./Pipeline.ts"
import type * as Plan from "./Plan.ts"
import type * as Planner from "./Planner.ts"
import * as Reporter from "./Reporter.ts"
import type { Run, RunState, RunStep, StepOutcome } from "./Run.ts"
import * as RunLog from "./RunLog.ts"
import * as Scheduler from "./Scheduler.ts"
import * as SourceDigests from "./SourceDigests.ts"

export { isChild, serve as child } from "./Child.ts"

/** What the engine needs. `layer` gives all of it. */
export type Services =
  | ActionCache.ActionCache
  | ArtifactStore.ArtifactStore
  | Checkpoint.Checkpoints
  | Database.Database
  | Executor.Executor
  | Lease.Leases
  | Numerics.Numerics
  | Owner.Owner
  | Reporter.Reporter
  | RunLog.RunLog
  | SourceDigests.SourceDigests

export interface LayerOptions {
  /** The project's root: the folder of the nearest `package.json`. */
  readonly root: string
  /** The store's folder; `.sluice` under the root where it is left out. */
  readonly store?: string
  /** Hears every event. */
  readonly reporter?: (event: Reporter.Event) => void
  /** Fixed numeric settings, or a layer that asks for them when a graph has a numeric step. */
  readonly numerics?: Numerics.Settings | Layer.Layer<Numerics.Numerics>
  /** How files are written: a seam for tests. */
  readonly files?: ArtifactStore.FileStoreOptions
  /** Where steps run: in this process unless given. */
  readonly executor?: Layer.Layer<Executor.Executor, never, Lease.Leases | Owner.Owner>
}

/** All services over a project's store. */
export const layer = (options: LayerOptions): Layer.Layer<Services, Errors.StoreError> => {
  const store = options.store ?? join(options.root, ".sluice")
  const { numerics } = options
  return Layer.mergeAll(
    ActionCache.layer,
    Checkpoint.layer,
    RunLog.layer,
    SourceDigests.layer(options.root),
    options.executor ?? Executor.layerInProcess,
    options.reporter === undefined ? Reporter.layerSilent : Reporter.layer(options.reporter),
    numerics === undefined
      ? Numerics.layerNone
      : isNumericsLayer(numerics)
        ? numerics
        : Numerics.layerOf(numerics),
  ).pipe(
    Layer.provideMerge(Lease.layer),
    Layer.provideMerge(Owner.layer),
    Layer.provideMerge(Layer.merge(Database.layer(store), ArtifactStore.layerFile(store, options.files))),
  )
}

const isNumericsLayer = (
  given: Numerics.Settings | Layer.Layer<Numerics.Numerics>,
): given is Layer.Layer<Numerics.Numerics> => Layer.isLayer(given)

export interface PlanOptions extends Planner.Options {
  /** By name; values as they are, or `Pipeline.fromText(...)` for what was typed. */
  readonly params?: Readonly<Record<string, unknown>>
}

export interface RunOptions extends PlanOptions {
  /** Steps at a time; as many as the machine has cores unless given. */
  readonly jobs?: number
  /**
   * A checkpoint that its step must go on from, by the first characters of its key or by its folder: where it does not
   * fit or is damaged, the run is refused instead of starting that step over.
   */
  readonly resumeFrom?: string
}

export type PlanError =
  | Errors.PipelineError
  | Errors.UnknownParam
  | Errors.InvalidParam
  | Errors.NoSuchStep
  | Errors.CodeRefused
  | Errors.SourceMissing
  | Errors.StoreError
  | Errors.StepFailed

/** A checkpoint named by `resumeFrom` is refused. */
export type ResumeError = Errors.CheckpointRefused

/** What would happen. */
export const plan = (
  pipeline: Pipeline.Pipeline<any, any>,
  options: PlanOptions = {},
): Effect.Effect<Plan.Plan, PlanError, Services> =>
  Effect.map(Observe.prepare(pipeline, options), (prepared) => {
    // Once read, causes stay known when the store is closed.
    for (const action of prepared.plan.actions) void action.causes
    return prepared.plan
  })

/**
 * What would happen, with what the steps tell of themselves. Causes are looked for when they are read, which must be
 * while the store is open.
 */
export const forecast = (
  pipeline: Pipeline.Pipeline<any, any>,
  options: PlanOptions = {},
): Effect.Effect<
  { readonly plan: Plan.Plan; readonly forecasts: ReadonlyMap<string, Forecast.Outcome> },
  PlanError,
  Services
> =>
  Effect.flatMap(Observe.prepare(pipeline, options), (prepared) =>
    Effect.map(Forecast.ofPlan(prepared), (forecasts) => ({ plan: prepared.plan, forecasts })),
  )

/** Carries the pipeline out. Fails with RunFailed when a step failed; what does not depend on it ran all the same. */
export const run = Effect.fn("Engine.run")(function* (
  pipeline: Pipeline.Pipeline<any, any>,
  options: RunOptions = {},
): Effect.fn.Return<Run, PlanError | ResumeError | Errors.RunFailed, Services> {
  const log = yield* RunLog.RunLog
  const owner = yield* Owner.Owner
  const cache = yield* ActionCache.ActionCache
  const checkpoints = yield* Checkpoint.Checkpoints
  const reporter = yield* Reporter.Reporter
  const prepared = yield* Observe.prepare(pipeline, options)
  const resumeFrom =
    options.resumeFrom === undefined ? undefined : yield* resumable(prepared, options.resumeFrom)
  const startedAt = yield* Clock.currentTimeMillis
  const id = runId(startedAt)
  const { graph, selected } = prepared.planner
  const hits: Array<readonly [string, string]> = []
  for (const at of selected) {
    const decided = prepared.decided[at]!
    if (decided.decision === "hit") hits.push([graph.nodes[at]!.name, decided.key!])
  }
  const unchanged = hits.length === selected.length && isSame(hits, prepared.lastSteps)
  const record: Run = {
    id,
    pipeline: graph.name,
    startedAt,
    endedAt: undefined,
    state: "running",
    params: Params.texts(graph.params),
    steps: selected.map((at): RunStep => {
      const decided = prepared.decided[at]!
      const decision: StepOutcome = decided.decision === "hit" ? "hit" : "skipped"
      return { name: graph.nodes[at]!.name, key: decided.key, decision, ms: 0 }
    }),
  }
  yield* Database.storing(() => log.begin(record, unchanged ? { asIn: prepared.lastRun! } : hits))
  reporter.emit({ type: "plan", plan: prepared.plan, runId: id })
  for (const warning of prepared.plan.warnings) {
    log.append(id, { type: "warning", at: startedAt, ...warning })
    reporter.emit({ type: "warning", ...warning })
  }

  const finish = (state: RunState, steps: ReadonlyArray<RunStep>) =>
    Effect.gen(function* () {
      const endedAt = yield* Clock.currentTimeMillis
      log.append(id, { type: "end", at: endedAt, state })
      // On a full disk the run counts as interrupted; what its steps stored is there all the same.
      yield* Effect.ignore(Database.storing(() => log.end({ id, endedAt, state })))
      reporter.emit({ type: "run-end", runId: id, state: state as "done", ms: endedAt - startedAt })
      prepared.close()
      return { ...record, endedAt, state, steps } satisfies Run
    })
  owner.sweep()
  checkpoints.sweep((key) => cache.stored(key)?.at)
  if (hits.length === selected.length) return yield* finish("done", record.steps)

  const carried = yield* Scheduler.carryOut(prepared, id, options.jobs, resumeFrom).pipe(
    Effect.onInterrupt(() => finish("interrupted", record.steps)),
  )
  const ended = yield* finish(carried.failures.length === 0 ? "done" : "failed", carried.steps)
  if (carried.failures.length > 0)
    return yield* new Errors.RunFailed({ run: ended, failures: carried.failures })
  return ended
})

/**
 * The checkpoint that the user named, if its step may go on from it as far as the plan knows. A step that still waits
 * has no key yet: it asks again when it has one.
 */
const resumable = Effect.fnUntraced(function* (prepared: Observe.Prepared, from: string) {
  const checkpoints = yield* Checkpoint.Checkpoints
  const found = yield* checkpoints.find(from)
  const { graph, selected } = prepared.planner
  const at = selected.find((node) => graph.nodes[node]!.name === found.action.name)
  const belongs = found.action.pipeline === graph.name
  if (at === undefined || !belongs) {
    const { name, pipeline } = found.action
    const what = belongs
      ? `it belongs to step ${name}, which is not run`
      : `it belongs to step ${name} of pipeline ${pipeline}`
    return yield* new Errors.CheckpointRefused({ step: name, place: found.place, differences: [what] })
  }
  const { key, recordText } = prepared.decided[at]!
  if (key !== undefined && recordText !== undefined) {
    const { code } = prepared.planner.prepared(at)
    const params = Params.texts(graph.params)
    const { name } = found.action
    yield* checkpoints.fits(found, { pipeline: graph.name, name, key, recordText, code, params })
  }
  return found
})

const isSame = (
  hits: ReadonlyArray<readonly [string, string]>,
  steps: ReadonlyArray<{ readonly name: string; readonly key: string | undefined }>,
): boolean =>
  hits.length === steps.length &&
  hits.every(([name, key], at) => steps[at]!.name === name && steps[at]!.key === key)

const runId = (startedAt: number): string => {
  const [date, time] = new Date(startedAt).toISOString().split("T") as [string, string]
  return `${date.replaceAll("-", "")}-${time.slice(0, 8).replaceAll(":", "")}-${randomBytes(3).toString("hex")}`
}
