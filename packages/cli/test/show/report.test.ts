import { describe, expect, it } from "vitest"
import { Markdown } from "../../../steps/src/report/index.ts"
import { make } from "../../../steps/test/support/reports.ts"
import { reportLines } from "../../src/show/report.ts"

const plain = (_: string, text: string): string => text

describe("a report in the terminal", () => {
  const markdown = Markdown.render(make({ rows: 40 }))
  const rows = (lines: ReadonlyArray<string>) => lines.filter((line) => line.startsWith("| row00"))

  it("has the first of its rows, says how many more there are, and has all that stands around them", () => {
    const lines = reportLines(markdown, 2, plain)
    expect(rows(lines).map((line) => line.slice(2, 9))).toEqual(["row0000", "row0001"])
    expect(lines[lines.indexOf("## Rows") + 6]).toBe("… and 38 more; --rows N prints more")
    const others = (text: ReadonlyArray<string>) => text.filter((line) => !/^\| row00|^… and/.test(line))
    expect(others(lines)).toEqual(others(markdown.trimEnd().split("\n")))
  })

  it("is whole where as many rows are asked for, and where it has no such table", () => {
    expect(rows(reportLines(markdown, 40, plain))).toHaveLength(40)
    expect(reportLines("# Report\n\nAll is well.\n", 1, plain)).toEqual(["# Report", "", "All is well."])
  })
})
