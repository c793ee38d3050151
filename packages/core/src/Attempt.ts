/**
 * One step under its lease: waits while another execution of the same action lives, runs it, stores the result.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Semaphore from "effect/Semaphore"
import * as ActionCache from "./ActionCache.ts"
import * as ActionKey from "./ActionKey.ts"
import * as Artifact from "./Artifact.ts"
import type * as ArtifactStore from "./ArtifactStore.ts"
import * as Checkpoint from "./Checkpoint.ts"
import * as ChunkMemory from "./ChunkMemory.ts"
import * as Database from "./Database.ts"
import * as Environment from "./Environment.ts"
import * as Errors from "./Errors.ts"
import * as Executor from "./Executor.ts"
import type * as Graph from "./Graph.ts"
import * as Job from "./Job.ts"
import * as Lease from "./Lease.ts"
import type * as Observe from "./Observe.ts"
import * as Params from "./Params.ts"
import { specialCause } from "./PlannedWorld.ts"
import * as Planner from "./Planner.ts"
import * as Reporter from "./Reporter.ts"
import * as Rereading from "./Rereading.ts"
import * as RowMemory from "./RowMemory.ts"
import * as RunLog from "./RunLog.ts"

export type Services =
  | ActionCache.ActionCache
  | ArtifactStore.ArtifactStore
  | Checkpoint.Checkpoints
  | Executor.Executor
  | Lease.Leases
  | Reporter.Reporter
  | RunLog.RunLog

export type Outputs = Readonly<Record<string, Artifact.ArtifactRef>>

/** What the steps of one run share. */
export interface RunContext {
  readonly prepared: Observe.Prepared
  /** The run's id. */
  readonly id: string
  readonly permits: Semaphore.Semaphore
  readonly accelerator: Semaphore.Semaphore
  /** The checkpoint that its step must go on from. */
  readonly resumeFrom: Checkpoint.Found | undefined
}

/** A step that has its outputs. */
export interface Settled {
  readonly outputs: Outputs
  readonly key: string | undefined
  readonly decision: "hit" | "run" | "uncached"
  readonly ms: number
  readonly summary: string | undefined
}

/** Runs a step under its lease and stores the result. Another process may turn out to have done it meanwhile. */
export const execute = (
  context: RunContext,
  at: number,
  decided: Planner.Decided,
  outputs: ReadonlyArray<Outputs | undefined>,
): Effect.Effect<Settled, Error, Services> =>
  Effect.gen(function* () {
    const { planner, observed } = context.prepared
    const node = planner.graph.nodes[at]!
    const leases = yield* Lease.Leases
    const log = yield* RunLog.RunLog
    const reporter = yield* Reporter.Reporter
    yield* Rereading.sameReading(planner, at)
    const { key } = decided
    if (key === undefined) return yield* perform(context, at, decided, outputs, undefined)

    let waitMs = 20
    for (;;) {
      const entry = Planner.isAnew(decided) ? undefined : observed.entry(key)
      if (entry !== undefined && observed.damage(entry) === undefined) {
        return { outputs: entry.outputs, key, decision: "hit", ms: 0, summary: entry.summary } as const
      }
      const lease = yield* Database.storing(() => leases.acquire(key))
      if (lease === undefined) {
        if (waitMs === 320) {
          const warning = { name: node.name, message: "another process is computing it; waiting" }
          log.append(context.id, { type: "warning", at: yield* Clock.currentTimeMillis, ...warning })
          reporter.emit({ type: "warning", ...warning })
        }
        yield* Effect.sleep(waitMs)
        waitMs = Math.min(waitMs * 2, 640)
        continue
      }
      const release = Effect.ignore(Database.storing(() => leases.release(lease)))
      const meanwhile = Planner.isAnew(decided) ? undefined : observed.entry(key)
      if (meanwhile !== undefined && observed.damage(meanwhile) === undefined) {
        yield* release
        return {
          outputs: meanwhile.outputs,
          key,
          decision: "hit",
          ms: 0,
          summary: meanwhile.summary,
        } as const
      }
      return yield* perform(context, at, decided, outputs, lease).pipe(Effect.ensuring(release))
    }
  })

const perform = (
  context: RunContext,
  at: number,
  decided: Planner.Decided,
  outputs: ReadonlyArray<Outputs | undefined>,
  lease: Lease.Lease | undefined,
): Effect.Effect<Settled, Error, Services> =>
  Effect.gen(function* () {
    const { prepared } = context
    const { planner } = prepared
    const node = planner.graph.nodes[at]!
    const own = planner.prepared(at)
    const cache = yield* ActionCache.ActionCache
    const checkpoints = yield* Checkpoint.Checkpoints
    const executor = yield* Executor.Executor
    const log = yield* RunLog.RunLog
    const reporter = yield* Reporter.Reporter
    const clock = yield* Clock.Clock
    const now = (): number => clock.currentTimeMillisUnsafe()
    const { key, recordText } = decided

    const warn = (message: string): void => {
      log.append(context.id, { type: "warning", at: now(), name: node.name, message })
      reporter.emit({ type: "warning", name: node.name, message })
    }
    const action: Checkpoint.Action | undefined =
      key === undefined || recordText === undefined
        ? undefined
        : {
            pipeline: planner.graph.name,
            name: node.name,
            key,
            recordText,
            code: own.code,
            params: Params.texts(planner.graph.params),
          }
    if (context.resumeFrom?.action.name === node.name && action !== undefined) {
      yield* checkpoints.adopt(context.resumeFrom, action)
    }
    const hooks: Job.Hooks = {
      progress: (progress) => reporter.emit({ type: "step-progress", name: node.name, ...progress }),
      measure: (measure, value, unit) => {
        log.append(context.id, { type: "measure", at: now(), name: node.name, measure, value, unit })
        reporter.emit({ type: "step-measure", name: node.name, measure, value, unit })
      },
      measured: log.measured,
      warn,
      note: (message) => reporter.emit({ type: "note", name: node.name, message }),
      checkpoint:
        action === undefined || lease === undefined
          ? checkpoints.none
          : checkpoints.handle(action, lease, warn),
      chunks: yield* ChunkMemory.open(prepared.store, node.facts, recordText, Planner.isAnew(decided)),
      memory: RowMemory.open(prepared.store, node.facts, recordText, Planner.isAnew(decided)),
    }
    const job = Job.of(prepared, at, outputs)

    const attempt = Effect.gen(function* () {
      const cause = specialCause(planner, at, decided, prepared.observed)
      log.append(context.id, { type: "start", at: now(), name: node.name, key, cause })
      reporter.emit({
        type: "step-start",
        name: node.name,
        key: key ?? "",
        causes: cause === undefined ? prepared.causes(node.name) : [cause],
      })
      for (const unused of hooks.checkpoint.unused) {
        warn(`a checkpoint of other settings is not used: ${unused.differences.join("; ") || "another key"}`)
      }
      const startedAt = now()
      const result = yield* executor
        .run(
          {
            job,
            key,
            recordText,
            lease,
            forced: Planner.isAnew(decided),
            pipeline: planner.graph.name,
            params: prepared.givenParams,
            covered: () => Object.values(own.code).flatMap((reading) => reading.parts),
          },
          hooks,
        )
        .pipe(
          Effect.retry({
            times: node.facts.retries,
            while: (error) => !(error instanceof Errors.StoreError) && !(error instanceof Errors.LeaseLost),
          }),
        )
      const ms = now() - startedAt
      if (key !== undefined && recordText !== undefined) {
        const blobs: Array<ArtifactStore.Blob> = []
        for (const ref of Object.values(result.outputs)) blobs.push(...(yield* Artifact.blobs(ref)))
        const stored: ActionCache.Stored = {
          version: 1,
          key,
          pipeline: planner.graph.name,
          name: node.name,
          record: ActionKey.parse(recordText),
          code: own.code,
          ...(node.facts.seed ? { seed: planner.graph.seed } : {}),
          env: Environment.texts(own.env, prepared.observed.env),
          ...memoriesOf(node.facts, recordText),
          wiring: wiringOf(planner, at),
          outputs: result.outputs,
          blobs,
          summary: result.summary,
          ms,
          at: now(),
        }
        if (!(yield* Database.storing(() => cache.put(stored, lease)))) {
          return yield* Effect.fail(new Errors.LeaseLost({ step: node.name, key }))
        }
        checkpoints.remove(key)
      }
      return {
        outputs: result.outputs,
        key,
        decision: key === undefined ? "uncached" : "run",
        ms,
        summary: result.summary,
      } as const
    })
    const permitted = context.permits.withPermits(1)(attempt)
    return yield* node.facts.accelerator ? context.accelerator.withPermits(1)(permitted) : permitted
  })

const memoriesOf = (
  { remembers, rowWise }: Graph.Node["facts"],
  recordText: string,
): Pick<ActionCache.Stored, "memories"> => {
  const memories = [
    ...(remembers === undefined ? [] : [RowMemory.scope({ remembers }, recordText)]),
    ...(rowWise === undefined ? [] : [ChunkMemory.scope(rowWise.input, recordText)]),
  ]
  return memories.length === 0 ? {} : { memories }
}

const wiringOf = (planner: Planner.Planner, at: number): Readonly<Record<string, string>> => {
  const wiring: Record<string, string> = {}
  const node = planner.graph.nodes[at]!
  for (const name in node.inputs) {
    const input = node.inputs[name]!
    if (input.type === "output") wiring[name] = planner.graph.nodes[input.node]!.name
  }
  return wiring
}
