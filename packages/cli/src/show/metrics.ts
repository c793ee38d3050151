/**
 * Numbers by which one tells two results apart: last values of numeric columns in a table called metrics, and every
 * number in a value.
 */
import { Artifact, OutputDifference } from "@sluice/core"
import type { ActionCache, ArtifactStore, Run } from "@sluice/core"
import * as Effect from "effect/Effect"

type Numbers = ReadonlyMap<string, number>

interface Side {
  readonly run: Run.Run
  readonly stored: (key: string) => ActionCache.Stored | undefined
}

/** By step, for the steps named. What is no longer in the store has none. */
export const ofSteps = Effect.fnUntraced(function* (
  { run, stored }: Side,
  names: ReadonlyArray<string>,
): Effect.fn.Return<ReadonlyMap<string, Numbers>, never, ArtifactStore.ArtifactStore> {
  const wanted = new Set(names)
  const metrics = new Map<string, Numbers>()
  for (const { name, key } of run.steps) {
    const result = key === undefined || !wanted.has(name) ? undefined : stored(key)
    if (result === undefined) continue
    const numbers = new Map<string, number>()
    for (const [output, ref] of Object.entries(result.outputs)) {
      const found = yield* Effect.option(numbersOf(ref, output === "output" ? lastWord(name) : output))
      if (found._tag === "Some") for (const [metric, value] of found.value) numbers.set(metric, value)
    }
    metrics.set(name, numbers)
  }
  return metrics
})

const lastWord = (step: string): string => step.slice(step.lastIndexOf("/") + 1)

const numbersOf = Effect.fnUntraced(function* (ref: Artifact.ArtifactRef, name: string) {
  const numbers = new Map<string, number>()
  if (ref.kind === "value") {
    const { value } = yield* Artifact.readManifest("value", ref.fingerprint)
    for (const [path, number] of OutputDifference.leaves(name, value, value))
      if (typeof number === "number") numbers.set(path, number)
  } else if (ref.kind === "table" && name === "metrics") {
    const reader = yield* Artifact.openTable(undefined, ref, name)
    const last = (yield* reader.only(reader.chunks.slice(-1)).all).at(-1) as
      | Readonly<Record<string, unknown>>
      | undefined
    for (const [column, value] of Object.entries(last ?? {}))
      if (typeof value === "number") numbers.set(`${name}.${column}`, value)
  }
  return numbers
})
