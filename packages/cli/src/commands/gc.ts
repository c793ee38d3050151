/**
 * `sluice gc`: removes what no kept run uses, and says what goes, why, and how many bytes.
 */
import { ActionCache, ArtifactStore, Database, RunLog } from "@sluice/core"
import * as Effect from "effect/Effect"
import { readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import * as Arguments from "../Arguments.ts"
import { folderSize } from "../folderSize.ts"
import * as Garbage from "../Garbage.ts"
import type { Context } from "../main.ts"
import * as Project from "../Project.ts"
import { bytes, plural } from "../quantities.ts"
import * as Store from "../Store.ts"
import * as Text from "../Text.ts"

const defaultKeep = 20

export const gc = (context: Context) => {
  if (!Store.exists(context.root)) {
    return Effect.sync(() => {
      context.screen.write(context.json ? '{ "removed": null }\n' : `Nothing is stored in ${context.root}.\n`)
      return 0
    })
  }
  return collect(context).pipe(Effect.provide(Store.layer(context.root)))
}

const collect = Effect.fnUntraced(function* (context: Context) {
  const { invocation, screen, json } = context
  const keep = Arguments.integer(invocation, "keep") ?? defaultKeep
  const dryRun = Arguments.has(invocation, "dry-run")
  const removal = Garbage.plan(yield* held(context.root), keep)
  if (!dryRun) yield* remove(context.root, removal)
  const freed = freedBytes(removal)
  if (json) screen.write(`${JSON.stringify({ dryRun, keep, freedBytes: freed, ...removal }, undefined, 2)}\n`)
  else screen.write(`${lines(removal, keep, dryRun, freed).join("\n")}\n`)
  return 0
})

const checkpointFolder = (root: string): string => join(Project.store(root), "checkpoints")

const held = Effect.fnUntraced(function* (root: string) {
  const log = yield* RunLog.RunLog
  const cache = yield* ActionCache.ActionCache
  const store = yield* ArtifactStore.ArtifactStore
  const runs = log.runs()
  const live = runs.filter((run) => run.state === "running")
  const since = Math.min(...live.map((run) => run.startedAt))
  const found: Garbage.Held = {
    runs: runs.map((run) => ({
      id: run.id,
      live: run.state === "running",
      keys: keysOf(log, run),
    })),
    results: cache.keys().map((key) => ({
      key,
      step: cache.stored(key)?.name ?? "unknown",
      blobs: (cache.get(key)?.blobs ?? "").split("\n").map((line) => line.slice(0, 64)),
    })),
    checkpoints: checkpoints(root),
    blobs: (yield* store.list).map((blob) => ({
      ...blob,
      recent: (statSync(cache.blobPath(blob.digest), { throwIfNoEntry: false })?.mtimeMs ?? 0) >= since,
    })),
  }
  return found
})

/** Keys of a run's results; of a run that did not get through, also of what it began, whose checkpoints may serve. */
const keysOf = (log: RunLog.Service, run: Store.RunHead): ReadonlyArray<string> => {
  const found = log.steps(run.id).flatMap((step) => (step.key === undefined ? [] : [step.key]))
  if (run.state === "done") return found
  const begun = log
    .lines(run.id)
    .flatMap((line) => (line.type === "start" && line.key !== undefined ? [line.key] : []))
  return [...found, ...begun]
}

const checkpoints = (root: string): Garbage.Held["checkpoints"] => {
  try {
    return readdirSync(checkpointFolder(root)).map((key) => ({
      key,
      sizeBytes: folderSize(join(checkpointFolder(root), key)).sizeBytes,
    }))
  } catch {
    return []
  }
}

/** Records go before bytes: a process that plans meanwhile then sees a miss, never a hit without its bytes. */
const remove = Effect.fnUntraced(function* (root: string, removal: Garbage.Removal) {
  const log = yield* RunLog.RunLog
  const cache = yield* ActionCache.ActionCache
  const store = yield* ArtifactStore.ArtifactStore
  const db = yield* Database.Database
  db.transaction(() => removal.results.forEach(({ key }) => cache.forget(key)))
  removal.runs.forEach((run) => log.forget(run))
  for (const { key } of removal.checkpoints)
    rmSync(join(checkpointFolder(root), key), { recursive: true, force: true })
  yield* Effect.forEach(removal.blobs, (blob) => store.remove(blob.digest), { discard: true })
})

const total = (entries: ReadonlyArray<{ readonly sizeBytes: number }>): number =>
  entries.reduce((sum, entry) => sum + entry.sizeBytes, 0)

const freedBytes = (removal: Garbage.Removal): number => total(removal.blobs) + total(removal.checkpoints)

const lines = (removal: Garbage.Removal, keep: number, dryRun: boolean, freed: number): Array<string> => {
  const { kept } = removal
  const steps = [...new Set(removal.results.map((result) => result.step))]
  const rows = [
    [
      plural(removal.runs.length, "run"),
      `older than the ${keep === 1 ? "newest" : `${keep} newest`}`,
      removal.runs,
    ],
    [
      plural(removal.results.length, "result"),
      `no kept run uses ${removal.results.length === 1 ? "it" : "them"}: ${few(steps)}`,
      removal.results,
    ],
    [
      plural(removal.checkpoints.length, "checkpoint"),
      `${bytes(total(removal.checkpoints))}; no kept run goes on from ${removal.checkpoints.length === 1 ? "it" : "them"}`,
      removal.checkpoints,
    ],
    [
      plural(removal.blobs.length, "blob"),
      `${bytes(total(removal.blobs))}; no kept result holds ${removal.blobs.length === 1 ? "it" : "them"}`,
      removal.blobs,
    ],
  ] as const
  const shown = rows.filter(([, , entries]) => entries.length > 0)
  const width = Math.max(0, ...shown.map(([label]) => label.length))
  const keeps = `${plural(kept.runs, "run")}, ${plural(kept.results, "result")}, ${bytes(kept.sizeBytes)}`
  return shown.length === 0
    ? [`Nothing to remove; kept: ${keeps}.`]
    : [
        ...shown.map(([label, why]) => `${Text.padEnd(label, width)}   ${why}`),
        `${dryRun ? "Would free" : "Freed"} ${bytes(freed)}; ${dryRun ? "would keep" : "kept"}: ${keeps}.`,
      ]
}

const few = (names: ReadonlyArray<string>): string =>
  names.length <= 5 ? names.join(", ") : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`
