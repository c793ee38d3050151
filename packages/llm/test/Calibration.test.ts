import { expect, it } from "vitest"
import * as Calibration from "../src/Calibration.ts"
import * as Llama from "../src/Llama.ts"
import { useBackend } from "./support/backend.ts"
import { source } from "./support/tinyLlama.ts"

const backend = useBackend({ backend: "cpu" })

it("counts a block's largest product as often as it fits into a quarter of a second, and keeps no tensor", async () => {
  const model = Llama.load(backend(), source())
  const before = backend().tensorCount()
  let now = 0
  const rate = await Calibration.productRate(backend(), model, () => (now += 100) - 100)
  // Three products of [256, 64]·[64, 2·112] in 300 ms.
  expect(rate).toBe((3 * 2 * 256 * 64 * 224) / 0.3)
  expect(backend().tensorCount()).toBe(before)
})
