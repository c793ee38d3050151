import { closeSync, constants, openSync, writeSync } from "node:fs"

/**
 * Writes a new file, on disk when this returns: what a rename then publishes is whole. The file is opened for
 * synchronous writing, since fsync is closed to the steps of a strict run by Node's permission model.
 */
export const writeFlushed = (path: string, content: string | Uint8Array): void => {
  const bytes = typeof content === "string" ? Buffer.from(content) : content
  const { O_CREAT, O_SYNC, O_TRUNC, O_WRONLY } = constants
  const file = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | (O_SYNC ?? 0))
  try {
    for (let at = 0; at < bytes.byteLength;) at += writeSync(file, bytes, at)
  } finally {
    closeSync(file)
  }
}
