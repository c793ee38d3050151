/**
 * The store's index: one SQLite file in write-ahead mode, shared by every process that uses the store.
 *
 * It holds nothing that the files beside it do not: actions stand in `actions/`, runs in `runs/`. A file that is missing
 * or damaged is set aside and built again from them. Transactions are short; a writer that meets another waits for it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync, type StatementSync } from "node:sqlite"
import * as Errors from "./Errors.ts"

export type Value = string | number | bigint | null | Uint8Array

export interface Service {
  /** The store's folder. */
  readonly root: string
  /** True when this process found no usable index and made a new one. */
  readonly fresh: boolean
  readonly all: <Row>(sql: string, ...values: ReadonlyArray<Value>) => ReadonlyArray<Row>
  readonly get: <Row>(sql: string, ...values: ReadonlyArray<Value>) => Row | undefined
  readonly run: (sql: string, ...values: ReadonlyArray<Value>) => number
  /** Runs a short synchronous body in one immediate transaction; throws what the body throws, and then nothing is kept. */
  readonly transaction: <A>(body: () => A) => A
}

export class Database extends Context.Service<Database, Service>()("@sluice/core/Database") {}

/** 2: runs are counted. Tables of an earlier one that files tell of are made anew from them. */
const schemaVersion = 2

const schema = `
  create table if not exists actions (
    key text primary key, step text not null, outputs text not null, blobs text not null,
    summary text, ms real not null, at real not null
  ) without rowid;
  create table if not exists runs (
    id text primary key, seq integer not null, pipeline text not null, started real not null, ended real, state text not null,
    params text not null, steps_of text not null
  ) without rowid;
  create index if not exists runs_by_pipeline on runs (pipeline, seq);
  create table if not exists run_steps (
    run text not null, seq integer not null, name text not null, key text, decision text not null, ms real not null,
    primary key (run, seq)
  ) without rowid;
  create index if not exists run_steps_by_name on run_steps (name, key);
  create index if not exists runs_by_steps on runs (steps_of);
  create table if not exists files (
    path text primary key, size text not null, mtime text not null, ctime text not null, inode text not null,
    digest text not null, seen text not null
  ) without rowid;
  create table if not exists code (digest text primary key, tree text not null) without rowid;
  create table if not exists leases (
    key text primary key, owner text not null, child text, token integer not null
  ) without rowid;
  create table if not exists tokens (only integer primary key check (only = 1), last integer not null);
  insert or ignore into tokens values (1, 0);
  pragma user_version = ${schemaVersion};
`

/** Takes away what has another form in an earlier version and is built again from files. */
const without = "drop table if exists runs; drop table if exists run_steps;"

/** Opens the index under `root`, making folder and file where they are missing. */
export const layer = (root: string): Layer.Layer<Database, Errors.StoreError> =>
  Layer.effect(
    Database,
    Effect.acquireRelease(
      Effect.try({ try: () => openStore(root), catch: (error) => openFailed(root, error) }),
      (opened) => Effect.sync(() => opened.close()),
    ).pipe(Effect.map((opened) => Database.of(opened))),
  )

const openStore = (root: string): Service & { readonly close: () => void } => {
  mkdirSync(root, { recursive: true })
  const file = join(root, "sluice.sqlite")
  const existed = existsSync(file)
  let opened: ReturnType<typeof connect>
  try {
    opened = connect(file, existed)
  } catch (error) {
    if (!isDamage(error)) throw error
    setAside(root)
    opened = connect(file, false)
  }
  const { db, fresh } = opened
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql)
    if (statement === undefined) statements.set(sql, (statement = db.prepare(sql)))
    return statement
  }
  return {
    root,
    fresh,
    all: <Row>(sql: string, ...values: ReadonlyArray<Value>) =>
      prepare(sql).all(...values) as unknown as ReadonlyArray<Row>,
    get: <Row>(sql: string, ...values: ReadonlyArray<Value>) =>
      prepare(sql).get(...values) as Row | undefined,
    run: (sql, ...values) => Number(prepare(sql).run(...values).changes),
    transaction: (body) => {
      db.exec("begin immediate")
      try {
        const result = body()
        db.exec("commit")
        return result
      } catch (error) {
        if (db.isTransaction) db.exec("rollback")
        throw error
      }
    },
    close: () => {
      statements.clear()
      db.close()
    },
  }
}

const connect = (
  file: string,
  existed: boolean,
): { readonly db: DatabaseSync; /** Tables are empty. */ readonly fresh: boolean } => {
  const db = new DatabaseSync(file, { timeout: 20_000 })
  const versionOf = (): number =>
    (db.prepare("pragma user_version").get() as { user_version: number }).user_version
  try {
    const fresh = !existed || versionOf() !== schemaVersion
    if (fresh) {
      db.exec("pragma journal_mode = wal; begin immediate")
      // Another process may have been here first.
      if (versionOf() !== schemaVersion) db.exec(`${without} ${schema}`)
      db.exec("commit")
    }
    // A commit that a power cut undoes is a miss; a process that dies loses nothing.
    db.exec("pragma synchronous = normal; pragma temp_store = memory")
    return { db, fresh }
  } catch (error) {
    db.close()
    throw error
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const isDamage = (error: unknown): boolean => {
  const code = (error as { readonly errcode?: number }).errcode
  return code !== undefined && ((code & 0xff) === 11 || (code & 0xff) === 26)
}

const setAside = (root: string): void => {
  for (const name of ["sluice.sqlite", "sluice.sqlite-wal", "sluice.sqlite-shm"]) {
    const file = join(root, name)
    if (!existsSync(file)) continue
    if (name === "sluice.sqlite") renameSync(file, join(root, "sluice.sqlite.damaged"))
    else rmSync(file)
  }
}

/** The files in the two-letter folders of `folder`. */
export const shardedFiles = (folder: string, ending = ".json"): ReadonlyArray<string> =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(ending))
        .map((name) => join(folder, name))
    : []

/** A JSON file's value, or `undefined` where it is missing or torn. */
export const readJson = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, "utf8"))
  } catch {
    return undefined
  }
}

/** What SQLite or the file system said, as a StoreError. */
export const failed = (
  operation: Errors.StoreError["operation"],
  place: string,
  error: unknown,
): Errors.StoreError => {
  const { code, errcode, message } = error as { code?: string; errcode?: number; message?: string }
  const primary = errcode === undefined ? undefined : errcode & 0xff
  const full = code === "ENOSPC" || code === "EDQUOT" || primary === 13
  const denied =
    code === "EACCES" ||
    code === "EPERM" ||
    code === "EROFS" ||
    primary === 8 ||
    primary === 14 ||
    primary === 3
  return new Errors.StoreError({
    // A reader of a database in WAL mode writes too: it is the writing that a full disk stops.
    operation: full && operation === "read" ? "write" : operation,
    place,
    kind: full ? "full" : denied ? "denied" : "failed",
    reason: full ? "the disk is full" : denied ? "the folder may not be written" : (message ?? String(error)),
    hint: full
      ? "Free some space (`sluice gc` removes what no kept run uses) and run again."
      : denied
        ? "Make the folder writable, or run in a copy of the project."
        : "Run again; if it stays, `sluice doctor --store` checks every file of the store.",
  })
}

/** Writes to the index or beside it; what the file system says becomes a StoreError. */
export const storing = <A>(write: () => A): Effect.Effect<A, Errors.StoreError> =>
  Effect.try({ try: write, catch: (error) => failed("write", "the store's index", error) })

const openFailed = (root: string, error: unknown): Errors.StoreError => failed("open", root, error)
