import { describe, expect, it } from "vitest"
import { nearest } from "../../src/report/Likeness.ts"

describe("likeness", () => {
  const texts = ["the battery died", "the screen is bright", "a battery for the screen", "the film was dull"]

  it("names the texts that share a prompt's rarest words, best first", () => {
    expect(nearest(["The battery of my screen", "dull", "the"], texts, 2)).toEqual([[2, 0], [3], [0, 1]])
  })

  it("names none where no word is shared", () => {
    expect(nearest(["unheard of", ""], texts, 2)).toEqual([[], []])
  })

  it("looks for the eight rarest words alone", () => {
    const common = Array.from({ length: 20 }, (_, at) => `w${at}`)
    const all = [
      ...common.map((word) => `${word} ${word}`),
      ...Array.from({ length: 8 }, (_, at) => `r${at}`),
    ]
    const rare = Array.from({ length: 8 }, (_, at) => `r${at}`)
    const spread = [...all, common.join(" ")]
    const [found] = nearest([[...common, ...rare].join(" ")], spread, 30)
    expect(found!.map((at) => spread[at])).toEqual(rare)
  })
})
