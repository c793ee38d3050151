/** What cannot be identified is refused by place; what is only hard to reproduce is noted. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Identities, identitiesOf, type StepIdentity } from "./variants.ts"

interface Case {
  readonly title: string
  readonly files: Record<string, string>
  /** `file:line:column what`, in order. */
  readonly refused: ReadonlyArray<string>
}

const refused = (
  title: string,
  pipeline: string,
  what: ReadonlyArray<string>,
  files: Record<string, string> = {},
): Case => ({
  title,
  files: { ...files, "pipeline.ts": pipeline },
  refused: what,
})

const outlives = (what: string): string => `changes ${what}, which outlives the step`

const cases: ReadonlyArray<Case> = [
  refused(
    "a computed import()",
    "const load = (name: string) => import(name)\nexport const steps = { step: () => load('x') }\n",
    ["pipeline.ts:1:32 `import()` of a specifier that is computed"],
  ),
  refused(
    "a computed require",
    'import { createRequire } from "node:module"\nconst require = createRequire(import.meta.url)\nexport const steps = { step: (name: string) => require(name) }\n',
    ["pipeline.ts:3:48 `require` of a specifier that is computed"],
  ),
  refused("eval", "export const steps = { step: (code: string) => eval(code) }\n", [
    "pipeline.ts:1:48 `eval` runs code that is not written down",
  ]),
  refused("indirect eval", "export const steps = { step: (code: string) => (0, eval)(code) }\n", [
    "pipeline.ts:1:52 `eval` runs code that is not written down",
  ]),
  refused("new Function", "export const steps = { step: (code: string) => new Function(code)() }\n", [
    "pipeline.ts:1:52 `Function(...)` runs code that is not written down",
  ]),
  refused(
    "eval of the global object",
    "export const steps = { step: (code: string) => globalThis.eval(code) }\n",
    ["pipeline.ts:1:48 `eval` runs code that is not written down"],
  ),
  refused(
    "Function under another name",
    "const Make = Function\nexport const steps = { step: (code: string) => Make(code)() }\n",
    ["pipeline.ts:1:14 `Function(...)` runs code that is not written down"],
  ),
  refused(
    "the constructor of a function",
    "const clean = (text: string) => text\nexport const steps = { step: (code: string) => (clean as any).constructor(code)() }\n",
    ["pipeline.ts:2:48 `Function(...)` runs code that is not written down"],
  ),
  refused(
    "the constructor of asynchronous functions",
    "const Make = Object.getPrototypeOf(async () => {}).constructor\nexport const steps = { step: (code: string) => Make(code)() }\n",
    ["pipeline.ts:1:14 the constructor of functions runs code that is not written down"],
  ),
  refused(
    "a built-in module by a name of its own",
    "export const steps = { step: () => process.getBuiltinModule('node:os').tmpdir() }\n",
    ["pipeline.ts:1:36 loads one of Node's modules by a name of its own"],
  ),
  refused(
    "the whole environment through another module",
    'import { env } from "./host.ts"\nexport const steps = { step: () => Object.keys(env) }\n',
    ["pipeline.ts:2:48 reads `process.env` as a whole"],
    { "host.ts": 'export { env } from "node:process"\n' },
  ),
  refused(
    "Config through another module",
    'import { Config } from "./host.ts"\nexport const steps = { step: () => Config.String("HOME") }\n',
    ["pipeline.ts:2:36 reads `Config` through another module"],
    { "host.ts": 'export { Config } from "effect"\n' },
  ),
  refused(
    "Config taken apart",
    'import { Config } from "effect"\nconst { String: text } = Config\nexport const steps = { step: () => text("HOME") }\n',
    ["pipeline.ts:2:26 passes `Config` about"],
  ),
  refused(
    "a package's object that is changed",
    'import { tools } from "pack"\nexport const steps = { step: () => { tools.mark = 1 } }\n',
    [`pipeline.ts:2:38 ${outlives("`tools`")}`],
    {
      "node_modules/pack/package.json":
        '{ "name": "pack", "version": "1.0.0", "type": "module", "main": "i.js" }',
      "node_modules/pack/i.js": "export const tools = { mark: 0 }\n",
    },
  ),
  refused(
    "node:vm",
    'import { runInThisContext } from "node:vm"\nexport const steps = { step: (code: string) => runInThisContext(code) }\n',
    ["pipeline.ts:2:48 `vm.runInThisContext` runs code that is not written down"],
  ),
  refused(
    "an environment variable under a computed name",
    "export const steps = { step: (name: string) => process.env[name] }\n",
    ["pipeline.ts:1:48 reads `process.env` under a name that is computed"],
  ),
  refused("the whole environment", "export const steps = { step: () => ({ ...process.env }) }\n", [
    "pipeline.ts:1:42 reads `process.env` as a whole",
  ]),
  refused(
    "the environment handed on",
    "const read = (env: NodeJS.ProcessEnv) => env['A']\nexport const steps = { step: () => read(process.env) }\n",
    ["pipeline.ts:2:41 reads `process.env` as a whole"],
  ),
  refused(
    "process handed on",
    "const read = (p: NodeJS.Process) => p.env['A']\nexport const steps = { step: () => read(process) }\n",
    ["pipeline.ts:2:41 hands `process` about"],
  ),
  refused(
    "a global under a computed name",
    "export const steps = { step: (name: string) => (globalThis as never)[name] }\n",
    ["pipeline.ts:1:49 reads a global under a name that is not written down"],
  ),
  refused(
    "a change of a global",
    "export const steps = { step: () => { (globalThis as { mood?: string }).mood = 'good' } }\n",
    [`pipeline.ts:1:39 ${outlives("`globalThis.mood`")}`],
  ),
  refused(
    "a change of a built-in prototype",
    "export const steps = { step: () => { Array.prototype.at = () => undefined } }\n",
    [`pipeline.ts:1:38 ${outlives("`Array.prototype.at`")}`],
  ),
  refused(
    "an environment variable that is set",
    "export const steps = { step: () => { process.env.TZ = 'UTC' } }\n",
    [`pipeline.ts:1:38 ${outlives("`process.env.TZ`")}`],
  ),
  refused(
    "a counter of the module",
    "let calls = 0\nexport const steps = { step: () => { calls += 1; return calls } }\n",
    [`pipeline.ts:2:38 ${outlives("`calls`")}`],
  ),
  refused(
    "a memo table of a helper's module",
    'import { slow } from "./lib.ts"\nexport const steps = { step: (text: string) => slow(text) }\n',
    [`lib.ts:4:3 ${outlives("`memo`")}`],
    {
      "lib.ts":
        "const memo = new Map<string, string>()\nexport const slow = (text: string): string => {\n  const known = memo.get(text) ?? text\n  memo.set(text, known)\n  return known\n}\n",
    },
  ),
  refused(
    "a change through an alias",
    "const store = { items: [] as Array<string> }\nexport const steps = { step: (text: string) => { const items = store.items; items.push(text) } }\n",
    [`pipeline.ts:2:64 ${outlives("`store`")}`],
  ),
  refused(
    "a change by a helper that is handed the value",
    "const seen: Array<string> = []\nconst remember = (list: Array<string>, text: string) => { list.push(text) }\nexport const steps = { step: (text: string) => remember(seen, text) }\n",
    [`pipeline.ts:3:57 ${outlives("`seen`")}`],
  ),
  refused(
    "an object that counts in itself",
    "const counter = { count: 0, next() { this.count += 1; return this.count } }\nexport const steps = { step: () => counter.next() }\n",
    [`pipeline.ts:1:38 ${outlives("`counter`")}`],
  ),
  refused(
    "a class that counts in itself",
    "class Ids { static last = 0; static next() { return ++Ids.last } }\nexport const steps = { step: () => Ids.next() }\n",
    [`pipeline.ts:1:55 ${outlives("`Ids`")}`],
  ),
  refused(
    "a captured local that is changed",
    "const make = () => { let calls = 0; return { step: () => { calls += 1 } } }\nexport const steps = make()\n",
    ["pipeline.ts:1:60 changes `calls`, which it captures from the function around it"],
  ),
  refused(
    "a captured list that is changed",
    "const make = () => { const seen: Array<string> = []; return { step: (text: string) => seen.push(text) } }\nexport const steps = make()\n",
    ["pipeline.ts:1:87 changes `seen`, which it captures from the function around it"],
  ),
  refused("where the project lies", "export const steps = { step: () => import.meta.url }\n", [
    "pipeline.ts:1:36 `import.meta.url` says where the project lies",
  ]),
  refused(
    "a file beside the source whose name is computed",
    "export const steps = { step: (name: string) => new URL(`./${name}`, import.meta.url) }\n",
    ["pipeline.ts:1:48 builds a file's URL from a path that is computed"],
  ),
  refused(
    "a folder beside the source",
    'export const steps = { step: () => new URL("./data", import.meta.url) }\n',
    ["pipeline.ts:1:54 `./data` beside this file is not a file"],
    { "data/x.txt": "x" },
  ),
  refused("an import that cannot be found", 'export const steps = { step: () => import("nowhere") }\n', [
    "pipeline.ts:1:36 `nowhere`: it cannot be found",
  ]),
  refused(
    "a package that another one leaves to the project",
    'export const steps = { step: () => import("@lance/db/table") }\n',
    ["pipeline.ts:1:36 `@lance/db/table`: it cannot be found"],
    {
      "package.json": '{ "name": "project", "type": "module", "peerDependencies": { "@lance/db": "1.2.3" } }',
    },
  ),
  refused(
    "a class changed by a function after it was declared",
    "class Rules { static strict = false }\nexport const relax = () => { Rules.strict = true }\nexport const steps = { step: () => Rules.strict }\n",
    ["pipeline.ts:1:1 `Rules` is changed by a function after it was declared"],
  ),
  refused(
    "a private static that is computed",
    "class Secret { static #value = Number(process.argv.length); static get() { return Secret.#value } }\nexport const steps = { step: () => Secret.get() }\n",
    ["pipeline.ts:1:16 a static member whose value is computed when the class loads and cannot be read"],
  ),
  refused(
    "the source text of a function",
    "const clean = (text: string) => text\nexport const steps = { step: () => clean.toString() }\n",
    ["pipeline.ts:2:36 reads the source text of a function"],
  ),
  refused(
    "the source text of a function within another text",
    "const clean = (text: string) => text\nexport const steps = { step: () => `${clean}` }\n",
    ["pipeline.ts:2:39 reads the source text of a function"],
  ),
  refused(
    "Config under a computed name",
    'import { Config } from "effect"\nexport const steps = { step: (name: string) => Config.String(name) }\n',
    ["pipeline.ts:2:48 `Config.String` of a name that is not written down"],
  ),
]

const probes: Record<string, string> = {
  notes: `import { readFileSync } from "node:fs"
import { execFileSync } from "node:child_process"
import * as os from "node:os"
export const steps = {
  step: (text: string) => [
    Date.now(),
    new Date(),
    Math.random(),
    text.localeCompare("a"),
    new Intl.NumberFormat("en"),
    new Date(0).getHours(),
    fetch("http://localhost"),
    readFileSync("data.txt"),
    execFileSync("ls"),
    os.cpus(),
    new Date(2020, 1, 1),
  ],
}
`,
  marked: `export const steps = {
  step: (text: string) => {
    // sluice: not in the result
    const started = Date.now()
    const draw = Math.random() // sluice: not in the result
    const first = text.localeCompare("a") // sluice: not in the result
    return [started, draw, first, Date.now()]
  },
}
`,
  env: `import process from "node:process"
import { env as variables } from "node:process"
import { Config } from "effect"
import * as Config2 from "effect/Config"
const { HOME: home, LANG = "en" } = process.env
const alias = process.env
export const steps = {
  step: () => [home, LANG, alias.ALIASED, process.env["QUOTED"], variables.IMPORTED, Config.String("TOKEN"), Config2.Number("PORT")],
}
`,
  values: `import { readFileSync } from "node:fs"
import { settings } from "./settings.ts"
const size = Number(readFileSync(new URL("./size.txt", import.meta.url), "utf8"))
const { first, second = compute(2) } = { first: 1 } as { first: number; second?: number }
let mode = "a"
function compute(x: number): number { return x }
if (size > 1) mode = "b"
class Limits { static low = 1; static high = compute(size) }
enum Level { Low = 1, High = compute(9) }
export const steps = {
  step: (text: string) => [size, first, second, mode, Limits.low, Level.Low, settings.list.length, settings.name, text],
}
`,
  settled: `import { Schema } from "effect"
import * as Option from "effect/Option"
import { Table } from "@sluice/core"
class Review extends Table.make({ text: Table.utf8 }) {}
const Answer = Schema.Struct({ sentiment: Schema.Literals(["positive", "negative"]) }).pipe(Schema.optional)
const none = Option.none()
const words = "a b c".split(" ")
const set = new Set(["x", ...words])
const total = Math.max(1, 2) * 3
const encoder = new TextEncoder()
const frozen = Object.freeze({ a: [1, 2], f: (x: number) => x })
export const steps = {
  step: (text: string) => [Review, Answer, none, words.length, set.has(text), total, encoder.encode(text), frozen.f(1)],
}
`,
}

const folders = new Map<string, string>()
let found: Record<string, Identities>

const stepOf = (title: string): StepIdentity => found[folders.get(title)!]!["step"]!

beforeAll(() => {
  const make = (title: string, files: Record<string, string>): void => {
    const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "sluice-refusals-")))
    folders.set(title, folder)
    const all = { "package.json": '{ "name": "project", "type": "module" }', ...files }
    for (const [name, text] of Object.entries(all)) {
      fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
      fs.writeFileSync(path.join(folder, name), text)
    }
    fs.mkdirSync(path.join(folder, "node_modules", "@sluice"), { recursive: true })
    const installed = path.join(import.meta.dirname, "..", "node_modules")
    fs.symlinkSync(path.join(installed, "effect"), path.join(folder, "node_modules", "effect"))
    fs.symlinkSync(
      path.join(installed, "@sluice", "core"),
      path.join(folder, "node_modules", "@sluice", "core"),
    )
  }
  for (const one of cases) make(one.title, one.files)
  for (const [name, text] of Object.entries(probes)) {
    make(name, {
      "pipeline.ts": text,
      "size.txt": "3",
      "settings.ts":
        'const read = (text: string) => JSON.parse(text)\nexport const settings = read(`{"list": [1], "name": "n", "other": 2}`)\n',
    })
  }
  found = identitiesOf([...folders.values()])
})

afterAll(() => {
  for (const folder of folders.values()) fs.rmSync(folder, { recursive: true, force: true })
})

describe("a step that cannot be identified is refused at the place", () => {
  it.each(cases)("$title", (one) => {
    const { refusals } = stepOf(one.title)
    expect(refusals.map((r) => `${r.file}:${r.line}:${r.column} ${r.what}`)).toEqual(one.refused)
    for (const refusal of refusals) expect(refusal.fix.length).toBeGreaterThan(10)
  })
})

describe("the fix of an import that cannot be found", () => {
  it("is the command that installs a package which the importing one leaves to the project", () => {
    const fixOf = (title: string) => stepOf(title).refusals.map(({ fix }) => fix)
    expect(fixOf("a package that another one leaves to the project")).toEqual([
      "install it: npm install @lance/db@1.2.3",
    ])
    expect(fixOf("an import that cannot be found")).toEqual(["correct the import, or install the package"])
  })
})

describe("what reached code reads of its surroundings", () => {
  it("notes clock, chance, locale, time zone, files, network, processes and machine by line", () => {
    expect(stepOf("notes").notes.map((note) => `${note.line} ${note.what}`)).toEqual([
      "6 reads the clock: Date.now()",
      "7 reads the clock: new Date()",
      "8 draws at random: Math.random()",
      "9 depends on the locale: .localeCompare()",
      "10 depends on the locale: Intl.NumberFormat",
      "11 depends on the time zone: .getHours()",
      "12 uses the network: fetch()",
      "13 reads a file that no input declares: fs.readFileSync()",
      "14 starts a process: child_process.execFileSync()",
      "15 depends on the machine: os.cpus",
      "16 depends on the time zone: new Date(year, month, ...)",
    ])
  })

  it("leaves out what a comment says is not in the result, but never locale or time zone", () => {
    expect(stepOf("marked").notes.map((note) => `${note.line} ${note.what}`)).toEqual([
      "6 depends on the locale: .localeCompare()",
      "7 reads the clock: Date.now()",
    ])
  })

  it("declares environment variables however they are read by name", () => {
    expect(stepOf("env").refusals).toEqual([])
    expect(stepOf("env").env).toEqual(["ALIASED", "HOME", "IMPORTED", "LANG", "PORT", "QUOTED", "TOKEN"])
  })

  it("reads computed module-level values, and of each only the part that is used", () => {
    expect(stepOf("values").refusals).toEqual([])
    expect(stepOf("values").values.toSorted()).toEqual([
      "pipeline.ts:Level.Low",
      "pipeline.ts:Limits.high",
      "pipeline.ts:first",
      "pipeline.ts:mode",
      "pipeline.ts:second",
      "pipeline.ts:size",
      "settings.ts:settings.list.length",
      "settings.ts:settings.name",
    ])
  })

  it("needs no value for schemas, tables and other descriptions", () => {
    expect(stepOf("settled").refusals).toEqual([])
    expect(stepOf("settled").values).toEqual([])
  })
})
