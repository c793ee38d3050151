/**
 * Fetches the pinned wheel and puts its libraries into the cache folder: complete under their final name, or not
 * at all.
 */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { LibraryFetchFailed } from "../Errors.ts"
import * as Pip from "../Pip.ts"
import { unpack, WheelDamaged } from "../Unpack.ts"
import * as Wheel from "../Wheel.ts"
import * as fetchFailed from "./fetchFailed.ts"
import { withFetchLock } from "./fetchLock.ts"

export interface Progress {
  readonly phase: "waiting" | "downloading" | "unpacking"
  /** Bytes of this phase. */
  readonly done: number
  readonly total?: number
}

export interface Options {
  readonly wheel: Wheel.Wheel
  readonly cache: string
  readonly onProgress: (progress: Progress) => void
  readonly signal: AbortSignal
  /** The interpreter that runs pip; `python3`. */
  readonly python?: string
}

/** Where the unpacked libraries of a wheel live. */
export const libraryFolder = (cache: string, wheel: Wheel.Wheel): string =>
  path.join(cache, `tensorflow-${Wheel.version}-${wheel.platform}`)

/** Rejects with whatever kept it; `explain` makes one error of all. */
export const install = (options: Options): Promise<void> => {
  const { wheel, cache, onProgress, signal } = options
  const target = libraryFolder(cache, wheel)
  return withFetchLock(
    cache,
    signal,
    () => onProgress({ phase: "waiting", done: 0 }),
    async () => {
      if (fs.existsSync(path.join(target, wheel.main))) return // another process was faster
      const temporary = path.join(cache, "fetching")
      fs.rmSync(temporary, { recursive: true, force: true }) // of one that was killed: the lock is ours
      fs.mkdirSync(temporary)
      try {
        refuseWithoutRoom(cache)
        const file = await Pip.download({
          requirement: `${wheel.package}==${Wheel.version}`,
          build: [`--platform=${wheel.pipPlatform}`, `--python-version=${Wheel.pythonVersion}`],
          folder: temporary,
          python: options.python,
          onBytes: (bytes) =>
            onProgress({
              phase: "downloading",
              done: Math.min(bytes, wheel.sizeBytes ?? bytes),
              ...(wheel.sizeBytes === undefined ? {} : { total: wheel.sizeBytes }),
            }),
          signal,
        })
        const digest = await sha256(file, signal)
        if (digest !== wheel.sha256) throw fetchFailed.wrongDigest(path.basename(file), wheel.sha256, digest)
        const unpacked = path.join(temporary, "unpacked")
        fs.mkdirSync(unpacked)
        await unpack(
          file,
          new Map(wheel.libraries.map((name) => [name, path.join(unpacked, path.basename(name))])),
          (done, total) => onProgress({ phase: "unpacking", done, total }),
          signal,
        )
        const origin = { package: wheel.package, version: Wheel.version, sha256: wheel.sha256 }
        fs.writeFileSync(path.join(unpacked, "wheel.json"), `${JSON.stringify(origin)}\n`)
        settle(unpacked, target)
      } finally {
        fs.rmSync(temporary, { recursive: true, force: true })
      }
    },
  )
}

const sha256 = async (file: string, signal: AbortSignal): Promise<string> => {
  const hash = createHash("sha256")
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 1 << 20, signal })) {
    hash.update(chunk as Buffer)
  }
  return hash.digest("hex")
}

/** Renames into place. Where locks do not work another process may have been first: then its copy stays. */
const settle = (from: string, to: string): void => {
  try {
    fs.renameSync(from, to)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw cause
  }
}

/** Bytes at the worst moment: pip's copy and the wheel, then the wheel and the unpacked libraries. */
const roomBytes = 1_400_000_000

const refuseWithoutRoom = (cache: string): void => {
  const { bavail, bsize } = fs.statfsSync(cache)
  if (bavail * bsize >= roomBytes) return
  throw fetchFailed.noSpace({
    Folder: cache,
    Free: `${Math.floor((bavail * bsize) / 1e6)} MB`,
    Needed: `${roomBytes / 1e6} MB while it is installed, 860 MB after`,
  })
}

/** Any failure of `install` as one that reads well. */
export const explain = (cause: unknown, wheel: Wheel.Wheel): LibraryFetchFailed => {
  if (cause instanceof LibraryFetchFailed) return cause
  if (cause instanceof Pip.PipFailed) return fetchFailed.ofPip(wheel, cause)
  if (cause instanceof WheelDamaged) return fetchFailed.damaged(cause.file, cause.said)
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === "ENOSPC" || code === "EDQUOT") return fetchFailed.noSpace(undefined)
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR") {
    return fetchFailed.noPermission(message)
  }
  return new LibraryFetchFailed({
    reason: "pip-failed",
    headline: "TensorFlow could not be installed.",
    facts: { Reason: message ?? String(cause) },
    hint: "Run the same command again; set SLUICE_CACHE to use another folder.",
  })
}
