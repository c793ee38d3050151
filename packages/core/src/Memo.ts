/**
 * What is remembered of a row-wise step: its results for single chunks of the table that it reads.
 *
 * Such a result is an action of its own, with the same record but for the chunk in the place of the table.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as ActionCache from "./ActionCache.ts"
import * as ActionKey from "./ActionKey.ts"
import * as Artifact from "./Artifact.ts"
import * as ArtifactStore from "./ArtifactStore.ts"
import * as Database from "./Database.ts"
import type * as Execution from "./Execution.ts"
import * as Plan from "./Plan.ts"

/** The memory of one step, empty for a step that is not row-wise or not identified, and while it is forced. */
export const make = Effect.fnUntraced(function* (
  planner: Plan.Planner,
  observed: Pick<Plan.Observations, "entry" | "damage">,
  at: number,
  decided: Pick<Plan.Decided, "recordText" | "because">,
): Effect.fn.Return<Execution.Memo, never, ActionCache.ActionCache | ArtifactStore.ArtifactStore> {
  const cache = yield* ActionCache.ActionCache
  const store = yield* ArtifactStore.ArtifactStore
  const node = planner.graph.nodes[at]!
  const input = node.facts.rowWise?.input
  const { recordText } = decided
  if (input === undefined || recordText === undefined) return { get: () => undefined, put: () => Effect.void }
  const whole = ActionKey.parse(recordText)
  const recordFor = (chunk: string): ActionKey.Record => ({
    ...whole,
    inputs: { ...whole.inputs, [input]: `chunk ${chunk}` },
  })
  return {
    get: (chunk) => {
      if (Plan.isAnew(decided)) return undefined
      const entry = observed.entry(ActionKey.digest(recordFor(chunk)))
      return entry === undefined || observed.damage(entry) !== undefined ? undefined : entry.outputs
    },
    put: (chunk, outputs) =>
      Effect.gen(function* () {
        const record = recordFor(chunk)
        const blobs: Array<ArtifactStore.Blob> = []
        for (const ref of Object.values(outputs)) blobs.push(...(yield* Artifact.blobs(ref)))
        const stored: ActionCache.Stored = {
          version: 1,
          key: ActionKey.digest(record),
          pipeline: planner.graph.name,
          name: node.name,
          record,
          code: {},
          wiring: {},
          outputs,
          blobs,
          summary: undefined,
          ms: 0,
          at: yield* Clock.currentTimeMillis,
        }
        yield* Database.storing(() => cache.put(stored, undefined))
      }).pipe(Effect.provideService(ArtifactStore.ArtifactStore, store)),
  }
})
