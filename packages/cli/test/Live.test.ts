import { describe, expect, it } from "vitest"
import * as Live from "../src/Live.ts"

/** A terminal that understands what Live writes: lines, cursor up, clear to the end of line, clear below. */
const terminal = (columns: number, rows = 24) => {
  const lines: Array<string> = [""]
  let at = 0
  let written = ""
  const size = { columns }
  const write = (text: string): void => {
    written += text
    let rest = text
    while (rest !== "") {
      // oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
      const escape = /^\u001b\[(\??\d*)([A-Za-z])/.exec(rest)
      if (escape !== null) {
        if (escape[2] === "A") at -= Number(escape[1])
        if (escape[2] === "J") lines.splice(at, lines.length - at, "")
        rest = rest.slice(escape[0].length)
      } else if (rest[0] === "\r") {
        rest = rest.slice(1)
      } else if (rest[0] === "\n") {
        at++
        if (at === lines.length) lines.push("")
        rest = rest.slice(1)
      } else {
        // oxlint-disable-next-line no-control-regex -- up to the next control character
        const run = /^[^\u001b\n\r]+/.exec(rest)![0]
        lines[at] = run
        rest = rest.slice(run.length)
      }
    }
  }
  return {
    screen: { write, columns: () => size.columns, rows: () => rows },
    resize: (value: number) => void (size.columns = value),
    lines: () => lines.slice(0, -1),
    takeWritten: () => {
      const text = written
      written = ""
      return text
    },
  }
}

describe("Live", () => {
  it("redraws its block in place and prints finished lines above it", () => {
    const t = terminal(40)
    const live = Live.make(t.screen)
    live.draw([], ["a 1", "b 1"])
    live.draw([], ["a 2", "b 1"])
    expect(t.lines()).toEqual(["a 2", "b 1"])
    live.draw(["a done"], ["b 2"])
    expect(t.lines()).toEqual(["a done", "b 2"])
    live.draw(["b done"], [])
    live.close(true)
    expect(t.lines()).toEqual(["a done", "b done"])
  })

  it("writes nothing where nothing changed, and only the line that did", () => {
    const t = terminal(40)
    const live = Live.make(t.screen)
    live.draw([], ["a 1", "b 1"])
    t.takeWritten()
    live.draw([], ["a 1", "b 1"])
    expect(t.takeWritten()).toBe("")
    live.draw([], ["a 1", "b 2"])
    expect(t.takeWritten()).toBe("\u001b[?2026h\r\u001b[2A\nb 2\u001b[K\n\u001b[?2026l")
  })

  it("never lets a line of the block wrap", () => {
    const t = terminal(10)
    const live = Live.make(t.screen)
    live.draw([], ["0123456789abc"])
    expect(t.lines()).toEqual(["01234567…"])
  })

  it("keeps the block lower than the terminal", () => {
    const t = terminal(40, 3)
    const live = Live.make(t.screen)
    live.draw([], ["a", "b", "c", "d"])
    expect(t.lines()).toEqual(["a", "b"])
  })

  it("draws everything anew after the width changed", () => {
    const t = terminal(10)
    const live = Live.make(t.screen)
    live.draw([], ["0123456789"])
    t.resize(20)
    live.draw([], ["0123456789"])
    expect(t.lines()).toEqual(["0123456789"])
  })

  it("gives the cursor back", () => {
    const t = terminal(40)
    const live = Live.make(t.screen)
    live.draw([], ["a"])
    expect(t.takeWritten()).toContain("\u001b[?25l")
    live.close(true)
    expect(t.takeWritten()).toBe("\u001b[?25h")
    live.close(true)
    expect(t.takeWritten()).toBe("")
  })
})
