import { describe, expect, it } from "vitest"
import { distance, nearMiss } from "../src/nearMiss.ts"

describe("nearMiss", () => {
  it("counts a swap of neighbours once", () => {
    expect(distance("tarin", "train")).toBe(1)
    expect(distance("kitten", "sitting")).toBe(3)
    expect(distance("", "ab")).toBe(2)
  })

  it("offers a name only where a third of the letters or fewer differ", () => {
    expect(nearMiss("tokenise", ["tokenize", "train"])).toBe("tokenize")
    expect(nearMiss("eval", ["evaluate", "train"])).toBe("evaluate")
    expect(nearMiss("LEARNINGRATE", ["learningRate"])).toBe("learningRate")
    expect(nearMiss("publish", ["plan", "runs"])).toBeUndefined()
    expect(nearMiss("x", [])).toBeUndefined()
  })
})
