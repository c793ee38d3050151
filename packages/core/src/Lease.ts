/**
 * One execution per action key at a time, across processes.
 *
 * A lease names its owner (and the child process that works for it) and carries a fencing token, a number that only
 * grows. It is free when every owner it names is dead. Storing a result or a checkpoint is conditional on the token, so
 * that a process which lost its lease while it slept can store nothing.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Database } from "./Database.ts"
import { Owner } from "./Owner.ts"

export interface Lease {
  readonly key: string
  readonly token: number
}

export interface Service {
  /** The lease, or `undefined` while a living process holds it. */
  readonly acquire: (key: string) => Lease | undefined
  /** Names the child process that does the work, so that the lease outlives its parent as long as the child runs. */
  readonly nameChild: (lease: Lease, child: string) => void
  /** True while the lease is still ours. For use inside a transaction that stores something. */
  readonly holds: (lease: Lease) => boolean
  readonly release: (lease: Lease) => void
  /** Keys that are being worked on: what garbage collection must leave alone. */
  readonly held: () => ReadonlyArray<string>
}

export class Leases extends Context.Service<Leases, Service>()("@sluice/core/Leases") {}

interface Row {
  readonly key: string
  readonly owner: string
  readonly child: string | null
  readonly token: number
}

export const layer: Layer.Layer<Leases, never, Database | Owner> = Layer.effect(
  Leases,
  Effect.gen(function* () {
    const db = yield* Database
    const owner = yield* Owner
    const find = (key: string) => db.get<Row>("select * from leases where key = ?", key)
    const isDead = (row: Row): boolean =>
      !owner.isAlive(row.owner) && (row.child === null || !owner.isAlive(row.child))
    return Leases.of({
      acquire: (key) => {
        // Whether an owner lives is asked outside the transaction, and its answer "dead" is final.
        const before = find(key)
        if (before !== undefined && !isDead(before)) return undefined
        return db.transaction(() => {
          const now = find(key)
          if (now !== undefined && now.token !== before?.token) return undefined
          db.run("update tokens set last = last + 1")
          const token = db.get<{ last: number }>("select last from tokens")!.last
          db.run("insert or replace into leases values (?, ?, null, ?)", key, owner.id, token)
          return { key, token }
        })
      },
      nameChild: (lease, child) => {
        db.run("update leases set child = ? where key = ? and token = ?", child, lease.key, lease.token)
      },
      holds: (lease) =>
        db.get("select 1 from leases where key = ? and token = ?", lease.key, lease.token) !== undefined,
      release: (lease) => {
        db.run("delete from leases where key = ? and token = ?", lease.key, lease.token)
      },
      held: () =>
        db
          .all<Row>("select * from leases")
          .filter((row) => !isDead(row))
          .map((row) => row.key),
    })
  }),
)
