import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { afterAll, beforeAll, describe } from "vitest"
import * as Backend from "../../src/ops/Backend.ts"
import type * as Ops from "../../src/ops/Ops.ts"
import { contract } from "./contract.ts"

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
