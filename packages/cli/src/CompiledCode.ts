/**
 * Code that Node compiled and keeps for its next start, in the user's cache folder, for all projects and versions.
 *
 * Node adds files and never removes any. Each holds one module and is only ever replaced whole, so that a process which
 * reads or writes beside a removal at worst compiles that module again. Folders stay: a process may be about to write.
 */
import { readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"

export interface CompiledFile {
  readonly path: string
  readonly sizeBytes: number
  /** Milliseconds since 1970: when it was last read, as far as the file system says, or written. */
  readonly usedAt: number
}

const day = 24 * 60 * 60 * 1000
const keptBytes = 256 * 2 ** 20
const keptMs = 30 * day

export const list = (folder: string): ReadonlyArray<CompiledFile> => {
  let entries
  try {
    entries = readdirSync(folder, { withFileTypes: true, recursive: true })
  } catch {
    return []
  }
  return entries.flatMap((entry) => {
    if (!entry.isFile()) return []
    const path = join(entry.parentPath, entry.name)
    const stat = statSync(path, { throwIfNoEntry: false })
    return stat === undefined
      ? []
      : [{ path, sizeBytes: stat.size, usedAt: Math.max(stat.atimeMs, stat.mtimeMs) }]
  })
}

/** What was not used for 30 days, and what goes beyond 256 MiB when the last used is counted first. */
export const superfluous = (files: ReadonlyArray<CompiledFile>, now: number): ReadonlyArray<CompiledFile> => {
  let sum = 0
  return files
    .toSorted((one, other) => other.usedAt - one.usedAt)
    .filter(({ sizeBytes, usedAt }) => {
      sum += sizeBytes
      return sum > keptBytes || now - usedAt > keptMs
    })
}

export const remove = (files: ReadonlyArray<CompiledFile>): void => {
  for (const { path } of files) rmSync(path, { force: true })
}
