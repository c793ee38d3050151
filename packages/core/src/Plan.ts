/**
 * What would happen: every step with its decision, and what can be said of it before anything runs.
 */
import type { ArtifactRef } from "./Artifact.ts"
import * as CodeTag from "./CodeTag.ts"
import * as Explain from "./Explain.ts"
import type { Observations } from "./Observations.ts"
import * as PlannedWorld from "./PlannedWorld.ts"
import type { Decided, Decision, Planner } from "./Planner.ts"

export type { Decision } from "./Planner.ts"

/** One step of the plan. */
export interface Action {
  readonly name: string
  readonly decision: Decision
  /** Absent while a producer's output is not known, and for a step that cannot be identified. */
  readonly key: string | undefined
  readonly outputs: Readonly<Record<string, ArtifactRef>> | undefined
  /** Why it runs, root causes first. For a waiting step: why it may have to. */
  readonly causes: ReadonlyArray<Explain.Cause>
  readonly waitingFor: ReadonlyArray<string>
  /** From recorded history; of a hit, what it took when it ran. */
  readonly predictedMs: number | undefined
  readonly summary: string | undefined
}

/** Something to look at that stops nothing. */
export interface Warning {
  /** The step that it is about; the message does not name it again. */
  readonly name: string | undefined
  readonly message: string
}

/** `words: a file of its result is missing (0f3a9c21d4e5); it runs again`. */
export const warningText = ({ name, message }: Warning): string =>
  name === undefined ? message : `${name}: ${message}`

/** Actions in topological order. */
export interface Plan {
  readonly pipeline: string
  readonly params: Readonly<Record<string, unknown>>
  readonly actions: ReadonlyArray<Action>
  /** Steps that run uncached, damaged results. */
  readonly warnings: ReadonlyArray<Warning>
  /** Places in reached code that may give another result on another day or machine. */
  readonly notes: ReadonlyArray<{
    readonly step: string
    readonly file: string
    readonly line: number
    readonly what: string
  }>
}

/** A plan with what was decided for each node. */
export interface Made {
  readonly plan: Plan
  /** By node; `undefined` for those that take no part. */
  readonly decided: ReadonlyArray<Decided | undefined>
  readonly causes: (step: string) => ReadonlyArray<Explain.Cause>
  /** What `causes` compares. */
  readonly world: PlannedWorld.PlannedWorld
  /** Ends the looking for causes, before what they are read from is closed: those not asked for are empty then. */
  readonly close: () => void
}

/**
 * The plan of a planner: every node decided as far as it can be before anything runs. Causes are looked for when they
 * are read: nobody reads those of ten thousand steps.
 */
export const make = (planner: Planner, observed: Observations): Made => {
  const { graph } = planner
  const decided = Array.from<Decided | undefined>({ length: graph.nodes.length })
  const actions: Array<Action> = []
  const warnings: Array<Warning> = []
  const notes: Array<Plan["notes"][number]> = []
  const outputsOf = (producer: number) => decided[producer]?.entry?.outputs
  const world = PlannedWorld.make(planner, decided, observed)
  let closed = false
  const causes = Explain.explainer({
    changes: (step) => (closed ? undefined : world.changes(step)),
    since: (step, producer) => (closed ? [] : world.since(step, producer)),
  })
  const uncached: Array<Uncached> = []
  let tagged = false
  for (const at of planner.selected) {
    const node = graph.nodes[at]!
    const decision = planner.decide(at, outputsOf)
    decided[at] = decision
    const { code, untagged } = planner.prepared(at)
    if (untagged.length > 0) uncached.push({ name: node.name, untagged })
    tagged ||= CodeTag.of(node.facts.run) !== undefined
    if (decision.damage !== undefined)
      warnings.push({ name: node.name, message: `${decision.damage}; it runs again` })
    const { name } = node
    const facts = {
      name,
      decision: decision.decision,
      key: decision.key,
      outputs: decision.entry?.outputs,
      waitingFor: decision.waitingFor.map((producer) => graph.nodes[producer]!.name),
      predictedMs: decision.entry?.ms ?? observed.predictedMs(name),
      summary: decision.entry?.summary,
    }
    actions.push(
      decision.decision === "hit"
        ? { ...facts, causes: none }
        : {
            ...facts,
            get causes() {
              return causes(name)
            },
          },
    )
    for (const role in code) for (const note of code[role]!.notes) notes.push({ step: name, ...note })
  }
  if (uncached.length > 0) warnings.unshift({ name: undefined, message: uncachedWarning(uncached, tagged) })
  return {
    plan: { pipeline: graph.name, params: graph.params, actions, warnings, notes },
    decided,
    causes,
    world,
    close: () => {
      closed = true
    },
  }
}

const none: ReadonlyArray<never> = []

interface Uncached {
  readonly name: string
  readonly untagged: ReadonlyArray<string>
}

/** `tagged`: a transform saw some step, so it is particular functions whose code is not known. */
const uncachedWarning = (steps: ReadonlyArray<Uncached>, tagged: boolean): string => {
  const [noun, verb] = steps.length === 1 ? ["Step", "runs"] : ["Steps", "run"]
  const more = steps.length > namedSteps ? ` and ${steps.length - namedSteps} more` : ""
  const named = steps.slice(0, namedSteps)
  if (!tagged) {
    const names = named.map(({ name }) => name).join(", ")
    return `${noun} ${names}${more} ${verb} uncached: no source transform saw the code. Start with the sluice command or node --import @sluice/code/register, or declare a version.`
  }
  const names = named.map(({ name, untagged }) => `${name} (${[...new Set(untagged)].join(", ")})`).join(", ")
  return `${noun} ${names}${more} ${verb} uncached: what stands in parentheses was made by a call, such as \`bind\`, or comes from a package, so its code is not known. Write a function that makes the call, or declare a version.`
}

const namedSteps = 12
