import { describe, expect, it } from "vitest"
import { counts, summary } from "../../scripts/test.ts"

const file = (status: string, ...tests: ReadonlyArray<string>) => ({
  status,
  assertionResults: tests.map((test) => ({ status: test })),
})

describe("the counts at the end of pnpm test", () => {
  it("are one line", () => {
    expect(summary({ passed: 312, failed: 0, skipped: 2 })).toBe("312 passed, 0 failed, 2 skipped")
  })

  it("count what was neither passed nor failed as skipped", () => {
    const report = {
      numTotalTests: 5,
      numPassedTests: 2,
      numFailedTests: 1,
      testResults: [file("failed", "passed", "failed", "pending"), file("passed", "passed", "todo")],
    }
    expect(counts(report)).toEqual({ passed: 2, failed: 1, skipped: 2 })
  })

  it("count a file that could not be loaded as a failure", () => {
    const report = {
      numTotalTests: 1,
      numPassedTests: 1,
      numFailedTests: 0,
      testResults: [file("passed", "passed"), file("failed")],
    }
    expect(counts(report)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })
})
