/**
 * Who is alive, told by the operating system and not by a clock.
 *
 * Every process that uses a store holds an exclusive lock on a file of its own, `owners/<id>.sqlite`, for as long as it
 * lives. An owner is dead when its lock can be taken: the system releases it however the process ended. SQLite does the
 * locking, since Node has no file locks of its own.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Database, failed } from "./Database.ts"
import type * as Errors from "./Errors.ts"

export interface Service {
  readonly id: string
  /** True while the process that made the owner lives. This process's own owners are always alive. */
  readonly isAlive: (id: string) => boolean
  /** Owners whose files are there and whose processes are gone; removes their files. */
  readonly sweep: () => ReadonlyArray<string>
}

export class Owner extends Context.Service<Owner, Service>()("@sluice/core/Owner") {}

// A second connection in this process could not see a lock that SQLite holds for the first.
const ownedHere = new Set<string>()

export const layer: Layer.Layer<Owner, Errors.StoreError, Database> = Layer.effect(
  Owner,
  Effect.gen(function* () {
    const folder = join((yield* Database).root, "owners")
    const held = yield* Effect.acquireRelease(
      Effect.try({ try: () => hold(folder), catch: (error) => failed("open", folder, error) }),
      ({ id, lock }) =>
        Effect.sync(() => {
          lock.close()
          ownedHere.delete(id)
          rmSync(join(folder, `${id}.sqlite`), { force: true })
        }),
    )
    const isAlive = (id: string): boolean => ownedHere.has(id) || isLocked(join(folder, `${id}.sqlite`))
    return Owner.of({
      id: held.id,
      isAlive,
      sweep: () =>
        readdirSync(folder)
          .filter((name) => name.endsWith(".sqlite"))
          .map((name) => name.slice(0, -".sqlite".length))
          .filter((id) => !isAlive(id)),
    })
  }),
)

const hold = (folder: string): { readonly id: string; readonly lock: DatabaseSync } => {
  mkdirSync(folder, { recursive: true })
  for (;;) {
    const id = `${process.pid}-${randomBytes(6).toString("hex")}`
    const file = join(folder, `${id}.sqlite`)
    const lock = lockOf(file)
    // A sweep may have taken the file for a dead owner's between its creation and the lock.
    if (lock !== undefined && existsSync(file)) {
      ownedHere.add(id)
      return { id, lock }
    }
    lock?.close()
  }
}

/** The file's exclusive lock, or `undefined` where another process holds it. */
const lockOf = (file: string): DatabaseSync | undefined => {
  const db = new DatabaseSync(file, { timeout: 0 })
  try {
    db.exec("begin exclusive")
    return db
  } catch (error) {
    db.close()
    if (((error as { readonly errcode?: number }).errcode ?? 0) % 256 === 5) return undefined
    throw error
  }
}

/** True where a process holds the lock; a file whose lock can be taken is removed. */
const isLocked = (file: string): boolean => {
  if (!existsSync(file)) return false
  let lock: DatabaseSync | undefined
  try {
    lock = lockOf(file)
  } catch {
    return existsSync(file)
  }
  if (lock === undefined) return true
  rmSync(file, { force: true })
  lock.close()
  return false
}
