/** Bundles: one program, found again by stat calls, made again when anything that it was made from changes. */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { bundle } from "../src/bundle.ts"
import { BundleProblem } from "../src/BundleProblem.ts"
import { type Bundle, type BundleOptions, checkBundle } from "../src/BundleRecord.ts"
import { SyntaxProblem } from "../src/Syntax.ts"
import { copyProject } from "./variants.ts"

let root: string
let options: BundleOptions
let made: Bundle

const optionsFor = (contents: string, more: Partial<BundleOptions> = {}): BundleOptions => ({
  root,
  entry: { contents, resolveDir: root },
  ...more,
})

/** Files and records old enough for their stat to be trusted. */
const settle = (): void => {
  const past = new Date(Date.now() - 60_000)
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) fs.utimesSync(path.join(entry.parentPath, entry.name), past, past)
  }
}

beforeEach(async () => {
  root = copyProject()
  settle()
  options = optionsFor(`export * from ${JSON.stringify(path.join(root, "pipeline.ts"))}`)
  made = await bundle(options)
})
afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

const write = (name: string, text: string): void => {
  fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
  fs.writeFileSync(path.join(root, name), text)
}
/** Writes a file and sets its times back, as installers do. */
const rewriteUnseen = (name: string, text: string): void => {
  const { atime, mtime } = fs.statSync(path.join(root, name))
  write(name, text)
  fs.utimesSync(path.join(root, name), atime, mtime)
}
const text = (name: string): string => fs.readFileSync(path.join(root, name), "utf8")

describe("a cached bundle", () => {
  it("is found again while nothing has changed", () => {
    expect(checkBundle(options)).toEqual(made)
  })

  it("is found again after a file is touched, or changed and changed back", () => {
    const before = text("lib/text.ts")
    write("lib/text.ts", before)
    expect(checkBundle(options)).toEqual(made)
    write("lib/text.ts", `${before}// more\n`)
    expect(checkBundle(options)).toBeUndefined()
    write("lib/text.ts", before)
    expect(checkBundle(options)).toEqual(made)
  })

  // A file system stamps files by a clock of its own, which ticks more seldom than the process's.
  for (const lagMs of [0, 20]) {
    it(`is not used where a file was edited while it was made, with a file clock ${lagMs} ms behind`, async () => {
      const now = Date.now
      const clock = vi.spyOn(Date, "now").mockImplementation(() => now() + lagMs)
      const making = bundle(options)
      write("lib/text.ts", `${text("lib/text.ts")}// more\n`)
      await making
      clock.mockRestore()
      expect(checkBundle(options)).toBeUndefined()
      expect(checkBundle(options)).toBeUndefined()
      await bundle(options)
      expect(checkBundle(options)).toBeDefined()
    })
  }

  it("is found for its own entry and external packages only", () => {
    expect(checkBundle({ ...options, external: ["slug"] })).toBeUndefined()
    expect(checkBundle(optionsFor("export {}"))).toBeUndefined()
  })

  for (const [what, change] of [
    ["a source file changes", () => write("lib/deep/constants.ts", 'export const blank = "_"\n')],
    [
      "a source file changes without changing size or time",
      () => {
        const file = path.join(root, "lib/deep/constants.ts")
        const { atime, mtime } = fs.statSync(file)
        write("lib/deep/constants.ts", text("lib/deep/constants.ts").replace('" "', '"_"'))
        fs.utimesSync(file, atime, mtime)
      },
    ],
    [
      "a source file goes away",
      () =>
        fs.rmSync(path.join(root, "lib/types.ts"), { force: true }) ??
        fs.rmSync(path.join(root, "lib/even.ts")),
    ],
    [
      "a dynamically imported file changes",
      () => write("lib/lazy.ts", "export const shorten = (text: string) => text\n"),
    ],
    ["a JSON file changes", () => write("lib/limits.json", '{ "words": 1 }\n')],
    ["a data file named by import.meta.url changes", () => write("data/stop.txt", "an\n")],
    ["the lockfile changes", () => write("pnpm-lock.yaml", text("pnpm-lock.yaml").replace("AAAA", "ZZZZ"))],
    ["package.json changes", () => write("package.json", text("package.json").replace("rules.ts", "odd.ts"))],
    ["tsconfig.json changes", () => write("tsconfig.json", "{}\n")],
    ["a nearer tsconfig.json appears", () => write("lib/tsconfig.json", "{}\n")],
    [
      "a package's file changes",
      () => write("node_modules/slug/slug.js", "export const slug = (text) => text\n"),
    ],
    [
      "a workspace package's package.json changes",
      () => write("local/package.json", '{ "name": "local", "exports": "./src/greet.ts" }'),
    ],
    ["a nearer copy of a package appears", () => write("local/src/node_modules/x.txt", "x")],
  ] as ReadonlyArray<readonly [string, () => void]>) {
    it(`is not used once ${what}`, () => {
      if (what.startsWith("a nearer copy")) {
        // `local` imports no package, so no lookup of one was made there.
        change()
        expect(checkBundle(options)).toEqual(made)
        return
      }
      change()
      expect(checkBundle(options)).toBeUndefined()
    })
  }

  it("is not used once a file appears that would come before one that was found", async () => {
    write("bare.ts", 'import { named } from "./lib/named"\nexport const value = named\n')
    write("lib/named.js", "export const named = 1\n")
    settle()
    const bare = optionsFor(`export * from ${JSON.stringify(path.join(root, "bare.ts"))}`)
    expect(checkBundle(bare)).toBeUndefined()
    const first = await bundle(bare)
    expect(checkBundle(bare)).toEqual(first)
    write("lib/named.ts", "export const named: number = 2\n")
    expect(checkBundle(bare)).toBeUndefined()
    const second = await bundle(bare)
    expect(((await import(pathToFileURL(second.main).href)) as { value: number }).value).toBe(2)
  })

  it("is not used once a link to a package leads elsewhere", async () => {
    for (const version of ["1", "2"]) {
      write(`kept/v${version}/package.json`, '{ "name": "tool", "exports": "./tool.js" }')
      write(`kept/v${version}/tool.js`, `export const version = ${version}\n`)
    }
    fs.symlinkSync(path.join(root, "kept/v1"), path.join(root, "node_modules/tool"))
    write("linked.ts", 'export { version } from "tool"\n')
    settle()
    const linked = optionsFor(`export * from ${JSON.stringify(path.join(root, "linked.ts"))}`)
    const first = await bundle(linked)
    expect(checkBundle(linked)).toEqual(first)
    fs.rmSync(path.join(root, "node_modules/tool"))
    fs.symlinkSync(path.join(root, "kept/v2"), path.join(root, "node_modules/tool"))
    expect(checkBundle(linked)).toBeUndefined()
    const second = await bundle(linked)
    expect(((await import(pathToFileURL(second.main).href)) as { version: number }).version).toBe(2)
  })

  it("lets a package require its own files under computed names", async () => {
    const folder = "node_modules/locales"
    write(`${folder}/package.json`, '{ "name": "locales", "version": "1.0.0" }')
    write(
      `${folder}/index.js`,
      "const of = name => require('./of/' + name)\nconst at = name => require(`./of/${name}`)\nmodule.exports = { en: of('en'), de: at('de') }\n",
    )
    write(`${folder}/of/en.js`, 'module.exports = "No. "\n')
    write(`${folder}/of/de.js`, 'module.exports = "Nr. "\n')
    write(
      "mark.ts",
      'import locales from "locales"\nexport const { en, de } = locales as Record<string, string>\n',
    )
    settle()
    const { main } = await bundle(optionsFor(`export * from ${JSON.stringify(path.join(root, "mark.ts"))}`))
    expect({ ...((await import(pathToFileURL(main).href)) as object) }).toEqual({ en: "No. ", de: "Nr. " })
  })

  it("gives the names of CommonJS that is imported dynamically, of the project and of packages", async () => {
    write("rows.cjs", 'exports.row = "r"\n')
    write("node_modules/old/package.json", '{ "name": "old", "version": "1.0.0", "main": "i.js" }')
    write("node_modules/old/i.js", 'exports.mark = "m"\n')
    write(
      "late.ts",
      'export const late = async () => [(await import("./rows.cjs")).row, (await import("old")).mark]\n',
    )
    settle()
    const given = optionsFor(`export * from ${JSON.stringify(path.join(root, "late.ts"))}`)
    const { main } = await bundle(given)
    const { late } = (await import(pathToFileURL(main).href)) as { late: () => Promise<unknown> }
    expect(await late()).toEqual(["r", "m"])
    expect(checkBundle(given)).toBeDefined()
    write("rows.cjs", 'exports.row = "s"\n')
    expect(checkBundle(given)).toBeUndefined()
  })

  describe("of a large package", () => {
    const many = "node_modules/many"
    beforeEach(async () => {
      write(
        `${many}/package.json`,
        '{ "name": "many", "version": "1.0.0", "type": "module", "main": "i.js" }',
      )
      write(`${many}/i.js`, "export const many = () => 1\n")
      for (let at = 0; at < 20; at += 1) write(`${many}/data/${at}.tsv`, `${at}\n`)
      write(`${many}/notes/README.md`, "# many\n")
      write("many.ts", 'import { many } from "many"\nexport const steps = { many: () => many() }\n')
      settle()
      options = optionsFor(`export * from ${JSON.stringify(path.join(root, "many.ts"))}`)
      made = await bundle(options)
    })

    it.each<readonly [string, () => void]>([
      ["a data file changes", () => write(`${many}/data/7.tsv`, "8\n")],
      ["a data file of the same size and times changes", () => rewriteUnseen(`${many}/data/7.tsv`, "8\n")],
      ["a data file appears", () => write(`${many}/data/20.tsv`, "20\n")],
      ["a data file goes", () => fs.rmSync(path.join(root, many, "data/3.tsv"))],
    ])("is not used once %s", (_, change) => {
      expect(checkBundle(options)).toEqual(made)
      change()
      expect(checkBundle(options)).toBeUndefined()
    })

    it("is found again after all of its files are touched, and after its documentation changes", () => {
      settle()
      write(`${many}/notes/README.md`, "# more\n")
      expect(checkBundle(options)).toEqual(made)
      expect(checkBundle(options)).toEqual(made)
    })
  })

  it("is checked without bundler, parser or Effect", () => {
    const script = `
      import { registerHooks } from "node:module"
      const seen = []
      registerHooks({ load(url, context, next) { seen.push(url); return next(url, context) } })
      const { checkBundle } = await import(${JSON.stringify(path.join(import.meta.dirname, "../src/BundleRecord.ts"))})
      const found = checkBundle(${JSON.stringify(options)})
      process.stdout.write(JSON.stringify({ seen: seen.filter((url) => url.startsWith("file:")), digest: found?.digest }))
    `
    const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" })
    const answer = JSON.parse(output) as { readonly seen: ReadonlyArray<string>; readonly digest: string }
    expect(answer.digest).toBe(made.digest)
    expect(answer.seen.map((url) => path.basename(url))).toEqual(["BundleRecord.ts", "PackageFiles.ts"])
  })
})

describe("a bundled program", () => {
  it("runs, with dynamic imports in chunks of their own", async () => {
    const { steps } = (await import(pathToFileURL(made.main).href)) as {
      readonly steps: {
        clean(row: { text: string }): boolean
        link(row: { text: string }): Promise<string>
        tokens(row: { text: string }): ReadonlyArray<string>
        score(row: { text: string }): number
      }
    }
    expect(steps.clean({ text: "the cat sat" })).toBe(true)
    expect(await steps.link({ text: "A b" })).toBe("undefined/a-b/hi A b")
    expect(steps.tokens({ text: "xxOne two" })).toEqual(["word:one", "word:two"])
    expect(steps.score({ text: "ab" })).toBe(9)
    expect(fs.readFileSync(made.main, "utf8")).not.toContain("slice(0,20)")
  })

  it("keeps the names of functions and what import.meta means", async () => {
    write("one.ts", "export function twin() { return 1 }\nexport class Twin {}\n")
    write(
      "two.ts",
      "export function twin() { return 2 }\nexport class Twin {}\nexport const url = import.meta.url\nexport const main = import.meta.main\nexport const meta = import.meta\n",
    )
    write(
      "both.ts",
      'import * as one from "./one.ts"\nimport * as two from "./two.ts"\nexport const names = [one.twin.name, two.twin.name, one.Twin.name, two.Twin.name]\nexport { url, main, meta } from "./two.ts"\n',
    )
    const both = await bundle(optionsFor(`export * from ${JSON.stringify(path.join(root, "both.ts"))}`))
    const found = (await import(pathToFileURL(both.main).href)) as Record<string, unknown>
    expect(found["names"]).toEqual(["twin", "twin", "Twin", "Twin"])
    expect(found["url"]).toBe(pathToFileURL(path.join(root, "two.ts")).href)
    expect(found["main"]).toBe(false)
    expect(found["meta"]).toMatchObject({ filename: path.join(root, "two.ts"), dirname: root, main: false })
  })

  it("leaves external packages outside, by absolute file URL", async () => {
    const outside = await bundle({ ...options, external: ["slug"] })
    const url = pathToFileURL(path.join(root, "node_modules/slug/slug.js")).href
    expect(fs.readFileSync(outside.main, "utf8")).toContain(JSON.stringify(url))
  })

  it("names file, line and column where the pipeline does not parse", async () => {
    write("lib/text.ts", "export const clean = (text: string => text\n")
    const failure = await bundle(options).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(SyntaxProblem)
    expect((failure as SyntaxProblem).message).toBe(
      "lib/text.ts:1:36 does not parse: Expected `,` or `)` but found `=>`\n" +
        "  1 | export const clean = (text: string => text\n" +
        "    |                                    ^",
    )
    expect((failure as SyntaxProblem).stack).toBeUndefined()
  })

  it("names the place of a name that is declared twice", async () => {
    write("lib/lazy.ts", "export const shorten = (text: string) => text\nconst shorten = 1\n")
    const failure = await bundle(options).catch((error: unknown) => error)
    expect((failure as Error).message).toBe(
      "lib/lazy.ts:2:7 does not parse: Identifier `shorten` has already been declared\n" +
        "  2 | const shorten = 1\n" +
        "    |       ^",
    )
  })

  it("names the place of an import that cannot be found", async () => {
    write("lib/lazy.ts", 'import { x } from "./nowhere.ts"\nexport const shorten = x\n')
    const failure = await bundle(options).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(BundleProblem)
    expect((failure as BundleProblem).message).toBe(
      "lib/lazy.ts:1:19 `./nowhere.ts` cannot be found\n" +
        '  1 | import { x } from "./nowhere.ts"\n' +
        "    |                   ^",
    )
  })

  it("leaves nothing half-made behind when it fails", async () => {
    write("lib/lazy.ts", "export const = 1\n")
    await bundle(options).catch(() => undefined)
    const names = fs.readdirSync(path.join(root, ".sluice/bundles"))
    expect(names.filter((name) => name.startsWith("tmp-"))).toEqual([])
  })
})
