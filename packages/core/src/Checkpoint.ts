/**
 * Resumable state inside a step. Not an artifact: it belongs to one action key, is written atomically with digests and
 * the lease's fencing token, and goes away when the step's result is stored.
 */
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Errors from "./Errors.ts"

/** A checkpoint that was read back: its parts' digests are checked as they are read. */
export interface Saved {
  /** The JSON value given to `save`. */
  readonly meta: unknown
  readonly parts: ReadonlyArray<string>
  readonly part: (name: string) => Effect.Effect<Uint8Array, Errors.CheckpointRefused>
}

/** A checkpoint of the same step of the pipeline that cannot be used, and what differs. */
export interface Unused {
  readonly key: string
  /** One line a difference: `learningRate: 0.0002 -> 0.0001`. */
  readonly differences: ReadonlyArray<string>
}

/** What a step is handed. */
export interface Handle {
  /** Replaces the previous checkpoint once the new one is whole. Parts are named byte strings. */
  readonly save: (
    meta: unknown,
    parts: Readonly<Record<string, Uint8Array>>,
  ) => Effect.Effect<void, Errors.LeaseLost | Errors.StoreError>
  /** The newest whole checkpoint of this very action key. */
  readonly latest: Effect.Effect<Option.Option<Saved>, Errors.StoreError>
  /** Checkpoints of the same step under other keys: never used, but worth naming. */
  readonly unused: ReadonlyArray<Unused>
}
