/**
 * Why a step runs: what changed at it and at the steps above it, root causes first, each with the path by which it came.
 */

/** What kind of thing changed. */
export type CauseKind =
  | "param"
  | "config"
  | "code"
  | "source"
  | "package"
  | "env"
  | "numeric"
  | "seed"
  | "input"
  | "runtime"
  | "first"
  | "damaged"
  | "forced"
  | "quarantined"
  | "uncached"

/** One reason. `headline` is the first line a user reads; `path` the steps by which the cause arrived, root first. */
export interface Cause {
  readonly kind: CauseKind
  readonly headline: string
  readonly path: ReadonlyArray<string>
  /** Further lines of facts, where there are any. */
  readonly details?: ReadonlyArray<string>
}

/** What changed at one step, seen by itself. */
export interface Changes {
  /** Causes of its own, whose path is the step alone. */
  readonly own: ReadonlyArray<Cause>
  /** Inputs with other contents than before, or contents unknown so far: through them other causes arrive. */
  readonly through: ReadonlyArray<Arrival>
}

/** An input that was written by another step. */
export interface Arrival {
  readonly producer: string
  /** What is said of it where the producer has no cause; `undefined` where nothing is to be said. */
  readonly otherwise: string | undefined
}

/** What is said of a step that runs although nothing is known to have changed. */
export const gone = (step: string): Changes => ({
  own: [{ kind: "first", headline: `${step}: its result is not in the store`, path: [step] }],
  through: [],
})

/** Two states of a pipeline. */
export interface World {
  /** `undefined` for a step at which nothing changed. Asked once for each step that is explained or lies above one. */
  readonly changes: (step: string) => Changes | undefined
}

/** The causes for a step, root causes first: its own, then those that arrived through its inputs. */
export const causesOf = (world: World, step: string): ReadonlyArray<Cause> => explainer(world)(step)

/** As `causesOf` for many steps of one world: what was found for a step serves all steps below it. */
export const explainer = (world: World): ((step: string) => ReadonlyArray<Cause>) => {
  const settled = new Map<string, ReadonlyArray<Arrived>>()
  return (step) => {
    if (!settled.has(step)) settle(world, step, settled)
    return settled.get(step)!.map(causeOf)
  }
}

/** A cause at a step that it reached. Ways share what they have in common: a chain of n steps has n of them, not n². */
interface Arrived {
  readonly cause: Cause
  readonly way: Way
}

interface Way {
  readonly step: string
  /** How it came to the step before; `undefined` at the root. */
  readonly from: Way | undefined
  readonly length: number
}

const causeOf = ({ cause, way }: Arrived): Cause =>
  way.from === undefined
    ? cause
    : {
        kind: cause.kind,
        headline: cause.headline,
        ...(cause.details === undefined ? {} : { details: cause.details }),
        get path() {
          const names: Array<string> = []
          for (let at: Way | undefined = way; at !== undefined; at = at.from) names.push(at.step)
          return names.toReversed()
        },
      }

/** Finds the causes of a step and of all above it through which they arrived, producers first. */
const settle = (world: World, asked: string, settled: Map<string, ReadonlyArray<Arrived>>): void => {
  // No recursion: a chain may have ten thousand steps.
  const begun = new Map<string, Changes | undefined>()
  const stack = [asked]
  while (stack.length > 0) {
    const step = stack.at(-1)!
    if (!settled.has(step) && !begun.has(step)) {
      const changes = world.changes(step)
      begun.set(step, changes)
      const depth = stack.length
      for (const { producer } of changes?.through ?? [])
        if (!settled.has(producer) && !begun.has(producer)) stack.push(producer)
      if (stack.length > depth) continue
    }
    stack.pop()
    if (!settled.has(step)) settled.set(step, arrivedAt(step, begun.get(step), settled))
  }
}

/** So many causes a step hands on to those below it: more would tell nobody more, and cost steps times causes. */
const handedOn = 24

const arrivedAt = (
  step: string,
  changes: Changes | undefined,
  settled: ReadonlyMap<string, ReadonlyArray<Arrived>>,
): ReadonlyArray<Arrived> => {
  if (changes === undefined) return []
  // Distinct at every step: one root that arrives by two ways at each of many layers would arrive by 2^layers.
  const distinct = new Map<string, Arrived>()
  const add = (cause: Cause, from: Way | undefined): void => {
    const known = distinct.get(cause.headline)
    const length = from === undefined ? 1 : from.length + 1
    if (known === undefined || length < known.way.length)
      distinct.set(cause.headline, { cause, way: { step, from, length } })
  }
  for (const cause of changes.own) add(cause, undefined)
  for (const { producer, otherwise } of changes.through) {
    const roots = settled.get(producer) ?? []
    for (let at = 0; at < roots.length && at < handedOn; at++) add(roots[at]!.cause, roots[at]!.way)
    if (roots.length > 0 || otherwise === undefined) continue
    const way = { step: producer, from: undefined, length: 1 }
    add({ kind: "input", headline: `${step}: ${otherwise}`, path: [] }, way)
  }
  if (distinct.size === 0) for (const cause of gone(step).own) add(cause, undefined)
  const causes = [...distinct.values()]
  return causes.length === 1 ? causes : causes.toSorted((a, b) => rank(a.cause) - rank(b.cause))
}

/** Direct causes before those that follow from a declaration or are known only by their effect. */
const rank = (cause: Cause): number => order.indexOf(cause.kind)

const order: ReadonlyArray<CauseKind> = [
  "forced",
  "damaged",
  "quarantined",
  "param",
  "config",
  "code",
  "source",
  "package",
  "env",
  "numeric",
  "seed",
  "runtime",
  "input",
  "uncached",
  "first",
]
