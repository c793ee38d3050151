import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import type { Request } from "../src/Executor.ts"
import { Step, Table } from "../src/index.ts"
import * as StrictProcess from "../src/StrictProcess.ts"

class Row extends Table.make({ n: Table.int32 }) {}
const definition = (more: object) =>
  Step.make({ name: "one", output: Row, run: () => [{ n: 1 }], ...more }).facts

const root = realpathSync(mkdtempSync(join(tmpdir(), "sluice-strict-")))
mkdirSync(join(root, "lib"))
mkdirSync(join(root, "node_modules"))
writeFileSync(join(root, "lib/prompt.txt"), "prompt")
afterAll(() => rmSync(root, { recursive: true, force: true }))

const options: StrictProcess.Options = {
  preload: join(root, "preload/strict.js"),
  readable: ["/opt/sluice"],
  onStep: () => {},
}

const argumentsFor = (files: ReadonlyArray<string>, loading: ReadonlyArray<string>) =>
  StrictProcess.argumentsFor(
    options,
    join(root, ".sluice/bundles/b/main.js"),
    {
      job: {
        root,
        store: join(root, ".sluice"),
        inputs: { files: { type: "source", files: files.map((name) => ({ name, path: join(root, name) })) } },
      },
      covered: () => [
        { file: "lib/prompt.txt", symbol: "(file)", digest: "" },
        { file: "@other/package/index.ts", symbol: "f()", digest: "" },
      ],
    } as unknown as Request,
    loading.map((target) => ({ what: "reads a file", target: join(root, target), stack: "" })),
  )

describe("the process of a strict run's step", () => {
  it("may read store, bundle, packages, declared and covered files, and may write to the store alone", () => {
    const { execArgv, loadingOnly, isCoarse } = argumentsFor(
      ["data/a.json"],
      ["settings.json", "data/a.json"],
    )
    expect(execArgv.map((argument) => argument.replaceAll(root, "ROOT"))).toEqual([
      "--permission",
      "--allow-fs-read=ROOT/.sluice",
      "--allow-fs-read=ROOT/.sluice/bundles/b",
      "--allow-fs-read=ROOT/preload",
      "--allow-fs-read=/opt/sluice",
      "--allow-fs-read=ROOT/node_modules",
      "--allow-fs-read=ROOT/data/a.json",
      "--allow-fs-read=ROOT/lib/prompt.txt",
      "--allow-fs-read=ROOT/settings.json",
      "--allow-fs-write=ROOT/.sluice",
      "--import",
      "ROOT/preload/strict.js",
    ])
    expect({ loadingOnly, isCoarse }).toEqual({ loadingOnly: [join(root, "settings.json")], isCoarse: false })
  })

  it("may read whole folders where a command line could not name every file", () => {
    const names = Array.from({ length: 20_000 }, (_, at) => `data/part-${at}-${"x".repeat(60)}.json`)
    const { execArgv, isCoarse } = argumentsFor(names, [])
    expect(isCoarse).toBe(true)
    expect(execArgv).toContain(`--allow-fs-read=${join(root, "data")}`)
    expect(execArgv.length).toBeLessThan(20)
  })

  it("is not for native code, nor for a step that says why", () => {
    expect(StrictProcess.uncheckedReason(definition({}))).toBe(undefined)
    expect(StrictProcess.uncheckedReason(definition({ isolated: true }))).toBe(undefined)
    expect(StrictProcess.uncheckedReason(definition({ numeric: true }))).toBe("uses native code")
    expect(StrictProcess.uncheckedReason(definition({ accelerator: true }))).toBe("uses native code")
    expect(StrictProcess.uncheckedReason(definition({ unchecked: "asks a server" }))).toBe("asks a server")
  })
})
