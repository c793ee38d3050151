import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { copyOf } from "../support/project.ts"

describe("03: CSV", () => {
  const project = copyOf(import.meta.dirname)
  afterAll(project.remove)

  it("keeps the rows that fit, and names every other by its place and reason", async () => {
    const { code, lines } = await project.sluice("run", "pipeline.ts")
    expect(lines).toContain(
      'collect  done  KEY  3 rows, 3 dropped (priority is "urgent": tickets.csv row 3; ' +
        'the row has 3 cells: tickets.csv row 4; number is "five": tickets.csv row 6), fields not declared: opened in 5 rows',
    )
    expect(code).toBe(0)
  })

  it("fails with all of them listed when dropping was not asked for", async () => {
    const place = join(project.folder, "pipeline.ts")
    writeFileSync(place, readFileSync(place, "utf8").replace(', onBadRow: "drop"', ""))
    const { code, lines } = await project.sluice("run", "pipeline.ts")
    expect(code).toBe(1)
    const output = lines.join("\n")
    expect(output).toContain("3 rows of 6 in 1 file do not fit the declared table.")
    expect(output).toContain(
      'data/tickets.csv row 3 (line 5):  priority is "urgent"; one of "high", "low" is required',
    )
    expect(output).toContain(
      "data/tickets.csv row 4 (line 6):  the row has 3 cells; the header has 4 columns",
    )
    expect(output).toContain('data/tickets.csv row 6 (line 8):  number is "five"; Int32 is required')
  })
})
