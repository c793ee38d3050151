import { describe, expect, it } from "vitest"
import { parse } from "../src/native/OpSignature.ts"

/** A length-delimited protocol buffer field. */
const field = (number: number, content: ReadonlyArray<number>): Array<number> => [
  (number << 3) | 2,
  content.length,
  ...content,
]
const text = (value: string): Array<number> => [...Buffer.from(value)]

describe("an operation's definition", () => {
  it("counts single inputs and outputs and steps over other fields", () => {
    const bytes = [
      ...field(1, text("MatMul")),
      ...field(2, [...field(1, text("a")), ...field(4, text("T"))]),
      ...field(2, field(1, text("b"))),
      ...field(3, field(1, text("product"))),
      (17 << 3) | 0,
      129,
      1, // a flag that is a number
      (9 << 3) | 5,
      0,
      0,
      0,
      0, // a fixed 32-bit field
    ]
    expect(parse(Uint8Array.from(bytes))).toEqual({ inputs: [1, 1], outputs: [1], inputCount: 2 })
  })

  it("names the attribute that gives a list's length", () => {
    const bytes = [
      ...field(2, [...field(1, text("values")), ...field(5, text("N"))]),
      ...field(2, field(1, text("axis"))),
      ...field(3, [...field(1, text("out")), ...field(6, text("Tout"))]),
    ]
    expect(parse(Uint8Array.from(bytes))).toEqual({
      inputs: [{ count: "N" }, 1],
      outputs: [{ types: "Tout" }],
      inputCount: -1,
    })
  })
})
