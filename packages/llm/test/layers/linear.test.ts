import { describe, expect, it } from "vitest"
import * as linear from "../../src/layers/linear.ts"
import type { Tensor } from "../../src/ops/Ops.ts"
import { floats, useBackend } from "../support/backend.ts"
import { expectGradients, values } from "../support/gradient.ts"

const T = 3
const IN = 4
const OUT = 5
const R = 2

/** Two projections side by side: ranks 2 + 2, outputs 3 + 2. */
const blocks = Float32Array.from({ length: 2 * R * OUT }, (_, i) => {
  const [rank, out] = [Math.floor(i / OUT), i % OUT]
  return rank < R === out < 3 ? 1.5 : 0
})

describe("linear", () => {
  const backend = useBackend({ backend: "cpu" })
  const inputs = {
    x: values(1, [T, IN]),
    a: values(3, [IN, 2 * R]),
    b: values(4, [2 * R, OUT]),
  }
  const weight = values(2, [OUT, IN])
  const layer = (t: Readonly<Record<string, Tensor>>, dropout: Tensor | null = null): linear.Layer => ({
    weight: backend().tensor(weight.data, weight.shape),
    bias: backend().tensor(Float32Array.of(1, 2, 3, 4, 5), [OUT]),
    adapter: {
      a: backend().variable(t["a"]!),
      b: backend().variable(t["b"]!),
      scale: backend().tensor(blocks, [2 * R, OUT]),
    },
    dropout,
  })

  it("adds bias, frozen product and scaled adapter, worked out by hand", async () => {
    const { ops, scope, tensor, variable } = backend()
    const y = scope(() => {
      const x = tensor(Float32Array.of(1, 2), [1, 2])
      const adapter = {
        a: variable(tensor(Float32Array.of(1, 1), [2, 1])), // x·A = 3
        b: variable(tensor(Float32Array.of(10, 20), [1, 2])),
        scale: tensor(Float32Array.of(0.5), []), // 3·0.5·[10 20] = [15 30]
      }
      const frozen = tensor(Float32Array.of(1, 0, 0, 3), [2, 2]) // x·Wᵀ = [1 6]
      const bias = tensor(Float32Array.of(100, 200), [2])
      return linear.forward(ops, { weight: frozen, bias, adapter, dropout: null }, x).y
    })
    expect([...(await floats(backend(), y))]).toEqual([116, 236])
  })

  it.each([false, true])("has the gradients of finite differences (dropout: %s)", async (dropped) => {
    const mask = () =>
      dropped
        ? backend().tensor(
            Float32Array.from({ length: T * IN }, (_, i) => (i % 3 === 0 ? 0 : 1.5)),
            [T, IN],
          )
        : null
    await expectGradients(
      backend(),
      inputs,
      (t) => linear.forward(backend().ops, layer(t, mask()), t["x"]!).y,
      (t, dy) => {
        const { ops } = backend()
        const l = layer(t, mask())
        const { dx, gradient } = linear.backward(ops, l, t["x"]!, linear.forward(ops, l, t["x"]!).saved, dy)
        return { x: dx!, a: gradient!.a, b: gradient!.b }
      },
    )
  })

  it("keeps the zeros between two projections' blocks out of the gradient", async () => {
    const { ops, scope, tensor } = backend()
    const gradient = scope(() => {
      const x = tensor(inputs.x.data, [T, IN])
      const l = layer({ a: tensor(inputs.a.data, [IN, 2 * R]), b: tensor(inputs.b.data, [2 * R, OUT]) })
      const dy = tensor(new Float32Array(T * OUT).fill(1), [T, OUT])
      return linear.backward(ops, l, x, linear.forward(ops, l, x).saved, dy).gradient!.b
    })
    const b = await floats(backend(), gradient)
    expect(b.map((value, i) => (blocks[i] === 0 ? value : 0)).every((value) => value === 0)).toBe(true)
    expect(b.every((value, i) => blocks[i] === 0 || value !== 0)).toBe(true)
  })

  it("forms no input gradient where nothing below is trained", () => {
    const { ops, scope, tensor } = backend()
    scope(() => {
      const x = tensor(inputs.x.data, [T, IN])
      const l = layer({ a: tensor(inputs.a.data, [IN, 2 * R]), b: tensor(inputs.b.data, [2 * R, OUT]) })
      const dy = tensor(new Float32Array(T * OUT), [T, OUT])
      expect(linear.backward(ops, l, x, linear.forward(ops, l, x).saved, dy, false).dx).toBeNull()
    })
  })
})
