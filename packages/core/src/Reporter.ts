/**
 * What the engine says while it works: a terminal, silence or a list listens. Events are plain data.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Explain from "./Explain.ts"
import type * as Plan from "./Plan.ts"

/** Amount of work done inside a step, in the step's own unit. */
export interface Progress {
  readonly done: number
  readonly total?: number
  readonly unit: string
  readonly note?: string
}

export type Event =
  | { readonly type: "plan"; readonly plan: Plan.Plan; readonly runId: string | undefined }
  | {
      readonly type: "step-start"
      readonly name: string
      readonly key: string
      readonly causes: ReadonlyArray<Explain.Cause>
    }
  | ({ readonly type: "step-progress"; readonly name: string } & Progress)
  | {
      readonly type: "step-measure"
      readonly name: string
      readonly measure: string
      readonly value: number
      readonly unit: string | undefined
    }
  | {
      readonly type: "step-end"
      readonly name: string
      readonly decision: Plan.Decision
      readonly key: string | undefined
      readonly ms: number
      readonly summary: string | undefined
    }
  | { readonly type: "step-failed"; readonly name: string; readonly error: Error }
  /** What a step says while it runs: its plan, an estimate. */
  | { readonly type: "note"; readonly name: string; readonly message: string }
  | ({ readonly type: "warning" } & Plan.Warning)
  | {
      readonly type: "run-end"
      readonly runId: string
      readonly state: "done" | "failed" | "interrupted"
      readonly ms: number
    }

export class Reporter extends Context.Service<
  Reporter,
  {
    /** Called in order, on the engine's own thread; must be quick and must not throw. */
    readonly emit: (event: Event) => void
  }
>()("@sluice/core/Reporter") {}

/** Says nothing. */
export const layerSilent: Layer.Layer<Reporter> = Layer.succeed(Reporter, Reporter.of({ emit: () => {} }))

/** Appends every event to a list: for tests and for `--json`. */
export const layerRecorder = (events: Array<Event>): Layer.Layer<Reporter> =>
  Layer.succeed(Reporter, Reporter.of({ emit: (event) => void events.push(event) }))

/** Hands every event to a function. */
export const layer = (emit: (event: Event) => void): Layer.Layer<Reporter> =>
  Layer.effect(
    Reporter,
    Effect.sync(() => Reporter.of({ emit })),
  )
