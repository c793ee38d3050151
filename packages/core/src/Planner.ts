/**
 * Decides steps: a pure function of the graph and of the observations gathered before. This module performs no IO.
 *
 * The engine carries a plan out with the same `Planner`: when a producer has finished, its consumers are decided again
 * with the fingerprints that it wrote, which is where early cutoff happens.
 */
import type { Entry } from "./ActionCache.ts"
import * as ActionKey from "./ActionKey.ts"
import type { ArtifactRef } from "./Artifact.ts"
import * as Errors from "./Errors.ts"
import type * as Graph from "./Graph.ts"
import { nearest } from "./internal/nearest.ts"
import type { Observations } from "./Observations.ts"
import * as Preparation from "./Preparation.ts"

/**
 * `hit`: the result is there. `run`: it is not, and the cause is named. `waiting`: a producer runs first, and early
 * cutoff may still turn this into a hit. `uncached`: the step cannot be identified, so it runs every time.
 */
export type Decision = "hit" | "run" | "waiting" | "uncached"

export interface Options {
  /** Only these steps and what they need. */
  readonly only?: ReadonlyArray<string>
  /** These steps run even if their results are there. */
  readonly force?: ReadonlyArray<string>
}

/** A decision with what carrying it out needs. */
export interface Decided {
  readonly decision: Decision
  readonly key: string | undefined
  readonly recordText: string | undefined
  readonly entry: Entry | undefined
  readonly waitingFor: ReadonlyArray<number>
  readonly because: "absent" | "damaged" | "forced" | "quarantined" | "uncached" | undefined
  readonly damage: string | undefined
}

/** Whether a step runs although its result may be there: neither it nor what it remembers of single rows is used. */
export const isAnew = ({ because }: Pick<Decided, "because">): boolean =>
  because === "forced" || because === "quarantined"

/** Decides nodes; remembers what it prepared. */
export interface Planner {
  readonly graph: Graph.Graph
  /** Indices of the nodes that take part, ascending. */
  readonly selected: ReadonlyArray<number>
  readonly prepared: (node: number) => Preparation.Prepared
  readonly decide: (
    node: number,
    outputsOf: (producer: number) => Readonly<Record<string, ArtifactRef>> | undefined,
  ) => Decided
}

/** Prepares every selected node. Throws NoSuchStep, CodeRefused, PipelineError or SourceMissing. */
export const make = (
  graph: Graph.Graph,
  observed: Observations,
  options: Options = {},
  /** Exactly these nodes, without what they need. */
  exactly?: ReadonlyArray<number>,
): Planner => {
  const forced = new Set(options.force ?? [])
  for (const name of forced) indexOf(graph, name)
  const selected = exactly ?? select(graph, options.only)
  const prepared = Preparation.make(graph, selected, observed)

  const decide: Planner["decide"] = (at, outputsOf) => {
    const node = graph.nodes[at]!
    const own = prepared[at]!
    let waitingFor: Array<number> | undefined
    const inputs: Record<string, ActionKey.Record["inputs"][string]> = {}
    for (const name in node.inputs) {
      const input = node.inputs[name]!
      if (input.type === "source") {
        inputs[name] = own.files[name]!.map((file) => [file.name, file.digest] as const)
        continue
      }
      const outputs = outputsOf(input.node)
      if (outputs !== undefined) inputs[name] = outputs[input.output]!.fingerprint
      else if (waitingFor === undefined) waitingFor = [input.node]
      else if (!waitingFor.includes(input.node)) waitingFor.push(input.node)
    }
    if (waitingFor !== undefined) return { ...undecided, decision: "waiting", waitingFor }
    if (own.untagged.length > 0) return { ...undecided, decision: "uncached", because: "uncached" }
    const recordText = ActionKey.text(own.shared, { seed: own.seed, config: own.configTexts, inputs })
    const key = ActionKey.digestText(recordText)
    if (forced.has(node.name)) return { ...undecided, decision: "run", key, recordText, because: "forced" }
    const entry = observed.entry(key)
    if (entry === undefined) return { ...undecided, decision: "run", key, recordText, because: "absent" }
    const damage = observed.damage(entry)
    if (damage !== undefined)
      return { ...undecided, decision: "run", key, recordText, because: "damaged", damage }
    if (observed.quarantined(node.facts, own) !== undefined)
      return { ...undecided, decision: "run", key, recordText, because: "quarantined" }
    return {
      decision: "hit",
      key,
      recordText,
      entry,
      waitingFor: none,
      because: undefined,
      damage: undefined,
    }
  }
  return { graph, selected, prepared: (at) => prepared[at]!, decide }
}

const none: ReadonlyArray<never> = []
const undecided = {
  key: undefined,
  recordText: undefined,
  entry: undefined,
  waitingFor: none,
  because: undefined,
  damage: undefined,
} as const

const indexOf = (graph: Graph.Graph, name: string): number => {
  const at = graph.index.get(name)
  if (at !== undefined) return at
  const known = [...graph.index.keys()]
  const near = nearest(name, known)
  throw new Errors.NoSuchStep({ pipeline: graph.name, name, known, ...(near === undefined ? {} : { near }) })
}

/** The nodes asked for, with all that they need: every node where none is named. */
export const select = (
  graph: Graph.Graph,
  only: ReadonlyArray<string> | undefined,
): ReadonlyArray<number> => {
  if (only === undefined || only.length === 0) return graph.nodes.map((_, at) => at)
  const wanted = new Set<number>()
  for (const name of only) wanted.add(indexOf(graph, name))
  // A set is walked in the order of its making, what is added on the way included.
  for (const at of wanted) for (const producer of graph.nodes[at]!.producers) wanted.add(producer)
  return [...wanted].toSorted((a, b) => a - b)
}
