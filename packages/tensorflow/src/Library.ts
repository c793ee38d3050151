/** Finds the TensorFlow library, or fetches it once into the user's cache folder. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Errors from "./Errors.ts"
import { withFetchLock } from "./library/fetchLock.ts"
import * as pip from "./library/pip.ts"
import { unpack } from "./library/unpack.ts"
import * as Wheel from "./Wheel.ts"

export interface Library {
  /** Absolute path of the shared library that is loaded. */
  readonly path: string
  /**
   * Which one it is: the user's own (`SLUICE_LIBTENSORFLOW`), one with NVIDIA's libraries beside it, or the
   * fetched one.
   */
  readonly source: "environment" | "cuda" | "cache"
  /** `2.21.0`; of a user's own library as far as files tell without loading it. Decides bits. */
  readonly version: string
  /** Whether NVIDIA's libraries lie where it looks for them. */
  readonly cuda: boolean
}

export interface Progress {
  readonly phase: "waiting" | "downloading" | "unpacking"
  /** Bytes of this phase. */
  readonly done: number
  readonly total?: number
}

export interface EnsureOptions {
  readonly onProgress?: (progress: Progress) => void
}

/** SLUICE_CACHE, else the platform's own place for caches. Not created here. */
export const cacheFolder = (env: NodeJS.ProcessEnv = process.env, home: string = os.homedir()): string => {
  if (env["SLUICE_CACHE"]) return path.resolve(env["SLUICE_CACHE"])
  if (env["XDG_CACHE_HOME"]) return path.join(env["XDG_CACHE_HOME"], "sluice")
  return process.platform === "darwin"
    ? path.join(home, "Library", "Caches", "sluice")
    : path.join(home, ".cache", "sluice")
}

export const platform = `${process.platform}-${process.arch}`

/** Where the unpacked library of a platform lives. */
export const folder = (wheel: Wheel.Wheel, cache: string = cacheFolder()): string =>
  path.join(cache, `tensorflow-${Wheel.version}-${wheel.platform}`)

/** Where `Wheel.cudaCommand` installs TensorFlow with NVIDIA's libraries. */
export const cudaFolder = (cache: string = cacheFolder()): string =>
  path.join(cache, `tensorflow-${Wheel.version}-${platform}-cuda`)

/** The library on this machine. Never downloads. */
export const locate: Effect.Effect<Library, Errors.LibraryMissing> = Effect.suspend(() => {
  const found = find()
  return found instanceof Errors.LibraryMissing ? Effect.fail(found) : Effect.succeed(found)
})

/** As `locate`, without Effect: planning asks this for every numeric step. */
export const find = (): Library | Errors.LibraryMissing => {
  const named = process.env["SLUICE_LIBTENSORFLOW"]
  if (named) {
    const file = inside(named)
    if (file !== undefined) {
      const cuda = fs.existsSync(path.join(path.dirname(file), "..", "nvidia"))
      return { path: file, source: "environment", version: versionBeside(file), cuda }
    }
    return new Errors.LibraryMissing({
      headline: "SLUICE_LIBTENSORFLOW does not lead to a TensorFlow library.",
      facts: { "Points to": named, "Looked for": libraryNames.join(", ") },
      hint: "Point it at the library file or at its folder, or unset it to use Sluice's own copy.",
      fetchable: false,
    })
  }
  const cuda = inside(path.join(cudaFolder(), "tensorflow"))
  if (cuda !== undefined) return { path: cuda, source: "cuda", version: Wheel.version, cuda: true }
  const wheel = Wheel.of(platform)
  if (wheel === undefined) {
    return new Errors.LibraryMissing({
      headline: `There is no TensorFlow build for ${platform}.`,
      facts: { "Builds exist for": Wheel.wheels.map((each) => each.platform).join(", ") },
      hint: "Use `--backend wasm` (slow, tiny models), or set SLUICE_LIBTENSORFLOW to a library of your own.",
      fetchable: false,
    })
  }
  const file = path.join(folder(wheel), wheel.main)
  if (fs.existsSync(file)) return { path: file, source: "cache", version: Wheel.version, cuda: false }
  return new Errors.LibraryMissing({
    headline: "TensorFlow is not installed yet.",
    facts: { "Looked in": folder(wheel) },
    hint: "`pnpm sluice doctor --fix` fetches it once, or set SLUICE_LIBTENSORFLOW to a library of your own.",
    fetchable: true,
  })
}

/**
 * The library, fetched first where it is missing: the pinned wheel through pip, its digest checked, the two
 * libraries unpacked into the user's cache folder. Interrupting it leaves nothing but the lock's empty file; a
 * library appears under its name complete or not at all.
 */
export const ensure = (
  options: EnsureOptions = {},
): Effect.Effect<Library, Errors.LibraryMissing | Errors.LibraryFetchFailed> =>
  Effect.suspend(() => {
    const found = find()
    if (!(found instanceof Errors.LibraryMissing)) return Effect.succeed(found)
    const wheel = Wheel.of(platform)
    if (!found.fetchable || wheel === undefined) return Effect.fail(found)
    return Effect.tryPromise({
      try: (signal) => fetch(wheel, options.onProgress ?? (() => undefined), signal),
      catch: (cause) => (cause instanceof Errors.LibraryFetchFailed ? cause : explain(cause)),
    }).pipe(Effect.andThen(locate))
  })

const fetch = async (
  wheel: Wheel.Wheel,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
): Promise<void> => {
  const cache = cacheFolder()
  await withFetchLock(
    cache,
    signal,
    () => onProgress({ phase: "waiting", done: 0 }),
    async () => {
      if (fs.existsSync(path.join(folder(wheel), wheel.main))) return // another process was faster
      const temporary = path.join(cache, "fetching")
      fs.rmSync(temporary, { recursive: true, force: true }) // of one that was killed: we hold the lock
      fs.mkdirSync(temporary)
      try {
        refuseWithoutRoom(cache)
        const file = await pip.download(wheel, {
          python: "python3",
          folder: temporary,
          onBytes: (bytes) =>
            onProgress({
              phase: "downloading",
              done: Math.min(bytes, wheel.sizeBytes ?? bytes),
              ...(wheel.sizeBytes === undefined ? {} : { total: wheel.sizeBytes }),
            }),
          signal,
        })
        const unpacked = path.join(temporary, "unpacked")
        fs.mkdirSync(unpacked)
        await unpack(
          file,
          wheel.libraries,
          unpacked,
          (done, total) => onProgress({ phase: "unpacking", done, total }),
          signal,
        )
        fs.writeFileSync(
          path.join(unpacked, "wheel.json"),
          `${JSON.stringify({ package: wheel.package, version: Wheel.version, sha256: wheel.sha256 })}\n`,
        )
        settle(unpacked, folder(wheel))
      } finally {
        fs.rmSync(temporary, { recursive: true, force: true })
      }
    },
  )
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
  throw pip.noSpace({
    Folder: cache,
    Free: `${Math.floor((bavail * bsize) / 1e6)} MB`,
    Needed: `${roomBytes / 1e6} MB while it is installed, 860 MB after`,
  })
}

const explain = (cause: unknown): Errors.LibraryFetchFailed => {
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === "ENOSPC" || code === "EDQUOT") return pip.noSpace(undefined)
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR") {
    return pip.noPermission(message)
  }
  return new Errors.LibraryFetchFailed({
    reason: "pip-failed",
    headline: "TensorFlow could not be installed.",
    facts: { Reason: message ?? String(cause) },
    hint: "Run the same command again; set SLUICE_CACHE to use another folder.",
  })
}

/** The version that an installed Python package states beside the library, else the library's own size. */
const versionBeside = (file: string): string => {
  const packages = path.dirname(path.dirname(file))
  const names = fs.existsSync(packages) ? fs.readdirSync(packages) : []
  for (const name of names) {
    const version = /^tensorflow(?:_cpu)?-(\d[^-]*)\.dist-info$/.exec(name)?.[1]
    if (version !== undefined) return version
  }
  return `of ${fs.statSync(file).size} bytes`
}

const libraryNames = ["libtensorflow_cc.so.2", "libtensorflow_cc.2.dylib"]

const inside = (place: string): string | undefined => {
  const candidates = [place, ...libraryNames.map((name) => path.join(place, name))]
  return candidates.find((candidate) => fs.statSync(candidate, { throwIfNoEntry: false })?.isFile())
}
