import * as fs from "node:fs"
import { Random } from "@sluice/core"
import { describe, expect, it } from "vitest"
import reference from "../fixtures/scores/scores.json" with { type: "json" }
import * as Chrf from "../../src/scores/Chrf.ts"
import * as Classification from "../../src/scores/Classification.ts"
import * as ExactMatch from "../../src/scores/ExactMatch.ts"
import * as Fields from "../../src/scores/Fields.ts"
import type { Overlap } from "../../src/scores/Overlap.ts"
import { stem } from "../../src/scores/Porter.ts"
import * as Rouge from "../../src/scores/Rouge.ts"
import * as Style from "../../src/scores/Style.ts"
import * as TokenF1 from "../../src/scores/TokenF1.ts"
import * as Auc from "../../src/stats/Auc.ts"
import * as Bootstrap from "../../src/stats/Bootstrap.ts"
import * as McNemar from "../../src/stats/McNemar.ts"
import * as Normal from "../../src/stats/Normal.ts"
import * as PairedRates from "../../src/stats/PairedRates.ts"
import * as StudentT from "../../src/stats/StudentT.ts"
import * as Wilson from "../../src/stats/Wilson.ts"
import { Pairs } from "../support/pairs.ts"

const bytes = fs.readFileSync(new URL("../fixtures/scores/scores.f64", import.meta.url))
const number = (index: number) => bytes.readDoubleLE(index * 8)
const { columns, pairs: count } = reference.texts

const drawn = new Pairs(20261123)
const pairs = Array.from({ length: count }, () => drawn.pair())

/** The largest difference between a score of ours and the reference's column, over all pairs. */
const furthest = (column: string, score: (answer: string, wanted: string) => number): number => {
  const place = columns.indexOf(column)
  expect(place).toBeGreaterThanOrEqual(0)
  return Math.max(
    ...pairs.map(({ answer, reference: wanted }, row) =>
      Math.abs(score(answer, wanted) - number(row * columns.length + place)),
    ),
  )
}

describe("1,000 random pairs of texts", () => {
  it("are the ones that the reference scored", () => {
    const checksum = pairs.reduce(
      (sum, { answer, reference: wanted }) =>
        sum +
        Array.from(`${answer}\n${wanted}`).reduce(
          (inner, letter, i) => inner + BigInt(letter.codePointAt(0)! * ((i % 251) + 1)),
          0n,
        ),
      0n,
    )
    expect(Number(checksum % 2n ** 32n)).toBe(reference.texts.checksum)
  })

  const rouge: ReadonlyArray<readonly [string, (a: string, b: string, o: Rouge.Options) => Overlap]> = [
    ["rouge1", (answer, wanted, options) => Rouge.rougeN(answer, wanted, 1, options)],
    ["rouge2", (answer, wanted, options) => Rouge.rougeN(answer, wanted, 2, options)],
    ["rougeL", Rouge.rougeL],
  ]
  for (const [name, score] of rouge) {
    for (const stemmer of [false, true]) {
      it(`have rouge-score's ${name} ${stemmer ? "with" : "without"} stemmer to 1e-14`, () => {
        for (const part of ["precision", "recall", "f1"] as const) {
          const column = `${name} ${stemmer ? "stemmed" : "plain"} ${part}`
          expect(furthest(column, (answer, wanted) => score(answer, wanted, { stemmer })[part])).toBeLessThan(
            1e-14,
          )
        }
      })
    }
  }

  it("have sacrebleu's chrF2 and chrF2++ to 1e-11 of 100, one by one and as a corpus", () => {
    expect(furthest("chrF2", (answer, wanted) => Chrf.sentence(answer, wanted))).toBeLessThan(1e-11)
    expect(
      furthest("chrF2++", (answer, wanted) => Chrf.sentence(answer, wanted, Chrf.chrFPlusPlus)),
    ).toBeLessThan(1e-11)
    const [plain, words] = reference.texts.corpusChrF
    expect(Math.abs(Chrf.corpus(pairs) - plain!)).toBeLessThan(1e-11)
    expect(Math.abs(Chrf.corpus(pairs, Chrf.chrFPlusPlus) - words!)).toBeLessThan(1e-11)
  })

  it("have SQuAD's exact match, and its token F1 to single precision, which the reference computes in", () => {
    expect(
      furthest("squad exact", (answer, wanted) => Number(ExactMatch.matches(answer, wanted, "squad"))),
    ).toBe(0)
    expect(furthest("squad f1", (answer, wanted) => TokenF1.score(answer, wanted).f1)).toBeLessThan(1e-6)
  })
})

describe("Porter's stemmer", () => {
  it("stems every word as NLTK does", () => {
    const words = reference.stems.words.split(" ")
    expect(words.length).toBeGreaterThan(2000)
    expect(words.map(stem).join(" ")).toBe(reference.stems.stems)
  })
})

describe("classes, fields and areas", () => {
  it("have scikit-learn's accuracy, macro-F1, precision, recall and confusion matrix", () => {
    const want = reference.classification
    const draw = new Pairs(want.seed)
    const names = ["positive", "negative", "neutral", "rare"]
    const rows = Array.from({ length: 1000 }, () => {
      const expected = names[Math.min(3, Math.floor(draw.below(31) / 10))]!
      const roll = draw.below(10)
      return { expected, answered: roll < 6 ? expected : roll < 9 ? names[draw.below(4)]! : "unknown" }
    })
    const got = Classification.make(rows)
    expect(got.accuracy).toBeCloseTo(want.accuracy, 14)
    expect(got.macroF1).toBeCloseTo(want.macroF1, 14)
    got.classes.forEach((each, index) => {
      expect(each.precision).toBeCloseTo(want.precision[index]!, 14)
      expect(each.recall).toBeCloseTo(want.recall[index]!, 14)
      expect(each.f1).toBeCloseTo(want.f1[index]!, 14)
      expect(each.support).toBe(want.support[index])
    })
    expect(got.counts).toEqual(want.matrix)
  })

  it("have scikit-learn's micro precision, recall and F1 for each JSON field", () => {
    const draw = new Pairs(reference.fields.seed)
    const names = ["name", "age", "city"]
    const outcomes = Array.from({ length: 1000 }, () => {
      const expected: Record<string, number> = {}
      for (const name of names) {
        const value = draw.below(5) > 0
        if (value) expected[name] = draw.below(6)
      }
      const answer: Record<string, number> = {}
      for (const name of names) {
        if (draw.below(6) === 0) continue
        if (draw.below(3) === 0) answer[name] = draw.below(6)
        else {
          const spare = draw.below(6)
          answer[name] = expected[name] ?? spare
        }
      }
      return Fields.compare(answer, expected)
    })
    const results = new Map(Fields.summarize(outcomes).map((each) => [each.field, each]))
    for (const [field, [precision, recall, f1]] of Object.entries(reference.fields.fields)) {
      const result = results.get(field)!
      expect(result.precision).toBeCloseTo(precision!, 14)
      expect(result.recall).toBeCloseTo(recall!, 14)
      expect(result.f1).toBeCloseTo(f1!, 14)
    }
  })

  it("have scikit-learn's and scipy's area under the ROC curve, ties counted half", () => {
    const draw = new Pairs(reference.auc.seed)
    const positives = Array.from({ length: 400 }, () => draw.below(20))
    const negatives = Array.from({ length: 600 }, () => draw.below(15))
    const { auc } = Auc.make(positives, negatives)
    expect(auc).toBeCloseTo(reference.auc.sklearn, 13)
    expect(auc).toBeCloseTo(reference.auc.scipy, 13)
  })

  it("have scikit-learn's chances and area for a style classifier over character runs", () => {
    const want = reference.style
    const draw = new Pairs(want.seed)
    const ends = [
      ["!", " indeed!", " yes!"],
      [".", " perhaps.", " maybe."],
    ]
    const made = [0, 1].map((kind) =>
      Array.from({ length: 120 }, () => {
        const words = draw.words(3 + draw.below(6))
        const as = draw.below(4) === 0 ? 1 - kind : kind
        return draw.join(words) + ends[as]![draw.below(3)]!
      }),
    )
    const [style, base] = made as [Array<string>, Array<string>]
    const classifier = Style.train(style.slice(0, 60), base.slice(0, 60), { features: want.features })
    const held = [...style.slice(60), ...base.slice(60)]
    const off = held.map((text, row) => Math.abs(classifier.probability(text) - want.probabilities[row]!))
    expect(Math.max(...off)).toBeLessThan(1e-8)
    expect(Style.auc(classifier, style.slice(60), base.slice(60)).auc).toBeCloseTo(want.auc, 12)
  })
})

describe("1,000 random tables of two arms", () => {
  const draw = new Pairs(reference.paired.seed)
  const tables = Array.from({ length: reference.paired.tables }, () => {
    const rows = 5 + draw.below(400)
    const first = draw.below(Math.floor(rows / 2) + 1)
    const most = Math.floor(rows / 2) + 1
    return { rows, first, second: draw.below(2) === 0 ? draw.below(most) : draw.below(6) % most }
  })
  const start = count * columns.length

  it("have scipy's exact and mid-p McNemar to 1e-10 of the value", () => {
    tables.forEach(({ first, second }, row) => {
      const exact = number(start + row)
      const mid = number(start + tables.length + row)
      expect(Math.abs(McNemar.pValue(first, second) / exact - 1)).toBeLessThan(1e-10)
      expect(Math.abs(McNemar.midP(first, second) / mid - 1)).toBeLessThan(1e-10)
    })
  })

  it("have scipy's Wilson interval to 1e-12", () => {
    tables.forEach(({ first, rows }, row) => {
      const at = start + 2 * tables.length + 2 * row
      const { low, high } = Wilson.interval(first, rows)
      expect(Math.abs(low - number(at))).toBeLessThan(1e-12)
      expect(Math.abs(high - number(at + 1))).toBeLessThan(1e-12)
    })
  })

  it("have the score interval that maximising the restricted likelihood gives", () => {
    for (const [first, second, rows, low, high] of reference.paired.tango as unknown as ReadonlyArray<
      [number, number, number, number, number]
    >) {
      const interval = PairedRates.interval(first, second, rows)
      expect(Math.abs(interval.low - low), `${first}, ${second} of ${rows}`).toBeLessThan(1e-6)
      expect(Math.abs(interval.high - high), `${first}, ${second} of ${rows}`).toBeLessThan(1e-6)
    }
  })
})

describe("bootstrap and distributions", () => {
  it("comes within its own noise of scipy's percentile and BCa intervals and numpy's studentized one", () => {
    const draw = new Pairs(reference.bootstrap.seed)
    for (const sample of reference.bootstrap.samples) {
      const values = Array.from(
        { length: sample.rows },
        () => (draw.below(1000) + draw.below(1000)) / 1000 - 0.8,
      )
      for (const method of ["percentile", "bca", "studentized"] as const) {
        const got = Bootstrap.ofMean(values, Random.make(method), { method, rounds: 100_000 })
        const [low, high] = sample[method] as [number, number]
        // A fiftieth of the interval: 100,000 rounds leave about a hundredth.
        const noise = (high - low) / 50
        expect(Math.abs(got.low - low)).toBeLessThan(noise)
        expect(Math.abs(got.high - high)).toBeLessThan(noise)
        expect(Math.abs(got.p - sample.p)).toBeLessThan(0.005)
      }
    }
  })

  it("has scipy's normal distribution", () => {
    for (const [z, share] of reference.normal.cumulative as unknown as ReadonlyArray<[number, number]>) {
      expect(Math.abs(Normal.cumulative(z) - share), `${z}`).toBeLessThan(
        1e-15 + 1e-11 * (z < -6 ? share : 0),
      )
    }
  })

  it("has scipy's critical values of Student's distribution to 1e-9", () => {
    for (const [degrees, confidence, t] of reference.normal.student as unknown as ReadonlyArray<
      [number, number, number]
    >) {
      expect(Math.abs(StudentT.critical(confidence, degrees) / t - 1), `${degrees}`).toBeLessThan(1e-9)
    }
  })
})
