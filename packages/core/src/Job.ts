/**
 * What an execution is given: an action with everything resolved, and where its words go.
 */
import type * as Artifact from "./Artifact.ts"
import type * as Checkpoint from "./Checkpoint.ts"
import type * as ChunkMemory from "./ChunkMemory.ts"
import * as Graph from "./Graph.ts"
import type { Settings } from "./Numerics.ts"
import type * as Observe from "./Observe.ts"
import type * as Planner from "./Planner.ts"
import type * as RowMemory from "./RowMemory.ts"
import type { DigestedFile } from "./SourceDigests.ts"
import type * as Step from "./Step.ts"

/** An action with everything resolved. */
export interface Job {
  readonly name: string
  readonly facts: Step.Facts
  readonly config: unknown
  readonly inputs: { readonly [name: string]: JobInput }
  readonly outputs: Step.Outputs
  readonly single: boolean
  readonly seed: string
  /** Names of the variables that the step may read. */
  readonly env: ReadonlyArray<string>
  readonly settings: Settings
  /** The project's root: places in messages are relative to it. */
  readonly root: string
  /** The store's folder. */
  readonly store: string
}

export type JobInput =
  | {
      readonly type: "artifact"
      readonly kind: Step.Output | Step.AnyTable
      readonly ref: Artifact.ArtifactRef
    }
  | { readonly type: "source"; readonly files: ReadonlyArray<DigestedFile> }

/** Where a step's words go. */
export interface Hooks {
  readonly progress: Step.Context["progress"]
  readonly measure: Step.Context["measure"]
  readonly measured: Step.Context["measured"]
  readonly warn: (message: string) => void
  readonly note: (message: string) => void
  readonly checkpoint: Checkpoint.Handle
  /** What is remembered of a row-wise step's chunks. */
  readonly chunks: ChunkMemory.Handle
  /** What the step remembers by keys of its own. */
  readonly memory: RowMemory.Handle
}

/** The outputs of the steps of a graph, as far as they are known. */
type Producers = ReadonlyArray<Readonly<Record<string, Artifact.ArtifactRef>> | undefined>

/** A step whose producers have their outputs, with everything resolved. */
export const of = (prepared: Observe.Prepared, at: number, outputs: Producers): Job => {
  const { planner } = prepared
  const node = planner.graph.nodes[at]!
  const own = planner.prepared(at)
  return {
    name: node.name,
    facts: node.facts,
    config: own.config,
    inputs: inputsOf(planner, at, outputs),
    outputs: node.outputs,
    single: node.single,
    seed: own.seed,
    env: own.env,
    settings: prepared.observed.numeric ?? {},
    root: prepared.root,
    store: prepared.store,
  }
}

const inputsOf = (planner: Planner.Planner, at: number, outputs: Producers): Job["inputs"] => {
  const node = planner.graph.nodes[at]!
  const inputs: Record<string, JobInput> = {}
  // By name: the order in which they were given is in no key, so no step may see it.
  for (const name of Object.keys(node.inputs).toSorted()) {
    const input = node.inputs[name]!
    if (input.type === "source") {
      inputs[name] = { type: "source", files: planner.prepared(at).files[name]! }
      continue
    }
    inputs[name] = {
      type: "artifact",
      kind: Graph.kindOf(planner.graph, input),
      ref: outputs[input.node]![input.output]!,
    }
  }
  return inputs
}
