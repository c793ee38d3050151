/**
 * The settings that decide the bits of numeric results: the `numeric` part of an action key.
 *
 * Everything here is a setting or follows from files and committed tables. Nothing is measured, TensorFlow is not
 * loaded, and free memory plays no part, so that planning is cheap and one file gives one key.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as Cpu from "./Cpu.ts"
import * as Errors from "./Errors.ts"
import * as Library from "./Library.ts"

export interface Options {
  readonly backend?: "tensorflow" | "wasm" | "cpu" | undefined
  /** Width of the thread pool; every core by default. */
  readonly threads?: number | undefined
  readonly precision?: "float32" | "bfloat16" | undefined
  /** Which library multiplies fp32 matrices; by default the one of the table of CPU features. */
  readonly kernel?: "onednn" | "eigen" | undefined
  readonly device?: "cpu" | "gpu" | undefined
}

/** Why settings cannot be had. */
export type Refusal = Errors.LibraryMissing | Errors.SettingsRefused

/** One record per process and plan; also what `Backend.settings` states. */
export interface Settings {
  readonly backend: "tensorflow" | "wasm" | "cpu"
  readonly libraryVersion: string
  /** `cpu`, or `gpu NVIDIA H100`. */
  readonly device: string
  readonly threads: number
  readonly kernel: "onednn" | "eigen" | "tfjs" | "cublas"
  readonly precision: "float32" | "bfloat16"
  readonly cpuClass: string
}

/** TensorFlow.js's version, as pinned in this package's dependencies. */
export const tfjsVersion = "4.22.0"

/**
 * Fails where the native library is missing, since there is no saying which one would compute, and for bfloat16 on a
 * backend without it.
 */
export const settings = (options: Options = {}): Effect.Effect<Settings, Refusal> =>
  Effect.suspend(() => {
    const found = of(options)
    return found instanceof Error ? Effect.fail(found) : Effect.succeed(found)
  })

/** As `settings`, without Effect. */
export const of = (options: Options): Settings | Refusal => {
  const backend = options.backend ?? "tensorflow"
  const precision = options.precision ?? "float32"
  const table = Cpu.kernels(Cpu.features())
  if (backend !== "tensorflow") {
    if (precision !== "float32") {
      return new Errors.SettingsRefused({
        headline: `The ${backend} backend computes in float32 alone.`,
        facts: { Precision: precision, Backend: backend },
        hint: "Leave the precision out, or take --backend tensorflow.",
      })
    }
    // TensorFlow.js in one thread. WebAssembly's arithmetic is the same everywhere, JavaScript's too, except that
    // Math.exp and its like belong to the engine, whose version is in the key already.
    return {
      backend,
      libraryVersion: tfjsVersion,
      device: "cpu",
      threads: 1,
      kernel: "tfjs",
      precision,
      cpuClass: "any",
    }
  }
  const library = Library.find()
  if (library instanceof Errors.LibraryMissing) return library
  const gpu = options.device === "cpu" || !library.cuda ? undefined : nvidiaModel()
  return {
    backend,
    libraryVersion: library.cuda ? `${library.version} cuda` : library.version,
    device: gpu === undefined ? "cpu" : `gpu ${gpu}`,
    threads: options.threads ?? os.availableParallelism(),
    kernel: gpu === undefined ? (options.kernel ?? table.matMul) : "cublas",
    precision,
    cpuClass: table.cpuClass,
  }
}

/** The first NVIDIA GPU that the kernel's driver states, without asking the driver itself. */
const nvidiaModel = (root = "/proc/driver/nvidia/gpus"): string | undefined => {
  try {
    const [first] = fs.readdirSync(root).toSorted()
    if (first === undefined) return undefined
    const text = fs.readFileSync(`${root}/${first}/information`, "utf8")
    return /^Model:\s*(.+)$/m.exec(text)?.[1]?.trim() ?? "NVIDIA"
  } catch {
    return undefined
  }
}
