/**
 * Action key to output fingerprints: what has been computed before.
 *
 * The index stands in SQLite; beside each result stands `actions/ab/<key>.json` with the whole record, from which the
 * index can be built again. Planning reads rows alone; records are read where a difference is to be explained.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import type * as ActionKey from "./ActionKey.ts"
import type { ArtifactRef } from "./Artifact.ts"
import type { Blob } from "./ArtifactStore.ts"
import type { CodeReading } from "./CodeReading.ts"
import type * as Environment from "./Environment.ts"
import { Database, readJson, shardedFiles } from "./Database.ts"
import { temporaryPath } from "./internal/atomicFile.ts"
import { writeFlushed } from "./internal/writeFlushed.ts"
import { Leases, type Lease } from "./Lease.ts"

/** A stored result, as planning sees it. */
export interface Entry {
  readonly key: string
  readonly outputs: Readonly<Record<string, ArtifactRef>>
  readonly summary: string | undefined
  readonly ms: number
  /** `digest size mtimeMs inode`, one blob a line: presence and stat of these make a hit. */
  readonly blobs: string
}

/** What is kept of the code behind a key: for `why`, not for the key. */
export type CodeTree = Pick<CodeReading, "digest" | "parts" | "packages" | "values" | "notes">

/** The file beside a result. */
export interface Stored {
  readonly version: 1
  readonly key: string
  /** Names under which the result was first made: pipeline and step. */
  readonly pipeline: string
  readonly name: string
  readonly record: ActionKey.Record
  readonly code: Readonly<Record<string, CodeTree>>
  /** The pipeline's seed, of a step that draws: the record has what was derived from it. */
  readonly seed?: string
  /** Variables that the code reads, as they may be shown; the record has their digests. */
  readonly env?: Environment.Texts
  /** Scopes in which the step remembers single rows and chunks: they are kept as long as the result. */
  readonly memories?: ReadonlyArray<string>
  /** The steps that the inputs were read from, by input. */
  readonly wiring: Readonly<Record<string, string>>
  readonly outputs: Readonly<Record<string, ArtifactRef>>
  readonly blobs: ReadonlyArray<Blob>
  readonly summary: string | undefined
  readonly ms: number
  readonly at: number
}

export interface Service {
  readonly get: (key: string) => Entry | undefined
  /** The steps of a run and every entry that they used, in one reading. */
  readonly ofRun: (run: string) => {
    readonly entries: Map<string, Entry>
    readonly steps: ReadonlyArray<{ readonly name: string; readonly key: string | undefined }>
  }
  /** Stores a result while the lease holds; false where it was lost. */
  readonly put: (stored: Stored, lease: Lease | undefined) => boolean
  /** The file beside a result, or `undefined`. */
  readonly stored: (key: string) => Stored | undefined
  readonly forget: (key: string) => void
  /** `undefined` when every blob is there as recorded; else those whose stat differs, to be read again. */
  readonly suspects: (entry: Pick<Entry, "blobs">) => ReadonlyArray<Blob> | undefined
  /** The blobs with their stats as they are now, in the form of an entry's `blobs`. */
  readonly stamps: (blobs: ReadonlyArray<Blob>) => string
  /** Records the blobs' stats as they are now, after their bytes were found right. */
  readonly refresh: (entry: Entry) => void
  readonly keys: () => ReadonlyArray<string>
  readonly blobPath: (digest: string) => string
}

export class ActionCache extends Context.Service<ActionCache, Service>()("@sluice/core/ActionCache") {}

interface Row {
  readonly key: string
  readonly outputs: string
  readonly blobs: string
  readonly summary: string | null
  readonly ms: number
}

const toEntry = (row: Row): Entry => ({
  key: row.key,
  outputs: JSON.parse(row.outputs) as Entry["outputs"],
  summary: row.summary ?? undefined,
  ms: row.ms,
  blobs: row.blobs,
})

export const layer: Layer.Layer<ActionCache, never, Database | Leases> = Layer.effect(
  ActionCache,
  Effect.gen(function* () {
    const db = yield* Database
    const leases = yield* Leases
    const folder = join(db.root, "actions")
    const blobFolder = join(db.root, "blobs")
    const fileOf = (key: string): string => join(folder, key.slice(0, 2), `${key}.json`)
    const blobPath = (digest: string): string => `${blobFolder}/${digest.slice(0, 2)}/${digest}`

    const stampsOf = (blobs: ReadonlyArray<Blob>): string =>
      blobs
        .map((blob) => {
          const stat = statSync(blobPath(blob.digest), { throwIfNoEntry: false })
          return `${blob.digest} ${blob.sizeBytes} ${stat?.mtimeMs ?? 0} ${stat?.ino ?? 0}`
        })
        .join("\n")

    const insert = (stored: Stored): void => {
      db.run(
        "insert or replace into actions values (?, ?, ?, ?, ?, ?, ?)",
        stored.key,
        stored.record.step,
        JSON.stringify(stored.outputs),
        stampsOf(stored.blobs),
        stored.summary ?? null,
        stored.ms,
        stored.at,
      )
    }

    if (db.fresh) {
      const files = shardedFiles(folder)
      if (files.length > 0) {
        db.transaction(() => {
          for (const file of files) {
            const stored = readJson(file) as Stored | undefined
            if (stored?.version === 1) insert(stored)
          }
        })
      }
    }

    return ActionCache.of({
      get: (key) => {
        const row = db.get<Row>("select key, outputs, blobs, summary, ms from actions where key = ?", key)
        return row === undefined ? undefined : toEntry(row)
      },
      ofRun: (run) => {
        const rows = db.all<Row & { readonly name: string; readonly used: string | null }>(
          `select s.name, s.key as used, a.key, a.outputs, a.blobs, a.summary, a.ms
           from run_steps s left join actions a on a.key = s.key
           where s.run = (select steps_of from runs where id = ?) order by s.seq`,
          run,
        )
        const entries = new Map<string, Entry>()
        for (const row of rows) if (row.key !== null) entries.set(row.key, toEntry(row))
        return { entries, steps: rows.map((row) => ({ name: row.name, key: row.used ?? undefined })) }
      },
      put: (stored, lease) => {
        const file = fileOf(stored.key)
        const temporary = temporaryPath(join(db.root, "tmp"))
        mkdirSync(dirname(file), { recursive: true })
        mkdirSync(dirname(temporary), { recursive: true })
        try {
          writeFlushed(temporary, JSON.stringify(stored))
          return db.transaction(() => {
            if (lease !== undefined && !leases.holds(lease)) return false
            renameSync(temporary, file)
            insert(stored)
            if (lease !== undefined) leases.release(lease)
            return true
          })
        } finally {
          rmSync(temporary, { force: true })
        }
      },
      stored: (key) => readJson(fileOf(key)) as Stored | undefined,
      forget: (key) => {
        rmSync(fileOf(key), { force: true })
        db.run("delete from actions where key = ?", key)
      },
      suspects: (entry) => {
        let suspects: Array<Blob> | undefined
        for (const line of entry.blobs.split("\n")) {
          const digest = line.slice(0, 64)
          const stat = statSync(blobPath(digest), { throwIfNoEntry: false })
          const found = stat === undefined ? "" : `${digest} ${stat.size} ${stat.mtimeMs} ${stat.ino}`
          if (found !== line) (suspects ??= []).push({ digest, sizeBytes: Number(line.split(" ")[1]) })
        }
        return suspects
      },
      stamps: stampsOf,
      refresh: (entry) => {
        const blobs = entry.blobs
          .split("\n")
          .map((line) => ({ digest: line.slice(0, 64), sizeBytes: Number(line.split(" ")[1]) }))
        db.run("update actions set blobs = ? where key = ?", stampsOf(blobs), entry.key)
      },
      keys: () => db.all<{ key: string }>("select key from actions").map((row) => row.key),
      blobPath,
    })
  }),
)
