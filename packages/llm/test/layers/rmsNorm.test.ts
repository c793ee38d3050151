import { describe, expect, it } from "vitest"
import * as headNorm from "../../src/layers/headNorm.ts"
import * as rmsNorm from "../../src/layers/rmsNorm.ts"
import { floats, largestDifference, useBackend } from "../support/backend.ts"
import { expectGradients, values } from "../support/gradient.ts"

describe("rmsNorm", () => {
  const backend = useBackend({ backend: "cpu" })
  const layer = (shape: ReadonlyArray<number>) => {
    const gain = values(7, shape, 0.5)
    return {
      weight: backend().tensor(
        gain.data.map((g) => g + 1),
        shape,
      ),
      epsilon: 1e-5,
    }
  }

  it("divides by the root of the mean square and applies the gain", async () => {
    const { ops, scope, tensor } = backend()
    const y = scope(() => {
      const weight = tensor(Float32Array.of(1, 10), [2])
      // mean square of (3, 4) is 12.5
      return rmsNorm.forward(ops, { weight, epsilon: 0 }, tensor(Float32Array.of(3, 4), [1, 2])).y
    })
    const root = Math.sqrt(12.5)
    expect(largestDifference(await floats(backend(), y), [3 / root, 40 / root])).toBeLessThan(1e-5)
  })

  it("has the gradient of finite differences", async () => {
    const { ops } = backend()
    const norm = layer([6])
    await expectGradients(
      backend(),
      { x: values(8, [4, 6]) },
      ({ x }) => rmsNorm.forward(ops, norm, x!).y,
      ({ x }, dy) => ({ x: rmsNorm.backward(ops, norm, x!, rmsNorm.forward(ops, norm, x!).saved, dy) }),
    )
  })

  it("forms its output again from what it kept", async () => {
    const { ops, scope, tensor } = backend()
    const norm = layer([6])
    const [first, again] = scope(() => {
      const x = tensor(values(8, [4, 6]).data, [4, 6])
      const { saved, y } = rmsNorm.forward(ops, norm, x)
      return [y, rmsNorm.output(ops, norm, x, saved)] as const
    })
    expect(await floats(backend(), again)).toEqual(await floats(backend(), first))
  })
})

describe("headNorm", () => {
  const backend = useBackend({ backend: "cpu" })
  const geometry = { heads: 2, keyValueHeads: 1, headSize: 4 }
  const layer = () => {
    const gain = values(7, [3, 4], 0.5)
    return {
      weight: backend().tensor(
        gain.data.map((g) => g + 1),
        [3, 4],
      ),
      epsilon: 1e-5,
    }
  }

  it("normalises each query and key head and lets values pass", async () => {
    const { ops, scope, tensor } = backend()
    const input = values(9, [1, 16]).data
    const y = scope(() => headNorm.forward(ops, geometry, layer(), tensor(input, [1, 16])).y)
    const found = await floats(backend(), y)
    expect(found.slice(12)).toEqual(input.slice(12))
    const gain = values(7, [3, 4], 0.5).data
    for (let head = 0; head < 3; head++) {
      const part = input.slice(4 * head, 4 * head + 4)
      const root = Math.sqrt(part.reduce((sum, v) => sum + v * v, 0) / 4 + 1e-5)
      const expected = part.map((v, i) => (v / root) * (1 + gain[4 * head + i]!))
      expect(largestDifference(found.slice(4 * head, 4 * head + 4), expected)).toBeLessThan(1e-5)
    }
  })

  it("has the gradient of finite differences", async () => {
    const { ops } = backend()
    const norm = layer()
    await expectGradients(
      backend(),
      { x: values(9, [3, 16]) },
      ({ x }) => headNorm.forward(ops, geometry, norm, x!).y,
      ({ x }, dy) => {
        const { saved } = headNorm.forward(ops, geometry, norm, x!)
        return { x: headNorm.backward(ops, geometry, norm, saved, dy) }
      },
    )
  })
})
