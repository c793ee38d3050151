/**
 * One fetch at a time per cache folder, across processes.
 *
 * The lock is an operating-system lock held through SQLite: it ends with its process, however that ends, so there
 * is no stale lock to clean up. Where the file system has no locks, both processes fetch; the final rename makes
 * that safe, only wasteful.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"

const busy = 5 // SQLITE_BUSY

/** Waits for the lock, runs `f`, lets go. Rejects with the signal's reason when aborted while it waits. */
export const withFetchLock = async <A>(
  cache: string,
  signal: AbortSignal,
  onWait: () => void,
  f: () => Promise<A>,
): Promise<A> => {
  fs.mkdirSync(cache, { recursive: true })
  const database = new DatabaseSync(path.join(cache, "fetch-lock.sqlite"))
  try {
    for (let waited = false; !tryLock(database); waited = true) {
      if (!waited) onWait()
      await pause(500, signal)
    }
    return await f()
  } finally {
    database.close()
  }
}

const tryLock = (database: DatabaseSync): boolean => {
  try {
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE")
    return true
  } catch (cause) {
    if (((cause as { readonly errcode?: number }).errcode ?? 0) % 256 === busy) return false
    return true // no locks here
  }
}

const pause = (durationMs: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop)
      resolve()
    }, durationMs)
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    signal.addEventListener("abort", stop, { once: true })
  })
