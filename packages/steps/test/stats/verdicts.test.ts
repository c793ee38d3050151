import { Random } from "@sluice/core"
import { describe, expect, it } from "vitest"
import * as Power from "../../src/stats/Power.ts"
import * as SignTest from "../../src/stats/SignTest.ts"
import * as Verdict from "../../src/stats/Verdict.ts"
import * as Bootstrap from "../../src/stats/Bootstrap.ts"
import { meanCases, rateCases, simulate, simulateArms } from "../support/planted.ts"

const draws = () => Random.make("verdicts")
const answers = (both: number, onlyFirst: number, onlySecond: number, neither: number) => {
  const rows = (first: boolean, second: boolean, count: number) =>
    Array.from({ length: count }, () => ({ first, second }))
  const all = [
    ...rows(true, true, both),
    ...rows(true, false, onlyFirst),
    ...rows(false, true, onlySecond),
    ...rows(false, false, neither),
  ]
  return [all.map(({ first }) => first), all.map(({ second }) => second)] as const
}

describe("planted truths, 2,000 simulations a case", () => {
  for (const each of rateCases) {
    it(`${each.name}, ${each.planted}, ${each.rows} rows: intervals cover, the verdict is right`, () => {
      const counted = simulate(each, 2000, 1)
      expect(counted.covered).toBeGreaterThanOrEqual(0.935)
      expect(counted.covered).toBeLessThanOrEqual(0.965)
      expect(counted.wilsonCovered).toBeGreaterThanOrEqual(0.935)
      expect(counted.wilsonCovered).toBeLessThanOrEqual(0.965)
      expect(counted.right).toBeGreaterThanOrEqual(each.planted === "none" ? 0.935 : 0.97)
    })
  }

  for (const each of meanCases.filter(({ rows }) => rows <= 100)) {
    // A few hundred simulations of a few hundred rounds: the bounds are those that chance leaves (three standard errors).
    it(`${each.name}, ${each.planted}, ${each.rows} rows: 400 simulations agree with that`, () => {
      const counted = simulate(each, 400, 300)
      expect(counted.covered).toBeGreaterThanOrEqual(0.915)
      expect(counted.right).toBeGreaterThanOrEqual(each.planted === "none" ? 0.915 : 0.955)
    })
  }

  it("of four equal arms, all six pairs stay undecided in at least 0.935", () => {
    expect(simulateArms("none", 100, 2000).noFalseAlarm).toBeGreaterThanOrEqual(0.935)
  })

  it("an arm planted above three others is found better in at least 0.97 of the pairs", () => {
    const counted = simulateArms("helps", 100, 500)
    expect(counted.pairsRight).toBeGreaterThanOrEqual(0.97)
    expect(counted.noFalseAlarm).toBeGreaterThanOrEqual(0.935)
  })
})

describe("verdict of a pair", () => {
  it("of 93 right against 47 over 100 rows is better, with the score interval of the difference", () => {
    const [first, second] = answers(41, 52, 6, 1)
    const [pair] = Verdict.decide([Verdict.ofRates(first, second, draws())])
    expect(pair).toMatchObject({
      outcome: "better",
      difference: 0.46,
      firstHigher: 52,
      secondHigher: 6,
      moreRows: 0,
    })
    expect(pair!.low).toBeCloseTo(0.332591549, 8)
    expect(pair!.high).toBeCloseTo(0.5713433102, 8)
    expect(pair!.p).toBeLessThan(1e-8)
    expect(pair!.p).toBeLessThan(pair!.pExact!)
  })

  it("seen from the other side is worse, with everything turned", () => {
    const [first, second] = answers(41, 52, 6, 1)
    const [pair] = Verdict.decide([Verdict.ofRates(first, second, draws())])
    const turned = Verdict.reversed(pair!)
    expect(turned).toMatchObject({ outcome: "worse", difference: -0.46, firstHigher: 6, secondHigher: 52 })
    expect([turned.low, turned.high]).toEqual([-pair!.high, -pair!.low])
    expect(Verdict.reversed(turned)).toEqual(pair)
  })

  it("undecided says how many more rows would decide: Connor's formula at the difference seen", () => {
    const [first, second] = answers(60, 12, 6, 22)
    const [pair] = Verdict.decide([Verdict.ofRates(first, second, draws())])
    expect(pair!.outcome).toBe("undecided")
    // (1.959964·√0.18 + 0.841621·√(0.18 − 0.0036))² / 0.0036 = 390.9
    expect(pair!.moreRows).toBe(391 - 100)
    expect(pair!.detectable).toBeCloseTo(0.117465, 6)
  })

  it("of equal answers is undecided, and no number of rows would help", () => {
    const [first, second] = answers(70, 0, 0, 30)
    const [pair] = Verdict.decide([Verdict.ofRates(first, second, draws())])
    expect(pair).toMatchObject({ outcome: "undecided", p: 1, difference: 0, moreRows: null })
    expect(pair!.low).toBeCloseTo(-pair!.high, 12)
    // z² / (n + z²): what the score test leaves possible when no row of 100 shows a disagreement.
    expect(pair!.high).toBeCloseTo(3.841459 / 103.841459, 8)
  })

  it("is stricter among several pairs: 12 against 3 is decided alone, not among four", () => {
    const [first, second] = answers(60, 12, 3, 25)
    const pair = Verdict.ofRates(first, second, draws())
    const [equal, other] = answers(70, 5, 5, 20)
    const dull = Verdict.ofRates(equal, other, draws())
    expect(Verdict.decide([pair])[0]!.outcome).toBe("better")
    const among = Verdict.decide([pair, dull, dull, dull])
    expect(among[0]!.outcome).toBe("undecided")
    expect(among[0]!.pAdjusted).toBeCloseTo(4 * pair.p, 12)
    expect(among[0]!.moreRows).toBeGreaterThan(0)
  })

  it("of losses is better where they are lower", () => {
    const first = Array.from({ length: 40 }, (_, row) => 1 + (row % 7) / 10)
    const second = first.map((loss, row) => loss + 0.2 + (row % 3) / 50)
    const [pair] = Verdict.decide([Verdict.ofMeans(first, second, draws(), 2000)], { higherIsBetter: false })
    expect(pair!.outcome).toBe("better")
    expect(pair!.high).toBeLessThan(0)
  })

  it("of means equals its interval: 0 outside exactly where p is at most 0.05", () => {
    for (let sample = 0; sample < 200; sample++) {
      const random = Random.make(`interval and p ${sample}`)
      const values = Array.from({ length: 30 }, () => random.normal() + 0.37)
      const { low, high, p } = Bootstrap.ofMean(values, random, { rounds: 499 })
      expect(low > 0 || high < 0).toBe(p <= 0.05)
    }
  })

  it("of one row that differs among many is undecided, however large the difference", () => {
    const first = Array.from({ length: 50 }, (_, row) => (row === 7 ? 100 : 0))
    const [pair] = Verdict.decide([
      Verdict.ofMeans(
        first,
        first.map(() => 0),
        draws(),
        2000,
      ),
    ])
    expect(pair!.outcome).toBe("undecided")
    expect(pair!.low).toBeLessThanOrEqual(0)
    expect(pair!.p).toBeGreaterThan(0.3)
  })

  it("of rows that all differ by the same is the sign test's", () => {
    const zeros = Array.from({ length: 10 }, () => 0)
    const pair = Verdict.ofMeans(
      zeros.map(() => 0.1),
      zeros,
      draws(),
    )
    expect(pair).toMatchObject({ low: 0.1, high: 0.1 })
    expect(pair.p).toBeCloseTo(2 / 1024, 12)
  })

  it("without rows knows nothing", () => {
    expect(Verdict.decide([Verdict.ofRates([], [], draws())])[0]).toMatchObject({
      outcome: "undecided",
      low: -1,
      high: 1,
      p: 1,
      moreRows: null,
    })
    expect(Verdict.decide([Verdict.ofMeans([], [], draws())])[0]).toMatchObject({
      outcome: "undecided",
      p: 1,
    })
  })

  it("refuses arms of different rows", () => {
    expect(() => Verdict.ofMeans([1, 2], [1], draws())).toThrow(
      "Arms are compared over the same rows, but one has 2 scores and the other 1.",
    )
  })
})

describe("power", () => {
  it("needs the rows of Connor's formula", () => {
    // Connor 1987's setting: (1.959964·√0.3 + 1.281552·√(0.3 − 0.01))² / 0.01 = 311.2…
    expect(Power.rowsForRates({ difference: 0.1, discordance: 0.3 }, { power: 0.9 })).toBe(312)
    expect(Power.rowsForRates({ difference: 0, discordance: 0.3 })).toBe(Infinity)
  })

  it("needs the rows of a paired t test", () => {
    // (1.959964 + 0.841621)² · 4 + 1.92 = 33.3: one sample, effect 0.5, power 0.8; exactly it is 34.
    expect(Power.rowsForMeans(0.5, 1)).toBe(34)
  })

  it("finds the difference in 0.77 to 0.87 of 2,000 samples of as many rows as it asks for", () => {
    const found = (onlyFirst: number, onlySecond: number, rows: number) => {
      let count = 0
      for (let sample = 0; sample < 2000; sample++) {
        const random = Random.make(`power ${sample}`)
        const drawn = Array.from({ length: rows }, () => random.uniform())
        const first = drawn.map((u) => u < onlyFirst)
        const second = drawn.map((u) => u >= 1 - onlySecond)
        if (Verdict.decide([Verdict.ofRates(first, second, random, 1)])[0]!.outcome === "better") count++
      }
      return count / 2000
    }
    for (const [difference, discordance] of [
      [0.1, 0.3],
      [0.2, 0.25],
      [0.05, 0.1],
    ] as const) {
      const rows = Power.rowsForRates({ difference, discordance })
      const share = found((discordance + difference) / 2, (discordance - difference) / 2, rows)
      expect(share).toBeGreaterThan(0.77)
      expect(share).toBeLessThan(0.87)
    }
  })

  it("detects what needs just these rows", () => {
    const smallest = Power.detectableRates(150, 0.25)
    expect(Power.rowsForRates({ difference: smallest, discordance: 0.25 })).toBeLessThanOrEqual(150)
    expect(Power.rowsForRates({ difference: smallest - 0.002, discordance: 0.25 })).toBeGreaterThan(150)
    expect(Power.rowsForMeans(Power.detectableMeans(80, 2) + 1e-9, 2)).toBe(80)
    expect(Power.detectableMeans(1, 2)).toBe(Infinity)
  })
})

describe("sign test of preferences", () => {
  it("leaves ties out of the test and counts them half in the rate", () => {
    const preference = SignTest.make(12, 3, 5)
    expect(preference.winRate).toBe(0.725)
    // Both tails of the binomial (15, ½): 2 · 576 / 32768, and half of 455 / 32768 less on each side.
    expect(preference.pExact).toBeCloseTo((2 * 576) / 32768, 14)
    expect(preference.p).toBeCloseTo((2 * 576 - 455) / 32768, 14)
    expect(preference.low).toBeGreaterThan(0.5)
  })

  it("of ties alone is even", () => {
    expect(SignTest.make(0, 0, 9)).toMatchObject({ winRate: 0.5, p: 1 })
  })
})
