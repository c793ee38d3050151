import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { afterAll, describe, expect, it } from "vitest"
import * as Sandbox from "./Sandbox.ts"

const sandbox = Sandbox.make({
  "notes.txt": "text",
  "empty/readme.md": "text",
})
afterAll(() => sandbox.remove())

const refused = (stderr: string) => ({ code: 2, stdout: "", stderr })

describe("sluice, misused", () => {
  it("names the command that was meant", async () => {
    expect(await sandbox.sluice("plna")).toEqual(
      refused("Unknown command plna. Did you mean sluice plan?\nsluice --help lists the commands.\n"),
    )
  })

  it("answers with JSON on stdout where JSON is asked for", async () => {
    const { code, stdout, stderr } = await sandbox.sluice("run", "--jbos", "2", "--json")
    expect({ code, stderr }).toEqual({ code: 2, stderr: "" })
    expect(JSON.parse(stdout)).toEqual({
      error: {
        kind: "usage",
        message:
          "Unknown flag --jbos for sluice run. Did you mean --jobs?\nsluice run --help lists what it takes.",
      },
    })
  })

  it("names the flag or the command that was meant, of those that check", async () => {
    expect(await sandbox.sluice("adit")).toEqual(
      refused("Unknown command adit. Did you mean sluice audit?\nsluice --help lists the commands.\n"),
    )
    expect(await sandbox.sluice("run", "--stirct")).toEqual(
      refused(
        "Unknown flag --stirct for sluice run. Did you mean --strict?\nsluice run --help lists what it takes.\n",
      ),
    )
    expect(await sandbox.sluice("run", "--frozn")).toEqual(
      refused(
        "Unknown flag --frozn for sluice run. Did you mean --frozen?\nsluice run --help lists what it takes.\n",
      ),
    )
    expect(await sandbox.sluice("audit", "--sample", "0")).toEqual(
      refused(
        '--sample is "0" and must be a number above 0 and at most 1.\nsluice audit --help lists what it takes.\n',
      ),
    )
  })

  it("says that a file is missing", async () => {
    expect(await sandbox.sluice("run", "nope.ts")).toEqual(refused("There is no file nope.ts.\n"))
  })

  it("says that a folder and a text are no pipelines", async () => {
    expect(await sandbox.sluice("run", "empty")).toEqual(
      refused("empty is a folder, and a pipeline is a file.\n"),
    )
    expect(await sandbox.sluice("run", "notes.txt")).toEqual(
      refused("notes.txt is not a TypeScript or JavaScript file, and a pipeline is one.\n"),
    )
  })

  it("says that there is no pipeline to fall back on", async () => {
    expect(await sandbox.sluice("plan")).toEqual(
      refused(
        `No pipeline was named, and none was found under ${sandbox.root}.\nName its file: sluice run pipelines/mine.ts\n`,
      ),
    )
  })

  it("prints help with exit code 0", async () => {
    const help = await sandbox.sluice("run", "--help")
    expect(help.code).toBe(0)
    expect(help.stdout.split("\n")[0]).toBe("Usage: sluice run [FILE] [flags]")
    expect((await sandbox.sluice("lock", "--help")).stdout.split("\n").slice(0, 5)).toEqual([
      "Usage: sluice lock [FILE] [flags]",
      "",
      "Writes params, digests of source files, code, packages and numeric settings to sluice.lock beside the",
      "pipeline's package.json. sluice run --frozen refuses to execute anything that differs.",
      "",
    ])
    expect((await sandbox.sluice()).stdout.split("\n")[2]).toBe("Usage: sluice COMMAND [arguments] [flags]")
  })
})

describe("a Node that is too old", () => {
  it("is told so in one line", () => {
    const launcher = fileURLToPath(new URL("../../packages/cli/bin/sluice.js", import.meta.url))
    const pretend = 'Object.defineProperty(process.versions, "node", { value: "20.20.2" })'
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", `data:text/javascript,${encodeURIComponent(pretend)}`, launcher, "run"],
      { encoding: "utf8" },
    )
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: "",
      stderr:
        'Sluice needs Node 24 or newer and this is Node 20.20.2: install Node 24, or run the command inside npx -y -p node@24 -c "…".\n',
    })
  })
})
