import { Random } from "@sluice/core"
import { describe, expect, it } from "vitest"
import reference from "../../reference/stats_reference.json" with { type: "json" }
import * as Bootstrap from "../../src/stats/Bootstrap.ts"
import * as Holm from "../../src/stats/Holm.ts"
import * as McNemar from "../../src/stats/McNemar.ts"
import * as Normal from "../../src/stats/Normal.ts"
import * as Wilson from "../../src/stats/Wilson.ts"

const relative = (actual: number, expected: number) => Math.abs(actual - expected) / (Math.abs(expected) || 1)

const draws = (seed: number): Bootstrap.Draws => Random.make(`${seed}`)

describe("normal quantile", () => {
  it("equals scipy's norm.ppf to 1e-14", () => {
    for (const [p, expected] of reference.quantile as unknown as ReadonlyArray<[number, number]>) {
      expect(relative(Normal.quantile(p), expected), `p = ${p}`).toBeLessThan(1e-14)
    }
  })
})

describe("Wilson interval", () => {
  it("equals scipy's binomtest proportion_ci to 1e-12", () => {
    for (const [successes, trials, confidence, low, high] of reference.wilson as unknown as ReadonlyArray<
      [number, number, number, number, number]
    >) {
      const interval = Wilson.interval(successes, trials, confidence)
      expect(Math.abs(interval.low - low), `${successes}/${trials}`).toBeLessThan(1e-12)
      expect(Math.abs(interval.high - high), `${successes}/${trials}`).toBeLessThan(1e-12)
    }
  })
  it("says of 100 out of 100 no more than that the rate is over 0.963", () => {
    expect(Wilson.interval(100, 100).low).toBeCloseTo(0.9630065, 7)
  })
  it("knows nothing without trials", () => {
    expect(Wilson.interval(0, 0)).toEqual({ low: 0, high: 1 })
  })
})

describe("exact McNemar test", () => {
  it("equals scipy's exact binomial test to 1e-11, also where ½ⁿ underflows", () => {
    for (const [first, second, expected] of reference.mcnemar as unknown as ReadonlyArray<
      [number, number, number]
    >) {
      expect(relative(McNemar.pValue(first, second), expected), `${first}, ${second}`).toBeLessThan(1e-11)
    }
  })
  it("does not depend on which arm comes first", () => {
    expect(McNemar.pValue(52, 6)).toBe(McNemar.pValue(6, 52))
  })
})

describe("Holm correction", () => {
  it("equals the values worked out from its definition with numpy", () => {
    for (const [pValues, expected] of reference.holm as unknown as ReadonlyArray<
      [Array<number>, Array<number>]
    >) {
      const adjusted = Holm.adjust(pValues)
      expected.forEach((value, index) => expect(adjusted[index]).toBeCloseTo(value, 14))
      expect(adjusted.length).toBe(expected.length)
    }
  })
  it("of no p-values makes none", () => {
    expect(Holm.adjust([])).toEqual([])
  })
})

const percentiles = (values: ReadonlyArray<number>, from: Bootstrap.Draws) =>
  Bootstrap.interval(values, from, { method: "percentile" })

describe("paired bootstrap", () => {
  it("agrees with scipy's percentile bootstrap within the noise of drawing", () => {
    for (const [better, worse, same, low, high] of reference.bootstrap as unknown as ReadonlyArray<
      [number, number, number, number, number]
    >) {
      const differences = [
        ...Array.from({ length: better }, () => 1),
        ...Array.from({ length: worse }, () => -1),
        ...Array.from({ length: same }, () => 0),
      ]
      const interval = percentiles(differences, draws(7))
      // One row of the sample is the grain of the mean: both ends within one row of scipy's.
      expect(Math.abs(interval.low - low)).toBeLessThanOrEqual(1.001 / differences.length)
      expect(Math.abs(interval.high - high)).toBeLessThanOrEqual(1.001 / differences.length)
    }
  })
  it("gives the same interval for the same draws", () => {
    const differences = [1, 0, 0, -1, 1, 1, 0, 1]
    expect(percentiles(differences, draws(3))).toEqual(percentiles(differences, draws(3)))
  })
  it("of no rows is 0 to 0", () => {
    expect(percentiles([], draws(1))).toEqual({ low: 0, high: 0 })
  })
})

describe("bootstrap of a figure that is no mean", () => {
  const values = [3, 0, 0, 1, 5, 0, 2, 8, 0, 0]
  const mean = (drawn: Iterable<number>) => {
    let sum = 0
    for (const row of drawn) sum += values[row]!
    return sum / values.length
  }
  it("is the percentile interval where the figure is the mean after all", () => {
    const plain = percentiles(values, draws(5))
    const own = Bootstrap.ofStatistic(values.length, mean, draws(5))
    expect(own.low).toBeCloseTo(plain.low, 12)
    expect(own.high).toBeCloseTo(plain.high, 12)
    expect(own.low).toBeLessThan(1.9)
    expect(own.high).toBeGreaterThan(1.9)
  })
  it("of no rows is 0 to 0", () => {
    expect(Bootstrap.ofStatistic(0, () => 1, draws(1))).toEqual({ low: 0, high: 0 })
  })
})
