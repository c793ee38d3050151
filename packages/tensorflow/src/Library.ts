/** Finds the TensorFlow library, or fetches it once into the user's cache folder. */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Errors from "./Errors.ts"
import * as Wheel from "./Wheel.ts"

export interface Library {
  /** Absolute path of the shared library that is loaded. */
  readonly path: string
  /** Why this one: `SLUICE_LIBTENSORFLOW` or `cache`. */
  readonly source: "environment" | "cache"
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

/** The library on this machine. Never downloads. */
export const locate: Effect.Effect<Library, Errors.LibraryMissing> = Effect.suspend(
  (): Effect.Effect<Library, Errors.LibraryMissing> => {
    const wheel = Wheel.of(platform)
    const named = process.env["SLUICE_LIBTENSORFLOW"]
    if (named) {
      const found = inside(named)
      return found === undefined
        ? Effect.fail(
            new Errors.LibraryMissing({
              headline: "SLUICE_LIBTENSORFLOW does not lead to a TensorFlow library.",
              facts: {
                "Points to": named,
                "Looked for": libraryNames.join(", "),
              },
              hint: "Point it at the library file or at its folder, or unset it to use Sluice's own copy.",
              fetchable: false,
            }),
          )
        : Effect.succeed({ path: found, source: "environment" as const })
    }
    if (wheel === undefined) {
      return Effect.fail(
        new Errors.LibraryMissing({
          headline: `There is no TensorFlow build for ${platform}.`,
          facts: { "Builds exist for": Wheel.wheels.map((each) => each.platform).join(", ") },
          hint: "Use `--backend wasm` (slow, tiny models), or set SLUICE_LIBTENSORFLOW to a library of your own.",
          fetchable: false,
        }),
      )
    }
    const at = path.join(folder(wheel), wheel.main)
    return fs.existsSync(at)
      ? Effect.succeed({ path: at, source: "cache" as const })
      : Effect.fail(
          new Errors.LibraryMissing({
            headline: "TensorFlow is not installed yet.",
            facts: { "Looked in": folder(wheel) },
            hint: "`sluice doctor --install` fetches it once, or set SLUICE_LIBTENSORFLOW to a library of your own.",
            fetchable: true,
          }),
        )
  },
)

const libraryNames = ["libtensorflow_cc.so.2", "libtensorflow_cc.2.dylib"]

const inside = (place: string): string | undefined => {
  const candidates = [place, ...libraryNames.map((name) => path.join(place, name))]
  return candidates.find((candidate) => fs.statSync(candidate, { throwIfNoEntry: false })?.isFile())
}
