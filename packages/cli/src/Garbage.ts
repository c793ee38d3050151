/**
 * What no kept run uses: a pure function of what the store holds.
 */
import type { ArtifactStore } from "@sluice/core"

type Blob = ArtifactStore.Blob

export interface Held {
  /** Newest first, with the action keys that each refers to. A live run is always kept. */
  readonly runs: ReadonlyArray<{
    readonly id: string
    readonly live: boolean
    readonly startedAt: number
    readonly keys: ReadonlyArray<string>
  }>
  readonly results: ReadonlyArray<{
    readonly key: string
    readonly step: string
    readonly blobs: ReadonlyArray<string>
    /** Scopes in which its step remembers rows. */
    readonly memories: ReadonlyArray<string>
  }>
  readonly checkpoints: ReadonlyArray<{ readonly key: string; readonly sizeBytes: number }>
  /** What steps remember of single rows. */
  readonly memories: ReadonlyArray<Memory & { readonly usedAt: number }>
  readonly programs: ReadonlyArray<
    Program & { /** Fits its sources, or is so new that it may be about to. */ readonly current: boolean }
  >
  readonly blobs: ReadonlyArray<
    Blob & { /** Written after the oldest live run began: it may belong to it. */ readonly recent: boolean }
  >
}

interface Memory {
  readonly scope: string
  readonly sizeBytes: number
}

/** A pipeline's program as it was bundled. */
interface Program {
  readonly name: string
  readonly sizeBytes: number
}

export interface Removal {
  readonly runs: ReadonlyArray<string>
  readonly results: ReadonlyArray<{ readonly key: string; readonly step: string }>
  readonly checkpoints: ReadonlyArray<{ readonly key: string; readonly sizeBytes: number }>
  readonly memories: ReadonlyArray<Memory>
  readonly programs: ReadonlyArray<Program>
  readonly blobs: ReadonlyArray<Blob>
  readonly kept: {
    readonly runs: number
    readonly results: number
    readonly blobs: number
    readonly sizeBytes: number
  }
}

export const plan = (held: Held, keepRuns: number): Removal => {
  const keptRuns = held.runs.filter((run, age) => age < keepRuns || run.live)
  const keys = new Set(keptRuns.flatMap((run) => run.keys))
  const wanted = new Set(
    held.results.filter((result) => keys.has(result.key)).flatMap((result) => result.blobs),
  )
  // What a kept result's bytes make up altogether costs nothing to keep: a part of a row-wise step.
  const isKept = (result: Held["results"][number]): boolean =>
    keys.has(result.key) || (result.blobs.length > 0 && result.blobs.every((digest) => wanted.has(digest)))
  const keptBlobs = held.blobs.filter((blob) => wanted.has(blob.digest) || blob.recent)
  const keptSet = new Set(keptBlobs)
  const removedResults = held.results.filter((result) => !isKept(result))
  // A run that was broken off stored no result, but what it learnt of single rows.
  const since = Math.min(...keptRuns.map((run) => run.startedAt))
  const scopes = new Set(held.results.filter(isKept).flatMap((result) => result.memories))
  return {
    runs: held.runs.filter((run) => !keptRuns.includes(run)).map((run) => run.id),
    results: removedResults.map(({ key, step }) => ({ key, step })),
    checkpoints: held.checkpoints.filter((checkpoint) => !keys.has(checkpoint.key)),
    memories: held.memories
      .filter(({ scope, usedAt }) => !scopes.has(scope) && usedAt < since)
      .map(({ scope, sizeBytes }) => ({ scope, sizeBytes })),
    // A run that goes on starts steps in processes of their own, from the program with which it began.
    programs: held.runs.some((run) => run.live)
      ? []
      : held.programs
          .filter((program) => !program.current)
          .map(({ name, sizeBytes }) => ({ name, sizeBytes })),
    blobs: held.blobs
      .filter((blob) => !keptSet.has(blob))
      .map(({ digest, sizeBytes }) => ({ digest, sizeBytes })),
    kept: {
      runs: keptRuns.length,
      results: held.results.length - removedResults.length,
      blobs: keptBlobs.length,
      sizeBytes: keptBlobs.reduce((sum, blob) => sum + blob.sizeBytes, 0),
    },
  }
}
