import type { RowMemory } from "@sluice/core"
import * as Effect from "effect/Effect"

/** A memory in a map, for steps that are run by themselves. Values pass through JSON, as in a store. */
export const memoryIn = (kept: Map<string, string>): RowMemory.Handle => ({
  get: (key) => {
    const text = kept.get(key)
    return text === undefined ? undefined : (JSON.parse(text) as unknown)
  },
  put: (entries) =>
    Effect.sync(() => {
      for (const [key, value] of entries) kept.set(key, JSON.stringify(value))
    }),
})
