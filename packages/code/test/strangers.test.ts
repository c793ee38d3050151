/** Edits that are easy to miss: each in a small project of its own, with one step. */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { applyEdits, type Edit, type Identities, identitiesOf } from "./variants.ts"

interface Case {
  readonly title: string
  readonly files: Record<string, string>
  readonly edits: ReadonlyArray<Edit>
  readonly seen: boolean
}

const step = (body: string, before = ""): string =>
  `${before}\nexport const steps = { step: (text: string) => ${body} }\n`

const seen = (title: string, files: Record<string, string>, ...edits: ReadonlyArray<Edit>): Case => ({
  title,
  files,
  edits,
  seen: true,
})
const unseen = (title: string, files: Record<string, string>, ...edits: ReadonlyArray<Edit>): Case => ({
  title,
  files,
  edits,
  seen: false,
})

const registry = "export const handlers: Record<string, (text: string) => string> = {}\n"

const cases: ReadonlyArray<Case> = [
  seen(
    "a default re-exported as default",
    {
      "pipeline.ts": step("clean(text)", 'import clean from "./index.ts"'),
      "index.ts": 'export { default } from "./a.ts"\n',
      "a.ts": "export default (text: string) => text + 1\n",
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "a default re-exported by name",
    {
      "pipeline.ts": step("clean(text)", 'import { clean } from "./index.ts"'),
      "index.ts": 'export { default as clean } from "./a.ts"\n',
      "a.ts": "export default function (text: string) { return text + 1 }\n",
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "a namespace re-exported",
    {
      "pipeline.ts": step("text_.clean(text)", 'import { text_ } from "./index.ts"'),
      "index.ts": 'export * as text_ from "./a.ts"\n',
      "a.ts": "export const clean = (text: string) => text + 1\nexport const other = 1\n",
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  unseen(
    "another member of a re-exported namespace",
    {
      "pipeline.ts": step("text_.clean(text)", 'import { text_ } from "./index.ts"'),
      "index.ts": 'export * as text_ from "./a.ts"\n',
      "a.ts": "export const clean = (text: string) => text + 1\nexport const other = 1\n",
    },
    ["a.ts", "other = 1", "other = 2"],
  ),
  seen(
    "any member of a namespace that is passed about",
    {
      "pipeline.ts": step("Object.keys(all).join(text)", 'import * as all from "./a.ts"'),
      "a.ts": "export const clean = 1\n",
    },
    ["a.ts", "clean = 1", "clean = 1\nexport const more = 2"],
  ),
  seen(
    "a member of a namespace read under a computed name",
    {
      "pipeline.ts": step("all[text as 'clean']", 'import * as all from "./a.ts"'),
      "a.ts": "export const clean = 1\n",
    },
    ["a.ts", "clean = 1", "clean = 2"],
  ),
  seen(
    "a spread namespace",
    {
      "pipeline.ts": step("({ ...all, text })", 'import * as all from "./a.ts"'),
      "a.ts": "export const clean = 1\n",
    },
    ["a.ts", "clean = 1", "clean = 2"],
  ),
  seen(
    "an import exported again by name",
    {
      "pipeline.ts": step("clean(text)", 'import { clean } from "./index.ts"'),
      "index.ts": 'import { tidy } from "./a.ts"\nexport { tidy as clean }\n',
      "a.ts": "export const tidy = (text: string) => text + 1\n",
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "a local exported as default by name",
    {
      "pipeline.ts": step("clean(text)", 'import clean from "./a.ts"'),
      "a.ts": "const clean = (text: string) => text + 1\nexport default clean\n",
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "an entry added to a record by another module",
    {
      "pipeline.ts": step(
        'handlers["a"]?.(text)',
        'import { handlers } from "./registry.ts"\nimport "./a.ts"',
      ),
      "registry.ts": registry,
      "a.ts": 'import { handlers } from "./registry.ts"\nhandlers["a"] = (text) => text + 1\n',
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "an entry added through an alias",
    {
      "pipeline.ts": step(
        'handlers["a"]?.(text)',
        'import { handlers } from "./registry.ts"\nimport "./a.ts"',
      ),
      "registry.ts": registry,
      "a.ts":
        'import { handlers } from "./registry.ts"\nconst all = handlers\nall["a"] = (text) => text + 1\n',
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "an entry added by a function that is handed the record",
    {
      "pipeline.ts": step(
        'handlers["a"]?.(text)',
        'import { handlers } from "./registry.ts"\nimport "./a.ts"',
      ),
      "registry.ts": registry,
      "add.ts":
        "export const add = (to: Record<string, unknown>, name: string, value: unknown) => { to[name] = value }\n",
      "a.ts":
        'import { handlers } from "./registry.ts"\nimport { add } from "./add.ts"\nadd(handlers, "a", (text: string) => text + 1)\n',
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "an entry added by a function whose result is kept",
    {
      "pipeline.ts": step(
        'handlers["a"]?.(text)',
        'import { handlers } from "./registry.ts"\nimport "./a.ts"',
      ),
      "registry.ts": `${registry}export const register = (name: string, f: (text: string) => string) => { handlers[name] = f; return f }\n`,
      "a.ts":
        'import { register } from "./registry.ts"\nexport const a = register("a", (text) => text + 1)\n',
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "an entry added by a class decorator",
    {
      "pipeline.ts": step(
        'made["a"] && new made["a"]().run(text)',
        'import { made } from "./registry.ts"\nimport "./a.ts"',
      ),
      "registry.ts":
        "export const made: Record<string, new () => { run(text: string): string }> = {}\nexport const register = (name: string) => (kind: new () => { run(text: string): string }, _: unknown) => { made[name] = kind }\n",
      "a.ts":
        'import { register } from "./registry.ts"\n@register("a")\nexport class A { run(text: string) { return text + 1 } }\n',
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "an entry added in a static block",
    {
      "pipeline.ts": step(
        'handlers["a"]?.(text)',
        'import { handlers } from "./registry.ts"\nimport "./a.ts"',
      ),
      "registry.ts": registry,
      "a.ts":
        'import { handlers } from "./registry.ts"\nexport class A { static { handlers["a"] = (text) => text + 1 } }\n',
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "an entry added by a static method",
    {
      "pipeline.ts": step(
        'Registry.all["a"]?.(text)',
        'import { Registry } from "./registry.ts"\nimport "./a.ts"',
      ),
      "registry.ts":
        "export class Registry { static all: Record<string, (text: string) => string> = {}\n  static add(name: string, f: (text: string) => string) { this.all[name] = f; return f } }\n",
      "a.ts":
        'import { Registry } from "./registry.ts"\nexport const a = Registry.add("a", (text) => text + 1)\n',
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "an entry added in a loop",
    {
      "pipeline.ts": step(
        'handlers["a"]?.(text)',
        'import { handlers } from "./registry.ts"\nimport "./a.ts"',
      ),
      "registry.ts": registry,
      "a.ts":
        'import { handlers } from "./registry.ts"\nfor (const name of ["a", "b"]) handlers[name] = (text) => text + name + 1\n',
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "an entry added under a condition",
    {
      "pipeline.ts": step(
        'handlers["a"]?.(text)',
        'import { handlers } from "./registry.ts"\nimport "./a.ts"',
      ),
      "registry.ts": registry,
      "a.ts":
        'import { handlers } from "./registry.ts"\nif (handlers["b"] === undefined) { handlers["a"] = (text) => text + 1 }\n',
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "an entry added by an immediately called function",
    {
      "pipeline.ts": step(
        'handlers["a"]?.(text)',
        'import { handlers } from "./registry.ts"\nimport "./a.ts"',
      ),
      "registry.ts": registry,
      "a.ts": 'import { handlers } from "./registry.ts"\n;(() => { handlers["a"] = (text) => text + 1 })()\n',
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "an entry added by a dynamically imported module",
    {
      "pipeline.ts": step(
        'import("./a.ts").then(({ x }) => handlers["a"]?.(text + x))',
        'import { handlers } from "./registry.ts"',
      ),
      "registry.ts": registry,
      "a.ts":
        'import { handlers } from "./registry.ts"\nexport const x = 1\nhandlers["a"] = (text) => text + 1\n',
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "a property put on a function",
    {
      "pipeline.ts": step("clean.suffix + clean(text)", 'import { clean } from "./a.ts"'),
      "a.ts": 'export function clean(text: string) { return text }\nclean.suffix = "1"\n',
    },
    ["a.ts", '"1"', '"2"'],
  ),
  seen(
    "a let that is assigned once more",
    {
      "pipeline.ts": step("mode + text", 'import { mode } from "./a.ts"'),
      "a.ts": 'export let mode = "a"\nmode = "b"\n',
    },
    ["a.ts", '"b"', '"c"'],
  ),
  seen(
    "a let that another module's function assigns",
    {
      "pipeline.ts": step("mode + text", 'import { mode } from "./a.ts"\nimport "./b.ts"'),
      "a.ts": 'export let mode = "a"\nexport const set = (to: string) => { mode = to }\n',
      "b.ts": 'import { set } from "./a.ts"\nset("b")\n',
    },
    ["b.ts", '"b"', '"c"'],
  ),
  seen(
    "a setting that the pipeline's own code assigns",
    {
      "pipeline.ts":
        'import { settings } from "./a.ts"\nconst build = () => { settings.min = 4; return { step: (text: string) => text.length > settings.min } }\nexport const steps = build()\n',
      "a.ts": "export const settings = { min: 3 }\n",
    },
    ["pipeline.ts", "= 4", "= 5"],
  ),
  seen(
    "a file read into a constant",
    {
      "pipeline.ts": step("words + text", 'import { words } from "./a.ts"'),
      "a.ts":
        'import { readFileSync } from "node:fs"\nimport { join } from "node:path"\nexport const words = readFileSync(join(import.meta.dirname, "words.txt"), "utf8")\n',
      "words.txt": "one",
    },
    ["words.txt", "one", "two"],
  ),
  seen(
    "an awaited value",
    {
      "pipeline.ts": step("limit + text", 'import { limit } from "./a.ts"'),
      "a.ts": "const load = async () => 1\nexport const limit = await load()\n",
    },
    ["a.ts", "=> 1", "=> 2"],
  ),
  seen(
    "a default in a pattern at module level",
    {
      "pipeline.ts": step("low + text", 'import { low } from "./a.ts"'),
      "a.ts": "const given: { low?: number } = {}\nexport const { low = 1 } = given\n",
    },
    ["a.ts", "low = 1", "low = 2"],
  ),
  seen(
    "which name of a pattern is taken",
    {
      "pipeline.ts": step("low + text", 'import { low } from "./a.ts"'),
      "a.ts": "const given = { a: 1, b: 2 }\nexport const { a: low, b: high } = given\n",
    },
    ["a.ts", "{ a: low, b: high }", "{ b: low, a: high }"],
  ),
  seen(
    "a computed property name",
    {
      "pipeline.ts": step("table[text as 'a1']", 'import { table } from "./a.ts"'),
      "a.ts": 'const key = "a"\nexport const table = { [`${key}1`]: 1 }\n',
    },
    ["a.ts", 'key = "a"', 'key = "b"'],
  ),
  seen(
    "a member of a TypeScript namespace",
    {
      "pipeline.ts": step("Text.clean(text)", 'import { Text } from "./a.ts"'),
      "a.ts": "export namespace Text { export const clean = (text: string) => text + 1 }\n",
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "an enum spread over two declarations",
    {
      "pipeline.ts": step("Level.B + text", 'import { Level } from "./a.ts"'),
      "a.ts": "export enum Level { A = 1 }\nexport enum Level { B = 2 }\n",
    },
    ["a.ts", "B = 2", "B = 3"],
  ),
  seen(
    "the name of a function that is looked at",
    {
      "pipeline.ts": step("named(clean) + text", 'import { clean, named } from "./a.ts"'),
      "a.ts": "export const named = (f: { name: string }) => f.name\nexport function clean() {}\n",
    },
    ["a.ts", "function clean", "function tidy"],
    ["a.ts", "tidy() {}", "tidy() {}\nexport { tidy as clean }"],
    ["a.ts", "export function tidy", "function tidy"],
  ),
  seen(
    "a class's name",
    {
      "pipeline.ts": step("new Oops(text).constructor.name", 'import { Oops } from "./a.ts"'),
      "a.ts": "class Oops extends Error {}\nexport { Oops }\n",
    },
    ["a.ts", "class Oops", "class Bad"],
    ["a.ts", "export { Oops }", "export { Bad as Oops }"],
  ),
  seen(
    "a CommonJS module of the project",
    {
      "pipeline.ts": step("clean(text)", 'import { clean } from "./a.cjs"'),
      "a.cjs": "exports.clean = (text) => text + 1\n",
    },
    ["a.cjs", "+ 1", "+ 2"],
  ),
  seen(
    "a module that a CommonJS module requires",
    {
      "pipeline.ts": step("clean(text)", 'import { clean } from "./a.cjs"'),
      "a.cjs": 'const b = require("./b.cjs")\nexports.clean = (text) => b.tidy(text)\n',
      "b.cjs": "exports.tidy = (text) => text + 1\n",
    },
    ["b.cjs", "+ 1", "+ 2"],
  ),
  seen(
    "a module required through createRequire",
    {
      "pipeline.ts":
        'import { createRequire } from "node:module"\nconst require = createRequire(import.meta.url)\nconst data = require("./a.json")\nexport const steps = { step: (text: string) => data.x + text }\n',
      "a.json": '{ "x": 1 }',
    },
    ["a.json", "1", "2"],
  ),
  seen(
    "a JSON file imported by name",
    {
      "pipeline.ts": step("data.list.length + text", 'import data from "./a.json" with { type: "json" }'),
      "a.json": '{ "list": [1, 2] }',
    },
    ["a.json", "[1, 2]", "[1, 2, 3]"],
  ),
  seen(
    "a worker's module",
    {
      "pipeline.ts": step('[new URL("./worker.ts", import.meta.url).pathname.length, text]'),
      "worker.ts": 'import { work } from "./work.ts"\nwork()\n',
      "work.ts": "export const work = () => 1\n",
    },
    ["work.ts", "=> 1", "=> 2"],
  ),
  seen(
    "a captured regular expression",
    {
      "pipeline.ts":
        "const build = (pattern: RegExp) => ({ step: (text: string) => pattern.test(text) })\nexport const steps = build(/a/)\n",
    },
    ["pipeline.ts", "/a/", "/b/"],
  ),
  seen(
    "a captured Map",
    {
      "pipeline.ts":
        "const build = (sizes: Map<string, number>) => ({ step: (text: string) => sizes.get(text) })\nexport const steps = build(new Map([['a', 1]]))\n",
    },
    ["pipeline.ts", "'a', 1", "'a', 2"],
  ),
  seen(
    "a captured function that is handed in",
    {
      "pipeline.ts":
        'import { clean } from "./a.ts"\nconst build = (f: (text: string) => string) => ({ step: (text: string) => f(text) })\nexport const steps = build(clean)\n',
      "a.ts": "export const clean = (text: string) => text + 1\n",
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "which function is handed in",
    {
      "pipeline.ts":
        'import { clean, tidy } from "./a.ts"\nconst build = (f: (text: string) => string) => ({ step: (text: string) => f(text) })\nexport const steps = build(clean ?? tidy)\n',
      "a.ts":
        "export const clean = (text: string) => text + 1\nexport const tidy = (text: string) => text + 2\n",
    },
    ["pipeline.ts", "clean ?? tidy", "tidy ?? clean"],
  ),
  seen(
    "what a composed function captured",
    {
      "pipeline.ts":
        'import { both } from "./a.ts"\nconst first = (text: string) => text + 1\nconst joined = both(first, (text: string) => text)\nexport const steps = { step: (text: string) => joined(text) }\n',
      "a.ts":
        "type F = (text: string) => string\nexport const both = (f: F, g: F): F => (text) => g(f(text))\n",
    },
    ["pipeline.ts", "+ 1", "+ 2"],
  ),
  seen(
    "the composing function",
    {
      "pipeline.ts":
        'import { both } from "./a.ts"\nconst first = (text: string) => text + 1\nconst joined = both(first, (text: string) => text)\nexport const steps = { step: (text: string) => joined(text) }\n',
      "a.ts":
        "type F = (text: string) => string\nexport const both = (f: F, g: F): F => (text) => g(f(text))\n",
    },
    ["a.ts", "g(f(text))", "f(g(text))"],
  ),
  seen(
    "a local of a function around the one around the step",
    {
      "pipeline.ts":
        "const outer = (a: number) => { const helper = (text: string) => text.length + a; return (b: number) => ({ step: (text: string) => helper(text) + b }) }\nexport const steps = outer(1)(2)\n",
    },
    ["pipeline.ts", "outer(1)", "outer(3)"],
  ),
  seen(
    "a captured local that a name in between hides",
    {
      "pipeline.ts":
        "const outer = (a: number) => { const helper = (text: string) => text.length + a; return (a: string) => ({ step: (text: string) => helper(text) + a }) }\nexport const steps = outer(1)('x')\n",
    },
    ["pipeline.ts", "outer(1)", "outer(3)"],
  ),
  seen(
    "`this` of a class around the step",
    {
      "pipeline.ts":
        "class Build { constructor(readonly min: number) {}\n  make() { return { step: (text: string) => text.length > this.min } } }\nexport const steps = new Build(3).make()\n",
    },
    ["pipeline.ts", "Build(3)", "Build(4)"],
  ),
  seen(
    "a static method used as a step",
    {
      "pipeline.ts":
        "class Text { static suffix = '1'; static clean(text: string) { return text + Text.suffix } }\nexport const steps = { step: Text.clean }\n",
    },
    ["pipeline.ts", "'1'", "'2'"],
  ),
  seen(
    "a package that a top-level call sets up",
    {
      "pipeline.ts": step("pack.go(text)", 'import * as pack from "pack"\nimport "./setup.ts"'),
      "setup.ts": 'import { use } from "pack"\nuse("a")\n',
      "node_modules/pack/package.json":
        '{ "name": "pack", "version": "1.0.0", "type": "module", "main": "i.js" }',
      "node_modules/pack/i.js":
        "export const used = []\nexport const use = (x) => { used.push(x) }\nexport const go = (t) => t + used\n",
    },
    ["setup.ts", '"a"', '"b"'],
  ),
  seen(
    "class fields that the compiler assigns",
    {
      "pipeline.ts": step("new A().x + text", 'import { A } from "./a.ts"'),
      "a.ts":
        "class Base { set x(_: number) {} get x() { return 5 } }\nexport class A extends Base { x = 1 }\n",
      "tsconfig.json": '{ "compilerOptions": {} }',
    },
    ["tsconfig.json", "{} }", '{ "useDefineForClassFields": false } }'],
  ),
  seen(
    "a getter of a module-level object",
    {
      "pipeline.ts": step("box.value + text", 'import { box } from "./a.ts"'),
      "a.ts": "export const box = { get value() { return 1 } }\n",
    },
    ["a.ts", "return 1", "return 2"],
  ),
  seen(
    "an async generator",
    {
      "pipeline.ts": step("all(text)", 'import { all } from "./a.ts"'),
      "a.ts": "export async function* all(text: string) { yield text + 1 }\n",
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  seen(
    "a function's generator star",
    {
      "pipeline.ts": step("all(text)", 'import { all } from "./a.ts"'),
      "a.ts": "export function* all(text: string): Generator<string> { if (text) return }\n",
    },
    ["a.ts", "function* all(text: string): Generator<string>", "function all(text: string): any"],
  ),
  seen(
    "a label that is jumped to",
    {
      "pipeline.ts": step("all(text)", 'import { all } from "./a.ts"'),
      "a.ts":
        "export function all(text: string) { a: for (;;) { b: for (;;) { if (text) break a; break b } } }\n",
    },
    ["a.ts", "break b", "continue b"],
  ),
  seen(
    "a catch clause",
    {
      "pipeline.ts": step("all(text)", 'import { all } from "./a.ts"'),
      "a.ts": "export function all(text: string) { try { return JSON.parse(text) } catch { return 1 } }\n",
    },
    ["a.ts", "return 1", "return 2"],
  ),
  seen("a decimal's last digit", { "pipeline.ts": step("0.30000000000000004 + text") }, [
    "pipeline.ts",
    "0.30000000000000004",
    "0.3",
  ]),
  seen("a letter that looks the same", { "pipeline.ts": step('"caf\u00e9" + text') }, [
    "pipeline.ts",
    "caf\u00e9",
    "cafe\u0301",
  ]),
  seen("a string moved into a neighbour", { "pipeline.ts": step('["ab", "c", text]') }, [
    "pipeline.ts",
    '"ab", "c"',
    '"a", "bc"',
  ]),
  unseen("an escape for its letter", { "pipeline.ts": step('"caf\u00e9" + text') }, [
    "pipeline.ts",
    "caf\u00e9",
    "caf\\u00e9",
  ]),
  unseen(
    "the name that a captured value bears outside",
    {
      "pipeline.ts":
        "const build = (least: number) => ({ step: (text: string) => text.length > least })\nexport const steps = build(3)\n",
    },
    ["pipeline.ts", "least: number", "minimum: number"],
    ["pipeline.ts", "> least", "> minimum"],
  ),
  unseen(
    "a value captured by another step",
    {
      "pipeline.ts":
        "const build = (a: number, b: number) => ({ other: () => b, step: (text: string) => text.length > a })\nexport const steps = build(3, 4)\n",
    },
    ["pipeline.ts", "3, 4", "3, 5"],
  ),
  unseen(
    "a log line in a module loaded for its effect",
    { "pipeline.ts": step("text", 'import "./a.ts"'), "a.ts": 'console.error("a")\n' },
    ["a.ts", '"a"', '"b"'],
  ),
  unseen(
    "a registry that the step does not reach",
    {
      "pipeline.ts": step("text", 'import "./a.ts"'),
      "registry.ts": registry,
      "a.ts": 'import { handlers } from "./registry.ts"\nhandlers["a"] = (text) => text + 1\n',
    },
    ["a.ts", "+ 1", "+ 2"],
  ),
  unseen(
    "an Effect run beside the step",
    {
      "pipeline.ts":
        'import * as Effect from "effect/Effect"\nconst clean = (text: string) => Effect.succeed(text)\nexport const steps = { step: (text: string) => clean(text) }\nvoid Effect.runPromise(Effect.sync(() => 1))\n',
    },
    ["pipeline.ts", "=> 1", "=> 2"],
  ),
  unseen(
    "an unused local module's import order",
    {
      "pipeline.ts": step("a(text) + b(text)", 'import { a } from "./a.ts"\nimport { b } from "./b.ts"'),
      "a.ts": "export const a = (text: string) => text\n",
      "b.ts": "export const b = (text: string) => text + 1\n",
    },
    [
      "pipeline.ts",
      'import { a } from "./a.ts"\nimport { b } from "./b.ts"',
      'import { b } from "./b.ts"\nimport { a } from "./a.ts"',
    ],
  ),
  seen(
    "what a function carries, written into a text",
    {
      "pipeline.ts": step("clean(text)", 'import { clean } from "./a.ts"'),
      "a.ts":
        "export const clean = (text: string) => `${text} ${clean.depth} ${String(clean.depth)}`\nclean.depth = 1\n",
    },
    ["a.ts", "depth = 1", "depth = 2"],
  ),
  unseen(
    "a property set by Reflect that nothing reads",
    {
      "pipeline.ts": step("text", 'import "./a.ts"'),
      "a.ts": 'const aside = {}\nReflect.set(aside, "least", 1)\n',
    },
    ["a.ts", '"least", 1', '"least", 2'],
  ),
  seen(
    "a function made by Effect.fn",
    {
      "pipeline.ts":
        'import * as Effect from "effect/Effect"\nimport { one } from "./a.ts"\nexport const steps = { step: Effect.fn("step")(function* () { return yield* Effect.succeed(one()) }) }\n',
      "a.ts": "export const one = () => 1\n",
    },
    ["a.ts", "=> 1", "=> 2"],
  ),
  unseen(
    "a local of a function made by Effect.fn",
    {
      "pipeline.ts":
        'import { Effect } from "effect"\nconst step = Effect.fnUntraced(function* (text: string) { const all = text; return all })\nexport const steps = { step }\n',
    },
    ["pipeline.ts", "const all = text; return all", "const every = text; return every"],
  ),
  unseen(
    "a file renamed",
    {
      "pipeline.ts": step("clean(text)", 'import { clean } from "./a.ts"'),
      "a.ts": "export const clean = (text: string) => text + 1\n",
    },
    ["a.ts", null],
    ["b.ts", "export const clean = (text: string) => text + 1\n"],
    ["pipeline.ts", "./a.ts", "./b.ts"],
  ),
  unseen(
    "an exported function renamed with its uses",
    {
      "pipeline.ts": step("clean(text)", 'import { clean } from "./a.ts"'),
      "a.ts": "export const clean = (text: string) => text + 1\n",
    },
    ["a.ts", "const clean", "const tidy"],
    ["pipeline.ts", "{ clean }", "{ tidy }"],
    ["pipeline.ts", "clean(text)", "tidy(text)"],
  ),
]

const folders = new Map<Case, readonly [before: string, after: string]>()
let found: Record<string, Identities>

const makeFolder = (files: Record<string, string>): string => {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "sluice-strangers-")))
  applyEdits(folder, Object.entries({ "package.json": '{ "name": "project", "type": "module" }', ...files }))
  const modules = path.join(folder, "node_modules")
  fs.mkdirSync(modules, { recursive: true })
  fs.symlinkSync(path.join(import.meta.dirname, "..", "node_modules", "effect"), path.join(modules, "effect"))
  return folder
}

beforeAll(() => {
  for (const one of cases) {
    const [before, after] = [makeFolder(one.files), makeFolder(one.files)]
    applyEdits(after, one.edits)
    folders.set(one, [before, after])
  }
  found = identitiesOf([...folders.values()].flat())
})

afterAll(() => {
  for (const folder of [...folders.values()].flat()) fs.rmSync(folder, { recursive: true, force: true })
})

describe("an edit that is easy to miss is seen, and one that looks like it matters is not", () => {
  for (const one of cases) {
    it(`${one.seen ? "seen" : "unseen"}: ${one.title}`, () => {
      const [before, after] = folders.get(one)!.map((folder) => found[folder]!["step"]!)
      expect(before!.print === after!.print).toBe(!one.seen)
      expect(before!.refusals).toEqual([])
    })
  }
})
