/** The module hook, the hook over tsx, the bundle and Vite give the same identities. */
import { execFileSync, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { createServer } from "vite"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { bundle } from "../src/bundle.ts"
import type { CodeTag } from "../src/Identity.ts"
import { sluice } from "../src/vite.ts"
import { copyProject } from "./variants.ts"

/** What the fixture's steps are identified by. A change here makes every cached result a miss: say so in the change log. */
const golden: Record<string, string> = {
  clean: "bbe425830d316f5753e354cd19e0b35590d09e6d927346fcfe2dac98b65a3e3f",
  label: "9afe648988117a84506114c8c0501b8d598a2003f93b9899e83ee55368c71866",
  link: "4dc4be6c5bfb82afbca3e34204124c4aa5cfc5605e96cb5b8bf808e944de77a0",
  plain: "c13c84e2c199340e961f23e39b98086464c78e592b0efb4cf01747405fd0f8c9",
  score: "1179f4d6cf93c893688d970320c3ce457b313e5e96add418dfe39dc37e6e7a92",
  tokens: "e8d5a3eacd502be006a6aa5c433db2a35ed8c6a5b625f634bcc350150ad17260",
}

const hook = path.join(import.meta.dirname, "..", "src", "register.ts")
const print = path.join(import.meta.dirname, "fixtures", "print.ts")
const symbol = Symbol.for("@sluice/code")

let folder: string
let elsewhere: string
beforeAll(() => {
  folder = copyProject()
  elsewhere = copyProject()
})
afterAll(() => {
  for (const place of [folder, elsewhere]) fs.rmSync(place, { recursive: true, force: true })
})

const digestsOf = (steps: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(steps).map(([name, step]) => [
      name,
      (step as { [symbol]: CodeTag })[symbol].identity().digest,
    ]),
  )

const run = (args: ReadonlyArray<string>): Record<string, string> =>
  JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", cwd: folder })) as Record<
    string,
    string
  >

describe("identities are the same through every entrance", () => {
  it("node --import @sluice/code/register", () => {
    expect(run(["--import", hook, print, path.join(folder, "pipeline.ts")])).toEqual(golden)
  })

  it("the hook over tsx", () => {
    const tsx = createRequire(import.meta.url).resolve("tsx/cli")
    expect(run([tsx, "--import", hook, print, path.join(folder, "pipeline.ts")])).toEqual(golden)
  })

  it("a bundle", async () => {
    const made = await bundle({
      root: folder,
      entry: {
        contents: `export * from ${JSON.stringify(path.join(folder, "pipeline.ts"))}`,
        resolveDir: folder,
      },
    })
    const { steps } = (await import(pathToFileURL(made.main).href)) as {
      readonly steps: Record<string, unknown>
    }
    expect(digestsOf(steps)).toEqual(golden)
  })

  it("Vite", async () => {
    const server = await createServer({
      root: elsewhere,
      configFile: false,
      logLevel: "silent",
      plugins: [sluice()],
      resolve: { alias: { "@lib": path.join(elsewhere, "lib") } },
      server: { middlewareMode: true, ws: false },
      optimizeDeps: { noDiscovery: true },
    })
    try {
      const { steps } = await server.ssrLoadModule(path.join(elsewhere, "pipeline.ts"))
      expect(digestsOf(steps as Record<string, unknown>)).toEqual(golden)
    } finally {
      await server.close()
    }
  })
})

describe("tags change nothing that a program does", () => {
  const printed = (args: ReadonlyArray<string>): string =>
    execFileSync(process.execPath, args, { encoding: "utf8" })

  it("under the hook and in a bundle, wherever a function may stand", async () => {
    const constructs = path.join(folder, "constructs.ts")
    fs.copyFileSync(path.join(import.meta.dirname, "fixtures", "constructs.ts"), constructs)
    const plain = printed([constructs])
    expect(plain.split("\n")[1]).toBe("5 [ 6 ] 1")
    expect(printed(["--import", hook, constructs])).toBe(plain)
    const made = await bundle({
      root: folder,
      entry: { contents: `import ${JSON.stringify(constructs)}`, resolveDir: folder },
    })
    expect(printed([made.main])).toBe(plain)
  })
})

describe("the module hook", () => {
  it("keeps line numbers and runs enums, decorators and parameter properties", () => {
    fs.writeFileSync(
      path.join(folder, "throws.ts"),
      'enum Kind { A = "a" }\nconst make = (text: string) => ({\n  run() {\n    throw new Error(text + Kind.A)\n  },\n})\nmake("x").run()\n',
    )
    const result = spawnSync(process.execPath, ["--enable-source-maps", "--import", hook, "throws.ts"], {
      cwd: folder,
      encoding: "utf8",
    })
    expect(result.stderr).toContain("Error: xa")
    expect(result.stderr).toMatch(/throws\.ts:4:11\)/)
  })

  it("names file, line and column of a syntax error in one message, with a caret and no stack", () => {
    fs.writeFileSync(path.join(folder, "broken.ts"), "const a = 1\nconst b = (2 +\nconst c = 3\n")
    const result = spawnSync(process.execPath, ["--import", hook, "broken.ts"], {
      cwd: folder,
      encoding: "utf8",
    })
    expect(result.status).toBe(2)
    expect(result.stderr).toBe("broken.ts:3:1 does not parse: Unexpected token\n  3 | const c = 3\n    | ^\n")
  })
})
