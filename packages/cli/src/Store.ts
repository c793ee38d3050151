/**
 * A project's store for commands that only look at it.
 */
import { ActionCache, ArtifactStore, Database, Errors, Lease, Owner, RunLog } from "@sluice/core"
import type { Run } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as Project from "./Project.ts"
import { nearMiss } from "./nearMiss.ts"

export type Services =
  | ActionCache.ActionCache
  | ArtifactStore.ArtifactStore
  | RunLog.RunLog
  | Database.Database
  | Owner.Owner

export const layer = (root: string): Layer.Layer<Services, Errors.StoreError> => {
  const folder = Project.store(root)
  return Layer.merge(ActionCache.layer, RunLog.layer).pipe(
    Layer.provideMerge(Lease.layer),
    Layer.provideMerge(Owner.layer),
    Layer.provideMerge(Layer.merge(Database.layer(folder), ArtifactStore.layerFile(folder))),
  )
}

/** Whether anything was ever stored: commands that look must not make a store. */
export const exists = (root: string): boolean => existsSync(join(Project.store(root), "sluice.sqlite"))

export type RunHead = Omit<Run.Run, "steps">

/** A run by its age (1 is the last), by its id or by the start of its id, which has at least four digits. */
export const findRun = (
  runs: ReadonlyArray<RunHead>,
  given: string,
): Effect.Effect<RunHead, Errors.NoSuchRun> => {
  const starting = runs.filter((run) => run.id.startsWith(given))
  // A year begins with 2: the second last run of one is none, not the last.
  const found = /^[1-9]\d{0,2}$/.test(given)
    ? runs[Number(given) - 1]
    : (runs.find((run) => run.id === given) ?? (starting.length === 1 ? starting[0] : undefined))
  return found === undefined
    ? Effect.fail(new Errors.NoSuchRun({ id: given, known: runs.slice(0, 10).map((run) => run.id) }))
    : Effect.succeed(found)
}

/** The step of a run by its name. `unreached` begins the sentence that says so where no known name is near. */
export const findStep = (
  pipeline: string,
  steps: ReadonlyArray<Run.RunStep>,
  name: string,
  unreached: string,
): Effect.Effect<Run.RunStep, Errors.NoSuchStep> => {
  const step = steps.find((candidate) => candidate.name === name)
  if (step !== undefined) return Effect.succeed(step)
  const known = steps.map((candidate) => candidate.name)
  const near = nearMiss(name, known)
  return Effect.fail(
    new Errors.NoSuchStep({ pipeline, name, known, unreached, ...(near === undefined ? {} : { near }) }),
  )
}
