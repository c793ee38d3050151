import { describe, expect, it } from "vitest"
import * as Settled from "../src/evaluate/Settled.ts"

const arm = (name: string, value: number, more: Partial<Settled.Contender> = {}): Settled.Contender => ({
  name,
  tuned: false,
  rows: 40,
  count: null,
  value,
  low: value - 1,
  high: value + 1,
  ...more,
})

const duel = (first: string, second: string, more: Partial<Settled.Duel>): Settled.Duel => ({
  first,
  second,
  difference: 2,
  low: -1,
  high: 5,
  pAdjusted: 0.2,
  verdict: "undecided",
  moreRows: 1250,
  detectable: 4.5,
  ...more,
})

describe("what a comparison settles", () => {
  it("is asked of the best tuned arm and the best other, whichever of them leads", () => {
    const arms = [
      arm("base", 0.1, { count: 4 }),
      arm("fewShot", 0.9, { count: 36 }),
      arm("small", 0.4, { count: 16, tuned: true }),
      arm("large", 0.6, { count: 24, tuned: true }),
    ]
    const pairs = [
      duel("fewShot", "base", {}),
      duel("large", "small", {}),
      duel("fewShot", "large", {
        difference: 0.3,
        low: 0.1,
        high: 0.5,
        verdict: "better",
        pAdjusted: 0.004,
        detectable: 0.21,
      }),
    ]
    expect(Settled.make({ score: "in style", kind: "rate", higherIsBetter: true, arms, pairs })).toEqual({
      verdict:
        'large is worse than fewShot: large has 24 of 40 rows "in style", fewShot 36 (-30.0 points, ' +
        "95 % interval -50.0 to -10.0 points, p = 0.004). 40 held-out rows are few: trust no interval below about 50.",
      standing: "in style base 4, fewShot 36, small 16, large 24",
      detectable: 0.21,
    })
  })

  it("goes by the least where less is better, and says how many more rows would decide", () => {
    const arms = [arm("base", 20), arm("fewShot", 30), arm("tuned", 18, { tuned: true })]
    const pairs = [duel("tuned", "base", { difference: -2, low: -5, high: 1 })]
    expect(Settled.make({ score: "words", kind: "mean", higherIsBetter: false, arms, pairs }).verdict).toBe(
      'tuned against base is undecided on these rows: tuned has a mean "words" of 18.000, base 20.000 (-2.000, ' +
        "95 % interval -5.000 to +1.000, p = 0.200). About 1,250 more held-out rows would likely decide; with 40 " +
        "rows only a difference of 4.500 or more is likely to show. 40 held-out rows are few: trust no interval below about 50.",
    )
  })

  it("is the best against the next where no arm is tuned, and an interval where there is one arm", () => {
    const none = { score: "chrF", kind: "mean", higherIsBetter: true } as const
    const two = [arm("a", 3), arm("b", 4)]
    const pairs = [duel("b", "a", { difference: 1, verdict: "better", pAdjusted: 0.0001 })]
    expect(Settled.make({ ...none, arms: two, pairs }).verdict).toMatch(
      /^b is better than a: .* p < 0\.001\)\. 40 held-out rows are few: trust no interval below about 50\.$/,
    )
    expect(Settled.make({ ...none, arms: two.slice(0, 1), pairs: [] })).toEqual({
      verdict:
        'a has a mean "chrF" of 3.000 (95 % interval 2.000 to 4.000). 40 held-out rows are few: trust no interval below about 50.',
      standing: "chrF a 3.000",
      detectable: null,
    })
    const many = Settled.make({ ...none, arms: [arm("a", 3, { rows: 50 })], pairs: [] })
    expect(many.verdict).toBe('a has a mean "chrF" of 3.000 (95 % interval 2.000 to 4.000).')
    const alike = Settled.make({ ...none, arms: [arm("a", 3, { rows: 50, low: 3, high: 3 })], pairs: [] })
    expect(alike.verdict).toBe('a has a mean "chrF" of 3.000 (no interval: all rows are alike).')
    const one = Settled.make({ ...none, arms: [arm("a", 3, { rows: 1 })], pairs: [] })
    expect(one.verdict).toMatch(/ 1 held-out row is few: trust no interval below about 50\.$/)
    expect(Settled.make({ ...none, arms: [], pairs: [] }).verdict).toBe("No arm was compared.")
  })

  it("says of a row that it can show nothing, instead of an endless difference", () => {
    const pair = duel("fewShot", "base", { moreRows: 1, detectable: Infinity })
    const arms = [arm("base", 1, { rows: 1 }), arm("fewShot", 2, { rows: 1 })]
    const { verdict } = Settled.make({
      score: "chrF",
      kind: "mean",
      higherIsBetter: true,
      arms,
      pairs: [pair],
    })
    expect(verdict).toContain(
      "About 1 more held-out row would likely decide; 1 row can show no difference, however large.",
    )
  })
})
