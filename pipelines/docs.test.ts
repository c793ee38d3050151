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
    expect(code).toBe(0)
    // Two arms search the same passages, each way: what the first has found is there for the second.
    expect(lines.find((line) => line.includes(" steps: "))).toMatch(/^39 steps: 5 hit, 34 run/)
    const said = (step: string) => lines.findLast((line) => line.startsWith(`${step}  `))
    expect(said("documents")).toBe("documents  done  KEY  12 documents, 52 sections")
    expect(said("vectors")).toBe("vectors  done  KEY  54 vectors of 384 numbers")
    const found = "hit rate \\d of 4, MRR [01]\\.\\d{3}, 2 passages each"
    expect(said("evaluate/retrieval/found")).toMatch(
      new RegExp(`BM25: ${found}; vectors: ${found}; hybrid: ${found}$`),
    )
    expect(said("evaluate/report")).toMatch(/4 rows, exact base \d, retrieval \d, tuned \d, both \d$/)
    expect(said("grounding")).toMatch(
      /unsupported claims: base \d of \d, retrieval \d of \d, tuned \d of \d, both \d of \d$/,
    )
  })

  it("executes nothing when nothing changed", async () => {
    const { lines } = await run()
    expect(lines.find((line) => line.includes(" steps: "))).toMatch(/ 0 run$/)
  })
})
