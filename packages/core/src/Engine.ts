/**
 * Carries out plans: concurrency, leases, early cutoff, interruption.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Semaphore from "effect/Semaphore"
import { randomBytes } from "node:crypto"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import * as ActionCache from "./ActionCache.ts"
import * as ActionKey from "./ActionKey.ts"
import * as Artifact from "./Artifact.ts"
import * as ArtifactStore from "./ArtifactStore.ts"
import * as Checkpoint from "./Checkpoint.ts"
import * as CodeReading from "./CodeReading.ts"
import * as Database from "./Database.ts"
import * as Errors from "./Errors.ts"
import type * as Execution from "./Execution.ts"
import * as Executor from "./Executor.ts"
import * as Lease from "./Lease.ts"
import * as Numerics from "./Numerics.ts"
import * as Observe from "./Observe.ts"
import * as Owner from "./Owner.ts"
import * as Params from "./Params.ts"
import type * as Pipeline from "./Pipeline.ts"
import * as Plan from "./Plan.ts"
import * as Reporter from "./Reporter.ts"
import type { Run, RunState, RunStep, StepOutcome } from "./Run.ts"
import * as RunLog from "./RunLog.ts"
import * as SourceDigests from "./SourceDigests.ts"

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
    numerics === undefined ? Numerics.layerNone : isNumericsLayer(numerics) ? numerics : Numerics.layerOf(numerics),
  ).pipe(
    Layer.provideMerge(Lease.layer),
    Layer.provideMerge(Owner.layer),
    Layer.provideMerge(Layer.merge(Database.layer(store), ArtifactStore.layerFile(store))),
  )
}

const isNumericsLayer = (
  given: Numerics.Settings | Layer.Layer<Numerics.Numerics>,
): given is Layer.Layer<Numerics.Numerics> => Layer.isLayer(given)

export interface PlanOptions extends Plan.Options {
  /** By name; values as they are, or `Pipeline.fromText(...)` for what was typed. */
  readonly params?: Readonly<Record<string, unknown>>
}

export interface RunOptions extends PlanOptions {
  /** Steps at a time; as many as the machine has cores unless given. */
  readonly jobs?: number
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

/** What would happen. */
export const plan = (
  pipeline: Pipeline.Pipeline<any, any>,
  options: PlanOptions = {},
): Effect.Effect<Plan.Plan, PlanError, Services> =>
  Effect.map(Observe.prepare(pipeline, options), (prepared) => prepared.plan)

/** Carries the pipeline out. Fails with RunFailed when a step failed; what does not depend on it ran all the same. */
export const run = Effect.fn("Engine.run")(function* (
  pipeline: Pipeline.Pipeline<any, any>,
  options: RunOptions = {},
): Effect.fn.Return<Run, PlanError | Errors.RunFailed, Services> {
  const log = yield* RunLog.RunLog
  const owner = yield* Owner.Owner
  const reporter = yield* Reporter.Reporter
  const prepared = yield* Observe.prepare(pipeline, options)
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
  yield* storing(() => {
    log.append(id, {
      type: "run",
      version: 1,
      id,
      pipeline: graph.name,
      at: startedAt,
      owner: owner.id,
      params: record.params,
      hits: unchanged ? { asIn: prepared.lastRun! } : hits,
    })
    log.begin(record, unchanged ? prepared.lastRun : undefined)
  })
  reporter.emit({ type: "plan", plan: prepared.plan, runId: id })
  for (const warning of prepared.plan.warnings) reporter.emit({ type: "warning", name: undefined, message: warning })

  const finish = (state: RunState, steps: ReadonlyArray<RunStep>) =>
    Effect.flatMap(Clock.currentTimeMillis, (endedAt) =>
      Effect.sync((): Run => {
        log.append(id, { type: "end", at: endedAt, state })
        log.end({ id, endedAt, state })
        reporter.emit({ type: "run-end", runId: id, state: state as "done", ms: endedAt - startedAt })
        return { ...record, endedAt, state, steps }
      }),
    )
  if (hits.length === selected.length) return yield* finish("done", record.steps)

  owner.sweep()
  const carried = yield* carryOut(prepared, id, options).pipe(
    Effect.onInterrupt(() => finish("interrupted", record.steps)),
  )
  const ended = yield* finish(carried.failures.length === 0 ? "done" : "failed", carried.steps)
  if (carried.failures.length > 0) return yield* new Errors.RunFailed({ run: ended, failures: carried.failures })
  return ended
})

const isSame = (
  hits: ReadonlyArray<readonly [string, string]>,
  steps: ReadonlyArray<{ readonly name: string; readonly key: string | undefined }>,
): boolean => hits.length === steps.length && hits.every(([name, key], at) => steps[at]!.name === name && steps[at]!.key === key)

const runId = (startedAt: number): string => {
  const [date, time] = new Date(startedAt).toISOString().split("T") as [string, string]
  return `${date.replaceAll("-", "")}-${time.slice(0, 8).replaceAll(":", "")}-${randomBytes(3).toString("hex")}`
}

/** Writes to the index or the log; what the file system says becomes a StoreError. */
const storing = <A>(write: () => A): Effect.Effect<A, Errors.StoreError> =>
  Effect.try({ try: write, catch: (error) => Database.failed("write", "the run log", error) })

// ── carrying out ─────────────────────────────────────────────────────────────────────────────────────────────────────

type Outputs = Readonly<Record<string, Artifact.ArtifactRef>>

interface Carried {
  readonly steps: ReadonlyArray<RunStep>
  readonly failures: ReadonlyArray<{ readonly name: string; readonly error: Error }>
}

const carryOut = Effect.fnUntraced(function* (
  prepared: Observe.Prepared,
  id: string,
  options: RunOptions,
): Effect.fn.Return<Carried, never, Services> {
  const { planner } = prepared
  const { graph } = planner
  const log = yield* RunLog.RunLog
  const reporter = yield* Reporter.Reporter
  const permits = yield* Semaphore.make(Math.max(1, options.jobs ?? availableParallelism()))
  const accelerator = yield* Semaphore.make(1)
  const context: StepContext = { prepared, id, permits, accelerator }

  const outputs = graph.nodes.map((_, at): Outputs | undefined => prepared.decided[at]?.entry?.outputs)
  const steps: Array<RunStep | undefined> = graph.nodes.map((node, at) => {
    const decided = prepared.decided[at]
    return decided?.decision === "hit" ? { name: node.name, key: decided.key, decision: "hit", ms: 0 } : undefined
  })
  const failures: Array<{ readonly name: string; readonly error: Error }> = []
  const pending = planner.selected.filter((at) => prepared.decided[at]!.decision !== "hit")
  const done = new Map<number, Deferred.Deferred<boolean>>()
  for (const at of pending) done.set(at, yield* Deferred.make<boolean>())

  const ended = (at: number, step: RunStep, summary: string | undefined) =>
    Effect.gen(function* () {
      steps[at] = step
      log.append(id, { type: "step", at: yield* Clock.currentTimeMillis, ...step })
      if (step.decision !== "skipped") log.step(id, at, step)
      if (step.decision === "failed" || step.decision === "skipped" || step.decision === "interrupted") return
      reporter.emit({ type: "step-end", name: step.name, decision: step.decision, key: step.key, ms: step.ms, summary })
    })

  const carry = (at: number): Effect.Effect<boolean, never, Services> =>
    Effect.gen(function* () {
      const node = graph.nodes[at]!
      for (const producer of node.producers) {
        const producing = done.get(producer)
        if (producing !== undefined && !(yield* Deferred.await(producing))) {
          yield* ended(at, { name: node.name, key: undefined, decision: "skipped", ms: 0 }, undefined)
          return false
        }
      }
      const startedAt = yield* Clock.currentTimeMillis
      const exit = yield* Effect.exit(settle(context, at, outputs))
      if (Exit.isSuccess(exit)) {
        const { value } = exit
        outputs[at] = value.outputs
        yield* ended(at, { name: node.name, key: value.key, decision: value.decision, ms: value.ms }, value.summary)
        return true
      }
      const ms = (yield* Clock.currentTimeMillis) - startedAt
      if (Cause.hasInterruptsOnly(exit.cause)) {
        yield* ended(at, { name: node.name, key: undefined, decision: "interrupted", ms }, undefined)
        return yield* Effect.interrupt
      }
      const error = Cause.squash(exit.cause) as Error
      failures.push({ name: node.name, error })
      log.append(id, { type: "failed", at: startedAt + ms, name: node.name, message: error.message })
      yield* ended(at, { name: node.name, key: undefined, decision: "failed", ms }, undefined)
      reporter.emit({ type: "step-failed", name: node.name, error })
      return false
    })

  yield* Effect.forEach(
    pending,
    (at) =>
      Effect.flatMap(carry(at), (succeeded) => Deferred.succeed(done.get(at)!, succeeded)),
    { concurrency: "unbounded", discard: true },
  )
  return { steps: planner.selected.map((at) => steps[at]!), failures }
})

interface StepContext {
  readonly prepared: Observe.Prepared
  readonly id: string
  readonly permits: Semaphore.Semaphore
  readonly accelerator: Semaphore.Semaphore
}

interface Settled {
  readonly outputs: Outputs
  readonly key: string | undefined
  readonly decision: "hit" | "run" | "uncached"
  readonly ms: number
  readonly summary: string | undefined
}

/** How often a step is tried anew after a producer's damaged result was made again. */
const repairs = 3

/** Decides a step whose producers are done, and runs it if it must. */
const settle = (
  context: StepContext,
  at: number,
  outputs: Array<Outputs | undefined>,
): Effect.Effect<Settled, Error, Services> => {
  const attempt = (left: number): Effect.Effect<Settled, Error, Services> =>
    Effect.gen(function* () {
      const { planner } = context.prepared
      const decided = planner.decide(at, (producer) => outputs[producer])
      if (decided.decision === "hit") {
        const { entry } = decided
        return { outputs: entry!.outputs, key: decided.key, decision: "hit", ms: 0, summary: entry!.summary } as const
      }
      return yield* execute(context, at, decided, outputs)
    }).pipe(
      Effect.catchIf(
        (error) => left > 0 && error instanceof Errors.StoreError && (error.kind === "damaged" || error.kind === "missing"),
        (error) =>
          Effect.flatMap(repairProducers(context, at, outputs), (repaired) =>
            repaired ? attempt(left - 1) : Effect.fail(error),
          ),
      ),
    )
  return attempt(repairs)
}

/** Runs again those producers whose bytes turned out damaged; true when there were any. */
const repairProducers = (
  context: StepContext,
  at: number,
  outputs: Array<Outputs | undefined>,
): Effect.Effect<boolean, Error, Services> =>
  Effect.gen(function* () {
    const cache = yield* ActionCache.ActionCache
    const store = yield* ArtifactStore.ArtifactStore
    const reporter = yield* Reporter.Reporter
    const { planner } = context.prepared
    let repaired = false
    for (const producer of planner.graph.nodes[at]!.producers) {
      let sound = true
      for (const ref of Object.values(outputs[producer] ?? {})) {
        const blobs = yield* Effect.option(Artifact.blobs(ref))
        if (blobs._tag === "None") sound = false
        else for (const blob of blobs.value) if (!(yield* store.verify(blob.digest))) sound = false
      }
      if (sound) continue
      const { name } = planner.graph.nodes[producer]!
      reporter.emit({ type: "warning", name, message: `${name}: its result is damaged; it runs again` })
      const { key } = planner.decide(producer, (one) => outputs[one])
      if (key !== undefined) cache.forget(key)
      outputs[producer] = (yield* settle(context, producer, outputs)).outputs
      repaired = true
    }
    return repaired
  })

/** Runs a step under its lease and stores the result. Another process may turn out to have done it meanwhile. */
const execute = (
  context: StepContext,
  at: number,
  decided: Plan.Decided,
  outputs: ReadonlyArray<Outputs | undefined>,
): Effect.Effect<Settled, Error, Services> =>
  Effect.gen(function* () {
    const { planner, observed } = context.prepared
    const node = planner.graph.nodes[at]!
    const leases = yield* Lease.Leases
    const reporter = yield* Reporter.Reporter
    yield* sameReading(planner, at)
    const { key } = decided
    if (key === undefined) return yield* perform(context, at, decided, outputs, undefined)

    let waitMs = 20
    for (;;) {
      const entry = decided.because === "forced" ? undefined : observed.entry(key)
      if (entry !== undefined && observed.damage(entry) === undefined) {
        return { outputs: entry.outputs, key, decision: "hit", ms: 0, summary: entry.summary } as const
      }
      const lease = yield* storing(() => leases.acquire(key))
      if (lease === undefined) {
        if (waitMs === 320) {
          reporter.emit({ type: "warning", name: node.name, message: `${node.name}: waits for another process that runs it` })
        }
        yield* Effect.sleep(waitMs)
        waitMs = Math.min(waitMs * 2, 640)
        continue
      }
      const release = Effect.ignore(storing(() => leases.release(lease)))
      const meanwhile = decided.because === "forced" ? undefined : observed.entry(key)
      if (meanwhile !== undefined && observed.damage(meanwhile) === undefined) {
        yield* release
        return { outputs: meanwhile.outputs, key, decision: "hit", ms: 0, summary: meanwhile.summary } as const
      }
      return yield* perform(context, at, decided, outputs, lease).pipe(Effect.ensuring(release))
    }
  })

/** Reads the step's functions again: a value that changed since planning would make the key a lie. */
const sameReading = (planner: Plan.Planner, at: number): Effect.Effect<void, Error> =>
  Effect.suspend(() => {
    const node = planner.graph.nodes[at]!
    const before = planner.prepared(at)
    const reader = CodeReading.reader()
    const places: Array<{ place: string; what: string; fix: string }> = []
    const compare = (old: CodeReading.CodeReading | undefined, now: CodeReading.CodeReading): void => {
      if (old === undefined || old.digest === now.digest) return
      const changed = now.values.filter((value, index) => old.values[index]?.text !== value.text)
      for (const value of changed) {
        places.push({
          place: `${value.file}:${value.line}`,
          what: `the value of ${value.name} changed between planning and running`,
          fix: "Pass it as config, or compute it inside the function.",
        })
      }
      if (changed.length === 0) places.push({ place: node.name, what: "its code changed between planning and running", fix: "" })
    }
    if (node.facts.version === undefined) {
      compare(before.code["run"], reader.read(node.facts.run))
      for (const field in before.config) {
        const found: Array<CodeReading.CodeReading> = []
        const text = reader.encode(before.config[field], (reading) => found.push(reading))
        if (text !== before.configTexts[field]) {
          const old = before.code[`config.${field}`]
          if (old !== undefined && found[0] !== undefined) compare(old, found[0])
          else places.push({ place: `${node.name}.${field}`, what: "changed between planning and running", fix: "" })
        }
      }
    }
    return places.length === 0 ? Effect.void : Effect.fail(new Errors.CodeRefused({ step: node.name, places }))
  })

const perform = (
  context: StepContext,
  at: number,
  decided: Plan.Decided,
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
    const hooks: Execution.Hooks = {
      progress: (progress) => reporter.emit({ type: "step-progress", name: node.name, ...progress }),
      measure: (measure, value, unit) => {
        log.append(context.id, { type: "measure", at: now(), name: node.name, measure, value, unit })
        reporter.emit({ type: "step-measure", name: node.name, measure, value, unit })
      },
      warn,
      checkpoint:
        action === undefined || lease === undefined ? checkpoints.none : checkpoints.handle(action, lease, warn),
      memo: yield* memoFor(prepared, at, decided),
    }
    const job: Execution.Job = {
      name: node.name,
      facts: node.facts,
      config: own.config,
      inputs: jobInputs(planner, at, outputs),
      outputs: node.outputs,
      single: node.single,
      seed: own.seed,
      env: own.env,
      settings: prepared.observed.numeric ?? {},
      root: prepared.root,
      store: prepared.store,
    }

    const attempt = Effect.gen(function* () {
      log.append(context.id, { type: "start", at: now(), name: node.name, key })
      reporter.emit({ type: "step-start", name: node.name, key: key ?? "", causes: prepared.causes(node.name) })
      for (const unused of hooks.checkpoint.unused) {
        warn(`a checkpoint of ${node.name} is not used: ${unused.differences.join("; ") || "another key"}`)
      }
      const startedAt = now()
      const result = yield* executor
        .run({ job, key, recordText, lease, params: prepared.givenParams }, hooks)
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
          wiring: wiringOf(planner, at),
          outputs: result.outputs,
          blobs,
          summary: result.summary,
          ms,
          at: now(),
        }
        if (!(yield* storing(() => cache.put(stored, lease)))) {
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

const wiringOf = (planner: Plan.Planner, at: number): Readonly<Record<string, string>> => {
  const wiring: Record<string, string> = {}
  const node = planner.graph.nodes[at]!
  for (const name in node.inputs) {
    const input = node.inputs[name]!
    if (input.type === "output") wiring[name] = planner.graph.nodes[input.node]!.name
  }
  return wiring
}

const jobInputs = (
  planner: Plan.Planner,
  at: number,
  outputs: ReadonlyArray<Outputs | undefined>,
): Execution.Job["inputs"] => {
  const node = planner.graph.nodes[at]!
  const inputs: Record<string, Execution.JobInput> = {}
  for (const name in node.inputs) {
    const input = node.inputs[name]!
    if (input.type === "source") {
      inputs[name] = { type: "source", files: planner.prepared(at).files[name]! }
      continue
    }
    const produced = planner.graph.nodes[input.node]!.outputs[input.output]!
    const kind = input.wanted === undefined || input.wanted.kind === "source" ? produced : input.wanted
    inputs[name] = { type: "artifact", kind, ref: outputs[input.node]![input.output]! }
  }
  return inputs
}

/** Chunks of a row-wise step are actions too: the same record with the chunk in the place of the table. */
const memoFor = (
  prepared: Observe.Prepared,
  at: number,
  decided: Plan.Decided,
): Effect.Effect<Execution.Memo, never, ActionCache.ActionCache | ArtifactStore.ArtifactStore> =>
  Effect.gen(function* (): Effect.fn.Return<Execution.Memo, never, ActionCache.ActionCache | ArtifactStore.ArtifactStore> {
    const cache = yield* ActionCache.ActionCache
    const store = yield* ArtifactStore.ArtifactStore
    const node = prepared.planner.graph.nodes[at]!
    const input = node.facts.rowWise?.input
    const { recordText } = decided
    if (input === undefined || recordText === undefined) return { get: () => undefined, put: () => Effect.void }
    const whole = ActionKey.parse(recordText)
    const recordFor = (chunk: string): ActionKey.Record => ({
      ...whole,
      inputs: { ...whole.inputs, [input]: `chunk ${chunk}` },
    })
    return {
      get: (chunk) => {
        if (decided.because === "forced") return undefined
        const entry = prepared.observed.entry(ActionKey.digest(recordFor(chunk)))
        return entry === undefined || prepared.observed.damage(entry) !== undefined ? undefined : entry.outputs
      },
      put: (chunk, outputs) =>
        Effect.gen(function* () {
          const record = recordFor(chunk)
          const blobs: Array<ArtifactStore.Blob> = []
          for (const ref of Object.values(outputs)) blobs.push(...(yield* Artifact.blobs(ref)))
          const stored: ActionCache.Stored = {
            version: 1,
            key: ActionKey.digest(record),
            pipeline: prepared.planner.graph.name,
            name: node.name,
            record,
            code: {},
            wiring: {},
            outputs,
            blobs,
            summary: undefined,
            ms: 0,
            at: yield* Clock.currentTimeMillis,
          }
          yield* storing(() => cache.put(stored, undefined))
        }).pipe(Effect.provideService(ArtifactStore.ArtifactStore, store)),
    }
  })
