import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { afterEach, describe, expect, vi } from "vitest"
import * as Cpu from "../src/Cpu.ts"
import * as Doctor from "../src/Doctor.ts"
import * as Numeric from "../src/Numeric.ts"
import * as Tfjs from "../src/Tfjs.ts"

describe("numeric settings", () => {
  afterEach(() => vi.unstubAllEnvs())

  it.effect("of the native backend follow from options and the table of CPU features", () =>
    Effect.gen(function* () {
      const table = Cpu.kernels(Cpu.features())
      expect(yield* Numeric.settings({ threads: 3, device: "cpu" })).toEqual({
        backend: "tensorflow",
        libraryVersion: "2.21.0",
        device: "cpu",
        threads: 3,
        kernel: table.matMul,
        precision: "float32",
        cpuClass: table.cpuClass,
      })
      const other = yield* Numeric.settings({ kernel: "eigen", precision: "bfloat16" })
      expect([other.kernel, other.precision]).toEqual(["eigen", "bfloat16"])
    }),
  )

  it.effect("of the portable backends do not depend on this machine", () =>
    Effect.gen(function* () {
      vi.stubEnv("SLUICE_LIBTENSORFLOW", "/nowhere")
      expect(yield* Numeric.settings({ backend: "wasm", threads: 8 })).toEqual({
        backend: "wasm",
        libraryVersion: "4.22.0",
        device: "cpu",
        threads: 1,
        kernel: "tfjs",
        precision: "float32",
        cpuClass: "any",
      })
    }),
  )

  it.effect.each(["wasm", "cpu"] as const)("refuse bfloat16 on the %s backend", (backend) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Numeric.settings({ backend, precision: "bfloat16" }))
      expect(error.message).toBe(
        `The ${backend} backend computes in float32 alone.\n` +
          `  Precision:  bfloat16\n  Backend:    ${backend}\n` +
          "Leave the precision out, or take --backend tensorflow.",
      )
    }),
  )

  it.effect("fail where the native library is missing", () =>
    Effect.gen(function* () {
      vi.stubEnv("SLUICE_LIBTENSORFLOW", "/nowhere")
      expect((yield* Effect.flip(Numeric.settings()))._tag).toBe("LibraryMissing")
    }),
  )

  it("name the TensorFlow.js that is installed", async () => {
    const tf = await Tfjs.load("cpu")
    expect(tf.version_core).toBe(Numeric.tfjsVersion)
  })
})

describe("doctor", () => {
  it("advises on bfloat16 from the measured speeds", () => {
    expect(Doctor.advise(100, undefined)).toContain("stay with float32")
    expect(Doctor.advise(100, 120)).toContain("gain little")
    expect(Doctor.advise(100, 210)).toContain("2.1 times as fast here: --precision bfloat16 trains faster")
  })

  it.effect("states what would compute, and how fast", () =>
    Effect.gen(function* () {
      const facts = yield* Doctor.facts({ threads: 2, device: "cpu" })
      expect(facts.libraryVersion).toBe("2.21.0")
      expect(facts.device).toBe("cpu")
      expect(facts.gigaflops).toBeGreaterThan(1)
      expect((yield* Doctor.facts({ backend: "cpu" })).libraryPath).toBe(undefined)
    }),
  )
})
