/** What `sluice doctor` says about computing on this machine. Loads the library, and measures for about a second. */
import * as Effect from "effect/Effect"
import * as Binding from "./Binding.ts"
import * as Cpu from "./Cpu.ts"
import * as Errors from "./Errors.ts"
import * as Library from "./Library.ts"
import { AttributeType, DataType } from "./native/CApi.ts"
import * as Numeric from "./Numeric.ts"

export interface Facts {
  readonly backend: Numeric.Settings["backend"]
  /** Why this backend: one sentence. */
  readonly why: string
  readonly libraryVersion: string
  readonly libraryPath: string | undefined
  readonly device: string
  readonly threads: number
  readonly kernel: string
  readonly cpuClass: string
  /** Billions of float operations in a second, of [320, 576] · [576, 1536] in fp32 by the chosen kernel. */
  readonly gigaflops: number | undefined
  /** The same with bfloat16 operands, where the CPU has the instructions. */
  readonly bfloat16Gigaflops: number | undefined
  /** Whether bfloat16 pays here, in a sentence. */
  readonly advice: string
}

export const facts = (
  options: Numeric.Options = {},
): Effect.Effect<Facts, Numeric.Refusal | Errors.BindingFailed> =>
  Effect.gen(function* () {
    const settings = yield* Numeric.settings(options)
    if (settings.backend !== "tensorflow") {
      return {
        ...settings,
        why: `asked for; it needs no native library and is slow`,
        libraryPath: undefined,
        gigaflops: undefined,
        bfloat16Gigaflops: undefined,
        advice: "bfloat16 needs the native backend.",
      }
    }
    const library = yield* Library.locate
    const binding = yield* Effect.try({
      try: () =>
        Binding.open(library.path, {
          threads: settings.threads,
          device: settings.device === "cpu" ? "cpu" : "best",
        }),
      catch: (cause) => {
        if (cause instanceof Errors.BindingFailed) return cause
        throw cause
      },
    })
    const gpu = binding.device === "gpu"
    const table = Cpu.kernels(Cpu.features())
    const gigaflops = measure(binding, DataType.float32, settings.kernel === "onednn")
    const bfloat16Gigaflops =
      gpu || table.bfloat16Fast
        ? measure(binding, DataType.bfloat16, !gpu && table.bfloat16MatMul === "onednn")
        : undefined
    return {
      ...settings,
      why: whys[library.source],
      libraryVersion: binding.version,
      libraryPath: library.path,
      gigaflops,
      bfloat16Gigaflops,
      advice: advise(gigaflops, bfloat16Gigaflops),
    }
  })

const whys = {
  environment: "SLUICE_LIBTENSORFLOW names its library",
  cuda: "TensorFlow with NVIDIA's libraries is in Sluice's cache folder",
  cache: "its library is in Sluice's cache folder",
} as const

/** A sentence from two speeds. Pure. */
export const advise = (float32: number, bfloat16: number | undefined): string => {
  if (bfloat16 === undefined) return "bfloat16 is not faster on this CPU: stay with float32."
  const ratio = bfloat16 / float32
  return ratio < 1.3
    ? "bfloat16 products gain little here: stay with float32."
    : `bfloat16 products are ${ratio.toFixed(1)} times as fast here: --precision bfloat16 trains faster, ` +
        "with small differences in the result."
}

const rows = 320
const inner = 576
const columns = 1536

/** Best of several products: other work on the machine only ever makes one slower. */
const measure = (binding: Binding.Binding, dataType: number, oneDnn: boolean): number => {
  const made = (shape: ReadonlyArray<number>): number => {
    const count = shape[0]! * shape[1]!
    const values = binding.create(
      shape,
      DataType.float32,
      Float32Array.from({ length: count }, (_, i) => (i % 13) / 13 - 0.5),
    )
    if (dataType === DataType.float32) return values
    const target = { name: "DstT", type: AttributeType.type, value: dataType }
    const [cast] = binding.execute("Cast", [target], [values], 1)
    binding.remove(values)
    return cast!
  }
  const a = made([rows, inner])
  const b = made([inner, columns])
  const label = { name: "_kernel", type: AttributeType.string, value: "MklNameChangeOp" }
  let best = Infinity
  const end = performance.now() + 400
  for (let i = 0; i < 5 || (performance.now() < end && i < 200); i++) {
    const start = performance.now()
    const [product] = binding.execute(oneDnn ? "_MklMatMul" : "MatMul", oneDnn ? [label] : [], [a, b], 1)
    binding.data(product!) // waits for a GPU
    best = Math.min(best, performance.now() - start)
    binding.remove(product!)
  }
  binding.remove(a)
  binding.remove(b)
  return Number(((2 * rows * inner * columns) / best / 1e6).toPrecision(3))
}
