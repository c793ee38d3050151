import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterEach, beforeEach, describe, expect, vi } from "vitest"
import * as Library from "../src/Library.ts"
import * as Wheel from "../src/Wheel.ts"

describe("the TensorFlow library", () => {
  let root = ""
  beforeEach(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-library-"))
    vi.stubEnv("SLUICE_CACHE", root)
    vi.stubEnv("SLUICE_LIBTENSORFLOW", undefined)
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    fs.rmSync(root, { recursive: true, force: true })
  })
  const put = (...parts: ReadonlyArray<string>): string => {
    const file = path.join(root, ...parts)
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(file, "library")
    return file
  }

  it.effect("is missing until it was fetched, and says how to get it", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Library.locate)
      expect(error.fetchable).toBe(true)
      expect(error.message.split("\n").slice(0, 2)).toEqual([
        "TensorFlow is not installed yet.",
        `  Looked in:  ${path.join(root, `tensorflow-2.21.0-${Library.platform}`)}`,
      ])
    }),
  )

  it.effect("is the one in the cache folder once it is there", () =>
    Effect.gen(function* () {
      const { main } = Wheel.of(Library.platform)!
      const file = put(`tensorflow-2.21.0-${Library.platform}`, main)
      expect(yield* Library.locate).toEqual({ path: file, source: "cache", version: "2.21.0", cuda: false })
      expect(yield* Library.ensure()).toEqual(yield* Library.locate)
    }),
  )

  it.effect("with NVIDIA's libraries goes before the one without", () =>
    Effect.gen(function* () {
      put(`tensorflow-2.21.0-${Library.platform}`, Wheel.of(Library.platform)!.main)
      const file = put(`tensorflow-2.21.0-${Library.platform}-cuda`, "tensorflow", "libtensorflow_cc.so.2")
      expect(yield* Library.locate).toEqual({ path: file, source: "cuda", version: "2.21.0", cuda: true })
    }),
  )

  it.effect("of the user's own goes before all, by file or by folder", () =>
    Effect.gen(function* () {
      put("site-packages", "tensorflow_cpu-2.20.0.dist-info", "METADATA")
      const file = put("site-packages", "tensorflow", "libtensorflow_cc.so.2")
      for (const named of [file, path.dirname(file)]) {
        vi.stubEnv("SLUICE_LIBTENSORFLOW", named)
        expect(yield* Library.locate).toEqual({
          path: file,
          source: "environment",
          version: "2.20.0",
          cuda: false,
        })
      }
      put("site-packages", "nvidia", "cublas")
      expect((yield* Library.locate).cuda).toBe(true)
    }),
  )

  it.effect("that SLUICE_LIBTENSORFLOW does not lead to is an error, also for ensure", () =>
    Effect.gen(function* () {
      vi.stubEnv("SLUICE_LIBTENSORFLOW", path.join(root, "nowhere"))
      const error = yield* Effect.flip(Library.ensure())
      expect(error.message).toBe(
        [
          "SLUICE_LIBTENSORFLOW does not lead to a TensorFlow library.",
          `  Points to:   ${path.join(root, "nowhere")}`,
          "  Looked for:  libtensorflow_cc.so.2, libtensorflow_cc.2.dylib",
          "Point it at the library file or at its folder, or unset it to use Sluice's own copy.",
        ].join("\n"),
      )
    }),
  )

  it("is cached where the platform keeps caches", () => {
    expect(Library.cacheFolder({ SLUICE_CACHE: "/a" }, "/home/u")).toBe("/a")
    expect(Library.cacheFolder({ XDG_CACHE_HOME: "/x" }, "/home/u")).toBe("/x/sluice")
    const own = process.platform === "darwin" ? "/home/u/Library/Caches/sluice" : "/home/u/.cache/sluice"
    expect(Library.cacheFolder({}, "/home/u")).toBe(own)
  })

  it("has one pinned digest for each platform", () => {
    expect(new Set(Wheel.wheels.map((wheel) => wheel.platform)).size).toBe(Wheel.wheels.length)
    for (const wheel of Wheel.wheels) expect(wheel.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(Wheel.of("win32-x64")).toBe(undefined)
  })
})
