import { Random } from "@sluice/core"
import { describe, expect, it } from "vitest"
import * as Classification from "../../src/scores/Classification.ts"
import * as Chrf from "../../src/scores/Chrf.ts"
import * as ExactMatch from "../../src/scores/ExactMatch.ts"
import * as LogisticRegression from "../../src/scores/LogisticRegression.ts"
import * as Perplexity from "../../src/scores/Perplexity.ts"
import * as Rouge from "../../src/scores/Rouge.ts"
import * as Style from "../../src/scores/Style.ts"
import * as TokenF1 from "../../src/scores/TokenF1.ts"
import * as Auc from "../../src/stats/Auc.ts"
import * as Bootstrap from "../../src/stats/Bootstrap.ts"

describe("exact match", () => {
  it("says under which normalisation two texts are equal", () => {
    const under = (answer: string, wanted: string) =>
      (["none", "trim", "spaces", "loose", "squad"] as const).filter((each) =>
        ExactMatch.matches(answer, wanted, each),
      )
    expect(under("a b", "a b")).toEqual(["none", "trim", "spaces", "loose", "squad"])
    expect(under("a b\n", "a b")).toEqual(["trim", "spaces", "loose", "squad"])
    expect(under("a \n b", "a b")).toEqual(["spaces", "loose", "squad"])
    expect(under("Ｘ b", "x b")).toEqual(["loose"])
    expect(under("The b!", "b")).toEqual(["squad"])
  })
})

describe("overlap scores", () => {
  it("of ROUGE follow by hand", () => {
    // 5 of 6 answer words in 7; pairs "the cat", "on the" shared; longest sequence the cat on the mat.
    const answer = "the cat was on the mat"
    const wanted = "The cat sat down on the mat."
    expect(Rouge.rougeN(answer, wanted, 1)).toMatchObject({ precision: 5 / 6, recall: 5 / 7 })
    expect(Rouge.rougeN(answer, wanted, 2)).toMatchObject({ precision: 3 / 5, recall: 3 / 6 })
    expect(Rouge.rougeL(answer, wanted)).toMatchObject({ precision: 5 / 6, recall: 5 / 7 })
    expect(Rouge.rougeN("running dogs", "he runs a dog", 1).f1).toBe(0)
    expect(Rouge.rougeN("running dogs", "he runs a dog", 1, { stemmer: true }).precision).toBe(1)
  })

  it("of an empty answer are 0, and SQuAD's are 1 where both are empty", () => {
    expect(Rouge.rougeL("", "word")).toEqual({ precision: 0, recall: 0, f1: 0 })
    expect(Chrf.sentence("", "word")).toBe(0)
    expect(TokenF1.score("the", "a").f1).toBe(1)
    expect(TokenF1.score("the", "word").f1).toBe(0)
  })
})

describe("classification", () => {
  it("counts an answer that is no class apart: wrong, and no class's precision", () => {
    const got = Classification.make([
      { expected: "a", answered: "a" },
      { expected: "a", answered: null },
      { expected: "b", answered: "b" },
      { expected: "b", answered: "c" },
    ])
    expect(got).toMatchObject({
      rows: 4,
      right: 2,
      accuracy: 0.5,
      unknown: 2,
      counts: [
        [1, 0, 1],
        [0, 1, 1],
      ],
    })
    expect(got.classes[0]).toMatchObject({ name: "a", support: 2, precision: 1, recall: 0.5 })
    expect(got.macroF1).toBeCloseTo(2 / 3, 14)
  })

  it("knows classes that no row expects when told", () => {
    const got = Classification.make([{ expected: "a", answered: "b" }], ["a", "b"])
    expect(got.counts).toEqual([
      [0, 1, 0],
      [0, 0, 0],
    ])
    expect(got.unknown).toBe(0)
  })
})

describe("macro-F1 of drawn rows", () => {
  const random = Random.make("macro-F1")
  const names = ["a", "b", "c"]
  const draw = (count: number, accuracy: number) =>
    Array.from({ length: count }, () => {
      const expected = names[random.integer(3)]!
      const isRight = random.uint32() < accuracy * 2 ** 32
      const other = random.integer(4)
      return { expected, answered: isRight ? expected : other === 3 ? null : names[other]! }
    })

  it("is that of the rows by themselves", () => {
    for (let at = 0; at < 50; at++) {
      const rows = draw(40, 0.6)
      const drawn = Array.from({ length: 40 }, () => random.integer(40))
      const places = Classification.places(rows, names)
      const alone = drawn.map((row) => rows[row]!)
      expect(Classification.macroF1(places, 3, drawn)).toBeCloseTo(Classification.make(alone).macroF1, 12)
    }
  })

  it("gives an interval that holds the truth in nearly 95 of 100 samples", () => {
    const truth = Classification.make(draw(100_000, 0.75)).macroF1
    const samples = 300
    let covered = 0
    for (let at = 0; at < samples; at++) {
      const places = Classification.places(draw(80, 0.75), names)
      const statistic = (drawn: Iterable<number>) => Classification.macroF1(places, 3, drawn)
      const { high, low } = Bootstrap.ofStatistic(80, statistic, random, { rounds: 400 })
      if (low <= truth && truth <= high) covered++
    }
    expect(covered / samples).toBeGreaterThan(0.91)
    expect(covered / samples).toBeLessThan(0.98)
  })
})

describe("style", () => {
  const shout = ["GO NOW!", "RUN UP!", "COME ON!", "WE WIN!", "NO WAY!", "YES SIR!", "OH MY!", "HOLD ON!"]
  const calm = ["go now.", "run up.", "come on.", "we win.", "no way.", "yes sir.", "oh my.", "hold on."]

  it("tells shouting from calm on texts it has not seen, and not one half of it from the other", () => {
    const classifier = Style.train(shout.slice(0, 5), calm.slice(0, 5))
    expect(Style.auc(classifier, shout.slice(5), calm.slice(5)).auc).toBe(1)
    const same = Style.train(shout.slice(0, 4), shout.slice(0, 4))
    expect(same.probability("GO NOW!")).toBeCloseTo(0.5, 6)
  })

  it("is the same classifier from the same texts", () => {
    const [first, second] = [Style.train(shout, calm), Style.train(shout, calm)]
    expect(first.probability("STOP it.")).toBe(second.probability("STOP it."))
  })

  it("cannot be learnt from one kind alone", () => {
    expect(() => Style.train(shout, [])).toThrow("8 of the style and 0 of the base model")
  })
})

describe("logistic regression", () => {
  it("stands where the gradient is 0", () => {
    const random = Random.make("logistic")
    const rows = Array.from({ length: 60 }, () => ({
      columns: Uint32Array.from([0, 1, 2]),
      values: Float64Array.from([random.normal(), random.normal(), random.normal()]),
    }))
    const labels = rows.map(({ values }) => values[0]! + random.normal() > 0.3)
    const model = LogisticRegression.fit(rows, labels, 3, 2)
    const pulls = rows.map((row, i) => LogisticRegression.probability(model, row) - Number(labels[i]))
    for (const column of [0, 1, 2]) {
      const gradient =
        model.weights[column]! + 2 * pulls.reduce((sum, pull, i) => sum + pull * rows[i]!.values[column]!, 0)
      expect(Math.abs(gradient)).toBeLessThan(1e-8)
    }
    expect(Math.abs(pulls.reduce((sum, pull) => sum + pull, 0))).toBeLessThan(1e-8)
  })
})

describe("area under the curve", () => {
  it("has DeLong's interval on the logit", () => {
    // Placements: 1, 1, 0.75, 0.5 and 1, 1, 0.75, 0.5: variance 0.0573 / 4 twice, on a logit of ln(0.8125 / 0.1875).
    const { auc, low, high } = Auc.make([0.9, 0.8, 0.6, 0.4], [0.7, 0.5, 0.3, 0.2])
    expect(auc).toBe(0.8125)
    const half = (1.959963984540054 * Math.sqrt((2 * 0.0572916667) / 4)) / (0.8125 * 0.1875)
    const logit = Math.log(0.8125 / 0.1875)
    expect(low).toBeCloseTo(1 / (1 + Math.exp(half - logit)), 6)
    expect(high).toBeCloseTo(1 / (1 + Math.exp(-half - logit)), 6)
  })
})

describe("held-out loss", () => {
  const rows = [
    { lossSum: 6, tokens: 3 },
    { lossSum: 2, tokens: 2 },
    { lossSum: 4, tokens: 5 },
  ]
  it("is the mean over all tokens, and perplexity is e to it", () => {
    const got = Perplexity.heldOut(rows, Random.make("loss"), 500)
    expect(got).toMatchObject({ rows: 3, tokens: 10, loss: 1.2 })
    expect(got.perplexity).toBeCloseTo(Math.exp(1.2), 12)
    expect(got.perplexityInterval.high).toBe(Math.exp(got.interval.high))
  })

  it("gives every row a share whose mean is the loss", () => {
    const shares = Perplexity.shares(rows)
    expect(shares.reduce((sum, share) => sum + share, 0) / 3).toBeCloseTo(1.2, 12)
    expect(shares[0]).toBeCloseTo(1.2 + (6 - 3.6) / (10 / 3), 12)
  })

  it("is in bits for each byte where tokenizers differ", () => {
    expect(Perplexity.bitsPerByte(8 * Math.LN2, 4)).toBeCloseTo(2, 14)
  })
})
