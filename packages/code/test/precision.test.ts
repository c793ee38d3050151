/** What a stranger may edit in a project, and which steps' identities that must change: exactly those. */
import * as fs from "node:fs"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { applyEdits, copyProject, type Edit, type Identities, identitiesOf } from "./variants.ts"

interface Case {
  readonly title: string
  readonly edits: ReadonlyArray<Edit>
  /** The steps whose identity changes; all others keep theirs. */
  readonly changes: ReadonlyArray<string>
}

const must = (title: string, changes: ReadonlyArray<string>, ...edits: ReadonlyArray<Edit>): Case => ({
  title,
  edits,
  changes,
})
const mustNot = (title: string, ...edits: ReadonlyArray<Edit>): Case => ({ title, edits, changes: [] })

const cases: ReadonlyArray<Case> = [
  // What decides a result.
  must("a helper one module away", ["clean"], ["lib/text.ts", 'join(" ")', 'join("  ")']),
  must("a helper two modules away", ["clean"], ["lib/deep/squeeze.ts", 'part !== ""', 'part !== "x"']),
  must("a constant three modules away", ["clean"], ["lib/deep/constants.ts", 'blank = " "', 'blank = "-"']),
  must("a regular expression's flags", ["clean"], ["lib/text.ts", "+/gi", "+/g"]),
  must("a default parameter", ["clean"], ["lib/text.ts", '= "NFC"', '= "NFD"']),
  must("a data file read through import.meta.url", ["clean"], ["data/stop.txt", "the", "der"]),
  must(
    "the name of that data file",
    ["clean"],
    ["data/other.txt", "x\n"],
    ["lib/text.ts", "data/stop.txt", "data/other.txt"],
  ),
  must("a captured number", ["clean"], ["pipeline.ts", "make({ min: 3", "make({ min: 4"]),
  must("the length of a captured list", ["plain"], ["pipeline.ts", '["a", "b"]', '["a", "b", "c"]']),
  must(
    "a local function that a step captures",
    ["clean"],
    ["pipeline.ts", "text.length >= options.min", "text.length > options.min"],
  ),
  must(
    "the step's own body",
    ["plain"],
    ["pipeline.ts", "row.text.length + options", "row.text.length - options"],
  ),
  must(
    "a method of an object literal",
    ["score"],
    ["pipeline.ts", "score(row.text) + Labels.size", "score(row.text) - Labels.size"],
  ),
  must("an enum member's value", ["label"], ["lib/rules.ts", "Good = 1", "Good = 7"]),
  must("the order of enum members", ["label"], ["lib/rules.ts", "Good = 1,\n  Bad,", "Bad,\n  Good = 1,"]),
  must("a property of a module-level record", ["label"], ["lib/rules.ts", "good: 3", "good: 4"]),
  must("a function in an import cycle", ["label"], ["lib/even.ts", "? false", "? true"]),
  must("the JSON property that is read", ["label"], ["lib/limits.json", "12", "13"]),
  must(
    "the target of a package.json import",
    ["label"],
    [
      "lib/rules2.ts",
      "export enum Verdict { Good = 1, Bad }\nexport const judge = (text: string) => Verdict.Good\n",
    ],
    ["package.json", "./lib/rules.ts", "./lib/rules2.ts"],
  ),
  must(
    "the target of a tsconfig path",
    ["clean", "tokens"],
    [
      "other/text.ts",
      "export const clean = (text: string) => text\nexport const describe = (word: string) => word\n",
    ],
    ["tsconfig.json", "./lib/*", "./other/*"],
  ),
  must(
    "a file that shadows another in a tsconfig path",
    ["clean", "tokens"],
    [
      "near/text.ts",
      "export const clean = (text: string) => text\nexport const describe = (word: string) => word\n",
    ],
    ["tsconfig.json", '["./lib/*"]', '["./near/*", "./lib/*"]'],
  ),
  must("a re-exported function", ["score"], ["lib/scores.ts", "* weights.length", "+ weights.length"]),
  must(
    "an export that comes before `export *`",
    ["score"],
    [
      "lib/index.ts",
      'export * from "./scores.ts"',
      'export * from "./scores.ts"\nexport const score = (text: string) => 1',
    ],
  ),
  must(
    "what a renaming re-export names",
    ["score"],
    ["lib/words.ts", "export class Words", "export class Others { static size = 5 }\nexport class Words"],
    ["lib/index.ts", "Words as Labels", "Others as Labels"],
  ),
  must("a function called through .call", ["score"], ["lib/scores.ts", '"!") ? 1', '"!") ? 2']),
  must("a static block", ["score"], ["lib/words.ts", "Words.words.length", "Words.words.length + 1"]),
  must("a static property", ["score"], ["lib/words.ts", '["one", "two"]', '["one", "two", "three"]']),
  must("a getter", ["score"], ["lib/words.ts", "words[0]!", "words[1]!"]),
  must("what is assigned to a prototype", ["score"], ["lib/words-data.ts", "=> 1", "=> 2"]),
  must(
    "a statement that patches a prototype",
    ["score"],
    ["lib/words.ts", "Object.assign(", "Words.prototype.toString = () => 'w'\nObject.assign("],
  ),
  must(
    "a prototype patched from another file",
    ["score"],
    [
      "lib/plugins.ts",
      'import { register } from "./registry.ts"',
      'import { register } from "./registry.ts"\nimport { Words } from "./words.ts"\nObject.defineProperty(Words.prototype, "last", { get: () => 9 })',
    ],
  ),
  must("a value put into a Map by another module", ["score"], ["lib/plugins.ts", "3", "4"]),
  must(
    "a second entry of that Map",
    ["score"],
    ["lib/plugins.ts", 'register("weight", 3)', 'register("weight", 3)\nregister("height", 5)'],
  ),
  must(
    "the function that fills the Map",
    ["score"],
    ["lib/registry.ts", "registry.set(name, value)", "registry.set(name, value + 1)"],
  ),
  must("a side-effect import taken away", ["score"], ["pipeline.ts", 'import "./lib/plugins.ts"\n', ""]),
  must(
    "a new side-effect import that fills the Map",
    ["score"],
    ["lib/more.ts", 'import { registry } from "./registry.ts"\nregistry.delete("weight")\n'],
    ["pipeline.ts", 'import "./lib/plugins.ts"\n', 'import "./lib/plugins.ts"\nimport "./lib/more.ts"\n'],
  ),
  must(
    "a new module that changes a global",
    ["clean", "label", "score", "link", "tokens", "plain"],
    ["lib/globals.ts", "Object.defineProperty(Array.prototype, 'mood', { value: 1, configurable: true })\n"],
    ["pipeline.ts", 'import "./lib/plugins.ts"\n', 'import "./lib/plugins.ts"\nimport "./lib/globals.ts"\n'],
  ),
  must(
    "a side-effect import of a package",
    ["clean", "label", "score", "link", "tokens", "plain"],
    ["pipeline.ts", 'import "./lib/plugins.ts"\n', 'import "./lib/plugins.ts"\nimport "polyfill"\n'],
  ),
  must("a dynamically imported function", ["link"], ["lib/lazy.ts", "slice(0, 20)", "slice(0, 10)"]),
  must("a workspace package's helper", ["link"], ["local/src/greet.ts", '"hi"', '"hello"']),
  must(
    "a workspace package's entry",
    ["link"],
    ["local/src/other.ts", "export const greet = (name: string) => name\n"],
    ["local/package.json", "./src/index.ts", "./src/other.ts"],
  ),
  must(
    "the environment variable that is read",
    ["link"],
    ["pipeline.ts", "process.env.SITE_ROOT", "process.env.SITE_BASE"],
  ),
  must(
    "a package's version",
    ["link"],
    ["node_modules/slug/package.json", "1.0.0", "1.0.1"],
    ["pnpm-lock.yaml", "slug@1.0.0:\n    resolution", "slug@1.0.1:\n    resolution"],
  ),
  must("a package's integrity in the lockfile", ["link"], ["pnpm-lock.yaml", "sha512-AAAA", "sha512-ZZZZ"]),
  must(
    "the integrity of a package that it depends on",
    ["link"],
    ["pnpm-lock.yaml", "sha512-BBBB", "sha512-ZZZZ"],
  ),
  must("a file of a package, edited in place", ["link"], ["node_modules/slug/slug.js", '"-")', '"_")']),
  must(
    "a file of a package below it, edited in place",
    ["link"],
    ["node_modules/dep/index.js", "toLowerCase", "toUpperCase"],
  ),
  must(
    "a patch recorded in the lockfile",
    ["link"],
    [
      "pnpm-lock.yaml",
      "importers:",
      "patchedDependencies:\n  slug@1.0.0:\n    hash: abcdef\n    path: patches/slug.patch\n\nimporters:",
    ],
  ),
  must("a generator method", ["tokens"], ["lib/model.ts", "yield word", "yield `${word}.`"]),
  must("a private field", ["tokens"], ["lib/model.ts", '#separator = " "', '#separator = ","']),
  must(
    "a parameter property's default",
    ["tokens"],
    ["lib/model.ts", "least: number = 1", "least: number = 2"],
  ),
  must(
    "a parameter property made a plain parameter",
    ["tokens"],
    ["lib/model.ts", "private readonly least", "least"],
  ),
  must("an inherited method", ["tokens"], ["lib/model.ts", "toLowerCase", "toUpperCase"]),
  must(
    "a decorator's function",
    ["tokens"],
    ["lib/model.ts", "value.call(this, value.call(this, text))", "value.call(this, text)"],
  ),
  must("a decorator taken away", ["tokens"], ["lib/model.ts", "  @twice\n", ""]),
  must("a template tag", ["tokens"], ["lib/text.ts", "strings.raw.map", "strings.map"]),
  must("a template's text", ["tokens"], ["lib/text.ts", "word:$", "term:$"]),
  must(
    "a class's superclass",
    ["tokens"],
    ["lib/model.ts", "Tokenizer extends Base {", "Tokenizer extends Loud {"],
    [
      "lib/model.ts",
      "export class Tokenizer",
      "class Loud extends Base {\n  readonly kind = 'loud'\n  override lower(text: string) { return text.toUpperCase() }\n}\nexport class Tokenizer",
    ],
  ),
  must(
    "arguments swapped",
    ["clean"],
    ["lib/text.ts", 'replace(pattern, " ")', 'replace(" ", pattern as never)'],
  ),
  must(
    "an import bound to another export",
    ["link"],
    ["pipeline.ts", "const { shorten } =", "const { lengthen: shorten } ="],
  ),
  must(
    "a local that shadows a helper",
    ["clean"],
    ["lib/text.ts", "const normal =", "const squeeze = (text: string) => text\n  const normal ="],
  ),
  must(
    "an operator's precedence by parentheses",
    ["label"],
    ["lib/odd.ts", "count === 0 ? true : isOdd(count - 1)", "count === (0 ? true : isOdd(count - 1))"],
  ),
  must("an await", ["link"], ["pipeline.ts", "await import", "import"]),
  must("optional chaining", ["clean"], ["lib/text.ts", "text.normalize(form)", "text?.normalize(form)"]),
  must(
    "a computed default export's file",
    ["plain"],
    ["lib/flag.ts", "export default Number('4')\n"],
    ["pipeline.ts", "row.text.length + options", "row.text.length + flag + options"],
    [
      "pipeline.ts",
      'import "./lib/plugins.ts"\n',
      'import "./lib/plugins.ts"\nimport flag from "./lib/flag.ts"\n',
    ],
  ),

  // What decides nothing.
  mustNot("a comment", ["lib/text.ts", "// Normal form first.", "// First, the normal form.\n  // Always."]),
  mustNot("a documentation comment", ["pipeline.ts", "/** Reaches nothing of the above. */", ""]),
  mustNot("indentation and line breaks", [
    "lib/deep/squeeze.ts",
    'text.split(blank).filter(isWord).join(" ")',
    'text\n        .split(blank)\n    .filter(isWord)\n  .join(" ")',
  ]),
  mustNot("Windows line ends", [
    "lib/deep/squeeze.ts",
    'import { blank } from "./constants.ts"\r\n\r\nexport const squeeze = (text: string): string => text.split(blank).filter(isWord).join(" ")\r\n\r\nconst isWord = (part: string): boolean => part !== ""\r\n',
  ]),
  mustNot("single quotes", ["lib/deep/constants.ts", '" "', "' '"]),
  mustNot("a template without holes for a string", ["lib/deep/constants.ts", '" "', "` `"]),
  mustNot("semicolons", ["lib/deep/constants.ts", 'blank = " "', 'blank = " ";;']),
  mustNot("parentheses", ["lib/deep/squeeze.ts", 'part !== ""', '((part) !== (""))']),
  mustNot("trailing commas", ["lib/rules.ts", "bad: 1 }", "bad: 1, }"]),
  mustNot("quoted keys", ["lib/rules.ts", "good: 3", '"good": 3']),
  mustNot("braces around one statement", [
    "lib/rules.ts",
    "{\n    return Verdict.Good\n  }",
    "return Verdict.Good",
  ]),
  mustNot("a number written otherwise", ["lib/rules.ts", "good: 3", "good: 0x3"]),
  mustNot("a renamed parameter", [
    "lib/deep/squeeze.ts",
    'part: string): boolean => part !== ""',
    'word: string): boolean => word !== ""',
  ]),
  mustNot(
    "a renamed local",
    ["lib/text.ts", "const normal =", "const composed ="],
    ["lib/text.ts", "normal.replace", "composed.replace"],
  ),
  mustNot(
    "a renamed local function",
    ["pipeline.ts", "const longEnough =", "const isLong ="],
    ["pipeline.ts", "longEnough(clean", "isLong(clean"],
  ),
  mustNot(
    "a renamed module-level helper",
    ["lib/deep/squeeze.ts", "filter(isWord)", "filter(notBlank)"],
    ["lib/deep/squeeze.ts", "const isWord", "const notBlank"],
  ),
  mustNot(
    "a renamed import",
    ["pipeline.ts", "{ clean, describe as describeText }", "{ clean, describe as say }"],
    ["pipeline.ts", "describeText(token)", "say(token)"],
  ),
  mustNot("a type annotation", ["lib/deep/squeeze.ts", "(part: string): boolean", "(part)"]),
  mustNot("an interface", [
    "lib/types.ts",
    "readonly text: string",
    "readonly text: string\n  readonly id?: number",
  ]),
  mustNot("a cast", ["lib/deep/constants.ts", '" "', '" " as string']),
  mustNot("`satisfies` and `as const`", ["lib/rules.ts", "bad: 1 }", "bad: 1 } as const satisfies object"]),
  mustNot("a non-null assertion", ["lib/words.ts", "words[0]!", "words[0]"]),
  mustNot("a type parameter", [
    "lib/lazy.ts",
    "shorten = (text: string)",
    "shorten = <T extends string>(text: T)",
  ]),
  mustNot("an overload", [
    "lib/text.ts",
    "export function clean(text: string, form:",
    "export function clean(text: string): string\nexport function clean(text: string, form?: 'NFC' | 'NFD'): string\nexport function clean(text: string, form:",
  ]),
  mustNot("access modifiers", ["lib/model.ts", "protected lower", "public lower"]),
  mustNot("an abstract member", [
    "lib/model.ts",
    "abstract readonly kind: string",
    "abstract readonly kind: string\n  abstract size?: number",
  ]),
  mustNot("a declared global", [
    "lib/types.ts",
    "export interface",
    "declare global {\n  var mood: string\n}\nexport interface",
  ]),
  mustNot("a type-only import", [
    "lib/lazy.ts",
    "export const shorten",
    'import type { Row } from "./types.ts"\nexport type Alias = Row\nexport const shorten',
  ]),
  mustNot("an import that only types use", [
    "lib/lazy.ts",
    "export const shorten",
    'import { Tokenizer } from "./model.ts"\nexport type Alias = Tokenizer\nexport const shorten',
  ]),
  mustNot("an unrelated export of a file", ["lib/text.ts", "text.toUpperCase()", 'text.toUpperCase() + "!"']),
  mustNot("a new export", [
    "lib/text.ts",
    "export const neverUsed",
    "export const fresh = 1\nexport const neverUsed",
  ]),
  mustNot("a removed export", ["lib/deep/constants.ts", "\nexport const unusedConstant = 42\n", ""]),
  mustNot("an unrelated export of a dynamically imported file", [
    "lib/lazy.ts",
    "${text}${text}",
    "${text}+${text}",
  ]),
  mustNot("an unrelated export of a workspace package", ["local/src/index.ts", '"hello"', '"good day"']),
  mustNot("an unrelated member of a namespace import", [
    "lib/rules.ts",
    "notJudged = () => Verdict.Good",
    "notJudged = () => Verdict.Bad",
  ]),
  mustNot("an unrelated property of a JSON file", ["lib/limits.json", "80", "81"]),
  mustNot("the format of a JSON file", ["lib/limits.json", '{\n  "words":   12,\n\n  "letters": 80\n}\n']),
  mustNot(
    "an unrelated package",
    ["node_modules/other/index.js", "=> 3", "=> 4"],
    ["pnpm-lock.yaml", "sha512-CCCC", "sha512-DDDD"],
  ),
  mustNot(
    "a package's documentation and types",
    ["node_modules/slug/README.md", "# slug\n"],
    ["node_modules/slug/slug.d.ts", "export declare const slug: (text: string) => string\n"],
  ),
  mustNot("an unrelated class of a file", ["lib/model.ts", "this.count += 1", "this.count += 2"]),
  mustNot("an unrelated captured property", ["pipeline.ts", "max: 10", "max: 11"]),
  mustNot(
    "the order of declarations",
    ["lib/rules.ts", "export const thresholds = { good: 3, bad: 1 }\n", ""],
    [
      "lib/rules.ts",
      "export const notJudged",
      "export const thresholds = { good: 3, bad: 1 }\nexport const notJudged",
    ],
  ),
  mustNot(
    "the order of imports",
    ["pipeline.ts", 'import { registry } from "./lib/registry.ts"\n', ""],
    [
      "pipeline.ts",
      'import { slug } from "slug"\n',
      'import { slug } from "slug"\nimport { registry } from "./lib/registry.ts"\n',
    ],
  ),
  mustNot(
    "a helper moved to another file",
    ["lib/deep/squeeze.ts", '\nconst isWord = (part: string): boolean => part !== ""\n', ""],
    ["lib/deep/words.ts", 'export const isWord = (part: string): boolean => part !== ""\n'],
    ["lib/deep/squeeze.ts", "import {", 'import { isWord } from "./words.ts"\nimport {'],
  ),
  mustNot(
    "a namespace import for a named one",
    ["lib/deep/squeeze.ts", "import { blank } from", "import * as constants from"],
    ["lib/deep/squeeze.ts", "split(blank)", "split(constants.blank)"],
  ),
  mustNot("let for const", ["lib/text.ts", "const normal =", "let normal ="]),
  mustNot("an expression body for a block", [
    "lib/even.ts",
    "=> (count === 0 ? false : isEven(count - 1))",
    "=> {\n  return count === 0 ? false : isEven(count - 1)\n}",
  ]),
  mustNot("an unrelated environment variable", [
    "pipeline.ts",
    "unrelated = () => other()",
    "unrelated = () => process.env.OTHER + other()",
  ]),
  mustNot("a log line at top level", [
    "lib/rules.ts",
    "export const notJudged",
    'console.error("rules loaded")\nexport const notJudged',
  ]),
  mustNot("a new step beside the others", [
    "pipeline.ts",
    "    /** Reaches nothing",
    "    fresh: (row: Row) => row.text,\n    /** Reaches nothing",
  ]),
  mustNot("a file that nothing imports", [
    "lib/loose.ts",
    'import { registry } from "./registry.ts"\nregistry.clear()\n',
  ]),
]

const names = ["clean", "label", "score", "link", "tokens", "plain"]
const folders = new Map<Case, string>()
let before: Identities
let after: Record<string, Identities>
let base: string

beforeAll(() => {
  base = copyProject()
  for (const one of cases) {
    const folder = copyProject()
    folders.set(one, folder)
    applyEdits(folder, one.edits)
  }
  after = identitiesOf([base, ...folders.values()])
  before = after[base]!
})

afterAll(() => {
  for (const folder of [base, ...folders.values()]) fs.rmSync(folder, { recursive: true, force: true })
})

describe("an edit that decides a result changes the identity of the steps that reach it, and of no other", () => {
  it.each(cases.filter((c) => c.changes.length > 0))("$title", (one) => {
    const found = after[folders.get(one)!]!
    expect(names.filter((name) => found[name]!.print !== before[name]!.print)).toEqual(one.changes)
  })
})

describe("an edit that decides nothing changes no identity", () => {
  it.each(cases.filter((c) => c.changes.length === 0))("$title", (one) => {
    const found = after[folders.get(one)!]!
    expect(names.filter((name) => found[name]!.print !== before[name]!.print)).toEqual([])
  })
})

describe("a project as it stands", () => {
  it("is refused nowhere", () => {
    for (const name of names) expect(before[name]!.refusals).toEqual([])
  })

  it("is the same in another folder", () => {
    const elsewhere = after[folders.get(cases.find((c) => c.title === "a comment")!)!]!
    for (const name of names) expect(elsewhere[name]!.print).toBe(before[name]!.print)
  })
})
