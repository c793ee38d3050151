import { describe, expect, it } from "vitest"
import { countTokens, isTokenRow, legend, tokens } from "../../src/show/tokens.ts"
import * as Text from "../../src/Text.ts"

const vocabulary = ["<user>", "hi", "\n", "<assistant>", "yes", "<end>"]
const decode = (ids: ReadonlyArray<number>): string => ids.map((id) => vocabulary[id]).join("")
const row = { ids: [0, 1, 2, 3, 2, 4, 5, 2], labels: [-100, -100, -100, -100, -100, 4, 5, -100] }

describe("tokens", () => {
  it("puts what is supervised in brackets where there is no colour", () => {
    expect(tokens(row, decode, Text.plain)).toEqual(["<user>hi", "<assistant>", "[yes<end>]"])
    expect(legend(Text.plain)).toBe(
      "[in brackets]: supervised, the model learns to write it; the rest is only read",
    )
  })

  it("highlights what is supervised where there is colour", () => {
    expect(tokens(row, decode, Text.coloured)[2]).toBe("\u001b[42myes<end>\u001b[49m")
  })

  it("marks a supervised line end", () => {
    expect(tokens({ ids: [1, 2], labels: [-100, 2] }, decode, Text.plain)).toEqual(["hi[↵]"])
  })

  it("lets no token steer the terminal", () => {
    expect(tokens({ ids: [0], labels: [-100] }, () => "\u001b[2J", Text.plain)).toEqual(["\\x1b[2J"])
  })

  it("counts tokens and supervised tokens", () => {
    expect(countTokens(row)).toEqual({ tokens: 8, supervised: 2 })
  })

  it("knows token rows by their lists of one length", () => {
    expect(isTokenRow(row)).toBe(true)
    expect(isTokenRow({ ids: Int32Array.of(1), labels: Int32Array.of(1) })).toBe(true)
    expect(isTokenRow({ ids: [1], labels: [] })).toBe(false)
    expect(isTokenRow({ id: "a" })).toBe(false)
  })
})
