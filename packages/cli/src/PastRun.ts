/**
 * Why a step executed in a run that is over: its records and those of the results before it, compared.
 */
import { Explain } from "@sluice/core"
import type { ActionCache, RunLog } from "@sluice/core"
import type { RunHead } from "./Store.ts"

/** The newest of the runs, from `from` on, in which the step executed. */
export const executionOf = (
  log: RunLog.Service,
  runs: ReadonlyArray<RunHead>,
  from: RunHead,
  step: string,
): RunHead | undefined =>
  runs
    .slice(runs.indexOf(from))
    .filter((run) => run.pipeline === from.pipeline)
    .find((run) => log.steps(run.id).some((one) => one.name === step && one.decision === "run"))

/** Root causes first. Empty where nothing is known of the run before. */
export const causes = (
  log: RunLog.Service,
  cache: ActionCache.Service,
  runs: ReadonlyArray<RunHead>,
  run: RunHead,
  step: string,
): ReadonlyArray<Explain.Cause> => {
  const earlier = runs.slice(runs.indexOf(run) + 1).find((one) => one.pipeline === run.pipeline)
  const before = (name: string) =>
    earlier === undefined ? undefined : log.lastKey(run.pipeline, name, earlier.id)
  const keys = new Map(log.steps(run.id).map((one) => [one.name, one.key]))
  const sideOf = (key: string | undefined): Explain.Side | undefined =>
    key === undefined ? undefined : cache.stored(key)
  const sides = new Map([...keys].map(([name, key]) => [name, sideOf(key)]))
  const producers = new Map<string, string>()
  for (const [name, key] of keys) {
    const stored = key === undefined ? undefined : cache.stored(key)
    for (const ref of Object.values(stored?.outputs ?? {})) producers.set(ref.fingerprint, name)
  }
  return Explain.causesOf(
    {
      previous: (name) => sideOf(before(name)?.key),
      next: (name) => sides.get(name),
      previousParams: (name) => before(name)?.params ?? {},
      nextParams: run.params,
      producerOf: (name, input) => {
        const fingerprint = sides.get(name)?.record.inputs[input]
        return typeof fingerprint === "string" ? producers.get(fingerprint) : undefined
      },
      special: () => undefined,
    },
    step,
  )
}
