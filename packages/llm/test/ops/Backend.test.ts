import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as Backend from "../../src/ops/Backend.ts"
import type * as Ops from "../../src/ops/Ops.ts"
import { contract } from "./contract.ts"
import { results } from "./sequence.ts"

const variants: ReadonlyArray<readonly [string, Backend.Options]> = [
  ["tensorflow, recorded", { backend: "tensorflow", threads: 2 }],
  ["tensorflow, eager", { backend: "tensorflow", threads: 2, jit: false }],
  ["tensorflow, Eigen's products", { backend: "tensorflow", threads: 2, kernel: "eigen" }],
  ["wasm", { backend: "wasm" }],
  ["cpu", { backend: "cpu" }],
]

for (const [name, options] of variants) {
  describe(`on ${name}`, () => {
    const scope = Scope.makeUnsafe()
    let backend: Ops.Backend
    beforeAll(async () => {
      backend = await Effect.runPromise(Scope.provide(Backend.open(options), scope))
    })
    afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
    contract(() => backend)
  })
}

it("all backends compute the same training pass up to rounding", async () => {
  const [native, ...others] = await Promise.all(
    (["tensorflow", "wasm", "cpu"] as const).map((backend) =>
      Effect.runPromise(
        Effect.scoped(
          Effect.flatMap(Backend.open({ backend, threads: 2 }), (opened) =>
            Effect.promise(() => results(opened, 4)),
          ),
        ),
      ),
    ),
  )
  for (const other of others) {
    expect(other.length).toBe(native!.length)
    other.forEach((values, k) => {
      const expected = native![k]!
      const scale = Math.max(...expected.map(Math.abs))
      const worst = Array.from(values).reduce(
        (most, value, i) => Math.max(most, Math.abs(value - expected[i]!)),
        0,
      )
      expect(values.length).toBe(expected.length)
      // Rounding; the values below float32's normal range are zero on some backends.
      expect(worst, `result ${k}`).toBeLessThanOrEqual(scale * 2e-5 + 1e-37)
    })
  }
})
