import { closeSync, fsyncSync, openSync, writeSync } from "node:fs"

/** Writes a new file and flushes it to disk: what a rename then publishes is whole. */
export const writeFlushed = (path: string, content: string | Uint8Array): void => {
  const bytes = typeof content === "string" ? Buffer.from(content) : content
  const file = openSync(path, "w")
  try {
    for (let at = 0; at < bytes.byteLength;) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
