/**
 * The documentation pipeline through `sluice`, at its smallest size: 8 rows to learn from and 4 questions.
 */
import { afterAll, describe, expect, it } from "vitest"
import { copyOf } from "../examples/support/project.ts"

describe("pipelines/docs.ts", { timeout: 600_000 }, () => {
  const project = copyOf(import.meta.dirname)
  afterAll(project.remove)
  const run = (...args: ReadonlyArray<string>) =>
    project.sluice(
      "run",
      "docs.ts",
      ...["trainRows=8", "minimumRows=8", "heldOutRows=4"].flatMap((param) => ["--set", param]),
      ...args,
    )

  it("reads documents of four formats, finds the passage of every question, and compares four arms", async () => {
    const { code, lines } = await run()
    // Two arms search the same passages: what the first has found is there for the second.
    expect(lines.at(-1)).toMatch(/^29 steps: 2 hit, 27 run/)
    expect(code).toBe(0)
    const said = (step: string) => lines.findLast((line) => line.startsWith(`${step}  `))
    expect(said("documents")).toBe("documents  done  KEY  12 documents, 52 sections")
    expect(said("evaluate/retrieval/found")).toMatch(/hit rate \d of 4, MRR [01]\.\d{3}, 2 passages each$/)
    expect(said("evaluate/report")).toMatch(/4 rows, exact base \d, retrieval \d, tuned \d, both \d$/)
  })

  it("executes nothing when nothing changed", async () => {
    const { lines } = await run()
    // Two arms search the same passages: what the first has found is there for the second.
    expect(lines.at(-1)).toMatch(/ 0 run$/)
  })
})
