import { describe, expect, it } from "vitest"
import { ago, bytes, clock, count, duration, plural } from "../src/quantities.ts"

describe("quantities", () => {
  it("groups digits by three whatever the locale", () => {
    expect([0, 999, 1000, 1234567, 1234.5, -2500, Infinity].map(count)).toEqual([
      "0",
      "999",
      "1,000",
      "1,234,567",
      "1,234.5",
      "-2,500",
      "Infinity",
    ])
  })

  it("writes bytes with three significant digits", () => {
    expect([0, 1, 999, 1000, 98_362_432, 274_000_000, 999_600, 1.5e12].map(bytes)).toEqual([
      "0 bytes",
      "1 byte",
      "999 bytes",
      "1.0 kB",
      "98.4 MB",
      "274 MB",
      "1.0 MB",
      "1.5 TB",
    ])
  })

  it("writes durations as seconds, then as a clock", () => {
    expect([4, 994, 996, 1234, 59_940, 59_960, 62_000, 3_725_000].map(duration)).toEqual([
      "0.00 s",
      "0.99 s",
      "1.0 s",
      "1.2 s",
      "59.9 s",
      "1:00",
      "1:02",
      "1:02:05",
    ])
    expect(clock(26_000)).toBe("0:26")
  })

  it("says how long ago", () => {
    expect([0, 60_000, 47 * 3_600_000, 72 * 3_600_000].map(ago)).toEqual([
      "just now",
      "1 minute ago",
      "47 hours ago",
      "3 days ago",
    ])
  })

  it("counts nouns", () => {
    expect(plural(1, "row")).toBe("1 row")
    expect(plural(3000, "row")).toBe("3,000 rows")
    expect(plural(2, "entry", "entries")).toBe("2 entries")
  })
})
