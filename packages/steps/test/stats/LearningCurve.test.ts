/** The curve's numbers by hand, and its intervals on planted curves. */
import { Random } from "@sluice/core"
import { describe, expect, it } from "vitest"
import * as LearningCurve from "../../src/stats/LearningCurve.ts"
import * as Normal from "../../src/stats/Normal.ts"

const trainRows = [75, 150, 300]
const expit = (z: number) => 1 / (1 + Math.exp(-z))
const draws = () => Random.make("curve")
/** `right` of `rows` rows, the first ones. */
const firstRight = (rows: number, right: number) =>
  Array.from({ length: rows }, (_, row) => Number(row < right))

describe("the curve", () => {
  it("of a mean is the straight line through the means over the doublings", () => {
    const scores = [
      [1, 2, 3, 6],
      [2, 3, 4, 7],
      [3, 4, 5, 8],
    ]
    const curve = LearningCurve.fit(
      "mean",
      trainRows,
      LearningCurve.ofRows("mean", [scores], trainRows),
      draws(),
    )
    expect([75, 150, 300, 600].map(curve.at)).toEqual([3, 4, 5, 6])
    // Every row gains 1 a doubling: there is no doubt among these rows.
    expect(curve.gain.value).toBe(1)
    expect(curve.gain.high - curve.gain.low).toBeCloseTo(0, 12)
    expect(curve.misfit).toBe(0)
  })

  it("of a loss is a power law", () => {
    const scores = [4, 2, 1].map((loss) => [loss * 0.9, loss, loss * 1.1])
    const curve = LearningCurve.fit(
      "loss",
      trainRows,
      LearningCurve.ofRows("loss", [scores], trainRows),
      draws(),
    )
    expect(curve.at(600)).toBeCloseTo(0.5, 12)
    expect(curve.gain.value).toBeCloseTo(-0.5, 12)
    expect(curve.gain.low).toBeLessThan(-0.5)
    expect(curve.gain.high).toBeGreaterThan(-0.5)
  })

  it("of a rate is straight on the logit", () => {
    // 9 of 99, 49 of 99 and 89 of 99, with half a right row of one added: 0.095, 0.495, 0.895.
    const scores = [9, 49, 89].map((right) => firstRight(99, right))
    const found = LearningCurve.ofRows("rate", [scores], trainRows)
    expect(found.levels).toEqual([0.095, 0.495, 0.895])
    const curve = LearningCurve.fit("rate", trainRows, found, draws())
    // Newton's steps end where the errors add up to 0, plain and weighted by x.
    const errors = trainRows.map((rows, at) => found.levels[at]! - curve.at(rows))
    expect(errors[0]! + errors[1]! + errors[2]!).toBeCloseTo(0, 10)
    expect(-2 * errors[0]! - errors[1]!).toBeCloseTo(0, 10)
    expect(curve.doubled.value).toBeGreaterThan(0.98)
    expect(curve.doubled.high).toBeLessThan(1)
  })

  it("leaves doubt where all rows agree", () => {
    const all = [100, 100, 100].map((right) => firstRight(100, right))
    const { gain } = LearningCurve.fit(
      "rate",
      trainRows,
      LearningCurve.ofRows("rate", [all], trainRows),
      draws(),
    )
    expect(gain.value).toBeCloseTo(0, 6)
    expect(gain.low).toBeLessThan(-0.005)
    expect(gain.high).toBeGreaterThan(0.002)
  })

  it("says how far from it a score is, in standard errors", () => {
    const bent = [20, 80, 30].map((right) => firstRight(100, right))
    const found = LearningCurve.ofRows("rate", [bent], trainRows)
    expect(LearningCurve.fit("rate", trainRows, found, draws()).misfit).toBeGreaterThan(5)
  })

  it("is wider by scores of which only intervals are known", () => {
    const scores = [60, 70, 80].map((right) => firstRight(100, right))
    const paired = LearningCurve.ofRows("rate", [scores], trainRows)
    const apart = LearningCurve.ofIntervals(
      "rate",
      [0.6, 0.7, 0.8].map((value) => ({ value, low: value - 0.09, high: value + 0.09 })),
      100,
    )
    const width = (found: LearningCurve.Scores) => {
      const { gain } = LearningCurve.fit("rate", trainRows, found, draws())
      return gain.high - gain.low
    }
    expect(width(apart)).toBeGreaterThan(1.2 * width(paired))
  })
})

/** A planted curve: logit p = a + b·x; answers of a row at the three shares are alike by a normal copula. */
interface Planted {
  readonly rows: number
  readonly a: number
  readonly b: number
  readonly alike: number
  /** Spread of b between seeds, and how many there are. */
  readonly between?: number
  readonly seeds?: number
}

const coverage = ({ a, alike, b, between = 0, rows, seeds = 1 }: Planted, simulations: number): number => {
  const truth = expit(a + b) - expit(a)
  let covered = 0
  for (let simulation = 0; simulation < simulations; simulation++) {
    const random = Random.make(`curve/${rows}/${a}/${b}/${alike}/${between}/${seeds}/${simulation}`)
    const difficulty = Array.from({ length: rows }, () => random.normal())
    const scores = Array.from({ length: seeds }, () => {
      const slope = b + between * random.normal()
      return [-2, -1, 0].map((x) => {
        const edge = Normal.quantile(expit(a + slope * x))
        return difficulty.map((hard) =>
          Number(Math.sqrt(alike) * hard + Math.sqrt(1 - alike) * random.normal() < edge),
        )
      })
    })
    const found = LearningCurve.ofRows("rate", scores, trainRows)
    const { gain } = LearningCurve.fit("rate", trainRows, found, random, 400)
    if (gain.low <= truth && truth <= gain.high) covered++
  }
  return covered / simulations
}

describe("intervals of the gain on 2,000 planted curves", () => {
  it.each<Planted>([
    { rows: 100, a: 0, b: 0.5, alike: 0.6 },
    { rows: 100, a: 2.2, b: 0, alike: 0 },
    { rows: 100, a: 2.2, b: 0.4, alike: 0.6 },
    { rows: 100, a: 2.6, b: 1, alike: 0.9 },
    { rows: 300, a: 0, b: 1, alike: 0.6 },
    { rows: 300, a: 2.2, b: 0.4, alike: 0.9 },
    { rows: 300, a: 3, b: 0, alike: 0.6 },
  ])("hold the truth in 0.92 to 0.97 of them: $rows rows, a $a, b $b, alike $alike", (planted) => {
    const found = coverage(planted, 2000)
    expect(found).toBeGreaterThanOrEqual(0.92)
    expect(found).toBeLessThanOrEqual(0.97)
  })

  it("hold it with seeds that differ, where those of one seed do not", () => {
    const planted = { rows: 100, a: 1, b: 0.5, alike: 0.6, between: 0.4 }
    expect(coverage(planted, 500)).toBeLessThan(0.8)
    expect(coverage({ ...planted, seeds: 3 }, 500)).toBeGreaterThanOrEqual(0.93)
  })
})
