/**
 * What would happen: a pure function of the graph and of the observations gathered before.
 */
import type * as Explain from "./Explain.ts"

/**
 * `hit`: the result is there. `run`: it is not, and the cause is named. `waiting`: a producer runs first, and early
 * cutoff may still turn this into a hit. `uncached`: the step cannot be identified, so it runs every time.
 */
export type Decision = "hit" | "run" | "waiting" | "uncached"

/** One step of the plan. */
export interface Action {
  readonly name: string
  readonly decision: Decision
  /** Absent while a producer's output is not known. */
  readonly key: string | undefined
  readonly causes: ReadonlyArray<Explain.Cause>
  readonly waitingFor: ReadonlyArray<string>
  readonly predictedMs: number | undefined
  readonly summary: string | undefined
}

/** Actions in topological order. */
export interface Plan {
  readonly pipeline: string
  readonly actions: ReadonlyArray<Action>
}
