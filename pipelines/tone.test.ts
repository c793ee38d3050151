/**
 * The house style through `sluice`, at its smallest size: 8 rows to learn from, once.
 */
import { afterAll, describe, expect, it } from "vitest"
import { copyOf } from "../examples/support/project.ts"

describe("pipelines/tone.ts", { timeout: 600_000 }, () => {
  const project = copyOf(import.meta.dirname)
  afterAll(project.remove)

  it("scores the style by rules and by a classifier, beside exact match", async () => {
    const { code, lines } = await project.sluice(
      "run",
      "tone.ts",
      "--set",
      "trainRows=8",
      "--set",
      "minimumRows=8",
      "--set",
      "epochs=1",
    )
    expect(code).toBe(0)
    expect(lines.findLast((line) => line.startsWith("evaluate/report  "))).toMatch(
      /17 rows, in style base \d+, fewShot \d+, tuned \d+$/,
    )
    const shown = await project.sluice("show", "evaluate/report", "--output", "scores", "--rows", "40")
    const text = shown.lines.join("\n")
    for (const metric of ["begins and ends as it should", "words", "in style", "chrF", "token F1"])
      expect(text).toContain(metric)
  })
})
