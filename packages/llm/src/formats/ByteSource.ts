/** Bytes by range, from a file or from memory: a model's file is never read whole. */
import * as fs from "node:fs"
import { FormatError } from "./FormatError.ts"

export interface ByteSource {
  /** Path, or the name given for bytes in memory; messages show it. */
  readonly file: string
  readonly sizeBytes: number
  /** Exactly `length` bytes; throws a FormatError where the source ends before. */
  readonly read: (offset: number, length: number) => Uint8Array<ArrayBuffer>
  readonly close: () => void
}

const beyondEnd = (file: string, sizeBytes: number, end: number): FormatError =>
  new FormatError({
    file,
    reason: "The file ends too early.",
    facts: [
      ["Size", `${sizeBytes} bytes`],
      ["Needed", `${end} bytes`],
    ],
    hint: "It was probably cut off while it was copied or downloaded: fetch it again.",
  })

export const fromBytes = (bytes: Uint8Array, file: string): ByteSource => ({
  file,
  sizeBytes: bytes.byteLength,
  read: (offset, length) => {
    if (offset + length > bytes.byteLength) throw beyondEnd(file, bytes.byteLength, offset + length)
    return new Uint8Array(bytes.subarray(offset, offset + length))
  },
  close: () => {},
})

/** Opens a file; the caller closes it. A missing or unreadable file is a FormatError. */
export const fromFile = (path: string): ByteSource => {
  let descriptor: number
  let sizeBytes: number
  try {
    descriptor = fs.openSync(path, "r")
    const stat = fs.fstatSync(descriptor)
    if (!stat.isFile()) {
      fs.closeSync(descriptor)
      throw Object.assign(new Error("it is not a file"), { code: "EISDIR" })
    }
    sizeBytes = stat.size
  } catch (cause) {
    throw unreadable(path, cause)
  }
  let open = true
  return {
    file: path,
    sizeBytes,
    read: (offset, length) => {
      if (offset + length > sizeBytes) throw beyondEnd(path, sizeBytes, offset + length)
      const bytes = new Uint8Array(length)
      for (let done = 0; done < length;) {
        // Linux reads at most 2 GiB in one call, and any call may return less than was asked for.
        const count = readAt(path, descriptor, bytes, done, Math.min(length - done, 2 ** 30), offset + done)
        if (count === 0) throw beyondEnd(path, offset + done, offset + length)
        done += count
      }
      return bytes
    },
    close: () => {
      if (open) fs.closeSync(descriptor)
      open = false
    },
  }
}

const readAt = (
  path: string,
  descriptor: number,
  bytes: Uint8Array,
  into: number,
  length: number,
  position: number,
): number => {
  try {
    return fs.readSync(descriptor, bytes, into, length, position)
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** A FormatError for a file that the operating system does not let us read. */
export const unreadable = (path: string, cause: unknown): FormatError => {
  const code = (cause as NodeJS.ErrnoException).code
  const reasons: Record<string, string> = {
    ENOENT: "The file does not exist.",
    EACCES: "The file may not be read.",
    EISDIR: "The path is not a file.",
  }
  return new FormatError({
    file: path,
    reason: (code === undefined ? undefined : reasons[code]) ?? "The file cannot be read.",
    facts: [["Cause", cause instanceof Error ? cause.message : String(cause)]],
  })
}
