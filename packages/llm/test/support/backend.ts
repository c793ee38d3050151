/** A backend for the tests of one `describe`, opened before them and closed after. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { afterAll, beforeAll } from "vitest"
import * as Backend from "../../src/ops/Backend.ts"
import type * as Ops from "../../src/ops/Ops.ts"

export const useBackend = (options: Backend.Options): (() => Ops.Backend) => {
  const scope = Scope.makeUnsafe()
  let backend: Ops.Backend
  beforeAll(async () => {
    backend = await Effect.runPromise(Scope.provide(Backend.open(options), scope))
  })
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return () => backend
}

/** Portable, recorded, eager: what the model's tests run on. */
export const backends: ReadonlyArray<readonly [name: string, options: Backend.Options]> = [
  ["cpu", { backend: "cpu" }],
  ["tensorflow, recorded", { backend: "tensorflow", threads: 2 }],
  ["tensorflow, eager", { backend: "tensorflow", threads: 2, jit: false }],
]

/** Reads a float32 tensor. */
export const floats = async (backend: Ops.Backend, tensor: Ops.Tensor): Promise<Float32Array> =>
  (await backend.read(tensor)) as Float32Array

export const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Infinity
  let largest = 0
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!))
  return largest
}
