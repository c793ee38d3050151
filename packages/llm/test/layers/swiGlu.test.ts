import { describe, expect, it } from "vitest"
import * as swiGlu from "../../src/layers/swiGlu.ts"
import { floats, largestDifference, useBackend } from "../support/backend.ts"
import { expectGradients, values } from "../support/gradient.ts"

describe("swiGlu", () => {
  const backend = useBackend({ backend: "cpu" })

  it("is gate times its sigmoid times up", async () => {
    const { ops, scope, tensor } = backend()
    const y = scope(() => swiGlu.forward(ops, tensor(Float32Array.of(1, -2, 3, 5), [1, 4]), 2).y)
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
    expect(
      largestDifference(await floats(backend(), y), [sigmoid(1) * 3, -2 * sigmoid(-2) * 5]),
    ).toBeLessThan(1e-6)
  })

  it("has the gradient of finite differences", async () => {
    const { ops } = backend()
    await expectGradients(
      backend(),
      { x: values(6, [3, 8], 2) },
      ({ x }) => swiGlu.forward(ops, x!, 4).y,
      ({ x }, dy) => {
        const { saved } = swiGlu.forward(ops, x!, 4)
        return { x: swiGlu.backward(ops, saved, swiGlu.again(ops, saved), dy) }
      },
    )
  })
})
