import { describe, expect, it } from "vitest"
import { line } from "../src/progressLine.ts"

describe("progressLine", () => {
  it("shows size, rate and remaining time", () => {
    const progress = { phase: "downloading", done: 82_000_000, total: 274_000_000 }
    expect(line("TensorFlow", progress, 82_000_000, 10_000)).toBe(
      "TensorFlow: downloading, 82.0 MB of 274 MB  8.2 MB/s  eta 0:23",
    )
  })

  it("claims no rate before a second has passed", () => {
    expect(line("model", { done: 5, total: 10 }, 5, 400)).toBe("model: 5 bytes of 10 bytes")
  })

  it("takes the rate from what this phase gained", () => {
    expect(line("model", { done: 9_000_000 }, 1_000_000, 2_000)).toBe("model: 9.0 MB  500 kB/s")
  })

  it("says that another process fetches", () => {
    expect(line("TensorFlow", { phase: "waiting", done: 0 }, 0, 5_000)).toBe(
      "TensorFlow: waiting for another process that fetches it",
    )
  })
})
