/**
 * Why a step of one run differs from the same step of another, from records alone: neither needs the code of its day.
 */
import * as Effect from "effect/Effect"
import * as ActionCache from "./ActionCache.ts"
import * as Errors from "./Errors.ts"
import * as Explain from "./Explain.ts"
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
  const found = log.steps(run).find((one) => one.name === step)
  if (found === undefined) {
    const known = log.steps(run).map((one) => one.name)
    const near = Explain.nearestName(step, known)
    return yield* new Errors.NoSuchStep({
      pipeline: next.pipeline,
      name: step,
      known,
      ...(near === undefined ? {} : { near }),
    })
  }
  const before = earlier ?? runBefore(log, next.pipeline, run)
  const world = yield* worldBetween(before, run)
  return { against: before, causes: Explain.causesOf(world, step) }
})

/** Every step of two runs, in the later run's order. */
export const between = Effect.fnUntraced(function* (before: string, after: string) {
  const log = yield* RunLog.RunLog
  const world = yield* worldBetween(before, after)
  const old = new Map(log.steps(before).map((step) => [step.name, step.key]))
  const now = new Map(log.steps(after).map((step) => [step.name, step.key]))
  const differences: Array<StepDifference> = []
  for (const [name, key] of now) {
    if (!old.has(name)) differences.push({ name, change: "added", causes: [] })
    else if (old.get(name) === key) differences.push({ name, change: "same", causes: [] })
    else differences.push({ name, change: "changed", causes: Explain.causesOf(world, name) })
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

const worldBetween = Effect.fnUntraced(function* (before: string | undefined, after: string) {
  const cache = yield* ActionCache.ActionCache
  const log = yield* RunLog.RunLog
  const next = yield* runOf(after)
  const previous = before === undefined ? undefined : yield* runOf(before)
  const keysOf = (run: string): ReadonlyMap<string, string | undefined> =>
    new Map(log.steps(run).map((step) => [step.name, step.key]))
  const oldKeys = before === undefined ? undefined : keysOf(before)
  const nowKeys = keysOf(after)
  const wiring = new Map<string, Readonly<Record<string, string>>>()
  const sideOf = (key: string | undefined): Explain.Side | undefined => {
    const stored = key === undefined ? undefined : cache.stored(key)
    if (stored === undefined) return undefined
    return { key: stored.key, record: stored.record, code: stored.code }
  }
  // An earlier run may not have got as far as this step: then the last result before it counts.
  const lastOf = (step: string) =>
    before === undefined ? undefined : (oldKeys?.get(step) ?? log.lastKey(next.pipeline, step, before)?.key)
  const world: Explain.World = {
    previous: (step) => sideOf(lastOf(step)),
    next: (step) => sideOf(nowKeys.get(step)),
    previousParams: () => previous?.params ?? {},
    nextParams: next.params,
    producerOf: (step, input) => {
      let wires = wiring.get(step)
      if (wires === undefined) {
        const key = nowKeys.get(step)
        wiring.set(step, (wires = (key === undefined ? undefined : cache.stored(key)?.wiring) ?? {}))
      }
      return wires[input]
    },
    special: () => undefined,
  }
  return world
})
