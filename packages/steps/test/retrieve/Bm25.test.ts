import { describe, expect, it } from "vitest"
import * as Bm25 from "../../src/retrieve/Bm25.ts"

const texts = ["the cat sat", "the dog sat on the cat", "a bird"]

describe("Bm25", () => {
  it("gives the formula's scores, best first", () => {
    const [first, second, ...rest] = Bm25.make(texts).search("cat", 5)
    // N 3, n 2: idf ln(1 + 1.5/2.5); mean length 11/3; f 1; lengths 3 and 6.
    const idf = Math.log(1 + 1.5 / 2.5)
    const score = (length: number) => (idf * 2.2) / (1 + 1.2 * (0.25 + (0.75 * length) / (11 / 3)))
    expect(first).toEqual({ position: 0, score: expect.closeTo(score(3), 12) })
    expect(second).toEqual({ position: 1, score: expect.closeTo(score(6), 12) })
    expect(rest).toEqual([])
  })

  it("counts a word of the query once, and finds nothing for words that no text holds", () => {
    const index = Bm25.make(texts)
    expect(index.search("Cat CAT cat!", 5)).toEqual(index.search("cat", 5))
    expect(index.search("zebra", 5)).toEqual([])
    expect(index.search("", 5)).toEqual([])
    expect(Bm25.make([]).search("cat", 5)).toEqual([])
  })

  it("breaks ties by the order of the texts", () => {
    const same = Bm25.make(["x y", "x z", "x w"])
    expect(same.search("x", 2).map(({ position }) => position)).toEqual([0, 1])
  })

  it("takes runs of letters and digits in any script for words", () => {
    expect(Bm25.words("Größe № 5: naïve, ﬁne; 東京")).toEqual(["größe", "no", "5", "naïve", "fine", "東京"])
  })
})
