/**
 * `sluice gc`: removes what no kept run uses, and says what goes, why, and how many bytes.
 */
import { ActionCache, ArtifactStore, Database, RowMemory, RunLog } from "@sluice/core"
import { Library } from "@sluice/tensorflow"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { existsSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import * as Arguments from "../Arguments.ts"
import * as CompiledCode from "../CompiledCode.ts"
import { folderSize } from "../folderSize.ts"
import * as Garbage from "../Garbage.ts"
import type { Context } from "../main.ts"
import * as Programs from "../Programs.ts"
import * as Project from "../Project.ts"
import { reportsFolder } from "../report/folder.ts"
import * as Store from "../Store.ts"
import * as gcView from "./gcView.ts"

const defaultKeep = 20

export const gc = Effect.fnUntraced(function* (context: Context) {
  const { invocation, screen, json } = context
  const keep = Arguments.integer(invocation, "keep") ?? defaultKeep
  const dryRun = Arguments.has(invocation, "dry-run")
  const removal = Store.exists(context.root)
    ? yield* inStore(context.root, keep, dryRun).pipe(Effect.provide(Store.layer(context.root)))
    : undefined
  const cache = inCache(Library.cacheFolder(), yield* Clock.currentTimeMillis, dryRun)
  const found: gcView.Found = { root: context.root, keep, dryRun, removal, cache }
  screen.write(
    json ? `${JSON.stringify(gcView.toJson(found), undefined, 2)}\n` : `${gcView.lines(found).join("\n")}\n`,
  )
  return 0
})

const hour = 60 * 60 * 1000

// ── the user's cache ─────────────────────────────────────────────────────────────────────────────────────────────────

/** Commands of every project use it at any time: what was made within a day stays. */
const inCache = (folder: string, now: number, dryRun: boolean): gcView.CacheRemoval => {
  const bundles = join(folder, "bundles")
  const programs = Programs.list(bundles, 24 * hour, now).filter((program) => !program.current)
  const compiled = CompiledCode.superfluous(CompiledCode.list(join(folder, "compiled")), now)
  if (!dryRun) {
    Programs.remove(bundles, programs)
    CompiledCode.remove(compiled)
  }
  return { folder, programs: gcView.totalOf(programs), compiled: gcView.totalOf(compiled) }
}

// ── the project's store ──────────────────────────────────────────────────────────────────────────────────────────────

const inStore = Effect.fnUntraced(function* (root: string, keep: number, dryRun: boolean) {
  const removal = Garbage.plan(yield* held(root), keep)
  if (!dryRun) yield* remove(root, removal)
  return removal
})

const checkpointFolder = (root: string): string => join(Project.store(root), "checkpoints")
const bundleFolder = (root: string): string => join(Project.store(root), "bundles")

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
      startedAt: run.startedAt,
      keys: keysOf(log, run),
    })),
    results: cache.keys().map((key) => {
      const stored = cache.stored(key)
      return {
        key,
        step: stored?.name ?? "unknown",
        blobs: (cache.get(key)?.blobs ?? "").split("\n").map((line) => line.slice(0, 64)),
        memories: stored?.memories ?? [],
      }
    }),
    checkpoints: checkpoints(root),
    memories: RowMemory.list(Project.store(root)),
    programs: Programs.list(bundleFolder(root), hour, yield* Clock.currentTimeMillis),
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

/** Reports stand under the run whose steps they are of. */
const removeReports = (root: string, runs: ReadonlySet<string>): void => {
  const folder = reportsFolder(root)
  if (!existsSync(folder)) return
  for (const run of readdirSync(folder))
    if (!runs.has(run)) rmSync(join(folder, run), { recursive: true, force: true })
}

/** Records go before bytes: a process that plans meanwhile then sees a miss, never a hit without its bytes. */
const remove = Effect.fnUntraced(function* (root: string, removal: Garbage.Removal) {
  const log = yield* RunLog.RunLog
  const cache = yield* ActionCache.ActionCache
  const store = yield* ArtifactStore.ArtifactStore
  const db = yield* Database.Database
  db.transaction(() => removal.results.forEach(({ key }) => cache.forget(key)))
  removal.runs.forEach((run) => log.forget(run))
  removeReports(root, new Set(log.runs().map(({ id }) => log.stepsOf(id))))
  for (const { key } of removal.checkpoints)
    rmSync(join(checkpointFolder(root), key), { recursive: true, force: true })
  for (const { scope } of removal.memories) RowMemory.forget(db.root, scope)
  Programs.remove(bundleFolder(root), removal.programs)
  yield* Effect.forEach(removal.blobs, (blob) => store.remove(blob.digest), { discard: true })
})
