/** A package that was compiled and installed, and offers its source: identified by it, as where it is developed. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { createServer } from "vite"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { bundle } from "../src/bundle.ts"
import type { CodeTag } from "../src/Identity.ts"
import { sluice } from "../src/vite.ts"

const hook = path.join(import.meta.dirname, "..", "src", "register.ts")
const print = path.join(import.meta.dirname, "fixtures", "print.ts")
const symbol = Symbol.for("@sluice/code")

const source = {
  "src/index.ts": 'export { clean } from "./clean.ts"\n',
  "src/clean.ts":
    "const limit: number = 3\nclass Cut { size = limit }\nexport const clean = (text: string): string => text.slice(0, new Cut().size)\n",
}
const compiled = {
  "dist/index.js":
    "export const clean = () => { throw new Error('the compiled file has no part in an identity') }\n",
}
const pipeline =
  'import { clean } from "kit"\nexport const steps = { clean: (text: string) => clean(text) }\n'
/** Options that give class fields another meaning: those of the project, not of what it installs. */
const tsconfig = JSON.stringify({ compilerOptions: { useDefineForClassFields: false } })

let place: string
const write = (root: string, files: Record<string, string>): void => {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    fs.writeFileSync(path.join(root, name), text)
  }
}
const project = (name: string): string => path.join(place, name)

beforeAll(() => {
  place = fs.realpathSync(fs.mkdtempSync(path.join(tmpdir(), "sluice-installed-")))
  const manifest = (more: object): string => JSON.stringify({ type: "module", ...more })
  const kit = { name: "kit", version: "1.0.0" }
  const dependencies = { kit: "1.0.0" }
  // In the workspace a link leads to the package, whose exports are its source.
  write(place, {
    "kit/package.json": manifest({ ...kit, exports: "./src/index.ts" }),
    "here/package.json": manifest({ name: "here", dependencies }),
    "here/pipeline.ts": pipeline,
  })
  write(project("kit"), source)
  fs.mkdirSync(path.join(project("here"), "node_modules"))
  fs.symlinkSync(project("kit"), path.join(project("here"), "node_modules/kit"))
  const exports = { ".": { "@sluice/source": "./src/index.ts", default: "./dist/index.js" } }
  write(project("there"), {
    "package.json": manifest({ name: "there", dependencies }),
    "tsconfig.json": tsconfig,
    "pipeline.ts": pipeline,
    "node_modules/kit/package.json": manifest({ ...kit, exports, sluice: { identity: "binding" } }),
  })
  write(path.join(project("there"), "node_modules/kit"), { ...source, ...compiled })
})
afterAll(() => fs.rmSync(place, { recursive: true, force: true }))

const hooked = (name: string): unknown =>
  JSON.parse(
    execFileSync(process.execPath, ["--import", hook, print, path.join(project(name), "pipeline.ts")], {
      encoding: "utf8",
      cwd: project(name),
    }),
  )

const digestOf = (exported: unknown): string =>
  (exported as { readonly steps: { readonly clean: { [symbol]: CodeTag } } }).steps.clean[symbol].identity()
    .digest

const run = (exported: unknown): string =>
  (exported as { readonly steps: { readonly clean: (text: string) => string } }).steps.clean("letters")

describe("a package that was compiled and installed", () => {
  it("has the identity of its source under the module hook, where Node itself strips no types", () => {
    expect(hooked("there")).toEqual(hooked("here"))
  })

  it("is bundled from its source, and has the same identity", async () => {
    const made = await bundle({
      root: project("there"),
      entry: {
        contents: `export * from ${JSON.stringify(path.join(project("there"), "pipeline.ts"))}`,
        resolveDir: project("there"),
      },
    })
    const loaded: unknown = await import(pathToFileURL(made.main).href)
    expect({ clean: digestOf(loaded) }).toEqual(hooked("here"))
    expect(run(loaded)).toBe("let")
  })

  it("is loaded from its source by Vite, and has the same identity", async () => {
    const server = await createServer({
      root: project("there"),
      configFile: false,
      logLevel: "silent",
      plugins: [sluice()],
      ssr: { noExternal: ["kit"] },
      server: { middlewareMode: true, ws: false },
      optimizeDeps: { noDiscovery: true },
    })
    try {
      const loaded: unknown = await server.ssrLoadModule(path.join(project("there"), "pipeline.ts"))
      expect({ clean: digestOf(loaded) }).toEqual(hooked("here"))
      expect(run(loaded)).toBe("let")
    } finally {
      await server.close()
    }
  })

  it("is one that Vitest is told to load through Vite, and others are not", () => {
    const { inline } = sluice().config({ root: project("there") }).test.server.deps
    expect(inline.map((pattern) => pattern.test("/x/node_modules/kit/src/index.ts"))).toEqual([true])
    expect(inline.map((pattern) => pattern.test("/x/node_modules/kitchen/index.js"))).toEqual([false])
  })
})
