/**
 * Gathers what a plan needs to know of the world, and makes the plan.
 */
import * as Effect from "effect/Effect"
import * as ActionCache from "./ActionCache.ts"
import * as CodeReading from "./CodeReading.ts"
import * as Database from "./Database.ts"
import * as Errors from "./Errors.ts"
import * as Explain from "./Explain.ts"
import * as Graph from "./Graph.ts"
import * as Numerics from "./Numerics.ts"
import type * as Pipeline from "./Pipeline.ts"
import * as Plan from "./Plan.ts"
import * as Quarantine from "./Quarantine.ts"
import * as RunLog from "./RunLog.ts"
import * as SourceDigests from "./SourceDigests.ts"
import { rmSync } from "node:fs"

/** A plan with all that carrying it out needs. */
export interface Prepared {
  readonly planner: Plan.Planner
  readonly observed: Plan.Observations
  readonly plan: Plan.Plan
  readonly decided: ReadonlyArray<Plan.Decided | undefined>
  readonly causes: (step: string) => ReadonlyArray<Explain.Cause>
  /** What `causes` compares. */
  readonly world: Explain.World
  readonly givenParams: Readonly<Record<string, unknown>>
  /** The newest run of the pipeline and its steps. */
  readonly lastRun: string | undefined
  readonly lastSteps: ReadonlyArray<{ readonly name: string; readonly key: string | undefined }>
  readonly root: string
  readonly store: string
}

export interface Options extends Plan.Options {
  readonly params?: Readonly<Record<string, unknown>>
}

type Failure =
  | Errors.PipelineError
  | Errors.UnknownParam
  | Errors.InvalidParam
  | Errors.NoSuchStep
  | Errors.CodeRefused
  | Errors.SourceMissing
  | Errors.StoreError
  | Errors.StepFailed

/** Builds the graph, observes and plans: plain synchronous code, but for numeric settings. */
export const prepare = Effect.fnUntraced(function* (pipeline: Pipeline.Pipeline<any, any>, options: Options) {
  const cache = yield* ActionCache.ActionCache
  const db = yield* Database.Database
  const log = yield* RunLog.RunLog
  const numerics = yield* Numerics.Numerics
  const sources = yield* SourceDigests.SourceDigests
  const givenParams = options.params ?? {}
  const graph = yield* planning(() => Graph.make(pipeline, givenParams))
  // Steps that are not asked for need no backend: splitting rows works without TensorFlow.
  const asked = yield* planning(() => Plan.select(graph, options.only).map((at) => graph.nodes[at]!))
  const numericStep = asked.find((node) => node.facts.numeric)
  const numeric =
    numericStep !== undefined
      ? yield* Effect.mapError(
          numerics.settings,
          (error) =>
            new Errors.StepFailed({
              step: numericStep.name,
              reason: error instanceof Error ? error.message : String(error),
              hint: "`sluice doctor` shows the backends of this machine.",
            }),
        )
      : undefined
  return yield* planning((): Prepared => {
    const lastRun = log.last(graph.name)
    const last =
      lastRun === undefined
        ? { entries: new Map<string, ActionCache.Entry>(), steps: [] }
        : cache.ofRun(lastRun)
    const observed = observe(cache, log, sources, graph, last.entries, numeric, Quarantine.read(db.root))
    const planner = Plan.planner(graph, observed, options)
    const made = Plan.make(planner, observed)
    // Entries of the last run answer for the plan alone: what runs from now on is asked of the index.
    last.entries.clear()
    const actions = new Map(made.plan.actions.map((action) => [action.name, action]))
    return {
      planner,
      observed,
      plan: made.plan,
      decided: made.decided,
      causes: (step) => actions.get(step)?.causes ?? [],
      world: Plan.worldOf(planner, made.decided, observed),
      givenParams,
      lastRun,
      lastSteps: last.steps,
      root: sources.root,
      store: db.root,
    }
  })
})

/** The observations of this machine and this store. */
export const observe = (
  cache: ActionCache.Service,
  log: RunLog.Service,
  sources: SourceDigests.Service,
  graph: Graph.Graph,
  known: ReadonlyMap<string, ActionCache.Entry>,
  numeric: Numerics.Settings | undefined,
  quarantine: ReadonlyMap<string, Quarantine.Entry>,
): Plan.Observations => {
  const quarantineIds = new WeakMap<Plan.Prepared, string>()
  const digested = new Map<string, ReadonlyArray<SourceDigests.DigestedFile>>()
  const previous = new Map<string, ReturnType<RunLog.Service["lastKey"]>>()
  const previousOf = (step: string): ReturnType<RunLog.Service["lastKey"]> => {
    if (!previous.has(step)) previous.set(step, log.lastKey(graph.name, step))
    return previous.get(step)
  }
  let durations: ReadonlyMap<string, number> | undefined
  return {
    code: CodeReading.reader(),
    env: (name) => process.env[name],
    numeric,
    runtime: { node: process.versions.node.split(".")[0]! },
    get locale() {
      const resolved = Intl.DateTimeFormat().resolvedOptions()
      return { icu: process.versions.icu ?? "", locale: resolved.locale, timeZone: resolved.timeZone }
    },
    sources: (step, patterns) => {
      const id = patterns.join("\0")
      let files = digested.get(id)
      if (files === undefined) digested.set(id, (files = sources.files(step, patterns)))
      return files
    },
    entry: (key) => known.get(key) ?? cache.get(key),
    damage: (entry) => damageOf(cache, entry),
    previous: (step) => {
      const last = previousOf(step)
      const stored = last === undefined ? undefined : cache.stored(last.key)
      return stored === undefined ? undefined : Explain.sideOf(stored)
    },
    previousParams: (step) => previousOf(step)?.params ?? {},
    predictedMs: (step) => (durations ??= log.durations(graph.name)).get(step),
    quarantined: (facts, prepared) => {
      if (quarantine.size === 0) return undefined
      let id = quarantineIds.get(prepared)
      if (id === undefined) quarantineIds.set(prepared, (id = Quarantine.idOf(facts, prepared.code)))
      return quarantine.get(id)
    },
  }
}

/** What is wrong with an entry's blobs. One whose stat differs is read again: right bytes are recorded anew. */
const damageOf = (cache: ActionCache.Service, entry: ActionCache.Entry): string | undefined => {
  const suspects = cache.suspects(entry)
  if (suspects === undefined) return undefined
  for (const blob of suspects) {
    const path = cache.blobPath(blob.digest)
    let found: string
    try {
      found = SourceDigests.hashFile(path)
    } catch {
      return `a file of its result is missing (${blob.digest.slice(0, 12)})`
    }
    if (found !== blob.digest) {
      // Its name is free for the right bytes again.
      rmSync(path, { force: true })
      return `a file of its result is damaged (${blob.digest.slice(0, 12)})`
    }
  }
  cache.refresh(entry)
  return undefined
}

/** Runs synchronous planning code; the engine's own errors become failures, anything else stays a defect. */
const planning = <A>(body: () => A): Effect.Effect<A, Failure> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(body())
    } catch (error) {
      if (error instanceof Error && "_tag" in error && failures.has(String(error._tag))) {
        return Effect.fail(error as Failure)
      }
      if (error instanceof Error && "errcode" in error)
        return Effect.fail(Database.failed("read", "the store", error))
      throw error
    }
  })

const failures = new Set([
  "PipelineError",
  "UnknownParam",
  "InvalidParam",
  "NoSuchStep",
  "CodeRefused",
  "SourceMissing",
  "StoreError",
])
