/**
 * Edits that a stranger would try on the shop, each with the steps that must execute again after it, exactly these, and
 * the root cause that `why` has to name. An edit after which nothing has to execute names no step.
 */
import { type Edit, given, inPackage, of, rewrite, short, touch, write } from "./Edit.ts"

const { must, mustNot } = of("shop")

type Step = "collect" | "clean" | "enrich" | "score" | "summarise"
const all: ReadonlyArray<Step> = ["collect", "clean", "enrich", "score", "summarise"]
const fromClean: ReadonlyArray<Step> = ["clean", "enrich", "score", "summarise"]
const fromEnrich: ReadonlyArray<Step> = ["enrich", "score", "summarise"]
const fromScore: ReadonlyArray<Step> = ["score", "summarise"]

export const edits: ReadonlyArray<Edit> = [
  // ── functions and constants ────────────────────────────────────────────────────────────────────────────────────────
  short(
    must("helper three modules away", ["clean"], /^isWord in lib\/deep\/words\.ts changed/, [
      "lib/deep/words.ts",
      ">= least",
      "> least",
    ]),
  ),
  short(
    must("constant four modules away", fromClean, /^least in lib\/deep\/constants\.ts/, [
      "lib/deep/constants.ts",
      "least = 1",
      "least = 5",
    ]),
  ),
  must("the step's own body", ["score"], /^run(?: of score)? in steps\/score\.ts changed|^score/, [
    "steps/score.ts",
    '(registry.get("bonus") ?? 0)',
    '(registry.get("bonus") || 0)',
  ]),
  must("a default parameter", ["clean"], /^clean in lib\/text\.ts changed/, [
    "lib/text.ts",
    '= "NFC"',
    '= "NFD"',
  ]),
  must("a regular expression's flag", ["clean", "enrich", "score"], /^punctuation in lib\/text\.ts/, [
    "lib/text.ts",
    "[.,!?]+/g",
    "[.,!?]+/",
  ]),
  must("a module-level record", fromScore, /^weights in lib\/weigh\.ts/, [
    "lib/weigh.ts",
    "good: 2",
    "good: 4",
  ]),
  must("a record frozen", ["score"], /weights in lib\/weigh\.ts/, [
    "lib/weigh.ts",
    "{ great: 3, good: 2, bad: -2, awful: -3 }",
    "Object.freeze({ great: 3, good: 2, bad: -2, awful: -3 })",
  ]),
  must("nullish made or", ["enrich"], /^run(?: of enrich)? in steps\/enrich\.ts|^enrich/, [
    "steps/enrich.ts",
    "?.tax ?? 0",
    "?.tax || 0",
  ]),
  must("optional chaining added", ["enrich"], /enrich/, [
    "steps/enrich.ts",
    "row.words.length}",
    "row.words?.length}",
  ]),
  must("a function made async", ["enrich"], /enrich/, [
    "steps/enrich.ts",
    "() => import(",
    "async () => import(",
  ]),
  must("loose equality", ["clean"], /^isLong in lib\/limits\.ts/, [
    "lib/limits.ts",
    'letter === " "',
    'letter == " "',
  ]),
  must("a nested label jumped to", ["clean"], /^isLong in lib\/limits\.ts/, [
    "lib/limits.ts",
    "continue count",
    "break count",
  ]),
  must("a template made a sum", ["summarise"], /^heading in lib\/layout\.ts/, [
    "lib/layout.ts",
    "`# ${title}`",
    '"# " + title',
  ]),
  must("a local that shadows a helper", fromClean, /^clean in lib\/text\.ts/, [
    "lib/text.ts",
    "const normal =",
    "const squeeze = (text: string): string => text\n  const normal =",
  ]),
  short(
    must("default export swapped", ["summarise"], /render|footer/, [
      "lib/render.ts",
      "export default function render",
      "export default (title: string, _: ReadonlyArray<string>): string => title\nexport function render",
    ]),
  ),
  must(
    "the same name imported from another module",
    fromEnrich,
    /money in lib\/euro\.ts|round in lib\/floors\.ts/,
    write("lib/floors.ts", "export const round = (value: number): number => Math.floor(value)\n"),
    ["lib/euro.ts", "./numbers.ts", "./floors.ts"],
  ),
  must("a namespace member", ["summarise"], /^item in lib\/layout\.ts/, [
    "lib/layout.ts",
    "`* ${line}`",
    "`- ${line}`",
  ]),
  must("a helper that two steps share", fromEnrich, /^round in lib\/numbers\.ts/, [
    "lib/numbers.ts",
    "Math.round(value)",
    "Math.ceil(value + 1)",
  ]),

  // ── enums, classes, what is done to bindings ───────────────────────────────────────────────────────────────────────
  short(
    must("an enum member's value", fromScore, /^Verdict in lib\/verdict\.ts/, [
      "lib/verdict.ts",
      "Good = 9",
      "Good = 8",
    ]),
  ),
  must("enum members' order", fromScore, /^Verdict in lib\/verdict\.ts/, [
    "lib/verdict.ts",
    "Bad = 0,\n  Fair,",
    "Fair,\n  Bad,",
  ]),
  must("a namespace merged into an enum", ["score"], /Verdict/, [
    "lib/verdict.ts",
    "const bounds",
    "export namespace Verdict {\n  export const worst = 0\n}\nconst bounds",
  ]),
  must("a getter's body", fromScore, /^Tally in lib\/tally\.ts/, [
    "lib/tally.ts",
    "round(this.#words.length)",
    "round(this.#words.length) + 1",
  ]),
  must("a getter added", ["score"], /^Tally in lib\/tally\.ts/, [
    "lib/tally.ts",
    "  get length()",
    "  get size(): number {\n    return 0\n  }\n  get length()",
  ]),
  short(
    must("a static block", fromScore, /^Tally in lib\/tally\.ts/, [
      "lib/tally.ts",
      "Tally.factor = 0.5",
      "Tally.factor = 1",
    ]),
  ),
  must("Symbol.iterator", fromScore, /^Tally in lib\/tally\.ts/, [
    "lib/tally.ts",
    "yield* this.#words",
    "yield* this.#words.slice(1)",
  ]),
  must("a method put on a prototype", ["score"], /Tally|tally\.ts/, ["lib/tally.ts", '?? ""', '?? "none"']),
  must(
    "a prototype patched in another module",
    fromScore,
    /Tally|patch\.ts/,
    write(
      "lib/patch.ts",
      'import { Tally } from "./tally.ts"\nObject.defineProperty(Tally.prototype, "length", { get: () => 7 })\n',
    ),
    [
      "lib/plugins.ts",
      'import { register } from "./registry.ts"',
      'import "./patch.ts"\nimport { register } from "./registry.ts"',
    ],
  ),
  short(
    must("a Map filled by another module", fromScore, /registry|plugins\.ts/, [
      "lib/plugins.ts",
      '"bonus", 1',
      '"bonus", 2',
    ]),
  ),
  must("a Map filled twice", fromScore, /registry|plugins\.ts/, [
    "lib/plugins.ts",
    'register("bonus", 1)',
    'register("bonus", 1)\nregister("bonus", 5)',
  ]),
  must("the function that fills the Map", fromScore, /regist/, [
    "lib/registry.ts",
    "registry.set(name, value)",
    "registry.set(name, value * 3)",
  ]),
  short(
    must("a side-effect import taken away", fromScore, /registry|plugins\.ts/, [
      "pipeline.ts",
      'import "./lib/plugins.ts"\n',
      "",
    ]),
  ),
  must(
    "a side-effect import that changes the Map",
    fromScore,
    /registry|more\.ts/,
    write("lib/more.ts", 'import { registry } from "./registry.ts"\nregistry.clear()\n'),
    ["pipeline.ts", 'import "./lib/plugins.ts"', 'import "./lib/plugins.ts"\nimport "./lib/more.ts"'],
  ),
  given(
    must(
      "a module that changes a global",
      all,
      /globals\.ts|Array/,
      write("lib/globals.ts", "Object.defineProperty(Array.prototype, 'mood', { value: 1 })\n"),
      ["pipeline.ts", 'import "./lib/plugins.ts"', 'import "./lib/plugins.ts"\nimport "./lib/globals.ts"'],
    ),
    { global: true },
  ),
  must("the prototype patched before it is used, and after", fromScore, /Tally|tally\.ts/, [
    "lib/tally.ts",
    "Tally.prototype.last =",
    "Object.assign(Tally, { factor: 3 })\nTally.prototype.last =",
  ]),

  // ── captured values and params ─────────────────────────────────────────────────────────────────────────────────────
  short(
    must("a captured number", ["summarise"], /options|places/, ["pipeline.ts", "places: 1", "places: 2"]),
  ),
  must("a captured Map", ["summarise"], /options|marks/, ["pipeline.ts", '["low", "-"]', '["low", "!"]']),
  must("a captured Map's order", ["summarise"], /options|marks/, [
    "pipeline.ts",
    '[["low", "-"]]',
    '[["zero", "0"], ["low", "-"]]',
  ]),
  must("a function in the config", fromEnrich, /format|pipeline\.ts/, [
    "pipeline.ts",
    "${price} net",
    "${price} gross",
  ]),
  short(given(must("a param set", fromClean, /^minWords: 2 -> 3/), { args: ["--set", "minWords=3"] })),
  given(must("a param that one step reads", ["summarise"], /^title: "Reviews" -> "R"/), {
    args: ["--set", "title=R"],
  }),
  must("a param's default", fromClean, /^minWords: 2 -> 3/, [
    "pipeline.ts",
    "withDefault(2)",
    "withDefault(3)",
  ]),
  must("a literal in place of a param", fromClean, /minWords: 2 -> 3/, [
    "pipeline.ts",
    "minWords: params.minWords",
    "minWords: 3",
  ]),

  // ── declarations of steps ──────────────────────────────────────────────────────────────────────────────────────────
  must("a column's type", ["collect", "clean"], /^collect: declares/, [
    "steps/tables.ts",
    "price: Table.int32 }) {}\nexport class Cleaned",
    "price: Table.float64 }) {}\nexport class Cleaned",
  ]),
  must("the order of columns", ["enrich", "score"], /^enrich: declares/, [
    "steps/tables.ts",
    "link: Table.utf8, tax: Table.float64,",
    "tax: Table.float64, link: Table.utf8,",
  ]),
  must("a declared version", ["score"], /^score: version/, [
    "steps/score.ts",
    'name: "score",',
    'name: "score",\n  version: "2",',
  ]),
  given(
    must("a declared variable that is set", ["score"], /MODE/, [
      "steps/score.ts",
      'name: "score",',
      'name: "score",\n  env: ["MODE"],',
    ]),
    { env: { MODE: "1" } },
  ),
  must("a definition's name", ["score"], /score: uses/, ["steps/score.ts", 'name: "score"', 'name: "rate"']),
  mustNot("a use's name", ["pipeline.ts", 'step("score"', 'step("rate"']),
  mustNot("a param that nobody reads", [
    "pipeline.ts",
    "      minWords:",
    "      spare: Schema.Int.pipe(Pipeline.withDefault(1)),\n      minWords:",
  ]),
  mustNot("a step asked to be tried again", [
    "steps/score.ts",
    'name: "score",',
    'name: "score",\n  retries: 1,',
  ]),

  // ── modules and resolution ─────────────────────────────────────────────────────────────────────────────────────────
  short(
    must(
      "a tsconfig path's target",
      fromClean,
      /clean/,
      write("lib2/text.ts", 'export const clean = (text: string) => text.split(" ")\n'),
      ["tsconfig.json", "./lib/*", "./lib2/*"],
    ),
  ),
  short(
    must("a package.json import's target", fromEnrich, /money/, ["package.json", "euro.ts", "dollar.ts"]),
  ),
  must("an export that comes before `export *`", fromScore, /judge/, [
    "lib/index.ts",
    'export * from "./tally.ts"',
    'export * from "./tally.ts"\nexport const judge = (): number => 1',
  ]),
  short(
    must("a dynamically imported function", fromEnrich, /^longest in lib\/lazy\.ts/, [
      "lib/lazy.ts",
      "longest = 24",
      "longest = 20",
    ]),
  ),
  must(
    "a dynamic import's target",
    fromEnrich,
    /enrich|shorten/,
    ["steps/enrich.ts", 'import("../lib/lazy.ts")', 'import("../lib/short.ts")'],
    write("lib/short.ts", "export const shorten = (text: string): string => text.slice(0, 5)\n"),
  ),
  must("a helper behind a symbolic link", ["clean"], /isWord/, (project) => {
    project.rename("lib/deep/words.ts", "lib/deep/real.ts")
    project.link("real.ts", "lib/deep/words.ts")
    project.replace("lib/deep/real.ts", ">= least", "> least")
  }),
  must("a workspace package's helper", fromEnrich, /plural/, [
    "packages/words/src/plural.ts",
    "${word}s",
    "${word}es",
  ]),
  must("a file read through import.meta.url", fromClean, /stop/, ["data/stop.txt", "the\n", ""]),
  must(
    "the end of that file's lines",
    fromClean,
    /stop/,
    rewrite("data/stop.txt", (text) => text.replaceAll("\n", "\r\n")),
  ),
  must("the order of that file's lines", ["clean"], /stop/, ["data/stop.txt", "the\na\n", "a\nthe\n"]),

  // ── JSON imports ───────────────────────────────────────────────────────────────────────────────────────────────────
  short(must("a value of a JSON import", fromEnrich, /regions/, ["lib/regions.json", "0.5", "1.5"])),
  must("a key added to a JSON import", fromEnrich, /regions/, [
    "lib/regions.json",
    '"south": { "tax": 0.25 }',
    '"south": { "tax": 0.25 },\n    "east": { "tax": 2 }',
  ]),
  mustNot("a JSON property that nobody reads", ["lib/regions.json", "last year", "this year"]),
  mustNot(
    "a JSON import's formatting",
    rewrite("lib/regions.json", (text) => JSON.stringify(JSON.parse(text))),
  ),

  // ── npm packages ───────────────────────────────────────────────────────────────────────────────────────────────────
  short(
    must(
      "a package's version",
      ["enrich"],
      /^package slug: 1\.0\.0 -> 1\.0\.1/,
      inPackage("slug", "package.json", (text) => text.replace('"1.0.0"', '"1.0.1"')),
      (project) => project.relock("slug", "1.0.1"),
    ),
  ),
  must(
    "a package edited in place",
    fromEnrich,
    /^package slug 1\.0\.0: its files changed/,
    inPackage("slug", "index.js", (text) => text.replace("text.trim()", "text.trim().slice(1)")),
  ),
  must(
    "a package below a package, edited in place",
    fromEnrich,
    /^package dashes 1\.0\.0: its files changed/,
    inPackage("dashes", "index.js", (text) =>
      text.replace("+/gi", "/gi").replace(", mark)", ", mark + mark)"),
    ),
  ),
  short(
    must(
      "a data file inside a package",
      fromEnrich,
      /^package dashes 1\.0\.0: its files changed/,
      inPackage("dashes", "marks.tsv", () => "_\tlow line\n"),
    ),
  ),
  must("a package's integrity in the lockfile", ["enrich"], /^package dashes 1\.0\.0/, (project) =>
    project.relock("dashes", "1.0.0"),
  ),
  must(
    "a package's entry",
    fromEnrich,
    /^package slug 1\.0\.0/,
    (project) =>
      project.write(`${project.installed("slug")}/second.js`, "export const slug = (text) => text\n"),
    inPackage("slug", "package.json", (text) => text.replace("./index.js", "./second.js")),
  ),
  short(
    mustNot(
      "a version of a package that no step reaches",
      inPackage("other", "package.json", (text) => text.replace('"1.0.0"', '"2.0.0"')),
      (project) => project.relock("other", "2.0.0"),
    ),
  ),
  mustNot(
    "a package that no step reaches, edited in place",
    inPackage("other", "index.js", (text) => text.replace("1", "2")),
  ),
  mustNot(
    "a package's documentation and types",
    inPackage("slug", "README.md", (text) => `${text}More.\n`),
    inPackage("slug", "index.d.ts", (text) => `${text}export declare const more: number\n`),
  ),

  // ── files from outside ─────────────────────────────────────────────────────────────────────────────────────────────
  short(
    must("one cell of the data", all, /^collect: data\/a\.jsonl changed/, ["data/a.jsonl", "1200", "1300"]),
  ),
  must(
    "two rows in the other order",
    all,
    /^collect: data\/a\.jsonl changed/,
    rewrite("data/a.jsonl", (text) => text.trimEnd().split("\n").toReversed().join("\n")),
  ),
  short(
    must("blanks between the data's values", ["collect"], /^collect: data\/a\.jsonl changed/, [
      "data/a.jsonl",
      '"id":"a1",',
      '"id": "a1", ',
    ]),
  ),
  must("a file of a glob renamed", ["collect"], /^collect: data\/\w\.jsonl is (new|gone)/, (project) =>
    project.rename("data/b.jsonl", "data/c.jsonl"),
  ),
  must("a file renamed before another", all, /^collect: data\/\w+\.jsonl is (new|gone)/, (project) =>
    project.rename("data/b.jsonl", "data/0.jsonl"),
  ),
  must(
    "a file added to a glob",
    all,
    /^collect: data\/c\.jsonl is new/,
    write("data/c.jsonl", '{"id":"c1","text":"a good day","region":"north","price":5}\n'),
  ),
  short(
    must(
      "an empty file added to a glob",
      ["collect"],
      /^collect: data\/c\.jsonl is new/,
      write("data/c.jsonl", ""),
    ),
  ),
  must("a file of a glob removed", all, /^collect: data\/b\.jsonl is gone/, (project) =>
    project.remove("data/b.jsonl"),
  ),
  must("the glob itself", all, /^collect: data\/\w\.jsonl is (new|gone)/, [
    "pipeline.ts",
    "data/*.jsonl",
    "data/a.jsonl",
  ]),
  mustNot("another glob for the same files", ["pipeline.ts", "data/*.jsonl", "data/?.jsonl"]),
  mustNot("a file outside the glob", write("data/ignored.txt", "other\n")),
  mustNot("a touched data file", touch("data/a.jsonl")),
  mustNot(
    "a data file written again",
    rewrite("data/a.jsonl", (text) => text),
  ),

  // ── environment ────────────────────────────────────────────────────────────────────────────────────────────────────
  short(
    given(must("a variable that was not set, now empty", fromEnrich, /^SHOP_ROOT\b/), {
      env: { SHOP_ROOT: "" },
    }),
  ),
  given(must("a variable that was not set", fromEnrich, /^SHOP_ROOT\b/), {
    env: { SHOP_ROOT: "https://shop" },
  }),
  must("another variable's name", ["enrich"], /SHOP_BASE|SHOP_ROOT|enrich/, [
    "steps/enrich.ts",
    "SHOP_ROOT",
    "SHOP_BASE",
  ]),
  given(mustNot("a variable that nobody reads"), { env: { OTHER: "1", NODE_ENV: "production" } }),
  given(mustNot("time zone and locale where nobody reads them"), {
    env: { TZ: "Asia/Tokyo", LANG: "de_DE.UTF-8", LC_ALL: "de_DE.UTF-8" },
  }),

  // ── what decides nothing ───────────────────────────────────────────────────────────────────────────────────────────
  short(mustNot("a comment", ["lib/text.ts", "// Composed", "// Composed by NFC"])),
  mustNot("a documentation comment", ["lib/weigh.ts", "/** Sum", "/** The sum"]),
  mustNot("comment directives", [
    "lib/weigh.ts",
    "  return words",
    "  // @ts-expect-error nothing\n  /* eslint-disable-next-line */\n  // prettier-ignore\n  return words",
  ]),
  mustNot("a pure annotation", ["lib/text.ts", "= new Set(", "= /* @__PURE__ */ new Set("]),
  short(
    mustNot("formatting", [
      "lib/weigh.ts",
      "{ great: 3, good: 2, bad: -2, awful: -3 }",
      "{\n  'great': 3,\n  good: 2,\n  bad: -2,\n  awful: -3,\n}",
    ]),
  ),
  short(
    mustNot(
      "line ends",
      ...["lib/text.ts", "lib/tally.ts", "lib/layout.ts", "pipeline.ts", "steps/score.ts"].map((file) =>
        rewrite(file, (text) => text.replaceAll("\n", "\r\n")),
      ),
    ),
  ),
  mustNot(
    "a byte order mark",
    ...["lib/text.ts", "pipeline.ts", "lib/regions.json"]
      .slice(0, 2)
      .map((file) => rewrite(file, (text) => `\u{feff}${text}`)),
  ),
  mustNot(
    "tabs",
    ...["lib/tally.ts", "steps/enrich.ts", "pipeline.ts"].map((file) =>
      rewrite(file, (text) => text.replaceAll("  ", "\t")),
    ),
  ),
  mustNot(
    "a shebang",
    rewrite("pipeline.ts", (text) => `#!/usr/bin/env sluice\n${text}`),
  ),
  mustNot(
    '"use strict" in a module',
    rewrite("lib/weigh.ts", (text) => `"use strict"\n${text}`),
  ),
  short(
    mustNot(
      "a renamed local and parameter",
      rewrite("lib/weigh.ts", (text) =>
        text
          .replaceAll("word)", "w)")
          .replace("(word:", "(w:")
          .replaceAll("[word]", "[w]")
          .replace(", word)", ", w)")
          .replaceAll("sum", "total"),
      ),
    ),
  ),
  short(
    mustNot(
      "a renamed label",
      rewrite("lib/limits.ts", (text) =>
        text.replace("count:", "outer:").replace("continue count", "continue outer"),
      ),
    ),
  ),
  short(
    mustNot(
      "a renamed private field",
      rewrite("lib/tally.ts", (text) => text.replaceAll("#words", "#list")),
    ),
  ),
  mustNot(
    "a renamed module-level constant",
    rewrite("lib/lazy.ts", (text) => text.replaceAll("longest", "limit")),
  ),
  mustNot(
    "a renamed helper",
    ["lib/deep/words.ts", "const isWord", "const isText"],
    ["lib/deep/squeeze.ts", "{ isWord }", "{ isText }"],
    ["lib/deep/squeeze.ts", "filter(isWord)", "filter(isText)"],
  ),
  short(
    mustNot("a renamed file", (project) => project.rename("lib/weigh.ts", "lib/scale.ts"), [
      "lib/index.ts",
      "./weigh.ts",
      "./scale.ts",
    ]),
  ),
  mustNot("a file behind a symbolic link", (project) => {
    project.rename("lib/deep/words.ts", "lib/deep/real.ts")
    project.link("real.ts", "lib/deep/words.ts")
  }),
  mustNot(
    "a helper moved to another file",
    ["lib/verdict.ts", "const bounds = { good: 2, fair: 0 }\n", 'import { bounds } from "./bounds.ts"\n'],
    write("lib/bounds.ts", "export const bounds = { good: 2, fair: 0 }\n"),
  ),
  mustNot(
    "a re-export through one more module",
    ["lib/index.ts", "./weigh.ts", "./again.ts"],
    write("lib/again.ts", 'export { weigh } from "./weigh.ts"\n'),
  ),
  mustNot(
    "a top-level call moved to another module",
    write("lib/plugins.ts", 'import "./extras.ts"\n'),
    write("lib/extras.ts", 'import { register } from "./registry.ts"\n\nregister("bonus", 1)\n'),
  ),
  short(mustNot("an unrelated function of the same file", ["lib/text.ts", '+ "!"', '+ "?"'])),
  mustNot("an unrelated export of a dynamic import", [
    "lib/lazy.ts",
    "text.padEnd(longest)",
    "text.padStart(longest)",
  ]),
  mustNot("an unrelated export of a workspace package", [
    "packages/words/src/capital.ts",
    "slice(1)",
    "slice(2)",
  ]),
  mustNot("a workspace package's version", ["packages/words/package.json", "1.0.0", "1.1.0"]),
  mustNot("an unrelated member of a namespace", ["lib/layout.ts", '"----"', '"===="']),
  mustNot(
    "a new function of the same name elsewhere",
    write(
      "lib/others.ts",
      "export const round = (value: number): number => value\nexport const squeeze = round\n",
    ),
  ),
  mustNot(
    "an import that nobody uses",
    rewrite("lib/weigh.ts", (text) => `import { unused } from "./unused.ts"\n${text}`),
  ),
  mustNot("a side-effect import without effects", [
    "pipeline.ts",
    'import "./lib/plugins.ts"',
    'import "./lib/plugins.ts"\nimport "./lib/unused.ts"',
  ]),
  mustNot(
    "a log line in a module loaded for its effect",
    rewrite("lib/plugins.ts", (text) => `${text}console.error("loaded")\n`),
  ),
  mustNot(
    "the order of declarations",
    ["lib/verdict.ts", "const bounds = { good: 2, fair: 0 }\n\n", ""],
    rewrite("lib/verdict.ts", (text) => `const bounds = { good: 2, fair: 0 }\n${text}`),
  ),
  mustNot(
    "the order of imports",
    ["steps/enrich.ts", 'import { money } from "#currency"\n', ""],
    [
      "steps/enrich.ts",
      'import { plural } from "words"',
      'import { plural } from "words"\nimport { money } from "#currency"',
    ],
  ),
  short(
    mustNot(
      "a type",
      ["lib/types.ts", "readonly price: number", "readonly price: number\n  readonly note?: string"],
      ["steps/enrich.ts", "readonly tax: number", "readonly tax: number\n  readonly more?: string"],
    ),
  ),
  mustNot("an interface merged into a class", [
    "lib/tally.ts",
    "  last(): string",
    "  last(): string\n  readonly kind?: string",
  ]),
  mustNot("a type-only import made an inline one", [
    "lib/text.ts",
    "import type { Words }",
    "import { type Words }",
  ]),
  mustNot("`satisfies`", [
    "lib/verdict.ts",
    "{ good: 2, fair: 0 }",
    "{ good: 2, fair: 0 } satisfies Record<string, number>",
  ]),
  mustNot(
    "`as const` and `!`",
    ["lib/verdict.ts", "{ good: 2, fair: 0 }", "{ good: 2, fair: 0 } as const"],
    ["lib/tally.ts", "yield* this.#words", "yield* this.#words!"],
  ),
  mustNot("an overload", [
    "lib/numbers.ts",
    "export const half",
    "export function twice(value: number): number\nexport function twice(value: number): number {\n  return value * 2\n}\nexport const half",
  ]),
  mustNot("a global declared", [
    "lib/types.ts",
    "export interface",
    "declare global {\n  interface Array<T> {\n    mood?: T\n  }\n}\nexport interface",
  ]),
  mustNot(
    "another form of a number",
    ["lib/deep/constants.ts", "1000", "1e3"],
    ["lib/lazy.ts", "24", "0x18"],
  ),
  mustNot(
    "a template for a string",
    ["lib/render.ts", '"\\n"', "`\\n`"],
    ["steps/clean.ts", 'name: "clean"', "name: 'clean'"],
  ),
  mustNot("parentheses and trailing commas", ["lib/weigh.ts", "sum + of(word), 0", "(sum + of(word)), 0,"]),
  mustNot("braces around one statement", [
    "lib/limits.ts",
    'if (letter === " ") continue count',
    'if (letter === " ") {\n        continue count\n      }',
  ]),
  mustNot("a built-in module under its other name", ["lib/text.ts", '"node:fs"', '"fs"']),
  mustNot("package.json: scripts, description", [
    "package.json",
    '"private": true,',
    '"private": true,\n  "description": "a shop",\n  "scripts": { "test": "true" },',
  ]),
  mustNot("tsconfig.json: stricter checks", [
    "tsconfig.json",
    '"strict": true,',
    '"strict": true,\n    "noUncheckedIndexedAccess": true,',
  ]),
  mustNot("a touched source", touch("lib/text.ts")),
  mustNot("an edit and its reverse", (project) => {
    project.replace("lib/lazy.ts", "24", "20")
    project.replace("lib/lazy.ts", "20", "24")
  }),
  mustNot("bundles thrown away", (project) => project.remove(".sluice/bundles")),
]
