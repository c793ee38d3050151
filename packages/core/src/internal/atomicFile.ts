/**
 * Files that appear whole or not at all: written to a temporary name, flushed to disk, made read-only, renamed.
 *
 * Temporary names carry host, process and a random part: `HOST.PID.RANDOM`. A file of a process that is no longer alive
 * on this host is a leftover and may be reclaimed; files of other hosts are left until they have rested for a week.
 */
import { randomBytes } from "node:crypto"
import { constants, readFileSync } from "node:fs"
import * as fs from "node:fs/promises"
import { hostname } from "node:os"
import { basename, dirname, join } from "node:path"

/** The part of the file system that writing needs: a seam for tests that make it fail. */
export interface FileSystem {
  readonly open: (path: string, flags: string, mode: number) => Promise<FileHandle>
  readonly copyFile: (from: string, to: string, mode: number) => Promise<void>
  readonly rename: (from: string, to: string) => Promise<void>
  readonly mkdir: (path: string) => Promise<void>
}

export interface FileHandle {
  readonly writeFile: (bytes: Uint8Array) => Promise<void>
  readonly sync: () => Promise<void>
  readonly close: () => Promise<void>
}

export const nodeFileSystem: FileSystem = {
  open: fs.open,
  copyFile: fs.copyFile,
  rename: fs.rename,
  mkdir: async (path) => void (await fs.mkdir(path, { recursive: true })),
}

const readOnly = 0o444
const host = hostname().replaceAll(/[^A-Za-z0-9-]/g, "-")
const leftoverAgeMs = 7 * 24 * 3600 * 1000

/** A fresh name in the folder for temporary files. */
export const temporaryPath = (folder: string): string =>
  join(folder, `${host}.${process.pid}.${randomBytes(8).toString("hex")}`)

/** Writes bytes under `path`, by way of `temporary`, which must lie on the same file system. */
export const writeBytes = async (
  path: string,
  bytes: Uint8Array,
  temporary: string,
  system: FileSystem = nodeFileSystem,
): Promise<void> => {
  try {
    // The mode binds later openings, not this one. Nothing is changed through the handle: Node's permission model, under
    // which steps of a strict run store their results, forbids that.
    const handle = await system.open(temporary, "wx", readOnly)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await moveInto(path, temporary, system)
  } catch (error) {
    await discard(temporary)
    throw error
  }
}

/** Copies a file to a temporary name, sharing its blocks where the file system can. */
export const copyTo = async (
  from: string,
  temporary: string,
  system: FileSystem = nodeFileSystem,
): Promise<void> => {
  try {
    await system.copyFile(from, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
  } catch (error) {
    await discard(temporary)
    throw error
  }
}

/** Flushes a temporary file and gives it its name. */
export const publish = async (
  path: string,
  temporary: string,
  system: FileSystem = nodeFileSystem,
): Promise<void> => {
  try {
    // A copy takes the mode of its source, which may forbid even its owner to read.
    await fs.chmod(temporary, 0o600)
    const handle = await system.open(temporary, "r+", 0o600)
    try {
      await fs.chmod(temporary, readOnly)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await moveInto(path, temporary, system)
  } catch (error) {
    await discard(temporary)
    throw error
  }
}

const moveInto = async (path: string, temporary: string, system: FileSystem): Promise<void> => {
  try {
    await system.rename(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
    await system.mkdir(dirname(path))
    await system.rename(temporary, path)
  }
}

export const discard = (path: string): Promise<void> => fs.rm(path, { force: true }).catch(() => undefined)

/** Removes what dead processes left in the folder for temporary files, and says how many files that were. */
export const reclaim = async (folder: string, nowMs: number): Promise<number> => {
  const names = await fs.readdir(folder)
  const removed = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      if (!(await isLeftover(path, nowMs))) return 0
      await fs.rm(path, { recursive: true, force: true })
      return 1
    }),
  )
  return removed.reduce<number>((sum, count) => sum + count, 0)
}

const isLeftover = async (path: string, nowMs: number): Promise<boolean> => {
  const [owner, pid] = basename(path).split(".")
  if (owner === host && pid !== undefined && /^\d+$/.test(pid)) return !isAlive(Number(pid))
  const stat = await fs.stat(path).catch(() => undefined)
  return stat !== undefined && nowMs - stat.mtimeMs > leftoverAgeMs
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
  return !isZombie(pid)
}

/** On Linux a process that ended stays listed until its parent asks for it, and in a container that may be never. */
const isZombie = (pid: number): boolean => {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))
  } catch {
    return false
  }
}
