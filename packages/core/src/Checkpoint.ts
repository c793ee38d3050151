/**
 * Resumable state inside a step. Not an artifact: it belongs to one action key, is written atomically with digests and
 * the lease's fencing token, and goes away when the step's result is stored.
 *
 * `checkpoints/<key>/action.json` says which action it is; `checkpoints/<key>/<number>/` holds `checkpoint.json` (meta,
 * and size and SHA-256 of each part) and the parts. A folder gets its name by a rename, so it is whole or not there.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { hash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as ActionKey from "./ActionKey.ts"
import type { CodeTree } from "./ActionCache.ts"
import { Database, failed, readJson } from "./Database.ts"
import * as Errors from "./Errors.ts"
import * as Explain from "./Explain.ts"
import { temporaryPath } from "./internal/atomicFile.ts"
import { writeFlushed } from "./internal/writeFlushed.ts"
import { Leases, type Lease } from "./Lease.ts"

/** A checkpoint that was read back: its parts' digests were checked. */
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

/** The action that checkpoints belong to. */
export interface Action {
  readonly pipeline: string
  readonly name: string
  readonly key: string
  readonly recordText: string
  readonly code: Readonly<Record<string, CodeTree>>
  readonly params: Readonly<Record<string, string>>
}

export interface Service {
  readonly handle: (action: Action, lease: Lease, warn: (message: string) => void) => Handle
  /** For a step that no key identifies: nothing can be kept for it. */
  readonly none: Handle
  readonly remove: (key: string) => void
  readonly unused: (action: Action) => ReadonlyArray<Unused>
}

export class Checkpoints extends Context.Service<Checkpoints, Service>()("@sluice/core/Checkpoints") {}

interface Head {
  readonly version: 1
  readonly token: number
  readonly meta: unknown
  readonly parts: Readonly<
    Record<string, { readonly file: string; readonly sizeBytes: number; readonly digest: string }>
  >
}

export const layer: Layer.Layer<Checkpoints, never, Database | Leases> = Layer.effect(
  Checkpoints,
  Effect.gen(function* () {
    const db = yield* Database
    const leases = yield* Leases
    const root = join(db.root, "checkpoints")
    const folderOf = (key: string): string => join(root, key)

    const unused = (action: Action): ReadonlyArray<Unused> => {
      if (!existsSync(root)) return []
      return readdirSync(root).flatMap((key) => {
        if (key === action.key) return []
        const other = readJson(join(root, key, "action.json")) as Action | undefined
        if (other?.pipeline !== action.pipeline || other.name !== action.name) return []
        return [{ key, differences: differences(other, action) }]
      })
    }

    const save = (
      action: Action,
      lease: Lease,
      meta: unknown,
      parts: Readonly<Record<string, Uint8Array>>,
    ): void => {
      const folder = folderOf(action.key)
      const temporary = temporaryPath(join(db.root, "tmp"))
      mkdirSync(temporary, { recursive: true })
      mkdirSync(folder, { recursive: true })
      try {
        const heads: Record<string, Head["parts"][string]> = {}
        Object.entries(parts).forEach(([name, bytes], at) => {
          const file = `part-${at}`
          writeFlushed(join(temporary, file), bytes)
          heads[name] = { file, sizeBytes: bytes.byteLength, digest: hash("sha256", bytes, "hex") }
        })
        const head: Head = { version: 1, token: lease.token, meta, parts: heads }
        writeFlushed(join(temporary, "checkpoint.json"), JSON.stringify(head))
        const about = join(folder, "action.json")
        if (!existsSync(about)) {
          writeFlushed(`${temporary}.json`, JSON.stringify(action))
          renameSync(`${temporary}.json`, about)
        }
        const older = numbers(folder)
        db.transaction(() => {
          if (!leases.holds(lease)) throw new Errors.LeaseLost({ step: action.name, key: action.key })
          renameSync(temporary, join(folder, String((older.at(-1) ?? 0) + 1)))
        })
        // The one before stays as long as nothing shows the new one to be readable.
        for (const number of older.slice(0, -1))
          rmSync(join(folder, String(number)), { recursive: true, force: true })
      } finally {
        rmSync(temporary, { recursive: true, force: true })
      }
    }

    const latest = (action: Action, warn: (message: string) => void): Option.Option<Saved> => {
      const folder = folderOf(action.key)
      if (!existsSync(folder)) return Option.none()
      for (const number of numbers(folder).toReversed()) {
        const place = join(folder, String(number))
        const read = readWhole(place)
        if (read !== undefined) return Option.some(savedFrom(action.name, place, read))
        warn(`a checkpoint is damaged and was left out: ${place}`)
      }
      return Option.none()
    }

    return Checkpoints.of({
      handle: (action, lease, warn) => ({
        save: (meta, parts) =>
          Effect.try({
            try: () => save(action, lease, meta, parts),
            catch: (error) =>
              error instanceof Errors.LeaseLost ? error : failed("write", folderOf(action.key), error),
          }),
        latest: Effect.try({
          try: () => latest(action, warn),
          catch: (error) => failed("read", folderOf(action.key), error),
        }),
        unused: unused(action),
      }),
      none: { save: () => Effect.void, latest: Effect.succeed(Option.none()), unused: [] },
      remove: (key) => rmSync(folderOf(key), { recursive: true, force: true }),
      unused,
    })
  }),
)

/** Numbers of the checkpoints in an action's folder, ascending. */
const numbers = (folder: string): ReadonlyArray<number> =>
  readdirSync(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b)

interface Whole {
  readonly head: Head
  readonly bytes: ReadonlyMap<string, Uint8Array>
}

const readWhole = (place: string): Whole | undefined => {
  const head = readJson(join(place, "checkpoint.json")) as Head | undefined
  if (head?.version !== 1) return undefined
  const bytes = new Map<string, Uint8Array>()
  try {
    for (const [name, part] of Object.entries(head.parts)) {
      const content = readFileSync(join(place, part.file))
      if (hash("sha256", content, "hex") !== part.digest) return undefined
      bytes.set(name, content)
    }
  } catch {
    return undefined
  }
  return { head, bytes }
}

const savedFrom = (step: string, place: string, { head, bytes }: Whole): Saved => ({
  meta: head.meta,
  parts: [...bytes.keys()],
  part: (name) => {
    const found = bytes.get(name)
    return found !== undefined
      ? Effect.succeed(found)
      : Effect.fail(
          new Errors.CheckpointRefused({
            step,
            place,
            differences: [`it has no part "${name}", only ${[...bytes.keys()].join(", ")}`],
          }),
        )
  },
})

const differences = (other: Action, action: Action): ReadonlyArray<string> => {
  const side = (one: Action): Explain.Side => ({
    key: one.key,
    record: ActionKey.parse(one.recordText),
    code: one.code,
  })
  const before = side(other)
  const after = side(action)
  const found = Explain.compare(action.name, before, after, {
    previousParams: other.params,
    nextParams: action.params,
  }).map((cause) => cause.headline)
  for (const input of Object.keys(after.record.inputs)) {
    const [old, now] = [before.record.inputs[input], after.record.inputs[input]]
    if (typeof now === "string" && old !== now) found.push(`input ${input} changed`)
  }
  return found
}
