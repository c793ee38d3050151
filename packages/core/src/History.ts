/**
 * Results of before, for telling what changed since: those of the last run, and of a step that had none in it those of
 * an earlier one.
 */
import type * as ActionCache from "./ActionCache.ts"
import type { Observations } from "./Observations.ts"
import type * as RunLog from "./RunLog.ts"

/** The newest run of a pipeline before now, with its steps and all entries that they used. */
export interface Last extends ReturnType<ActionCache.Service["ofRun"]> {
  readonly run: string | undefined
}

/** There was none. */
export const none: Last = { run: undefined, entries: new Map(), steps: [] }

/** What Observations say of the time before. */
export const of = (
  cache: ActionCache.Service,
  log: RunLog.Service,
  pipeline: string,
  last: Last,
): Pick<
  Observations,
  "previousKey" | "previousEntry" | "previous" | "previousParams" | "previousRun" | "stored"
> => {
  type Found = ReturnType<RunLog.Service["lastKey"]>
  const found = new Map<string, Found>()
  /** Not later than the last run: the one that may be under way by now is no earlier one. */
  const lastKey = (step: string): Found => {
    if (!found.has(step) && last.run !== undefined) found.set(step, log.lastKey(pipeline, step, last.run))
    return found.get(step)
  }
  let keys: ReadonlyMap<string, string | undefined> | undefined
  const keyInLast = (step: string): string | undefined =>
    (keys ??= new Map(last.steps.map(({ name, key }) => [name, key]))).get(step)
  const previousKey = (step: string): string | undefined => keyInLast(step) ?? lastKey(step)?.key
  let ofLast: Found
  return {
    previousKey,
    previousEntry: (key) => last.entries.get(key) ?? cache.get(key),
    previous: (step) => {
      const key = previousKey(step)
      return key === undefined ? undefined : cache.stored(key)
    },
    stored: cache.stored,
    previousRun: (step) => {
      const before = lastKey(step)
      if (before === undefined) return undefined
      const { params, run } = before
      return { run, params, key: (name) => log.lastKey(pipeline, name, run)?.key }
    },
    previousParams: (step) =>
      (keyInLast(step) === undefined ? lastKey(step) : (ofLast ??= lastKey(step)))?.params ?? {},
  }
}
