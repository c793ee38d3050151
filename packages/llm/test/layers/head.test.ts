import { describe, expect, it } from "vitest"
import * as head from "../../src/layers/head.ts"
import { floats, largestDifference, useBackend } from "../support/backend.ts"
import { values } from "../support/gradient.ts"

const N = 7
const C = 5
const V = 11
const labels = [3, 0, 10, 3, 7, 2, 9]

describe("head", () => {
  const backend = useBackend({ backend: "cpu" })
  const h = values(1, [N, C], 2).data
  const embedding = values(2, [V, C], 2).data

  /** Loss per slot in double precision. */
  const losses = (hidden: ArrayLike<number>) =>
    labels.map((label, n) => {
      const logits = Array.from({ length: V }, (_, v) => {
        let sum = 0
        for (let c = 0; c < C; c++) sum += hidden[n * C + c]! * embedding[v * C + c]!
        return sum
      })
      return Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[label]!
    })

  const run = async (from: number, to: number) => {
    const { ops, scope, tensor } = backend()
    const { alone, dh, loss } = scope(() => {
      const e = tensor(embedding, [V, C])
      const hidden = tensor(h.slice(from * C, to * C), [to - from, C])
      const chunk = tensor(Int32Array.from(labels.slice(from, to)), [to - from])
      return {
        alone: head.loss(ops, e, hidden, chunk),
        ...head.lossAndGradient(ops, e, hidden, chunk, tensor(Float32Array.of(0.25), [])),
      }
    })
    expect(await floats(backend(), alone)).toEqual(await floats(backend(), loss))
    return { loss: await floats(backend(), loss), dh: await floats(backend(), dh) }
  }

  it("gives each slot's cross-entropy and the gradient of their weighted sum", async () => {
    const { dh, loss } = await run(0, N)
    expect(largestDifference(loss, losses(h))).toBeLessThan(1e-5)
    const total = (hidden: ArrayLike<number>) => 0.25 * losses(hidden).reduce((a, b) => a + b, 0)
    const numeric = Array.from(h, (_, i) => {
      const moved = (by: number) => Array.from(h, (value, j) => (i === j ? value + by : value))
      return (total(moved(1e-4)) - total(moved(-1e-4))) / 2e-4
    })
    expect(largestDifference(dh, numeric)).toBeLessThan(1e-5)
  })

  it("gives the same in chunks", async () => {
    const whole = await run(0, N)
    const chunks = [await run(0, 3), await run(3, N)]
    expect(
      largestDifference(
        chunks.flatMap(({ loss }) => [...loss]),
        whole.loss,
      ),
    ).toBeLessThan(1e-6)
    expect(
      largestDifference(
        chunks.flatMap(({ dh }) => [...dh]),
        whole.dh,
      ),
    ).toBeLessThan(1e-6)
  })
})
