import { describe, expect, it } from "vitest"
import { chart } from "../../src/show/chart.ts"
import * as Text from "../../src/Text.ts"

describe("chart", () => {
  it("draws a falling line from the upper left to the lower right, with the ends as labels", () => {
    expect(chart([4, 3, 2, 1], 40, 2, Text.plain)).toEqual(["4.00 ┤⠉⠒⠤⣀", "1.00 ┤    ⠉⠒⠤⣀"])
  })

  it("draws a constant in the middle", () => {
    const lines = chart([1, 1, 1], 20, 3, Text.plain)
    expect(lines.map((line) => line.includes("⠒") || line.includes("⠉") || line.includes("⠤"))).toEqual([
      false,
      true,
      false,
    ])
  })

  it("stays within its columns however many values there are", () => {
    const values = Array.from({ length: 10_000 }, (_, i) => Math.sin(i / 500))
    for (const line of chart(values, 50, 8, Text.plain)) expect(Text.width(line)).toBeLessThanOrEqual(50)
  })

  it("leaves out what is no number", () => {
    expect(chart([NaN, Infinity], 40, 3, Text.plain)).toEqual([])
    expect(chart([NaN, 2, 1], 40, 2, Text.plain)).toEqual(chart([2, 1], 40, 2, Text.plain))
  })

  it("writes small and large ends with an exponent", () => {
    const lines = chart([250_000, 0.0004], 40, 2, Text.plain)
    expect(lines[0]!.startsWith("2.5e+5 ┤")).toBe(true)
    expect(lines[1]!.startsWith("4.0e-4 ┤")).toBe(true)
  })
})
