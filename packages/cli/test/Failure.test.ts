import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Errors } from "@sluice/core"
import { Split } from "@sluice/steps"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import * as Failure from "../src/Failure.ts"
import { NoSuchOutput } from "../src/NothingToShow.ts"

let root: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "sluice-failure-")))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe("Failure", () => {
  it("shows a known error by its own message, with 2 for what is wrong before any step ran", () => {
    const failed = new Errors.StepFailed({ step: "train", reason: "no memory" })
    expect(Failure.shown(failed, root)).toEqual({
      kind: "StepFailed",
      message: 'Step "train" failed.\n  Reason:  no memory',
      exitCode: 1,
    })
    const missing = new Errors.NoSuchRun({ id: "x", known: [] })
    expect(Failure.shown(missing, root)).toMatchObject({ kind: "NoSuchRun", exitCode: 2 })
    const column = new Split.UnknownColumn({ place: "Split.byHash", column: "lines", columns: ["line"] })
    expect(Failure.shown(column, root)).toMatchObject({ kind: "UnknownColumn", exitCode: 2 })
    const files = new Errors.SourceMissing({ step: "collect", pattern: "words.json", root })
    expect(Failure.shown(files, root)).toMatchObject({ kind: "SourceMissing", exitCode: 2 })
    const output = new NoSuchOutput({
      headline: 'Step "collect" has no output "nosuch".',
      hint: "Its outputs: output",
    })
    expect(Failure.shown(output, root)).toMatchObject({ kind: "NoSuchOutput", exitCode: 2 })
  })

  it("points at the line of the pipeline that used a step wrongly, though a package says so", () => {
    writeFileSync(join(root, "pipeline.ts"), "first\n  Evaluate.compare(step, {})\n")
    const refused = Object.assign(new TypeError("An arm is wrong."), { _tag: "WiringRefused" })
    refused.stack = [
      "TypeError: An arm is wrong.",
      "    at check (/elsewhere/node_modules/@sluice/steps/dist/Evaluate.js:1:1)",
      `    at build (${join(root, "pipeline.ts")}:2:3)`,
    ].join("\n")
    expect(Failure.shown(refused, root)).toEqual({
      kind: "WiringRefused",
      message: "An arm is wrong.\npipeline.ts:2:3\n    Evaluate.compare(step, {})\n    ^",
      exitCode: 2,
    })
  })

  it("writes a log for what nobody foresaw, and says one line and where the log is", () => {
    const shown = Failure.shown(
      new TypeError("x is not a function\nmore", { cause: new Error("deeper") }),
      root,
    )
    expect(shown.kind).toBe("defect")
    expect(shown.exitCode).toBe(1)
    const [headline, where] = shown.message.split("\n")
    expect(headline).toBe("Sluice failed unexpectedly: TypeError: x is not a function")
    const log = /^The full log was written to (.+)$/.exec(where!)![1]!
    expect(log.startsWith(join(root, ".sluice/logs/"))).toBe(true)
    const text = readFileSync(log, "utf8")
    expect(text).toContain("TypeError: x is not a function\nmore\n    at ")
    expect(text).toContain("caused by Error: deeper")
  })

  it("writes the log elsewhere where the project cannot be written", () => {
    writeFileSync(join(root, ".sluice"), "a file in the place of the folder")
    const { message } = Failure.shown(new Error("odd"), root)
    const log = /written to (.+)$/.exec(message)![1]!
    expect(log.startsWith(join(tmpdir(), "sluice-"))).toBe(true)
    rmSync(log)
  })

  it("reads places in a bundle through its source map", () => {
    const folder = join(root, ".sluice/bundles/0123abcd")
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(root, "steps.ts"), "\nthrow new Error()\n")
    // Line 1, column 0 of the bundle is line 2, column 0 of the first source.
    const map = { version: 3, sources: ["../../../steps.ts"], names: [], mappings: "AACA" }
    writeFileSync(join(folder, "main.js"), "throw new Error()\n")
    writeFileSync(join(folder, "main.js.map"), JSON.stringify(map))
    const failed = new Errors.StepFailed({
      step: "a",
      reason: "b",
      place: ".sluice/bundles/0123abcd/main.js:1:1",
    })
    expect(Failure.shown(failed, root).message).toBe(
      'Step "a" failed.\n  Reason:  b\n  Place:   steps.ts:2:1',
    )
  })

  it("shows where a pipeline failed to load, in its own source", () => {
    const file = join(root, "pipeline.ts")
    writeFileSync(file, "const a = 1\n\tboom()\n")
    const error = new ReferenceError("boom is not defined")
    error.stack = `ReferenceError: boom is not defined\n    at file://${file}:2:2\n    at ModuleJob.run (node:internal/modules:1:1)`
    expect(Failure.whileLoading(error, file, root, root)).toEqual({
      kind: "load",
      message: [
        "pipeline.ts could not be loaded.",
        "ReferenceError: boom is not defined",
        "pipeline.ts:2:2",
        "  \tboom()",
        "  \t^",
      ].join("\n"),
      exitCode: 2,
    })
  })

  it("names a module as the user's source does, not as the bundle", () => {
    const error = new TypeError("Model_exports.file is not a function")
    delete error.stack
    expect(Failure.whileLoading(error, join(root, "pipeline.ts"), root, root).message).toBe(
      "pipeline.ts could not be loaded.\nTypeError: Model.file is not a function",
    )
  })
})
