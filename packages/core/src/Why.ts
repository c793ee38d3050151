/**
 * Why a step of one run differs from the same step of another, from records alone: neither needs the code of its day.
 */
import * as Effect from "effect/Effect"
import * as ActionCache from "./ActionCache.ts"
import type * as ArtifactStore from "./ArtifactStore.ts"
import type * as Engine from "./Engine.ts"
import * as Environment from "./Environment.ts"
import * as Errors from "./Errors.ts"
import * as Explain from "./Explain.ts"
import { nearest } from "./internal/nearest.ts"
import * as Observe from "./Observe.ts"
import type * as Pipeline from "./Pipeline.ts"
import * as RecordDifference from "./RecordDifference.ts"
import * as RowChanges from "./RowChanges.ts"
import * as RunLog from "./RunLog.ts"

/** Steps of two runs beside one another. */
export interface StepDifference {
  readonly name: string
  readonly change: "same" | "changed" | "added" | "removed"
  readonly causes: ReadonlyArray<Explain.Cause>
}

/** The causes for one step of a run, compared with an earlier run: by default the last in which it had another key. */
export const why = Effect.fnUntraced(function* (run: string, step: string, earlier?: string) {
  const log = yield* RunLog.RunLog
  const next = yield* runOf(run)
  const found = log.stepNamed(run, step)
  if (found === undefined) {
    return yield* noSuchStep(
      next.pipeline,
      step,
      log.steps(run).map((one) => one.name),
    )
  }
  const before = earlier ?? runBefore(log, next.pipeline, run)
  // Asked by name: a run may have ten thousand steps, and few of them matter here.
  const world = yield* worldBetween(before, run, (of, name) => log.stepNamed(of, name)?.key)
  const causes =
    found.decision === "failed" ? failureCauses(log.lines(run), step) : Explain.causesOf(world, step)
  return { against: before, causes, data: yield* dataOf(world, step, causes) }
})

const failureCauses = (lines: ReadonlyArray<RunLog.Line>, step: string): ReadonlyArray<Explain.Cause> =>
  lines.flatMap((line) => (line.type === "failed" && line.name === step ? (line.causes ?? []) : []))

/** What would happen to a step with params and why, and the rows by which its tables changed since it last ran. */
export const planned = Effect.fnUntraced(function* (
  pipeline: Pipeline.Pipeline<any, any>,
  options: Engine.PlanOptions,
  step: string,
) {
  // What the step does not need has no part in the answer.
  const { plan, world } = yield* Observe.prepare(pipeline, { ...options, only: [step] })
  const action = plan.actions.find((one) => one.name === step)!
  const { causes } = action
  return { action, causes, data: yield* dataOf(world, step, causes) }
})

/** Everything that a step's identity covers, as it is now. */
export const codeOf = Effect.fnUntraced(function* (
  pipeline: Pipeline.Pipeline<any, any>,
  options: Engine.PlanOptions,
  step: string,
) {
  const { planner, observed } = yield* Observe.prepare(pipeline, { ...options, only: [] })
  const at = planner.graph.index.get(step)
  if (at === undefined) return yield* noSuchStep(planner.graph.name, step, [...planner.graph.index.keys()])
  const { facts } = planner.graph.nodes[at]!
  const own = planner.prepared(at)
  return {
    step,
    definition: facts.name,
    version: facts.version,
    /** By role: `run`, and `config.<field>` for functions in the config. */
    code: own.code,
    env: Environment.texts(own.env, observed.env),
  }
})

const noSuchStep = (pipeline: string, name: string, known: ReadonlyArray<string>): Errors.NoSuchStep => {
  const near = nearest(name, known)
  return new Errors.NoSuchStep({ pipeline, name, known, ...(near === undefined ? {} : { near }) })
}

/** How the rows of one table changed. */
export interface TableChange extends RowChanges.RowChanges {
  /** `words from collect`, or `output` for what the step wrote itself. */
  readonly table: string
}

/**
 * Of the tables that a step reads, those that changed; where it reads changed files, the tables that it wrote; and where
 * changed files are a cause from further up, the tables that were made of them, first.
 */
const dataOf = Effect.fnUntraced(function* (
  sides: RecordDifference.Sides,
  step: string,
  causes: ReadonlyArray<Explain.Cause>,
): Effect.fn.Return<
  ReadonlyArray<TableChange>,
  never,
  ActionCache.ActionCache | ArtifactStore.ArtifactStore
> {
  const cache = yield* ActionCache.ActionCache
  const [before, after] = [sides.previous(step), sides.next(step)]
  if (before === undefined || after === undefined) return []
  /** By both fingerprints: a root may be the producer of an input. */
  const pairs = new Map<string, readonly [table: string, before: string, after: string]>()
  const add = (table: string, old: string, now: string): void => {
    if (old !== now) pairs.set(`${old} ${now}`, [table, old, now])
  }
  const written = (one: string, label: (output: string) => string): void => {
    const [old, now] = [sides.previous(one)?.key, sides.next(one)?.key]
    if (old === undefined || now === undefined) return
    const outputs = cache.get(now)?.outputs ?? {}
    for (const [name, ref] of Object.entries(cache.get(old)?.outputs ?? {}))
      if (outputs[name] !== undefined) add(label(name), ref.fingerprint, outputs[name].fingerprint)
  }
  const roots = new Set(causes.flatMap(({ kind, path }) => (kind === "source" ? [path[0]!] : [])))
  for (const root of [...roots].slice(0, shownRoots))
    written(root, (output) => (root === step ? output : `${output} of ${root}`))
  for (const [input, now] of Object.entries(after.record.inputs)) {
    const old = before.record.inputs[input]
    if (typeof old === "string" && typeof now === "string")
      add(`${input} from ${sides.producerOf(step, input) ?? "another step"}`, old, now)
  }
  const changes: Array<TableChange> = []
  for (const [table, old, now] of pairs.values()) {
    // What is no table, or is no longer in the store, has no rows to tell of.
    const found = yield* Effect.option(RowChanges.between(old, now))
    if (found._tag === "Some") changes.push({ table, ...found.value })
  }
  return changes
})

const shownRoots = 3

/** Every step of two runs, in the later run's order. */
export const between = Effect.fnUntraced(function* (before: string, after: string) {
  const log = yield* RunLog.RunLog
  const old = new Map(log.steps(before).map((step) => [step.name, step.key]))
  const now = new Map(log.steps(after).map((step) => [step.name, step.key]))
  const world = yield* worldBetween(before, after, (run, step) => (run === before ? old : now).get(step))
  const causesOf = Explain.explainer(world)
  const differences: Array<StepDifference> = []
  for (const [name, key] of now) {
    if (!old.has(name)) differences.push({ name, change: "added", causes: [] })
    else if (old.get(name) === key) differences.push({ name, change: "same", causes: [] })
    else differences.push({ name, change: "changed", causes: causesOf(name) })
  }
  for (const name of old.keys()) if (!now.has(name)) differences.push({ name, change: "removed", causes: [] })
  return differences
})

const runOf = Effect.fnUntraced(function* (id: string) {
  const log = yield* RunLog.RunLog
  const runs = log.runs()
  const run = runs.find((one) => one.id === id)
  if (run !== undefined) return run
  return yield* new Errors.NoSuchRun({ id, known: runs.slice(0, 10).map((one) => one.id) })
})

const runBefore = (log: RunLog.Service, pipeline: string, run: string): string | undefined => {
  const runs = log.runs({ pipeline })
  return runs[runs.findIndex((one) => one.id === run) + 1]?.id
}

/** `keyOf` answers for these two runs. */
const worldBetween = Effect.fnUntraced(function* (
  before: string | undefined,
  after: string,
  keyOf: (run: string, step: string) => string | undefined,
) {
  const cache = yield* ActionCache.ActionCache
  const log = yield* RunLog.RunLog
  const next = yield* runOf(after)
  const previous = before === undefined ? undefined : yield* runOf(before)
  const params = { previousParams: previous?.params ?? {}, nextParams: next.params }
  const storedAt = (key: string | undefined): ActionCache.Stored | undefined =>
    key === undefined ? undefined : cache.stored(key)
  let started: ReadonlyMap<string, Explain.Cause> | undefined
  const startedBecause = (step: string): Explain.Cause | undefined =>
    (started ??= new Map(
      log
        .lines(after)
        .flatMap((line) =>
          line.type === "start" && line.cause !== undefined ? [[line.name, line.cause] as const] : [],
        ),
    )).get(step)
  // An earlier run may not have got as far as this step: then the last result before it counts.
  const lastOf = (step: string): string | undefined =>
    before === undefined ? undefined : (keyOf(before, step) ?? log.lastKey(next.pipeline, step, before)?.key)
  const producers = new Map<string, ActionCache.Stored["wiring"]>()
  const sides: RecordDifference.Sides = {
    previous: (step) => storedAt(lastOf(step)),
    next: (step) => {
      const stored = storedAt(keyOf(after, step))
      producers.set(step, stored?.wiring ?? {})
      return stored
    },
    producerOf: (step, input) => {
      if (!producers.has(step)) sides.next(step)
      return producers.get(step)![input]
    },
  }
  return {
    ...sides,
    changes: (step: string): Explain.Changes | undefined => {
      const key = keyOf(after, step)
      if (key === lastOf(step)) {
        const cause = startedBecause(step)
        return cause === undefined ? undefined : { own: [cause], through: [] }
      }
      return RecordDifference.changes(step, sides, () => params)
    },
  }
})
