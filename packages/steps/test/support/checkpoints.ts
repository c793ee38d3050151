import type { Checkpoint } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Keeps the newest checkpoint in memory, as bytes and JSON, as a store would. */
export const inMemory = () => {
  const saves: Array<{ readonly meta: string; readonly parts: Readonly<Record<string, Uint8Array>> }> = []
  const handle: Checkpoint.Handle = {
    save: (meta, parts) =>
      Effect.sync(() => {
        const copies = Object.entries(parts).map(([name, bytes]) => [name, bytes.slice()] as const)
        saves.push({ meta: JSON.stringify(meta), parts: Object.fromEntries(copies) })
      }),
    latest: Effect.sync(() => {
      const last = saves.at(-1)
      if (last === undefined) return Option.none()
      const part = (name: string) => Effect.succeed(last.parts[name]!)
      return Option.some({ meta: JSON.parse(last.meta), parts: Object.keys(last.parts), part })
    }),
    unused: [],
  }
  return { handle, saves }
}
