import { describe, expect, it } from "vitest"
import * as Schedule from "../src/Schedule.ts"

const rates = (schedule: Schedule.Schedule, total: number) =>
  Array.from({ length: total }, (_, i) => Number(Schedule.learningRate(schedule, i + 1, total).toFixed(6)))

describe("Schedule", () => {
  it("rises linearly, then falls linearly; the first optimizer step already learns", () => {
    expect(rates({ peak: 1, warmup: 2 }, 6)).toEqual([0.5, 1, 1, 0.75, 0.5, 0.25])
  })

  it("falls as a cosine", () => {
    expect(rates({ peak: 2, shape: "cosine", warmup: 0 }, 4)).toEqual([2, 1.707107, 1, 0.292893])
  })

  it("stays constant after the warmup", () => {
    expect(rates({ peak: 1, shape: "constant", warmup: 0.5 }, 4)).toEqual([0.5, 1, 1, 1])
  })

  it("stays stable, then decays over the last share of optimizer steps", () => {
    expect(rates({ peak: 1, shape: "warmupStableDecay", warmup: 1, decay: 0.4 }, 10)).toEqual([
      1, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25,
    ])
  })

  it("warms up for a share of the optimizer steps, rounded up, or for a number of them", () => {
    expect(Schedule.warmupSteps({ peak: 1 }, 38)).toBe(2) // 3 % of 38 is 1.14
    expect(Schedule.warmupSteps({ peak: 1 }, 100)).toBe(3)
    expect(Schedule.warmupSteps({ peak: 1, warmup: 5 }, 100)).toBe(5)
    expect(Schedule.warmupSteps({ peak: 1, warmup: 0 }, 100)).toBe(0)
    expect(rates({ peak: 1, warmup: 9 }, 3)).toEqual([0.333333, 0.666667, 1])
  })
})
