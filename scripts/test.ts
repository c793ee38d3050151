/**
 * The whole test suite: fetches what tests need, runs Vitest, and ends with the counts alone on a line.
 *
 *     pnpm test [files or Vitest flags]
 */
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** The part of Vitest's JSON report that is read here. */
export interface Report {
  readonly numTotalTests: number
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: ReadonlyArray<{
    readonly status: string
    readonly assertionResults: ReadonlyArray<{ readonly status: string }>
  }>
}

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** A file that fails before any of its tests could (a wrong import, a hook) counts as one failure. */
export const counts = (report: Report): Counts => {
  let { numPassedTests: passed, numFailedTests: failed } = report
  for (const file of report.testResults) {
    if (file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed")) failed++
  }
  return { passed, failed, skipped: report.numTotalTests - passed - report.numFailedTests }
}

/** The last line of the output. */
export const summary = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`

const vitest = (args: ReadonlyArray<string>): Promise<number> => {
  const require = createRequire(import.meta.url)
  const entry = join(dirname(require.resolve("vitest/package.json")), "vitest.mjs")
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry, "run", ...args], { stdio: "inherit" })
    // Ctrl-C reaches both: the child stops by itself, and this process waits to report it.
    const wait = (): void => {}
    process.on("SIGINT", wait)
    child.once("error", reject)
    child.once("exit", (code, signal) => {
      process.off("SIGINT", wait)
      resolve(signal === null ? (code ?? 1) : 130)
    })
  })
}

const main = async (args: ReadonlyArray<string>): Promise<number> => {
  const isSetUp = await setUp()
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"))
  const output = join(folder, "report.json")
  try {
    const code = await vitest([
      ...args,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${output}`,
    ])
    const found = counts(readReport(output))
    console.log(summary(found))
    return code !== 0 ? code : found.failed > 0 || found.passed === 0 || !isSetUp ? 1 : 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Fetches the library and the models. Loaded late, so that a mistake in what it imports fails tests, not this script. */
const setUp = async (): Promise<boolean> => {
  try {
    const setup = await import("./setup.ts")
    await setup.library()
    await setup.model()
    await setup.sentenceModel()
    return true
  } catch (error) {
    console.error(`${(error as Error).message}\nTests that need TensorFlow or a model will fail.\n`)
    return false
  }
}

const readReport = (path: string): Report => {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report
  } catch {
    console.error("Vitest ended without a report.")
    return { numTotalTests: 1, numPassedTests: 0, numFailedTests: 1, testResults: [] }
  }
}

if (import.meta.main) {
  process.exitCode = await main(process.argv.slice(2).filter((arg) => arg !== "--"))
}
