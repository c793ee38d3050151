/** Opens a backend of the numeric seam. */
import type { Errors, Numeric } from "@sluice/tensorflow"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Backend } from "./Ops.ts"

export interface Options extends Numeric.Options {
  /** Record functions on the native backend (default); off, everything runs eagerly, with the same bits. */
  readonly jit?: boolean | undefined
}

export type OpenError = Numeric.Refusal | Errors.BindingFailed

/**
 * A backend that is closed with the scope: constants, variables and recorded functions go with it. Its `settings`
 * are those that `Numeric.settings` states for the same options, without loading anything.
 */
export const open = (options: Options = {}): Effect.Effect<Backend, OpenError, Scope.Scope> => {
  const backend = options.backend ?? "tensorflow"
  return backend === "tensorflow" ? openTensorFlow(options) : openTfjs(backend, options)
}

// Heavy modules are loaded only by the backend that needs them.
const tensorflow = Effect.promise(() => import("@sluice/tensorflow"))

const openTensorFlow = Effect.fn("Backend.open")(function* (options: Options) {
  const { Binding, Cpu, Errors, Library, Numeric } = yield* tensorflow
  const TensorFlowBackend = yield* Effect.promise(() => import("./TensorFlowBackend.ts"))
  const library = yield* Library.locate
  const settings = yield* Numeric.settings(options)
  const table = Cpu.kernels(Cpu.features())
  if (settings.kernel === "onednn" && table.matMul !== "onednn") {
    return yield* new Errors.BindingFailed({
      headline: "oneDNN's products cannot be used on this machine.",
      facts: { CPU: settings.cpuClass, Asked: "kernel onednn" },
      hint: "Leave the kernel out: the one that fits is chosen.",
    })
  }
  const device = settings.device === "cpu" ? "cpu" : "gpu"
  const binding = yield* Effect.try({
    try: () => Binding.open(library.path, { threads: settings.threads, device }),
    catch: (cause) =>
      cause instanceof Errors.BindingFailed
        ? cause
        : new Errors.BindingFailed({
            headline: "TensorFlow could not start.",
            facts: { Library: library.path, Reason: String(cause) },
            hint: "`sluice doctor` shows what was found.",
          }),
  })
  const kernel = settings.kernel === "onednn" ? "onednn" : "eigen"
  const products = {
    matMul: kernel,
    batchMatMul: kernel,
    bfloat16MatMul: kernel === "eigen" ? kernel : table.bfloat16MatMul,
  } as const
  return yield* Effect.acquireRelease(
    Effect.sync(() =>
      TensorFlowBackend.make(binding, { products, jit: options.jit ?? true, settings: { ...settings } }),
    ),
    (backend) => Effect.sync(backend.close),
  )
})

const openTfjs = Effect.fn("Backend.open")(function* (kind: "wasm" | "cpu", options: Options) {
  const { Numeric, Tfjs } = yield* tensorflow
  const TfjsBackend = yield* Effect.promise(() => import("./TfjsBackend.ts"))
  const settings = yield* Numeric.settings(options)
  const tf = yield* Effect.promise(() => Tfjs.load(kind))
  return yield* Effect.acquireRelease(
    Effect.sync(() => TfjsBackend.make(tf, kind, { ...settings })),
    (backend) => Effect.sync(backend.close),
  )
})
