/**
 * What `sluice gc` removed, as lines and as JSON: how many of each kind, why, and how many bytes.
 */
import { homedir } from "node:os"
import type * as Garbage from "../Garbage.ts"
import { bytes, plural } from "../quantities.ts"
import * as Text from "../Text.ts"

interface Total {
  readonly count: number
  readonly sizeBytes: number
}

export interface CacheRemoval {
  /** The user's cache folder. */
  readonly folder: string
  readonly programs: Total
  readonly compiled: Total
}

export interface Found {
  /** The project's. */
  readonly root: string
  readonly keep: number
  readonly dryRun: boolean
  /** `undefined` where nothing was ever stored. */
  readonly removal: Garbage.Removal | undefined
  readonly cache: CacheRemoval
}

type Sized = ReadonlyArray<{ readonly sizeBytes: number }>

export const totalOf = (entries: Sized): Total => ({
  count: entries.length,
  sizeBytes: entries.reduce((sum, entry) => sum + entry.sizeBytes, 0),
})

const sizeOf = (entries: Sized): number => totalOf(entries).sizeBytes

const freedBytes = ({ blobs, checkpoints, memories, programs }: Garbage.Removal): number =>
  sizeOf(blobs) + sizeOf(checkpoints) + sizeOf(memories) + sizeOf(programs)

export const toJson = ({ cache, dryRun, keep, removal }: Found): Record<string, unknown> =>
  removal === undefined
    ? { removed: null, cache }
    : { dryRun, keep, freedBytes: freedBytes(removal), ...removal, cache }

export const lines = (found: Found): ReadonlyArray<string> => [
  ...(found.removal === undefined
    ? [`Nothing is stored in ${found.root}.`]
    : storeLines(found.removal, found.keep, found.dryRun)),
  ...cacheLines(found.cache, found.dryRun),
]

const storeLines = (removal: Garbage.Removal, keep: number, dryRun: boolean): ReadonlyArray<string> => {
  const { kept } = removal
  const steps = [...new Set(removal.results.map((result) => result.step))]
  const them = (entries: ReadonlyArray<unknown>): string => (entries.length === 1 ? "it" : "them")
  const rows: ReadonlyArray<readonly [entries: ReadonlyArray<unknown>, label: string, why: string]> = [
    [
      removal.runs,
      plural(removal.runs.length, "run"),
      keep === 0
        ? "all of them, with their reports"
        : `older than the ${keep === 1 ? "newest" : `${keep} newest`}, with their reports`,
    ],
    [
      removal.results,
      plural(removal.results.length, "result"),
      `no kept run uses ${them(removal.results)}: ${few(steps)}`,
    ],
    [
      removal.checkpoints,
      plural(removal.checkpoints.length, "checkpoint"),
      `${bytes(sizeOf(removal.checkpoints))}; no kept run goes on from ${them(removal.checkpoints)}`,
    ],
    [
      removal.memories,
      plural(removal.memories.length, "row memory", "row memories"),
      `${bytes(sizeOf(removal.memories))}; no kept run's step remembers rows by ${them(removal.memories)}`,
    ],
    [
      removal.programs,
      plural(removal.programs.length, "program"),
      `${bytes(sizeOf(removal.programs))}; bundled from sources that changed since`,
    ],
    [
      removal.blobs,
      plural(removal.blobs.length, "blob"),
      `${bytes(sizeOf(removal.blobs))}; no kept result holds ${them(removal.blobs)}`,
    ],
  ]
  const shown = rows.filter(([entries]) => entries.length > 0)
  const width = Math.max(0, ...shown.map(([, label]) => label.length))
  const keeps = `${plural(kept.runs, "run")}, ${plural(kept.results, "result")}, ${bytes(kept.sizeBytes)}`
  return shown.length === 0
    ? [`Nothing to remove; kept: ${keeps}.`]
    : [
        ...shown.map(([, label, why]) => `${Text.padEnd(label, width)}   ${why}`),
        `${dryRun ? "Would free" : "Freed"} ${bytes(freedBytes(removal))}; ${dryRun ? "would keep" : "kept"}: ${keeps}.`,
      ]
}

/** The cache belongs to all projects: it is told apart from the store. */
const cacheLines = ({ compiled, folder, programs }: CacheRemoval, dryRun: boolean): ReadonlyArray<string> => {
  const parts = [
    ...(compiled.count > 0 ? [`${bytes(compiled.sizeBytes)} of compiled code that was not used lately`] : []),
    ...(programs.count > 0
      ? [`${bytes(programs.sizeBytes)} of ${plural(programs.count, "program")} of earlier versions`]
      : []),
  ]
  return parts.length === 0
    ? []
    : [`${dryRun ? "Would free" : "Freed"} in ${folder.replace(homedir(), "~")}: ${parts.join(", ")}.`]
}

const few = (names: ReadonlyArray<string>): string =>
  names.length <= 5 ? names.join(", ") : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`
