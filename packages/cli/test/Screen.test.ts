import { describe, expect, it } from "vitest"
import * as Screen from "../src/Screen.ts"

const stream = (isTTY: boolean, columns?: number) => ({
  isTTY,
  ...(columns === undefined ? {} : { columns }),
  write: () => true,
})
const screen = (isTTY: boolean, env: NodeJS.ProcessEnv, columns?: number) =>
  Screen.make(stream(isTTY, columns), stream(isTTY), env)

describe("Screen", () => {
  it("colours a terminal, unless NO_COLOR or a dumb terminal forbid it, and a pipe where FORCE_COLOR asks", () => {
    const colours = (isTTY: boolean, env: NodeJS.ProcessEnv) => screen(isTTY, env).paint("red", "x") !== "x"
    expect(colours(true, {})).toBe(true)
    expect(colours(true, { NO_COLOR: "1" })).toBe(false)
    expect(colours(true, { NO_COLOR: "" })).toBe(true)
    expect(colours(true, { TERM: "dumb" })).toBe(false)
    expect(colours(false, {})).toBe(false)
    expect(colours(false, { FORCE_COLOR: "1" })).toBe(true)
    expect(colours(false, { FORCE_COLOR: "1", NO_COLOR: "1" })).toBe(false)
  })

  it("redraws only on a terminal that can, outside CI", () => {
    expect(screen(true, {}).live).toBe(true)
    expect(screen(true, { CI: "true" }).live).toBe(false)
    expect(screen(true, { TERM: "dumb" }).live).toBe(false)
    expect(screen(false, {}).live).toBe(false)
  })

  it("takes its width from the terminal, else from COLUMNS", () => {
    expect(screen(true, {}, 72).columns()).toBe(72)
    expect(screen(true, {}, 0).columns()).toBe(80)
    expect(screen(false, { COLUMNS: "60" }).columns()).toBe(60)
    expect(screen(false, {}).columns()).toBe(120)
  })
})
