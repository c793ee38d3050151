/**
 * What is remembered of a row-wise step: what single chunks of its input came to.
 *
 * A chunk's result belongs to the action's record without that input, and without what `finish` is. It stands in one
 * file for all chunks (see RowMemory), which is read once: a row appended to a large table costs no query for each chunk.
 * A result counts while the bytes that it names are there as they were stored.
 */
import * as Effect from "effect/Effect"
import { hash } from "node:crypto"
import * as ActionCache from "./ActionCache.ts"
import * as ActionKey from "./ActionKey.ts"
import * as ArtifactStore from "./ArtifactStore.ts"
import type * as Errors from "./Errors.ts"
import * as RowMemory from "./RowMemory.ts"
import type * as Step from "./Step.ts"
import type * as Table from "./Table.ts"

/** What a call of `run` for one chunk came to. */
export interface ChunkResult {
  readonly outputs: { readonly [name: string]: ReadonlyArray<Table.Chunk> }
  /** As JSON. */
  readonly tallies: ReadonlyArray<unknown>
  readonly warnings: ReadonlyArray<string>
}

export interface Handle {
  /** What was remembered under a key; undefined where nothing was or bytes lack, and while the step is forced or audited. */
  readonly get: (key: string) => Effect.Effect<ChunkResult | undefined, Errors.StoreError>
  /** Keeps a result from now on, whatever becomes of the step. */
  readonly put: (key: string, result: ChunkResult) => Effect.Effect<void, Errors.StoreError>
}

/** Remembers nothing. */
export const none: Handle = { get: () => Effect.succeed(undefined), put: () => Effect.void }

/** The memory of one execution; empty for a step that is not row-wise or has no key. */
export const open = Effect.fnUntraced(function* (
  root: string,
  facts: Pick<Step.Facts, "rowWise">,
  recordText: string | undefined,
  forced: boolean,
) {
  const cache = yield* ActionCache.ActionCache
  const store = yield* ArtifactStore.ArtifactStore
  if (facts.rowWise === undefined || recordText === undefined) return none
  const kept = RowMemory.openFile(RowMemory.fileOf(root, scope(facts.rowWise.input, recordText)), forced)
  const put: Handle["put"] = (key, result) =>
    Effect.suspend(() => kept.put([[key, { ...result, stamps: cache.stamps(blobsOf(result)) }]]))
  return {
    get: Effect.fnUntraced(function* (key) {
      const found = kept.get(key) as Stamped | undefined
      if (found === undefined) return undefined
      const { stamps, ...result } = found
      const suspects = stamps === "" ? undefined : cache.suspects({ blobs: stamps })
      if (suspects === undefined) return result
      for (const { digest } of suspects) if (!(yield* store.verify(digest))) return undefined
      yield* put(key, result)
      return result
    }),
    put,
  } satisfies Handle
})

/**
 * The memory with what is put into it held back until `keep`: for a step that reads files from outside, of which only its
 * end tells whether they were those of its key.
 */
export const heldBack = (
  handle: Handle,
): Handle & { readonly keep: Effect.Effect<void, Errors.StoreError> } => {
  const held: Array<Parameters<Handle["put"]>> = []
  return {
    get: handle.get,
    put: (...result) => Effect.sync(() => void held.push(result)),
    keep: Effect.suspend(() => Effect.forEach(held, (result) => handle.put(...result), { discard: true })),
  }
}

interface Stamped extends ChunkResult {
  /** The blobs with their stats, as an entry of the action cache has them. */
  readonly stamps: string
}

const blobsOf = ({ outputs }: ChunkResult): ReadonlyArray<Table.Chunk> => Object.values(outputs).flat()

/** The scope of an action that is row-wise in an input. */
export const scope = (input: string, recordText: string): string => {
  const { finish: _, inputs, ...rest } = ActionKey.parse(recordText)
  const others = Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== input))
  const text = ActionKey.text(ActionKey.staticText(rest), { ...rest, inputs: others })
  return hash("sha256", `sluice/chunks\n${text}`, "hex")
}
