import { describe, expect, it } from "vitest"
import * as rotary from "../../src/layers/rotary.ts"
import type { Backend } from "../../src/ops/Ops.ts"
import { floats, largestDifference, useBackend } from "../support/backend.ts"
import { expectGradients, values } from "../support/gradient.ts"

const geometry: rotary.Geometry = {
  heads: 2,
  keyValueHeads: 1,
  headSize: 4,
  ropeTheta: 10_000,
  ropeScaling: null,
}

const upload = (backend: Backend, positions: ReadonlyArray<number>): rotary.Tables => {
  const { cos, sin, swap, width } = rotary.tables(geometry, positions)
  return {
    cos: backend.tensor(cos, [positions.length, width]),
    sin: backend.tensor(sin, [positions.length, width]),
    swap: backend.tensor(swap, [swap.length]),
  }
}

describe("rotary", () => {
  const backend = useBackend({ backend: "cpu" })

  it("turns each pair (j, j + D/2) by position times frequency, scales queries, leaves values", async () => {
    const { ops, scope, tensor } = backend()
    const input = values(1, [1, 16]).data
    const y = await floats(
      backend(),
      scope(() => rotary.forward(ops, geometry, upload(backend(), [3]), tensor(input, [1, 16]))),
    )
    const expected = [...input]
    for (let line = 0; line < 3; line++) {
      for (let j = 0; j < 2; j++) {
        const angle = 3 * 10_000 ** (-j / 2)
        const scale = line < 2 ? 0.5 : 1 // 1/√4 for the two query heads
        const [first, second] = [input[4 * line + j]!, input[4 * line + j + 2]!]
        expected[4 * line + j] = scale * (first * Math.cos(angle) - second * Math.sin(angle))
        expected[4 * line + j + 2] = scale * (second * Math.cos(angle) + first * Math.sin(angle))
      }
    }
    expect(largestDifference(y, expected)).toBeLessThan(1e-6)
  })

  it("has the gradient of finite differences", async () => {
    const { ops } = backend()
    await expectGradients(
      backend(),
      { x: values(2, [3, 16]) },
      ({ x }) => rotary.forward(ops, geometry, upload(backend(), [0, 5, 9]), x!),
      (_, dy) => ({ x: rotary.backward(ops, geometry, upload(backend(), [0, 5, 9]), dy) }),
    )
  })

  it("scales Llama 3's low frequencies, keeps the high ones, and interpolates between", () => {
    const shape = { ...geometry, headSize: 64, ropeTheta: 500_000 }
    const plain = rotary.frequencies(shape)
    const scaled = rotary.frequencies({
      ...shape,
      ropeScaling: {
        kind: "llama3",
        factor: 8,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
        originalContext: 8192,
      },
    })
    const ratios = Array.from(scaled, (frequency, j) => frequency / plain[j]!)
    // Wavelengths below 2,048 are kept, above 8,192 slowed eightfold.
    plain.forEach((frequency, j) => {
      const wavelength = (2 * Math.PI) / frequency
      if (wavelength < 2048) expect(ratios[j]).toBe(1)
      else if (wavelength > 8192) expect(ratios[j]).toBeCloseTo(1 / 8, 6)
      else expect(ratios[j]! > 1 / 8 && ratios[j]! < 1).toBe(true)
    })
    expect(ratios[0]).toBe(1)
    expect(ratios[31]).toBeCloseTo(1 / 8, 6)
  })
})
