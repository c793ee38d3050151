import { describe, expect, it } from "vitest"
import { xoshiro128 } from "../src/internal/xoshiro128.ts"
import * as Random from "../src/Random.ts"

const take = <A>(count: number, draw: () => A): Array<A> => Array.from({ length: count }, draw)

describe("Random", () => {
  it("draws what the authors' C program prints for the state 1, 2, 3, 4", () => {
    expect(take(10, xoshiro128(1, 2, 3, 4))).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ])
  })

  it("gives the same numbers for a seed for ever", () => {
    const random = Random.make("sluice")
    expect(take(4, random.uint32)).toEqual(golden.uint32)
    expect(take(3, random.uniform)).toEqual(golden.uniform)
    expect(take(3, random.normal)).toEqual(golden.normal)
    expect(take(8, () => random.integer(10))).toEqual(golden.integer)
    expect(random.shuffle(["a", "b", "c", "d", "e", "f"])).toEqual(golden.shuffle)
    expect(Random.derive("sluice", "train")).toBe(golden.derived)
  })

  it("gives other numbers for another seed and another name", () => {
    expect(Random.make("a").uint32()).not.toBe(Random.make("b").uint32())
    expect(Random.derive("a", "bc")).not.toBe(Random.derive("ab", "c"))
    expect(Random.derive("a\n", "b")).not.toBe(Random.derive("a", "\nb"))
  })

  it("draws uniform numbers in [0, 1) and normal ones with mean 0 and variance 1", () => {
    const random = Random.make("moments")
    const uniform = take(20_000, random.uniform)
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...uniform)).toBeLessThan(1)
    expect(mean(uniform)).toBeCloseTo(0.5, 2)
    expect(mean(uniform.map((value) => (value - 0.5) ** 2))).toBeCloseTo(1 / 12, 2)
    const normal = take(20_000, random.normal)
    expect(Math.abs(mean(normal))).toBeLessThan(0.02)
    expect(Math.abs(mean(normal.map((value) => value ** 2)) - 1)).toBeLessThan(0.03)
  })

  it("draws each integer below the bound about as often", () => {
    const random = Random.make("integers")
    const counts = [0, 0, 0]
    for (let draw = 0; draw < 30_000; draw++) counts[random.integer(3)]! += 1
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(300)
    expect(random.integer(1)).toBe(0)
    expect(random.integer(2 ** 32)).toBeLessThan(2 ** 32)
    for (const bound of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) {
      expect(() => random.integer(bound)).toThrow(RangeError)
    }
  })

  it("shuffles a copy and keeps every item", () => {
    const items = Array.from({ length: 50 }, (_, index) => index)
    const shuffled = Random.make("shuffle").shuffle(items)
    expect(items).toEqual(items.toSorted((a, b) => a - b))
    expect(shuffled).not.toEqual(items)
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(items)
  })
})

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

const golden = {
  uint32: [3103755061, 2282585820, 3400601364, 2829723623],
  uniform: [0.7692057172787605, 0.08033605455175741, 0.42649855407807735],
  normal: [1.5679721823320578, 0.383571251260918, -0.45099392287618717],
  integer: [7, 1, 4, 9, 2, 3, 3, 5],
  shuffle: ["d", "c", "f", "b", "a", "e"],
  derived: "2f67997b5c82fe991bf0e663b153dff85ae22095271a7d45fae0d34d40b4cfda",
}
