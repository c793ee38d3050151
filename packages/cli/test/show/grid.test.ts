import { describe, expect, it } from "vitest"
import { cell, grid, plain } from "../../src/show/grid.ts"
import * as Text from "../../src/Text.ts"

const draw = (names: Array<string>, rows: Array<Record<string, unknown>>, columns = 60) =>
  grid(names, rows, columns, Text.plain)

describe("grid", () => {
  it("aligns numbers to the right and text to the left", () => {
    expect(
      draw(
        ["id", "text", "loss"],
        [
          { id: 1, text: "good", loss: 0.5 },
          { id: 20, text: "bad", loss: 0.123456789 },
        ],
      ),
    ).toEqual(["id  text      loss", " 1  good       0.5", "20  bad   0.123457"])
  })

  it("cuts the widest column first", () => {
    expect(draw(["id", "text"], [{ id: 1, text: "a very long sentence that does not fit" }], 20)).toEqual([
      "id  text",
      " 1  a very long sen…",
    ])
  })

  it("names the columns for which there is no room", () => {
    expect(draw(["first", "second", "third"], [{ first: "abcdefgh", second: 2, third: 3 }], 14)).toEqual([
      "first   second",
      "abcde…       2",
      "… and columns third",
    ])
  })

  it("keeps a cell on one line and its control characters harmless", () => {
    expect(cell("a\nb\u001b[2J")).toBe("a\\nb\\x1b[2J")
    expect(cell(null)).toBe("-")
    expect(cell([1, 2])).toBe("[1,2]")
    expect(cell(Int32Array.of(1, 2))).toBe("[1,2]")
    expect(cell({ role: "user", content: "x\ny" })).toBe('{"role":"user","content":"x\\\\ny"}')
    expect(cell(new Uint8Array(3))).toBe("3 bytes")
    expect(cell(NaN)).toBe("NaN")
    expect(cell(12n)).toBe("12")
  })

  it("prints a header alone for no rows", () => {
    expect(draw(["a", "b"], [])).toEqual(["a  b"])
  })

  it("gives JSON its own types", () => {
    expect(plain({ a: 2n, b: Float32Array.of(1.5), c: [NaN], d: 2n ** 60n, e: null })).toEqual({
      a: 2,
      b: [1.5],
      c: ["NaN"],
      d: "1152921504606846976",
      e: null,
    })
  })
})
