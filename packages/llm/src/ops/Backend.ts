/** Opens a backend of the numeric seam. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as os from "node:os"
import type { Errors } from "@sluice/tensorflow"
import type { Backend } from "./Ops.ts"

export interface Options {
  readonly backend: "tensorflow" | "wasm" | "cpu"
  /** Width of the thread pool; every core by default. It decides bits. */
  readonly threads?: number
  /** Record functions on the native backend (default); off, everything runs eagerly, with the same bits. */
  readonly jit?: boolean
  /** Which library multiplies fp32 matrices; by default the one of the table of CPU features. */
  readonly kernel?: "onednn" | "eigen"
  readonly device?: "cpu" | "gpu" | "best"
}

export type OpenError = Errors.LibraryMissing | Errors.BindingFailed

/** A backend that is closed with the scope: constants, variables and recorded functions go with it. */
export const open = (options: Options): Effect.Effect<Backend, OpenError, Scope.Scope> =>
  options.backend === "tensorflow" ? openTensorFlow(options) : openTfjs(options.backend)

const openTfjs = Effect.fn("Backend.open")(function* (kind: "wasm" | "cpu") {
  const { Tfjs } = yield* Effect.promise(() => import("@sluice/tensorflow"))
  const TfjsBackend = yield* Effect.promise(() => import("./TfjsBackend.ts"))
  const tf = yield* Effect.promise(() => Tfjs.load(kind))
  return yield* Effect.acquireRelease(
    Effect.sync(() => TfjsBackend.make(tf, kind, {})),
    (backend) => Effect.sync(backend.close),
  )
})

const openTensorFlow = Effect.fn("Backend.open")(function* (options: Options) {
  const { Binding, Cpu, Errors, Library } = yield* Effect.promise(() => import("@sluice/tensorflow"))
  const TensorFlowBackend = yield* Effect.promise(() => import("./TensorFlowBackend.ts"))
  const library = yield* Library.locate
  const threads = options.threads ?? os.availableParallelism()
  const binding = yield* Effect.try({
    try: () => Binding.open(library.path, { threads, device: options.device ?? "best" }),
    catch: (cause) =>
      cause instanceof Errors.BindingFailed
        ? cause
        : new Errors.BindingFailed({
            headline: "TensorFlow could not start.",
            facts: { Library: library.path, Reason: String(cause) },
            hint: "`sluice doctor` shows what was found.",
          }),
  })
  const table = Cpu.kernels(Cpu.features())
  const kernel = binding.device === "gpu" ? "eigen" : (options.kernel ?? table.matMul)
  const products = {
    matMul: kernel,
    batchMatMul: kernel,
    bfloat16MatMul: kernel === "eigen" ? kernel : table.bfloat16MatMul,
  } as const
  return yield* Effect.acquireRelease(
    Effect.sync(() => TensorFlowBackend.make(binding, { products, jit: options.jit ?? true, settings: {} })),
    (backend) => Effect.sync(backend.close),
  )
})
