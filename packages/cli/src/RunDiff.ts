/**
 * What two runs differ in: params, decisions, causes, results, measurements. Pure.
 */
import type { ActionCache, Explain, Run, Why } from "@sluice/core"

/** One run with what the store still knows of its steps. */
export interface Side {
  readonly run: Run.Run
  readonly stored: (key: string) => ActionCache.Stored | undefined
  /** Last value of each measure: step, then measure. */
  readonly measures: ReadonlyMap<string, ReadonlyMap<string, number>>
  /** Numbers in what a step wrote, of steps that the other run has under another key: step, then metric. */
  readonly metrics: ReadonlyMap<string, ReadonlyMap<string, number>>
}

interface Change<A> {
  readonly name: string
  readonly from: A | null
  readonly to: A | null
}

export interface StepDiff {
  readonly name: string
  readonly change: "same" | "changed" | "added" | "removed"
  /** The step's action differs, but what it wrote is the same. */
  readonly sameResult: boolean
  readonly from: Run.RunStep | null
  readonly to: Run.RunStep | null
  /** Why the actions differ, root causes first. */
  readonly causes: ReadonlyArray<Explain.Cause>
  readonly measures: ReadonlyArray<Change<number>>
  /** Last values of numeric columns in a table called metrics, and numbers in values that it wrote. */
  readonly metrics: ReadonlyArray<Change<number>>
  /** How the rows of its tables changed, where it reads files that changed. */
  readonly data: ReadonlyArray<Why.TableChange>
}

export interface RunDiff {
  readonly params: ReadonlyArray<Change<string>>
  readonly steps: ReadonlyArray<StepDiff>
}

export const diff = (
  before: Side,
  after: Side,
  causes: ReadonlyMap<string, ReadonlyArray<Explain.Cause>>,
  data: ReadonlyMap<string, ReadonlyArray<Why.TableChange>> = new Map(),
): RunDiff => {
  const old = new Map(before.run.steps.map((step) => [step.name, step]))
  const now = new Map(after.run.steps.map((step) => [step.name, step]))
  const compare = (name: string): StepDiff => {
    const from = old.get(name) ?? null
    const to = now.get(name) ?? null
    const one = from?.key === undefined ? undefined : before.stored(from.key)
    const other = to?.key === undefined ? undefined : after.stored(to.key)
    const change =
      from === null ? "added" : to === null ? "removed" : from.key === to.key ? "same" : "changed"
    const measures = changes(before.measures.get(name) ?? new Map(), after.measures.get(name) ?? new Map())
    return {
      name,
      change,
      sameResult: one !== undefined && other !== undefined && fingerprints(one) === fingerprints(other),
      from,
      to,
      causes: causes.get(name) ?? [],
      measures,
      metrics: changes(before.metrics.get(name) ?? new Map(), after.metrics.get(name) ?? new Map()),
      data: data.get(name) ?? [],
    }
  }
  return {
    params: changes(new Map(Object.entries(before.run.params)), new Map(Object.entries(after.run.params))),
    steps: [...new Set([...old.keys(), ...now.keys()])].map(compare),
  }
}

const fingerprints = (stored: ActionCache.Stored): string =>
  Object.entries(stored.outputs)
    .map(([name, ref]) => `${name} ${ref.fingerprint}`)
    .toSorted()
    .join("\n")

const changes = <A>(from: ReadonlyMap<string, A>, to: ReadonlyMap<string, A>): Array<Change<A>> =>
  [...new Set([...from.keys(), ...to.keys()])]
    .map((name) => ({ name, from: from.get(name) ?? null, to: to.get(name) ?? null }))
    .filter((change) => change.from !== change.to)
