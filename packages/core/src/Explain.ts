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
  /**
   * What changed at a producer since a step last read it: asked where the producer is as it last ran, but wrote something
   * else than the step read, as after a run that stopped between the two.
   */
  readonly since?: (step: string, producer: string) => ReadonlyArray<Cause>
}

/** The causes for a step, root causes first: its own, then those that arrived through its inputs. */
export const causesOf = (world: World, step: string): ReadonlyArray<Cause> => explainer(world)(step)

/** As `causesOf` for many steps of one world: what was found for a step serves all steps below it. */
export const explainer = (world: World): ((step: string) => ReadonlyArray<Cause>) => {
  const found: Found = { world, settled: new Map(), roots: new Map(), gathering: 0 }
  return (step) => {
    if (!found.settled.has(step)) settle(found, step)
    return found.settled.get(step)!.map(causeOf)
  }
}

interface Found {
  readonly world: World
  readonly settled: Map<string, ReadonlyArray<Arrived>>
  /** By headline. */
  readonly roots: Map<string, Root>
  /** How many steps' causes were gathered so far. */
  gathering: number
}

/** A cause wherever it arrives: equal headlines are one cause. */
interface Root extends Pick<Cause, "kind" | "headline"> {
  readonly details: ReadonlyArray<string> | undefined
  /** The last gathering that it was part of, and its place there: many inputs of a step bring the same causes. */
  gathering: number
  place: number
}

/** A cause at a step that it reached. Ways share what they have in common: a chain of n steps has n of them, not n². */
interface Arrived {
  readonly root: Root
  readonly way: Way
}

interface Way {
  readonly step: string
  /** How it came to the step before; `undefined` at the root. */
  readonly from: Way | undefined
  readonly length: number
}

const causeOf = ({ root: { kind, headline, details }, way }: Arrived): Cause => ({
  kind,
  headline,
  ...(details === undefined ? {} : { details }),
  get path() {
    const names: Array<string> = []
    for (let at: Way | undefined = way; at !== undefined; at = at.from) names.push(at.step)
    return names.toReversed()
  },
})

/** Finds the causes of a step and of all above it through which they arrived, producers first. */
const settle = (found: Found, asked: string): void => {
  const { settled, world } = found
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
    if (!settled.has(step)) settled.set(step, gather(found, step, begun.get(step)))
  }
}

/** So many causes a step hands on to those below it: more would tell nobody more, and cost steps times causes. */
const handedOn = 24

/** Each cause once, by its shortest way: one that arrives by two ways at each of many layers would arrive by 2^layers. */
const gather = (found: Found, step: string, changes: Changes | undefined): ReadonlyArray<Arrived> => {
  if (changes === undefined) return []
  const gathering = ++found.gathering
  const causes: Array<Arrived> = []
  const add = (root: Root, from: Way | undefined): void => {
    const length = from === undefined ? 1 : from.length + 1
    if (root.gathering !== gathering) {
      root.gathering = gathering
      root.place = causes.push({ root, way: { step, from, length } }) - 1
    } else if (length < causes[root.place]!.way.length) {
      causes[root.place] = { root, way: { step, from, length } }
    }
  }
  for (const cause of changes.own) add(rootOf(found, cause), undefined)
  for (const { producer, otherwise } of changes.through) {
    const arrived = found.settled.get(producer) ?? []
    for (let at = 0; at < arrived.length && at < handedOn; at++) add(arrived[at]!.root, arrived[at]!.way)
    if (arrived.length > 0 || otherwise === undefined) continue
    const since = found.world.since?.(step, producer) ?? []
    for (const cause of since.slice(0, handedOn)) add(rootOf(found, cause), wayAlong(cause.path))
    if (since.length > 0) continue
    const way = { step: producer, from: undefined, length: 1 }
    add(rootOf(found, { kind: "input", headline: `${step}: ${otherwise}` }), way)
  }
  if (causes.length === 0) for (const cause of gone(step).own) add(rootOf(found, cause), undefined)
  return causes.length === 1 ? causes : causes.toSorted((a, b) => rank(a.root) - rank(b.root))
}

const wayAlong = (path: Cause["path"]): Way | undefined => {
  let way: Way | undefined
  for (const step of path) way = { step, from: way, length: (way?.length ?? 0) + 1 }
  return way
}

const rootOf = ({ roots }: Found, { kind, headline, details }: Omit<Cause, "path">): Root => {
  const known = roots.get(headline)
  if (known !== undefined) return known
  const root = { kind, headline, details, gathering: 0, place: 0 }
  roots.set(headline, root)
  return root
}

/** Direct causes before those that follow from a declaration or are known only by their effect. */
const rank = ({ kind }: Pick<Cause, "kind">): number => order.indexOf(kind)

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
