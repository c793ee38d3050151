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
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import * as ActionKey from "./ActionKey.ts"
import type { CodeTree } from "./ActionCache.ts"
import { Database, failed, readJson } from "./Database.ts"
import * as Errors from "./Errors.ts"
import { temporaryPath } from "./internal/atomicFile.ts"
import { writeFlushed } from "./internal/writeFlushed.ts"
import { Leases, type Lease } from "./Lease.ts"
import * as RecordDifference from "./RecordDifference.ts"

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
  /**
   * Removes what a process left that was killed between storing a result and removing its checkpoints. `storedAt`: when
   * a key's result was stored, in milliseconds.
   */
  readonly sweep: (storedAt: (key: string) => number | undefined) => void
  readonly unused: (action: Action) => ReadonlyArray<Unused>
  /**
   * The checkpoint that a user names, by the first characters of its key or by its folder: its newest number is whole.
   * Fails with CheckpointRefused, every missing or damaged part named.
   */
  readonly find: (from: string) => Effect.Effect<Found, Errors.CheckpointRefused>
  /** Fails with CheckpointRefused, each difference named, unless the checkpoint is this very action's. */
  readonly fits: (found: Found, action: Action) => Effect.Effect<void, Errors.CheckpointRefused>
  /** Lets an action go on from a checkpoint that fits. */
  readonly adopt: (
    found: Found,
    action: Action,
  ) => Effect.Effect<void, Errors.CheckpointRefused | Errors.StoreError>
}

/** A checkpoint that a user named: whole, and not yet known to fit. */
export interface Found {
  /** Its folder. */
  readonly place: string
  readonly action: Action
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
        return [{ key, differences: differencesOf(other, action) }]
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
        if ("bytes" in read) return Option.some(savedFrom(action.name, place, read))
        warn(`a checkpoint is damaged and was left out: ${place} (${read.problems.join("; ")})`)
      }
      return Option.none()
    }

    const find = (from: string): Found => {
      const folder = namedFolder(root, from)
      const refuse = (step: string, place: string, ...differences: ReadonlyArray<string>) =>
        new Errors.CheckpointRefused({ step, place, differences })
      if (folder === undefined) {
        throw refuse("", from, "no checkpoint has this key, and no folder of this name holds one")
      }
      const isNumber = existsSync(join(folder, "checkpoint.json"))
      const about = isNumber ? dirname(folder) : folder
      const action = readJson(join(about, "action.json")) as Action | undefined
      if (action?.recordText === undefined) {
        throw refuse("", folder, "action.json is missing or damaged: nothing says what it belongs to")
      }
      const number = isNumber ? basename(folder) : numbers(folder).at(-1)
      if (number === undefined) throw refuse(action.name, folder, "nothing was saved in it")
      const place = join(about, String(number))
      const read = readWhole(place)
      if (!("bytes" in read)) throw refuse(action.name, place, ...read.problems)
      return { place, action }
    }

    const fits = (found: Found, action: Action): void => {
      if (found.action.key === action.key) return
      const differences = differencesOf(found.action, action)
      throw new Errors.CheckpointRefused({ step: action.name, place: found.place, differences })
    }

    const adopt = (found: Found, action: Action): void => {
      fits(found, action)
      const folder = folderOf(action.key)
      if (dirname(found.place) === folder) return
      // From another store: a copy gets its name when it is whole.
      const temporary = temporaryPath(join(db.root, "tmp"))
      mkdirSync(folder, { recursive: true })
      try {
        cpSync(found.place, temporary, { recursive: true })
        const about = join(folder, "action.json")
        if (!existsSync(about)) writeFlushed(about, JSON.stringify(action))
        renameSync(temporary, join(folder, String((numbers(folder).at(-1) ?? 0) + 1)))
      } finally {
        rmSync(temporary, { recursive: true, force: true })
      }
    }

    return Checkpoints.of({
      find: (from) => Effect.try({ try: () => find(from), catch: refusedOr }),
      fits: (found, action) => Effect.try({ try: () => fits(found, action), catch: refusedOr }),
      adopt: (found, action) =>
        Effect.try({
          try: () => adopt(found, action),
          catch: (error) =>
            error instanceof Errors.CheckpointRefused ? error : failed("write", folderOf(action.key), error),
        }),
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
      sweep: (storedAt) => {
        const left = (existsSync(root) ? readdirSync(root) : []).filter((key) => {
          const at = storedAt(key)
          // Saved later, they are of an execution that was forced anew and may yet go on.
          return at !== undefined && lastSavedMs(folderOf(key)) <= at
        })
        if (left.length === 0) return
        const held = new Set(leases.held())
        for (const key of left) if (!held.has(key)) rmSync(folderOf(key), { recursive: true, force: true })
      },
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

const lastSavedMs = (folder: string): number => {
  try {
    return Math.max(...numbers(folder).map((number) => statSync(join(folder, String(number))).mtimeMs))
  } catch {
    return Infinity // Another process is removing it.
  }
}

interface Whole {
  readonly head: Head
  readonly bytes: ReadonlyMap<string, Uint8Array>
}

/** What is wrong with a checkpoint, a line for each part. */
interface Damaged {
  readonly problems: ReadonlyArray<string>
}

const readWhole = (place: string): Whole | Damaged => {
  const head = readJson(join(place, "checkpoint.json")) as Head | undefined
  if (head?.version !== 1) return { problems: ["checkpoint.json is missing or damaged"] }
  const bytes = new Map<string, Uint8Array>()
  const problems: Array<string> = []
  for (const [name, part] of Object.entries(head.parts)) {
    let content: Uint8Array
    try {
      content = readFileSync(join(place, part.file))
    } catch {
      problems.push(`part "${name}" (${part.file}) is missing`)
      continue
    }
    if (content.byteLength !== part.sizeBytes) {
      problems.push(`part "${name}" (${part.file}) has ${content.byteLength} bytes of ${part.sizeBytes}`)
    } else if (hash("sha256", content, "hex") !== part.digest) {
      problems.push(`part "${name}" (${part.file}) is damaged: its digest is another`)
    }
    bytes.set(name, content)
  }
  return problems.length > 0 ? { problems } : { head, bytes }
}

/** The folder that a user means: a path, or the one key that begins so. */
const namedFolder = (root: string, from: string): string | undefined => {
  if (/^[0-9a-f]{4,64}$/.test(from) && existsSync(root)) {
    const keys = readdirSync(root).filter((key) => key.startsWith(from))
    if (keys.length === 1) return join(root, keys[0]!)
  }
  const folder = resolve(from)
  return existsSync(folder) ? folder : undefined
}

const refusedOr = (error: unknown): Errors.CheckpointRefused => {
  if (error instanceof Errors.CheckpointRefused) return error
  throw error
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

/** What differs between two actions of a step, a line each: none is left out, or it would not be another key. */
const differencesOf = (other: Action, action: Action): ReadonlyArray<string> => {
  const side = (one: Action): RecordDifference.Side => ({
    key: one.key,
    record: ActionKey.parse(one.recordText),
    code: one.code,
  })
  const before = side(other)
  const after = side(action)
  const found = RecordDifference.compare(action.name, before, after, {
    previousParams: other.params,
    nextParams: action.params,
  }).map((cause) => cause.headline)
  for (const input of new Set([...Object.keys(before.record.inputs), ...Object.keys(after.record.inputs)])) {
    const [old, now] = [before.record.inputs[input], after.record.inputs[input]]
    if (typeof (now ?? old) === "string" && old !== now) found.push(`input ${input} changed`)
  }
  return found
}
