import { describe, expect, it } from "vitest"
import * as Text from "../src/Text.ts"

describe("Text", () => {
  it("counts columns, not letters", () => {
    expect(Text.width("abc")).toBe(3)
    expect(Text.width("漢字")).toBe(4)
    expect(Text.width("e\u0301")).toBe(1)
    expect(Text.width(Text.coloured("red", "abc"))).toBe(3)
    expect(Text.width("🙂")).toBe(2)
  })

  it("cuts at the column and closes colours", () => {
    expect(Text.truncate("abcdef", 6)).toBe("abcdef")
    expect(Text.truncate("abcdef", 4)).toBe("abc…")
    expect(Text.truncate("漢字漢字", 4)).toBe("漢…")
    expect(Text.truncate("abc", 0)).toBe("")
    expect(Text.truncate(`a${Text.coloured("red", "bcdef")}`, 4)).toBe("a\u001b[31mbc…\u001b[0m")
  })

  it("shows control characters instead of sending them to the terminal", () => {
    expect(Text.oneLine("a\nb\t\u001b[31mc\\")).toBe("a\\nb\\t\\x1b[31mc\\\\")
  })

  it("wraps at words", () => {
    expect(Text.wrap("one two three", 7)).toEqual(["one two", "three"])
  })
})
