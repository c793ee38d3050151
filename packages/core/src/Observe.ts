/**
 * Gathers what a plan needs to know of the world, and makes the plan.
 */
import * as Effect from "effect/Effect"
import * as ActionCache from "./ActionCache.ts"
import * as CodeReading from "./CodeReading.ts"
import * as Database from "./Database.ts"
import * as Errors from "./Errors.ts"
import * as Graph from "./Graph.ts"
import * as History from "./History.ts"
import * as Numerics from "./Numerics.ts"
import type { Observations } from "./Observations.ts"
import type * as Pipeline from "./Pipeline.ts"
import * as Plan from "./Plan.ts"
import * as Planner from "./Planner.ts"
import type { Prepared as PreparedStep } from "./Preparation.ts"
import * as Quarantine from "./Quarantine.ts"
import * as RunLog from "./RunLog.ts"
import * as SourceDigests from "./SourceDigests.ts"
import { rmSync } from "node:fs"

/** A plan with all that carrying it out needs. */
export interface Prepared extends Plan.Made {
  readonly planner: Planner.Planner
  readonly observed: Observations
  readonly givenParams: Readonly<Record<string, unknown>>
  /** The newest run of the pipeline and its steps. */
  readonly lastRun: string | undefined
  readonly lastSteps: ReadonlyArray<{ readonly name: string; readonly key: string | undefined }>
  readonly root: string
  readonly store: string
}

export interface Options extends Planner.Options {
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
  const asked = yield* planning(() => Planner.select(graph, options.only).map((at) => graph.nodes[at]!))
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
    const last = lastRun === undefined ? History.none : { run: lastRun, ...cache.ofRun(lastRun) }
    // Entries of the last run answer for the plan alone: what runs from now on is asked of the index.
    const trusted = { entries: last.entries }
    const observed = observe(cache, log, sources, graph, {
      last,
      trusted,
      numeric,
      quarantine: Quarantine.read(db.root),
    })
    const planner = Planner.make(graph, observed, options)
    const made = Plan.make(planner, observed)
    trusted.entries = History.none.entries
    return {
      planner,
      observed,
      ...made,
      givenParams,
      lastRun,
      lastSteps: last.steps,
      root: sources.root,
      store: db.root,
    }
  })
})

/** What is known beside the store. */
interface Known {
  readonly last: History.Last
  /** Entries that are taken as they are, without asking the index. */
  readonly trusted: { readonly entries: ReadonlyMap<string, ActionCache.Entry> }
  readonly numeric: Numerics.Settings | undefined
  readonly quarantine: ReadonlyMap<string, Quarantine.Entry>
}

/** What a process knows that is handed a step to run: neither earlier runs nor an audit matter to it. */
export const knownOf = (numeric: Numerics.Settings): Known => ({
  last: History.none,
  trusted: History.none,
  numeric,
  quarantine: new Map(),
})

/** The observations of this machine and this store. */
export const observe = (
  cache: ActionCache.Service,
  log: RunLog.Service,
  sources: SourceDigests.Service,
  graph: Graph.Graph,
  { last, trusted, numeric, quarantine }: Known,
): Observations => {
  const quarantineIds = new WeakMap<PreparedStep, string>()
  const digested = new Map<string, ReadonlyArray<SourceDigests.DigestedFile>>()
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
    entry: (key) => trusted.entries.get(key) ?? cache.get(key),
    damage: (entry) => damageOf(cache, entry),
    ...History.of(cache, log, graph.name, last),
    predictedMs: (step) => (durations ??= log.durations(graph.name)).get(step),
    quarantined: (facts, prepared) => {
      if (quarantine.size === 0) return undefined
      let id = quarantineIds.get(prepared)
      if (id === undefined) quarantineIds.set(prepared, (id = Quarantine.idOf(facts, prepared.code)))
      return quarantine.get(id)
    },
  }
}

/**
 * What is wrong with an entry's blobs, every one of them. One whose stat differs is read again: right bytes are recorded
 * anew, and the name of wrong ones is free for the right bytes again.
 */
const damageOf = (cache: ActionCache.Service, entry: ActionCache.Entry): string | undefined => {
  const suspects = cache.suspects(entry)
  if (suspects === undefined) return undefined
  const missing: Array<string> = []
  const damaged: Array<string> = []
  for (const { digest } of suspects) {
    const path = cache.blobPath(digest)
    try {
      if (SourceDigests.hashFile(path) === digest) continue
      rmSync(path, { force: true })
      damaged.push(digest)
    } catch {
      missing.push(digest)
    }
  }
  if (missing.length + damaged.length === 0) {
    cache.refresh(entry)
    return undefined
  }
  const problems = [
    ["missing", missing],
    ["damaged", damaged],
  ] as const
  return problems
    .flatMap(([what, digests]) => (digests.length === 0 ? [] : [damageText(what, digests)]))
    .join("; ")
}

/** `2 files of its result are missing (0f3a9c21d4e5, 77b0…)`. */
const damageText = (what: string, digests: ReadonlyArray<string>): string => {
  const named = digests.slice(0, 4).map((digest) => digest.slice(0, 12))
  if (digests.length > named.length) named.push("…")
  const files = digests.length === 1 ? "a file of its result is" : `${digests.length} files of its result are`
  return `${files} ${what} (${named.join(", ")})`
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
