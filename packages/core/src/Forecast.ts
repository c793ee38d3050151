/**
 * What steps will take, told before they run, as far as that is known: asked by `sluice plan` alone, so that no run and no
 * other plan pays for it. A step tells of itself by `forecast` in its definition.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Artifact from "./Artifact.ts"
import type { ArtifactStore } from "./ArtifactStore.ts"
import * as Graph from "./Graph.ts"
import type * as Observe from "./Observe.ts"
import * as RunLog from "./RunLog.ts"
import type * as Step from "./Step.ts"
import { settled } from "./StepCall.ts"

/** What a step's `forecast` returns. */
export interface Forecast {
  /** In order: `4,884,480 trained parameters`, `38 optimizer steps`. */
  readonly facts: ReadonlyArray<string>
  /** Takes the place of what the step took last time. */
  readonly ms?: number
}

/** What a step's `forecast` is handed. */
export interface Context<C = unknown, I = unknown> extends Pick<
  Step.Context<C, I>,
  "name" | "config" | "seed" | "settings" | "measured"
> {
  /** Inputs that are known already: those of producers that need not run. */
  readonly inputs: Partial<I>
  /** Which step has to run before an input is known, by input. */
  readonly waiting: Readonly<Record<string, string>>
}

/** A forecast, or why the step would fail. */
export type Outcome = Forecast | { readonly problem: string }

/** By step, of those that will or may run and tell of themselves. */
export const ofPlan = Effect.fnUntraced(function* (
  prepared: Observe.Prepared,
): Effect.fn.Return<ReadonlyMap<string, Outcome>, never, ArtifactStore | RunLog.RunLog> {
  const { decided, planner } = prepared
  const found = new Map<string, Outcome>()
  for (const at of planner.selected) {
    const { facts, name } = planner.graph.nodes[at]!
    if (facts.forecast === undefined || decided[at]!.decision === "hit") continue
    const outcome = Effect.catchCause(ofStep(prepared, at), (cause) => {
      const error = Cause.squash(cause)
      return Effect.succeed({ problem: error instanceof Error ? error.message : String(error) })
    })
    found.set(name, yield* outcome)
  }
  return found
})

const ofStep = Effect.fnUntraced(function* ({ decided, observed, planner }: Observe.Prepared, at: number) {
  const log = yield* RunLog.RunLog
  const node = planner.graph.nodes[at]!
  const own = planner.prepared(at)
  const inputs: Record<string, unknown> = {}
  const waiting: Record<string, string> = {}
  for (const [name, input] of Object.entries(node.inputs)) {
    if (input.type === "source") continue
    const producer = planner.graph.nodes[input.node]!
    const ref = decided[input.node]?.entry?.outputs[input.output]
    if (ref === undefined) waiting[name] = producer.name
    else {
      const kind = Graph.kindOf(planner.graph, input)
      const place = `${node.name}.${name}`
      inputs[name] =
        kind.kind === "anyTable"
          ? yield* Artifact.openTable(undefined, ref, place)
          : yield* Artifact.open(kind, ref, place)
    }
  }
  const context: Context = {
    name: node.name,
    config: own.config,
    seed: own.seed,
    settings: node.facts.numeric ? (observed.numeric ?? {}) : {},
    measured: log.measured,
    inputs,
    waiting,
  }
  return (yield* settled(node.facts.forecast!(context))) as Forecast
})
