/**
 * Record of one execution of a pipeline.
 */
import type { Decision } from "./Plan.ts"

export type RunState = "running" | "done" | "failed" | "interrupted"

/** What became of one step: as planned, or `failed`, or `skipped` because a producer failed. */
export type StepOutcome = Exclude<Decision, "waiting"> | "failed" | "skipped" | "interrupted"

export interface RunStep {
  readonly name: string
  readonly key: string | undefined
  readonly decision: StepOutcome
  readonly ms: number
}

export interface Run {
  readonly id: string
  readonly pipeline: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly endedAt: number | undefined
  readonly state: RunState
  /** Canonical text of each param. */
  readonly params: Readonly<Record<string, string>>
  readonly steps: ReadonlyArray<RunStep>
}
