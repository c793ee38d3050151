/** Edits of code that is seldom written: each in a small project of its own, with one step. */
import type { Edit } from "./variants.ts"

export interface Case {
  readonly title: string
  readonly files: Readonly<Record<string, string>>
  readonly edits: ReadonlyArray<Edit>
  /** Whether the edit must change the step's identity. */
  readonly seen: boolean
  /** Instead of an edit: the variable that the step must be found to read. */
  readonly reads?: string
}

type Files = Readonly<Record<string, string>>

const seen = (title: string, files: Files, edits: ReadonlyArray<Edit>): Case => ({
  title,
  files,
  edits,
  seen: true,
})
const unseen = (title: string, files: Files, edits: ReadonlyArray<Edit>): Case => ({
  title,
  files,
  edits,
  seen: false,
})
const reads = (title: string, files: Files, name: string): Case => ({
  title,
  files,
  edits: [],
  seen: true,
  reads: name,
})

export const cases: ReadonlyArray<Case> = [
  seen(
    "a name that two `export *` could give",
    {
      "pipeline.ts":
        'import { c } from "./x.ts"\nexport const steps = { step: (text: any): any => c(text) }\n',
      "x.ts": 'export * from "./y.ts"\nexport * from "./z.ts"',
      "y.ts": "export const d = 1",
      "z.ts": "export const c = (t) => t + 1",
    },
    [
      ["y.ts", "d = 1", "d = 1\nexport const e = 3"],
      ["z.ts", "+ 1", "+ 2"],
    ],
  ),
  seen(
    "an export named by a string",
    {
      "pipeline.ts":
        'import { "the c" as c } from "./x.ts"\nexport const steps = { step: (text: any): any => c(text) }\n',
      "x.ts": 'const f = (t) => t + 1\nexport { f as "the c" }',
    },
    [["x.ts", "+ 1", "+ 2"]],
  ),
  seen(
    "the symbol that names a method",
    {
      "pipeline.ts":
        "import { A } from \"./a.ts\"\nexport const steps = { step: (text: any): any => new A()[Symbol.for('k')]?.(text) }\n",
      "a.ts": "const key = Symbol.for('k')\nexport class A { [key](t) { return t + 1 } }\n",
    },
    [["a.ts", "'k'", "'j'"]],
  ),
  seen(
    "what an object turns into",
    {
      "pipeline.ts":
        'import { box } from "./a.ts"\nexport const steps = { step: (text: any): any => `${box}` + text }\n',
      "a.ts": "export const box = { [Symbol.toPrimitive]() { return '1' } }\n",
    },
    [["a.ts", "'1'", "'2'"]],
  ),
  seen(
    "a private setter",
    {
      "pipeline.ts":
        'import { A } from "./a.ts"\nexport const steps = { step: (text: any): any => new A().go(text) }\n',
      "a.ts":
        "export class A { go(t) { this.#x = t; return this.#x } #v; get #x() { return this.#v + 1 } set #x(v) { this.#v = v } }\n",
    },
    [["a.ts", "this.#v = v", "this.#v = v + 'z'"]],
  ),
  seen(
    "which private field is read",
    {
      "pipeline.ts":
        'import { A } from "./a.ts"\nexport const steps = { step: (text: any): any => new A().go(text) }\n',
      "a.ts": "export class A { #a = 1; #b = 2; go(t) { return t + this.#a } }\n",
    },
    [["a.ts", "this.#a", "this.#b"]],
  ),
  seen(
    "`using` made `const`",
    {
      "pipeline.ts":
        'import { go } from "./a.ts"\nexport const steps = { step: (text: any): any => go(text) }\n',
      "a.ts":
        "export const go = (t) => { const log = []; { using r = { [Symbol.dispose]() { log.push('x') } } } return t + log.join() }\n",
    },
    [["a.ts", "using r", "const r"]],
  ),
  seen(
    "`using` made `await using`",
    {
      "pipeline.ts":
        'import { go } from "./a.ts"\nexport const steps = { step: (text: any): any => go(text) }\n',
      "a.ts":
        "export const go = async (t) => { using r = { [Symbol.dispose]() {}, [Symbol.asyncDispose]() {} }; return t }\n",
    },
    [["a.ts", "using r", "await using r"]],
  ),
  unseen(
    "the order of an expression's flags",
    { "pipeline.ts": "\nexport const steps = { step: (text: any): any => text.replace(/b/gi, '') }\n" },
    [["pipeline.ts", "/b/gi", "/b/ig"]],
  ),
  seen(
    "a big integer made a number",
    { "pipeline.ts": "\nexport const steps = { step: (text: any): any => [typeof 10n, text] }\n" },
    [["pipeline.ts", "10n", "10"]],
  ),
  seen(
    "`&&` made optional chaining",
    { "pipeline.ts": "\nexport const steps = { step: (text: any): any => text && text.length }\n" },
    [["pipeline.ts", "text && text.length", "text?.length"]],
  ),
  seen(
    "an optional call",
    { "pipeline.ts": "\nexport const steps = { step: (text: any): any => text.at(0) }\n" },
    [["pipeline.ts", "text.at(0)", "text.at?.(0)"]],
  ),
  seen(
    "parentheses that end an optional chain",
    { "pipeline.ts": "\nexport const steps = { step: (text: any): any => (text?.a).b }\n" },
    [["pipeline.ts", "(text?.a).b", "text?.a.b"]],
  ),
  seen(
    "parentheses that end an optional chain of a module's value",
    {
      "pipeline.ts":
        "const o: any = text0()\nfunction text0() { return undefined }\nexport const steps = { step: (text: any): any => (o?.a).b }\n",
    },
    [["pipeline.ts", "(o?.a).b", "o?.a.b"]],
  ),
  unseen(
    "an escaped identifier",
    {
      "pipeline.ts":
        "const abc = (t) => t + 1\nexport const steps = { step: (text: any): any => abc(text) }\n",
    },
    [["pipeline.ts", "=> abc(text)", "=> \\u0061bc(text)"]],
  ),
  unseen(
    "a letter as its surrogates",
    { "pipeline.ts": "\nexport const steps = { step: (text: any): any => '\\u{1F600}' + text }\n" },
    [["pipeline.ts", "\\u{1F600}", "\\uD83D\\uDE00"]],
  ),
  seen(
    "half a surrogate pair",
    { "pipeline.ts": "\nexport const steps = { step: (text: any): any => `\\uD83D${text}` }\n" },
    [["pipeline.ts", "\\uD83D", "\\uD83E"]],
  ),
  seen(
    "a prototype made a property",
    {
      "pipeline.ts":
        "const base = { x: 1 }\nconst o: any = { __proto__: base }\nexport const steps = { step: (text: any): any => String(o.x) + text }\n",
    },
    [["pipeline.ts", "__proto__:", '["__proto__"]:']],
  ),
  seen(
    "a prototype made a shorthand property",
    {
      "pipeline.ts":
        "const o = (__proto__: any) => ({ __proto__: __proto__ })\nexport const steps = { step: (text: any): any => Object.keys(o(text)).length }\n",
    },
    [["pipeline.ts", "({ __proto__: __proto__ })", "({ __proto__ })"]],
  ),
  unseen(
    "`as` around a namespace",
    {
      "pipeline.ts":
        'import * as all from "./a.ts"\nexport const steps = { step: (text: any): any => all.f(text) }\n',
      "a.ts": "export const f = (t) => t + 1\nexport const g = 1",
    },
    [["pipeline.ts", "all.f(text)", "(all as any).f(text)"]],
  ),
  seen(
    "a field without a value",
    {
      "pipeline.ts":
        "class A { x = 1 }\nexport const steps = { step: (text: any): any => Object.keys(new A()).length + text }\n",
    },
    [["pipeline.ts", "x = 1", "y; x = 1"]],
  ),
  seen(
    "a parameter made a property",
    {
      "pipeline.ts":
        "class A { constructor(x) {} }\nexport const steps = { step: (text: any): any => Object.keys(new A(1)).length + text }\n",
    },
    [["pipeline.ts", "constructor(x)", "constructor(readonly x)"]],
  ),
  seen(
    "a constant that an enum reads",
    {
      "pipeline.ts":
        'import { E } from "./a.ts"\nexport const steps = { step: (text: any): any => E.B + text }\n',
      "a.ts": "const base = 4\nexport const enum E { B = base }",
    },
    [["a.ts", "= 4", "= 5"]],
  ),
  seen(
    "a nested namespace's member",
    {
      "pipeline.ts":
        "namespace A.B { export const f = (t) => t + 1 }\nexport const steps = { step: (text: any): any => A.B.f(text) }\n",
    },
    [["pipeline.ts", "+ 1", "+ 2"]],
  ),
  seen(
    "a namespace merged into a function",
    {
      "pipeline.ts":
        "function f(t) { return t }\nnamespace f { export const x = 1 }\nexport const steps = { step: (text: any): any => f(text) + f.x }\n",
    },
    [["pipeline.ts", "x = 1", "x = 2"]],
  ),
  seen(
    "a namespace merged into a class",
    {
      "pipeline.ts":
        "class F {}\nnamespace F { export const x = 1 }\nexport const steps = { step: (text: any): any => F.x + text }\n",
    },
    [["pipeline.ts", "x = 1", "x = 2"]],
  ),
  seen(
    "what an alias of a namespace's member names",
    {
      "pipeline.ts":
        "namespace A { export const b = (t) => t + 1 }\nimport x = A.b\nexport const steps = { step: (text: any): any => x(text) }\n",
    },
    [["pipeline.ts", "+ 1", "+ 2"]],
  ),
  seen(
    "a class that a function makes",
    {
      "pipeline.ts":
        'import { M } from "./a.ts"\nclass C extends M(Object) {}\nexport const steps = { step: (text: any): any => new C().f(text) }\n',
      "a.ts": "export const M = (B: any) => class extends B { f(t) { return t + 1 } }",
    },
    [["a.ts", "+ 1", "+ 2"]],
  ),
  seen(
    "an argument among several, one by one",
    {
      "pipeline.ts": "const add = (a) => (b) => (t) => t + a + b\nexport const steps = { step: add(1)(2) }\n",
    },
    [["pipeline.ts", "(1)(2)", "(1)(3)"]],
  ),
  seen(
    "a captured list of functions",
    {
      "pipeline.ts":
        "const pipe = (...fs) => (x) => fs.reduce((a, f) => f(a), x)\nconst p = (n) => (t) => t + n\nexport const steps = { step: pipe(p(1), p(2)) }\n",
    },
    [["pipeline.ts", "p(2)", "p(3)"]],
  ),
  seen(
    "a Proxy's handler",
    {
      "pipeline.ts":
        "const p: any = new Proxy({}, { get: () => 1 })\nexport const steps = { step: (text: any): any => p.x + text }\n",
    },
    [["pipeline.ts", "=> 1", "=> 2"]],
  ),
  seen(
    "`for` made `for await`",
    {
      "pipeline.ts":
        'import { go } from "./a.ts"\nexport const steps = { step: (text: any): any => go(text) }\n',
      "a.ts": "export const go = async (t) => { for (const x of [Promise.resolve(1)]) t += x; return t }",
    },
    [["a.ts", "for (", "for await ("]],
  ),
  seen(
    "a tag that a namespace holds",
    {
      "pipeline.ts":
        'import * as tags from "./a.ts"\nexport const steps = { step: (text: any): any => tags.html`<${text}>` }\n',
      "a.ts": "export const html = (s, ...v) => s.raw.join('|') + v\nexport const css = 1",
    },
    [["a.ts", "'|'", "'-'"]],
  ),
  seen(
    "the raw text of a tagged template",
    { "pipeline.ts": "\nexport const steps = { step: (text: any): any => String.raw`\\u0061${text}` }\n" },
    [["pipeline.ts", "\\u0061", "a"]],
  ),
  unseen(
    "an escape in a template without a tag",
    { "pipeline.ts": "\nexport const steps = { step: (text: any): any => `\\u0061${text}` }\n" },
    [["pipeline.ts", "\\u0061", "a"]],
  ),
  unseen(
    "line ends in a tagged template",
    { "pipeline.ts": "\nexport const steps = { step: (text: any): any => String.raw`a\nb${text}` }\n" },
    [["pipeline.ts", "a\nb", "a\r\nb"]],
  ),
  seen(
    "the raw text of a tagged template without expressions",
    {
      "pipeline.ts":
        "const tag = (s, ...v) => s.raw.join() + v\nexport const steps = { step: (text: any): any => tag`\\u0061` + text }\n",
    },
    [["pipeline.ts", "\\u0061", "a"]],
  ),
  seen(
    "a file named from its folder",
    {
      "pipeline.ts":
        'import { readFileSync } from "node:fs"\nimport path from "node:path"\nexport const steps = { step: (text: any): any => readFileSync(path.join(import.meta.dirname, \'x.txt\')).length + text }\n',
      "x.txt": "1",
    },
    [["x.txt", "12"]],
  ),
  seen(
    "a JSON file that a helper requires",
    {
      "pipeline.ts":
        'import { f } from "./a.ts"\nexport const steps = { step: (text: any): any => f() + text }\n',
      "a.ts":
        'import { createRequire } from "node:module"\nconst req = createRequire(import.meta.url)\nexport const f = () => req("./d.json").x',
      "d.json": '{"x":1}',
    },
    [["d.json", "1", "2"]],
  ),
  seen(
    "the index of a folder that CommonJS requires",
    {
      "pipeline.ts":
        'import a from "./a.cjs"\nexport const steps = { step: (text: any): any => a.x + text }\n',
      "a.cjs": 'module.exports = require("./d")',
      "d/index.cjs": "x",
      "d/index.js": "exports.x=1",
      "d/package.json": '{"type":"commonjs"}',
    },
    [["d/index.js", "1", "2"]],
  ),
  seen(
    "a condition of a subpath import",
    {
      "package.json":
        '{"name":"project","type":"module","imports":{"#x":{"node":"./a.ts","default":"./b.ts"}}}',
      "pipeline.ts": 'import { f } from "#x"\nexport const steps = { step: (text: any): any => f(text) }\n',
      "a.ts": "export const f = (t) => t + 1",
      "b.ts": "export const f = (t) => t + 2",
    },
    [["package.json", '"node":', '"browser":']],
  ),
  seen(
    "a condition of a package's exports",
    {
      "pipeline.ts": 'import { f } from "pack"\nexport const steps = { step: (text: any): any => f(text) }\n',
      "node_modules/pack/package.json":
        '{"name":"pack","version":"1.0.0","type":"module","main":"i.js","exports":{".":{"node":"./i.js","default":"./j.js"}}}',
      "node_modules/pack/i.js": "export const f = (t) => t + 1",
      "node_modules/pack/j.js": "export const f = (t) => t + 2",
    },
    [["node_modules/pack/package.json", '"node":', '"browser":']],
  ),
  seen(
    "a path in an extended tsconfig",
    {
      "pipeline.ts":
        'import { f } from "@l/a.ts"\nexport const steps = { step: (text: any): any => f(text) }\n',
      "base.json": '{"compilerOptions":{"paths":{"@l/*":["./l1/*"]}}}',
      "tsconfig.json": '{"extends":"./base.json"}',
      "l1/a.ts": "export const f = (t) => t + 1",
      "l2/a.ts": "export const f = (t) => t + 2",
    },
    [["base.json", "l1", "l2"]],
  ),
  seen(
    "code of a package inside a package",
    {
      "pipeline.ts": 'import { f } from "pack"\nexport const steps = { step: (text: any): any => f(text) }\n',
      "node_modules/pack/package.json":
        '{"name":"pack","version":"1.0.0","type":"module","main":"i.js","dependencies":{"deep":"1"}}',
      "node_modules/pack/i.js": "export { g as f } from 'deep'",
      "node_modules/pack/node_modules/deep/package.json":
        '{"name":"deep","version":"1.0.0","type":"module","main":"lib/i.js"}',
      "node_modules/pack/node_modules/deep/lib/i.js": "export { g } from './x/y.js'",
      "node_modules/pack/node_modules/deep/lib/x/y.js": "export const g = (t) => t + 1",
    },
    [["node_modules/pack/node_modules/deep/lib/x/y.js", "+ 1", "+ 2"]],
  ),
  seen(
    "an optional dependency that is there now",
    {
      "pipeline.ts": 'import { f } from "pack"\nexport const steps = { step: (text: any): any => f(text) }\n',
      "node_modules/pack/package.json":
        '{"name":"pack","version":"1.0.0","type":"module","main":"i.js","optionalDependencies":{"opt":"*"}}',
      "node_modules/pack/i.js":
        "let o = 1\ntry { o = (await import('opt')).o } catch {}\nexport const f = (t) => t + o",
    },
    [
      ["node_modules/opt/package.json", '{"name":"opt","version":"1.0.0","type":"module","main":"i.js"}'],
      ["node_modules/opt/i.js", "export const o = 2"],
    ],
  ),
  seen(
    "a peer dependency",
    {
      "pipeline.ts": 'import { f } from "pack"\nexport const steps = { step: (text: any): any => f(text) }\n',
      "node_modules/pack/package.json":
        '{"name":"pack","version":"1.0.0","type":"module","main":"i.js","peerDependencies":{"peer":"*"}}',
      "node_modules/pack/i.js": "export { o as f } from 'peer'",
      "node_modules/peer/package.json": '{"name":"peer","version":"1.0.0","type":"module","main":"i.js"}',
      "node_modules/peer/i.js": "export const o = (t) => t + 1",
    },
    [["node_modules/peer/i.js", "+ 1", "+ 2"]],
  ),
  reads(
    "a variable taken from the environment by its name",
    {
      "pipeline.ts":
        "const { HF } = process.env\nexport const steps = { step: (text: any): any => HF + text }\n",
    },
    "HF",
  ),
  reads(
    "a variable in a parameter's default",
    {
      "pipeline.ts":
        "const f = (t, h = process.env.HF) => h + t\nexport const steps = { step: (text: any): any => f(text) }\n",
    },
    "HF",
  ),
  reads(
    "a variable that Config reads in a helper",
    {
      "pipeline.ts":
        'import { f } from "./a.ts"\nexport const steps = { step: (text: any): any => f() + text }\n',
      "a.ts":
        'import { Config, Effect } from "effect"\nconst c = Config.String("HF")\nexport const f = () => Effect.runSync(Effect.option(c))._tag',
    },
    "HF",
  ),
  seen(
    "a dynamic import that is passed about",
    {
      "pipeline.ts":
        "const use = async (p) => (await p).x\nexport const steps = { step: (text: any): any => use(import('./abc.ts')) }\n",
      "abc.ts": "export const x = 1",
    },
    [["abc.ts", "= 1", "= 2"]],
  ),
  seen(
    "a dynamic import that is assigned later",
    {
      "pipeline.ts":
        "const f = async () => { let m; m = await import('./abc.ts'); return m.x }\nexport const steps = { step: (text: any): any => f() }\n",
      "abc.ts": "export const x = 1",
    },
    [["abc.ts", "= 1", "= 2"]],
  ),
  seen(
    "an import that is awaited like a promise",
    {
      "pipeline.ts":
        "const f = async () => (await import('./abc.ts'))\nexport const steps = { step: (text: any): any => f() }\n",
      "abc.ts": "export const then = (r) => r(1)",
    },
    [["abc.ts", "r(1)", "r(2)"]],
  ),
  seen(
    "a package's object changed by another module",
    {
      "pipeline.ts":
        'import pack from "pack"\nimport "./patch.ts"\nexport const steps = { step: (text: any): any => pack.f(text) }\n',
      "patch.ts": 'import pack from "pack"\npack.f = (t) => t + 2',
      "node_modules/pack/package.json": '{"name":"pack","version":"1.0.0","type":"module","main":"i.js"}',
      "node_modules/pack/i.js": "export default { f: (t) => t + 1 }",
    },
    [["patch.ts", "+ 2", "+ 3"]],
  ),
  seen(
    "a package's class changed by another module",
    {
      "pipeline.ts":
        'import { A } from "pack"\nimport "./patch.ts"\nexport const steps = { step: (text: any): any => new A().f(text) }\n',
      "patch.ts": 'import { A } from "pack"\nA.prototype.f = (t) => t + 2',
      "node_modules/pack/package.json": '{"name":"pack","version":"1.0.0","type":"module","main":"i.js"}',
      "node_modules/pack/i.js": "export class A { f(t) { return t + 1 } }",
    },
    [["patch.ts", "+ 2", "+ 3"]],
  ),
  seen(
    "a package's class changed by Object.assign",
    {
      "pipeline.ts":
        'import { A } from "pack"\nimport "./patch.ts"\nexport const steps = { step: (text: any): any => new A().f(text) }\n',
      "patch.ts": 'import { A } from "pack"\nObject.assign(A.prototype, { f: (t) => t + 2 })',
      "node_modules/pack/package.json": '{"name":"pack","version":"1.0.0","type":"module","main":"i.js"}',
      "node_modules/pack/i.js": "export class A { f(t) { return t + 1 } }",
    },
    [["patch.ts", "+ 2", "+ 3"]],
  ),
  seen(
    "a package's class changed by a function that is called at once",
    {
      "pipeline.ts":
        'import { A } from "pack"\nimport "./patch.ts"\nexport const steps = { step: (text: any): any => new A().f(text) }\n',
      "patch.ts": 'import { A } from "pack"\nconst go = () => { A.prototype.f = (t) => t + 2 }\ngo()',
      "node_modules/pack/package.json": '{"name":"pack","version":"1.0.0","type":"module","main":"i.js"}',
      "node_modules/pack/i.js": "export class A { f(t) { return t + 1 } }",
    },
    [["patch.ts", "+ 2", "+ 3"]],
  ),
  seen(
    "a package set up by a call whose result is kept",
    {
      "pipeline.ts":
        'import { get } from "pack"\nimport "./patch.ts"\nexport const steps = { step: (text: any): any => get() + text }\n',
      "patch.ts": 'import { set } from "pack"\nexport const done = set(2)',
      "node_modules/pack/package.json": '{"name":"pack","version":"1.0.0","type":"module","main":"i.js"}',
      "node_modules/pack/i.js": "let n = 1\nexport const set = (k) => { n = k }\nexport const get = () => n",
    },
    [["patch.ts", "set(2)", "set(3)"]],
  ),
  seen(
    "a prototype of the language changed by another module",
    {
      "pipeline.ts": 'import "./patch.ts"\nexport const steps = { step: (text: any): any => text.zz() }\n',
      "patch.ts": "String.prototype.zz = function () { return this + 2 }",
    },
    [["patch.ts", "+ 2", "+ 3"]],
  ),
  seen(
    "one of Node's modules changed by another module",
    {
      "pipeline.ts":
        'import os from "node:os"\nimport "./patch.ts"\nexport const steps = { step: (text: any): any => os.tmpdir() + text }\n',
      "patch.ts": 'import os from "node:os"\nos.tmpdir = () => "2"',
    },
    [["patch.ts", '"2"', '"3"']],
  ),
  seen(
    "a global set under a computed name",
    {
      "pipeline.ts":
        'import "./patch.ts"\nexport const steps = { step: (text: any): any => (globalThis as any).mood + text }\n',
      "patch.ts": 'const k = "mood";(globalThis as any)[k] = 2',
    },
    [["patch.ts", "2", "3"]],
  ),
  seen(
    "the order of imports made for their effect",
    {
      "pipeline.ts":
        'import { list } from "./l.ts"\nimport "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "l.ts": "export const list = []",
      "a.ts": 'import { list } from "./l.ts"\nlist.push(1)',
      "b.ts": 'import { list } from "./l.ts"\nlist.push(2)',
    },
    [["pipeline.ts", 'import "./a.ts"\nimport "./b.ts"', 'import "./b.ts"\nimport "./a.ts"']],
  ),
  seen(
    "two arguments made one",
    {
      "pipeline.ts":
        "const f = (...a) => a.length\nexport const steps = { step: (text: any): any => f(1, 2) }\n",
    },
    [["pipeline.ts", "f(1, 2)", "f((1, 2))"]],
  ),
  seen(
    "a hole made undefined",
    {
      "pipeline.ts":
        "\nexport const steps = { step: (text: any): any => [1, , 2].length + Object.keys([1,,2]).length }\n",
    },
    [
      ["pipeline.ts", "[1, , 2]", "[1, undefined, 2]"],
      ["pipeline.ts", "[1,,2]", "[1,undefined,2]"],
    ],
  ),
  seen(
    "which `if` an `else` belongs to",
    {
      "pipeline.ts":
        "const f = (a, b) => { if (a) { if (b) return 1 } else return 2; return 3 }\nexport const steps = { step: (text: any): any => f(1, 0) }\n",
    },
    [["pipeline.ts", "if (a) { if (b) return 1 } else return 2", "if (a) if (b) return 1; else return 2"]],
  ),
  seen(
    "a line break after `return`",
    {
      "pipeline.ts": "const f = () => { return 1 }\nexport const steps = { step: (text: any): any => f() }\n",
    },
    [["pipeline.ts", "return 1", "return\n1"]],
  ),
  seen(
    "a semicolon before parentheses",
    {
      "pipeline.ts":
        "const g: any = (x) => (y) => 2\nconst f = () => { let a = g;\n(1); return typeof a }\nexport const steps = { step: (text: any): any => f() }\n",
    },
    [["pipeline.ts", "= g;\n(1)", "= g\n(1)"]],
  ),
  seen(
    "a function made a method",
    {
      "pipeline.ts":
        "const o = { f: function () {} }\nexport const steps = { step: (text: any): any => typeof o.f.prototype }\n",
    },
    [["pipeline.ts", "f: function () {}", "f() {}"]],
  ),
  seen(
    "an optional read of a captured value",
    { "pipeline.ts": "const build = (d) => ({ step: (t) => d.a.b + t })\nexport const steps = build({})\n" },
    [["pipeline.ts", "d.a.b", "d.a?.b"]],
  ),
  seen(
    "a setting changed through a namespace",
    {
      "pipeline.ts":
        'import { settings } from "./a.ts"\nimport * as a from "./a.ts"\na.settings.min = 5\nexport const steps = { step: (text: any): any => settings.min + text }\n',
      "a.ts": "export const settings = { min: 1 }",
    },
    [["pipeline.ts", "= 5", "= 6"]],
  ),
  seen(
    "a list changed through a namespace",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import * as a from "./a.ts"\na.list.push(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed through a namespace that is exported again",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "c.ts": 'export * as a from "./a.ts"',
      "b.ts": 'import { a } from "./c.ts"\na.list.push(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list of a namespace handed to a function that changes it",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import * as a from "./a.ts"\nconst add = (l, x) => { l.push(x) }\nadd(a.list, 5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a namespace handed to a function that changes a list of it",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import * as a from "./a.ts"\nconst add = (m, x) => { m.list.push(x) }\nadd(a, 5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list taken from a namespace and changed",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import * as a from "./a.ts"\nconst { list } = a\nlist.push(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed under its third name",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nconst x = list\nconst y = x\ny.push(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed under another module's name for it",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "c.ts": 'import { list } from "./a.ts"\nexport const other = list',
      "b.ts": 'import { other } from "./c.ts"\nother.push(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed as another module's property",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "c.ts": 'import { list } from "./a.ts"\nexport const all = { list }',
      "b.ts": 'import { all } from "./c.ts"\nall.list.push(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed after a function gave it",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []\nexport const get = () => list",
      "b.ts": 'import { get } from "./a.ts"\nget().push(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list taken from what a function gave, and changed",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []\nexport const get = () => ({ list })",
      "b.ts": 'import { get } from "./a.ts"\nconst { list } = get()\nlist.push(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed by a callback",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []\nexport const with_ = (f) => f(list)",
      "b.ts": 'import { with_ } from "./a.ts"\nwith_((l) => l.push(5))',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed by an instance that holds it",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []\nexport class A { l = list; add(x) { this.l.push(x) } }",
      "b.ts": 'import { A } from "./a.ts"\nnew A().add(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed by its own method, applied",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nlist.push.apply(list, [5])',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed by a method that is called on it",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nArray.prototype.push.call(list, 5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed by Reflect.apply",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nReflect.apply(list.push, list, [5])',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a property assigned by destructuring",
    {
      "pipeline.ts":
        'import { o } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => o.x + text }\n',
      "a.ts": "export const o: any = {}",
      "b.ts": 'import { o } from "./a.ts"\n;[o.x] = [5]',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a property assigned by a loop's head",
    {
      "pipeline.ts":
        'import { o } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => o.x + text }\n',
      "a.ts": "export const o: any = {}",
      "b.ts": 'import { o } from "./a.ts"\nfor (o.x of [5]) {}',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed by a tag",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []\nexport const add = (s) => { list.push(s[0]) }",
      "b.ts": 'import { add } from "./a.ts"\nadd`5`',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed in a parameter's default",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []\nexport const add = (x, y = list.push(x)) => y",
      "b.ts": 'import { add } from "./a.ts"\nadd(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed once a promise is kept",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nawait Promise.resolve(5).then((x) => list.push(x))',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed by a generator",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nfunction* g() { list.push(5) }\nfor (const _ of g()) {}',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed by a field's initialiser",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nclass A { x = list.push(5) }\nnew A()',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed by an inherited static method",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []\nexport class A { static register(x) { list.push(x) } }",
      "b.ts": 'import { A } from "./a.ts"\nclass B extends A { static { this.register(5) } }',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed in a computed key",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nexport class A { [String(list.push(5))]() {} }',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed in an `extends` clause",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []\nexport const base = (x) => { list.push(x); return class {} }",
      "b.ts": 'import { base } from "./a.ts"\nexport class A extends base(5) {}',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed by a default export's call",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nexport default list.push(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed in a namespace's body",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nexport namespace N { list.push(5); export const x = 1 }',
    },
    [["b.ts", "5", "6"]],
  ),
  reads(
    "a variable read through another module",
    {
      "pipeline.ts":
        'import { env } from "./a.ts"\nexport const steps = { step: (text: any): any => env.HF + text }\n',
      "a.ts": 'export { env } from "node:process"',
    },
    "HF",
  ),
  reads(
    "a variable of a process that another module exports",
    {
      "pipeline.ts":
        'import { proc } from "./a.ts"\nexport const steps = { step: (text: any): any => proc.env.HF + text }\n',
      "a.ts": 'export * as proc from "node:process"',
    },
    "HF",
  ),
  reads(
    "a variable in a class's field",
    {
      "pipeline.ts":
        "class A { x = process.env.HF }\nexport const steps = { step: (text: any): any => new A().x + text }\n",
    },
    "HF",
  ),
  reads(
    "a variable in a getter",
    {
      "pipeline.ts":
        "const conf = { get hf() { return process.env.HF } }\nexport const steps = { step: (text: any): any => conf.hf + text }\n",
    },
    "HF",
  ),
  reads(
    "a variable of a process that is imported dynamically",
    {
      "pipeline.ts":
        "\nexport const steps = { step: (text: any): any => import('node:process').then((p) => p.env.HF + text) }\n",
    },
    "HF",
  ),
  seen(
    "the order of a JSON file's keys",
    {
      "pipeline.ts":
        'import d from "./d.json" with { type: "json" }\nexport const steps = { step: (text: any): any => Object.keys(d).join() + text }\n',
      "d.json": '{"x": 1, "y": 2}',
    },
    [["d.json", '{"x": 1, "y": 2}', '{"y": 2, "x": 1}']],
  ),
  seen(
    "a JSON key named default",
    {
      "pipeline.ts":
        'import d from "./d.json" with { type: "json" }\nexport const steps = { step: (text: any): any => d.default.x + text }\n',
      "d.json": '{"default": {"x": 1}, "x": 5}',
    },
    [["d.json", "1", "2"]],
  ),
  seen(
    "an element of a JSON list",
    {
      "pipeline.ts":
        'import d from "./d.json" with { type: "json" }\nexport const steps = { step: (text: any): any => d.map((x) => x + 1).join() + text }\n',
      "d.json": "[1, 2]",
    },
    [["d.json", "2]", "3]"]],
  ),
  seen(
    "imported data changed by another module",
    {
      "pipeline.ts":
        'import d from "./d.json" with { type: "json" }\nimport "./b.ts"\nexport const steps = { step: (text: any): any => d.x + text }\n',
      "b.ts": 'import d from "./d.json" with { type: "json" }\nd.x = 7',
      "d.json": '{"x": 5}',
    },
    [["b.ts", "7", "8"]],
  ),
  seen(
    "imported data changed by Object.assign",
    {
      "pipeline.ts":
        'import { f } from "./f.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => f() + text }\n',
      "f.ts": 'import d from "./d.json" with { type: "json" }\nexport const f = () => d.x',
      "b.ts": 'import d from "./d.json" with { type: "json" }\nObject.assign(d, { x: 7 })',
      "d.json": '{"x": 5}',
    },
    [["b.ts", "7", "8"]],
  ),
  seen(
    "TypeScript that a package runs",
    {
      "pipeline.ts":
        'import * as f from "pack"\nexport const steps = { step: (text: any): any => f.x + text }\n',
      "node_modules/pack/package.json":
        '{"name":"pack","version":"1.0.0","type":"module","main":"i.js","exports":{".":"./i.js","./ts":"./x.ts"}}',
      "node_modules/pack/i.js": "export const x = 1",
      "node_modules/pack/x.ts": "export const y = 1",
    },
    [["node_modules/pack/x.ts", "1", "2"]],
  ),
  unseen(
    "a package's types",
    {
      "pipeline.ts":
        'import * as f from "pack"\nexport const steps = { step: (text: any): any => f.x + text }\n',
      "node_modules/pack/package.json":
        '{"name":"pack","version":"1.0.0","type":"module","main":"i.js","exports":{".":{"types":"./i.d.ts","default":"./i.js"}}}',
      "node_modules/pack/i.js": "export const x = 1",
      "node_modules/pack/i.d.ts": "export const x = 1",
    },
    [["node_modules/pack/i.d.ts", "1", "2"]],
  ),
  unseen(
    "a package's home page",
    {
      "pipeline.ts":
        'import * as f from "pack"\nexport const steps = { step: (text: any): any => f.x + text }\n',
      "node_modules/pack/package.json": '{"name":"pack","version":"1.0.0","type":"module","main":"i.js"}',
      "node_modules/pack/i.js": "export const x = 1",
    },
    [["node_modules/pack/package.json", '"version"', '"homepage":"x","version"']],
  ),
  seen(
    "data that a CommonJS file of a package requires",
    {
      "pipeline.ts":
        'import f from "pack/lib/x.js"\nexport const steps = { step: (text: any): any => f.x + text }\n',
      "node_modules/pack/package.json": '{"name":"pack","version":"1.0.0","type":"commonjs","main":"i.js"}',
      "node_modules/pack/i.js": "module.exports = 1",
      "node_modules/pack/lib/x.js": "module.exports = { x: require('../data.json').x }",
      "node_modules/pack/data.json": '{"x":1}',
    },
    [["node_modules/pack/data.json", "1", "2"]],
  ),
  seen(
    "a captured variable assigned before the step is made",
    {
      "pipeline.ts":
        "const build = () => { let n = 1; n = 2; return { step: (t) => t + n } }\nexport const steps = build()\n",
    },
    [["pipeline.ts", "n = 2", "n = 3"]],
  ),
  seen(
    "a loop's variable that is captured",
    {
      "pipeline.ts":
        "const fs = []\nfor (let i = 0; i < 3; i++) fs.push((t) => t + i)\nexport const steps = { step: fs[2] }\n",
    },
    [["pipeline.ts", "fs[2]", "fs[1]"]],
  ),
  seen(
    "what a captured class captures",
    {
      "pipeline.ts":
        "const build = (n) => { class A { v() { return n } }; return { step: (t) => t + new A().v() } }\nexport const steps = build(1)\n",
    },
    [["pipeline.ts", "build(1)", "build(2)"]],
  ),
  seen(
    "a property defined on a function",
    {
      "pipeline.ts":
        'import { f } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => f.x + text }\n',
      "a.ts": "export function f() {}",
      "b.ts": 'import { f } from "./a.ts"\nObject.defineProperty(f, "x", { value: 1 })',
    },
    [["b.ts", "value: 1", "value: 2"]],
  ),
  seen(
    "a getter defined the old way",
    {
      "pipeline.ts":
        'import { o } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => o.x + text }\n',
      "a.ts": "export const o: any = {}",
      "b.ts": 'import { o } from "./a.ts"\no.__defineGetter__("x", () => 1)',
    },
    [["b.ts", "=> 1", "=> 2"]],
  ),
  seen(
    "an element changed in a loop over values",
    {
      "pipeline.ts":
        'import { o } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => o.x.v + text }\n',
      "a.ts": "export const o: any = { x: { v: 0 } }",
      "b.ts": 'import { o } from "./a.ts"\nfor (const one of Object.values(o) as any) one.v = 1',
    },
    [["b.ts", "= 1", "= 2"]],
  ),
  seen(
    "an element that was searched for and changed",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list[0].v + text }\n',
      "a.ts": "export const list: any = [{ v: 0 }]",
      "b.ts": 'import { list } from "./a.ts"\nlist.find((x) => true).v = 1',
    },
    [["b.ts", "= 1", "= 2"]],
  ),
  seen(
    "an element taken by its place and changed",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list[0].v + text }\n',
      "a.ts": "export const list: any = [{ v: 0 }]",
      "b.ts": 'import { list } from "./a.ts"\nconst one = list.at(0)\none.v = 1',
    },
    [["b.ts", "= 1", "= 2"]],
  ),
  seen(
    "an element of a Map changed",
    {
      "pipeline.ts":
        'import { m } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => m.get(\'a\').v + text }\n',
      "a.ts": "export const m: any = new Map([['a', { v: 0 }]])",
      "b.ts": 'import { m } from "./a.ts"\nm.get("a").v = 1',
    },
    [["b.ts", "= 1", "= 2"]],
  ),
  seen(
    "an element taken apart and changed",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list[0].v + text }\n',
      "a.ts": "export const list: any = [{ v: 0 }]",
      "b.ts": 'import { list } from "./a.ts"\nconst [one] = list\none.v = 1',
    },
    [["b.ts", "= 1", "= 2"]],
  ),
  seen(
    "elements changed by a callback",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list[0].v + text }\n',
      "a.ts": "export const list: any = [{ v: 0 }]",
      "b.ts": 'import { list } from "./a.ts"\nlist.forEach((one) => { one.v = 1 })',
    },
    [["b.ts", "= 1", "= 2"]],
  ),
  seen(
    "elements changed in a loop",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list[0].v + text }\n',
      "a.ts": "export const list: any = [{ v: 0 }]",
      "b.ts": 'import { list } from "./a.ts"\nfor (const one of list) one.v = 1',
    },
    [["b.ts", "= 1", "= 2"]],
  ),
  seen(
    "a list changed as a branch of a choice",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\n;(true ? list : []).push(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed where nothing else was given",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nconst l = list ?? []\nl.push(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed after a function gave it back",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nconst id = (x) => x\nid(list).push(5)',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed as a parameter's default",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nconst f = (l = list) => l.push(5)\nf()',
    },
    [["b.ts", "5", "6"]],
  ),
  seen(
    "a list changed by a function that takes it out of a record",
    {
      "pipeline.ts":
        'import { list } from "./a.ts"\nimport "./b.ts"\nexport const steps = { step: (text: any): any => list.join() + text }\n',
      "a.ts": "export const list: any = []",
      "b.ts": 'import { list } from "./a.ts"\nconst f = ({ l, x }) => l.push(x)\nf({ l: list, x: 5 })',
    },
    [["b.ts", "5", "6"]],
  ),
]
