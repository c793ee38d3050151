import type { Backend, Variable } from "./ops/Ops.ts"

/** A variable of zeros. */
export const zerosLike = (backend: Backend, shape: ReadonlyArray<number>): Variable => {
  const size = shape.reduce((product, length) => product * length, 1)
  return backend.scope(() => backend.variable(backend.tensor(new Float32Array(size), shape)))
}
