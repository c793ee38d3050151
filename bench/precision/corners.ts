/**
 * Edits of code that is seldom written, on twelve steps that stand beside one another: what a stranger would try who
 * wants the cache to be wrong.
 */
import { type Edit, given, inPackage, of, rewrite, short, write } from "./Edit.ts"

const { must, mustNot, refused } = of("corners")

const syntax = "lib/syntax.ts"
const objects = "lib/objects.ts"
const steps = "steps/values.ts"

export const corners: ReadonlyArray<Edit> = [
  // ── statements and expressions ─────────────────────────────────────────────────────────────────────────────────────
  short(
    must("`using` made `const`", ["syntax"], /^disposed in lib\/syntax\.ts/, [
      syntax,
      "using held",
      "const held",
    ]),
  ),
  must("a label no longer named", ["syntax"], /^counted in lib\/syntax\.ts/, [
    syntax,
    "continue next",
    "continue",
  ]),
  must("a flag added to an expression", ["syntax"], /^letter in lib\/syntax\.ts/, [syntax, "/b/", "/b/i"]),
  must("a big integer", ["syntax"], /^big in lib\/syntax\.ts/, [syntax, "10n", "11n"]),
  short(
    must("parentheses that end an optional chain", ["syntax"], /^deepest in lib\/syntax\.ts/, [
      syntax,
      "(value?.a)?.b",
      "(value?.a)!.b",
    ]),
  ),
  short(
    must("parentheses taken from an optional chain", ["syntax"], /^deepest in lib\/syntax\.ts/, [
      syntax,
      "${(value?.a)?.b}",
      "${(value?.a as any).b}",
    ]),
  ),
  must("an operand of a nested namespace", ["syntax"], /^Text in lib\/syntax\.ts|open/, [
    syntax,
    "`<${text}>`",
    "`[${text}]`",
  ]),
  short(
    must("which member an alias names", ["syntax"], /open|Text/, [
      syntax,
      "open = (text: string): string => `<${text}>`",
      "open = (text: string): string => `{${text}}`",
    ]),
  ),
  must("an enum's computed member", ["syntax"], /^Size in lib\/syntax\.ts/, [
    syntax,
    '"ab".length',
    '"abc".length',
  ]),
  short(
    must("a prototype made a property", ["syntax"], /^look in lib\/syntax\.ts/, [
      syntax,
      "{ __proto__: base }",
      '{ ["__proto__"]: base } as {}',
    ]),
  ),
  must("what an inherited property holds", ["syntax"], /^base in lib\/syntax\.ts/, [
    syntax,
    '"dark"',
    '"light"',
  ]),
  must("a getter of an object", ["syntax"], /^box in lib\/syntax\.ts/, [syntax, "return 3", "return 4"]),
  must("the place of `default`", ["syntax"], /^kind in lib\/syntax\.ts/, [syntax, "case 2:", "case 3:"]),
  short(
    must("the raw text of a tagged template", ["syntax"], /^written in lib\/syntax\.ts/, [
      syntax,
      "tags.raw`\\u0061`",
      "tags.raw`a`",
    ]),
  ),
  must("a tag reached through a namespace", ["syntax"], /^raw in lib\/tags\.ts/, [
    "lib/tags.ts",
    'raw.join("|")',
    'raw.join("|") + "."',
  ]),
  must("a hole in an array", ["syntax"], /^written in lib\/syntax\.ts/, [
    syntax,
    '[1, , 2].join("-")',
    '[1, 2].join("-")',
  ]),
  mustNot("numeric separators", [syntax, "1000000", "1_000_000"]),
  mustNot("a big integer in another base", [syntax, "10n", "0xan"]),
  mustNot("an escape for its letter", [syntax, "caf\\u00e9", "caf\u00e9"]),
  mustNot("an escape in another form", [syntax, "caf\\u00e9", "caf\\u{e9}"]),
  mustNot("an escaped identifier", [syntax, "return text.at(0)", "return te\\u0078t.at(0)"]),
  short(
    mustNot("overload signatures", [
      syntax,
      "export function first(text: string): string {",
      "export function first(text: string): string\nexport function first(text: never): never\nexport function first(text: string): string {",
    ]),
  ),
  mustNot("a tag that nobody uses", ["lib/tags.ts", 'strings.join("-")', 'strings.join("+")']),
  mustNot("`as` within a chain", [syntax, "value?.a)?.b", "value?.a as { b?: string } | undefined)?.b"]),
  mustNot("`as const` and `satisfies`", [
    syntax,
    '{ shade: "dark" }',
    '{ shade: "dark" } as const satisfies object',
  ]),
  mustNot("a namespace of types", [
    syntax,
    "const big",
    "namespace Shapes { export type A = string }\nconst big",
  ]),

  // ── classes and objects ────────────────────────────────────────────────────────────────────────────────────────────
  must("a method named by a symbol", ["objects"], /^Jar in lib\/objects\.ts/, [
    objects,
    "`${text}!`",
    "`${text}!!`",
  ]),
  must("a private getter", ["objects"], /^Jar in lib\/objects\.ts/, [
    objects,
    "this.#left * 10",
    "this.#left * 20",
  ]),
  short(
    must("which private field is read", ["objects"], /^Jar in lib\/objects\.ts/, [
      objects,
      "this.#left * 10",
      "this.#right * 10",
    ]),
  ),
  must("an accessor's first value", ["objects"], /^Jar in lib\/objects\.ts/, [
    objects,
    "size = 4",
    "size = 5",
  ]),
  must("a static field", ["objects"], /^Jar in lib\/objects\.ts/, [objects, "made = 2", "made = 3"]),
  must("a method of an abstract class", ["objects"], /^Named in lib\/objects\.ts/, [
    objects,
    "`hello ",
    "`hi ",
  ]),
  must("a decorator's argument", ["objects"], /^Loud in lib\/objects\.ts/, [
    objects,
    '@shout("?")',
    '@shout("!")',
  ]),
  must("a decorator's body", ["objects"], /^shout in lib\/objects\.ts/, [
    objects,
    "text) + mark",
    "text) + mark + mark",
  ]),
  must("a class that a function makes", ["objects"], /^Sized in lib\/objects\.ts/, [
    objects,
    "return 7",
    "return 8",
  ]),
  must("an asynchronous iterator", ["objects"], /^steps in lib\/objects\.ts/, [
    objects,
    "yield 2",
    "yield 3",
  ]),
  must("a Proxy's handler", ["objects"], /^watched in lib\/objects\.ts/, [
    objects,
    "String(name).length",
    "String(name).length + 1",
  ]),
  must("a base class across a cycle of imports", ["objects"], /^Base in lib\/base\.ts/, [
    "lib/base.ts",
    "`base $",
    "`root $",
  ]),
  must("a constant round a cycle of imports", ["objects"], /^told in lib\/derived\.ts/, [
    "lib/derived.ts",
    '"later"',
    '"sooner"',
  ]),
  mustNot(
    "private names",
    rewrite(objects, (text) => text.replaceAll("#left", "#first").replaceAll("#sum", "#total")),
  ),
  mustNot("declared and abstract members", [
    objects,
    "abstract name(): string",
    "abstract name(): string\n  abstract get more(): number\n  declare readonly kind?: string",
  ]),
  mustNot("modifiers", [objects, "static made = 2", "public static readonly made: number = 2"]),

  // ── modules ────────────────────────────────────────────────────────────────────────────────────────────────────────
  must("a function renamed through three files", ["modules"], /^hidden in lib\/three\.ts/, [
    "lib/three.ts",
    "`${text}3`",
    "`${text}4`",
  ]),
  short(
    must("a member of a namespace under a computed name", ["modules"], /^left in lib\/picked\.ts/, [
      "lib/picked.ts",
      "`${text}<`",
      "`${text}=`",
    ]),
  ),
  must("the name under which a namespace is read", ["modules"], /^side in steps\/values\.ts/, [
    steps,
    'side = "left"',
    'side = "right"',
  ]),
  must("a subpath import's function", ["modules"], /^metres in lib\/units\/length\.ts/, [
    "lib/units/length.ts",
    "0.3",
    "0.31",
  ]),
  must("a subpath import's condition", ["modules"], /rate|modules/, [
    "package.json",
    '"node": "./lib/units',
    '"browser": "./lib/units',
  ]),
  short(
    must("a path in an extended tsconfig", ["modules"], /plain|modules/, [
      "config/tsconfig.base.json",
      "../lib/words/*",
      "../lib/words2/*",
    ]),
  ),
  must("a condition of a workspace package", ["modules"], /wide|modules/, [
    "packages/tools/package.json",
    '"node":',
    '"browser":',
  ]),
  must("a value that `require` reads of a JSON file", ["modules"], /low|limits\.json/, [
    "lib/limits.json",
    '"low": 1',
    '"low": 2',
  ]),
  must("a CommonJS module below another", ["modules"], /row\.cjs/, ["lib/row.cjs", '"r"', '"s"']),
  must("a binary file read by its address", ["modules"], /sum\.wasm/, write("data/sum.wasm", "asm12")),
  mustNot("an unused export beside a renamed one", ["lib/three.ts", "spare = 1", "spare = 2"]),
  mustNot("comments in tsconfig.json", ["config/tsconfig.base.json", "two projects", "three projects"]),

  // ── what modules do when they load ─────────────────────────────────────────────────────────────────────────────────
  short(
    must("a list changed under another module's name for it", ["lists"], /list|a\.ts/, [
      "lib/load/a.ts",
      '"a"',
      '"A"',
    ]),
  ),
  must("a list changed by Reflect.apply", ["lists"], /list|b\.ts/, ["lib/load/b.ts", '["b"]', '["B"]']),
  short(
    must("a setting changed through a namespace", ["lists"], /settings|b\.ts/, [
      "lib/load/b.ts",
      "least = 4",
      "least = 5",
    ]),
  ),
  must("a variable that another module sets", ["lists"], /mode|b\.ts/, [
    "lib/load/b.ts",
    '"fast"',
    '"faster"',
  ]),
  must("the order of imports made for their effect", ["lists"], /list|top level/, [
    "pipeline.ts",
    'import "./lib/load/a.ts"\nimport "./lib/load/b.ts"',
    'import "./lib/load/b.ts"\nimport "./lib/load/a.ts"',
  ]),
  short(
    must("imported data changed in place", ["patched"], /data|high/, ["lib/load/data.ts", "= 11", "= 12"]),
  ),
  short(
    must("an imported package's object patched", ["patched"], /tools|mark|brush/, [
      "lib/load/brush.ts",
      '"*"',
      '"+"',
    ]),
  ),
  must("an imported class's prototype patched", ["patched"], /Brush/, [
    "lib/load/brush.ts",
    "`(${text})`",
    "`((${text}))`",
  ]),
  short(
    must("a package set up by a call that is kept", ["patched"], /prepare|brush/, [
      "lib/load/brush.ts",
      '"warm"',
      '"hot"',
    ]),
  ),
  given(
    must(
      "one of Node's own modules patched",
      [
        "closures",
        "lists",
        "modules",
        "objects",
        "packages",
        "patched",
        "rows",
        "shown",
        "sized",
        "surroundings",
        "syntax",
        "told",
      ],
      /top level|os\.ts/,
      write("lib/load/os.ts", 'import os from "node:os"\n\nos.tmpdir = () => "/elsewhere"\n'),
      ["pipeline.ts", 'import "./lib/load/a.ts"', 'import "./lib/load/os.ts"\nimport "./lib/load/a.ts"'],
    ),
    { global: true },
  ),

  // ── environment ────────────────────────────────────────────────────────────────────────────────────────────────────
  short(
    given(must("a variable taken from the environment by its name", ["surroundings"], /^CORNER_TOKEN/), {
      env: { CORNER_TOKEN: "1" },
    }),
  ),
  given(must("a variable under an alias", ["surroundings"], /^CORNER_ALIAS/), { env: { CORNER_ALIAS: "1" } }),
  given(must("a variable in a parameter's default", ["surroundings"], /^CORNER_HOST/), {
    env: { CORNER_HOST: "there" },
  }),
  short(
    given(must("a variable read through another module", ["surroundings"], /^CORNER_PASSED/), {
      env: { CORNER_PASSED: "1" },
    }),
  ),
  given(must("a variable that Config reads in a helper", ["surroundings"], /^CORNER_PORT/), {
    env: { CORNER_PORT: "80" },
  }),
  given(mustNot("a variable like one that is read"), { env: { CORNER_TOKENS: "1" } }),

  // ── packages ───────────────────────────────────────────────────────────────────────────────────────────────────────
  short(
    must(
      "code far inside a package below a package",
      ["packages"],
      /^package deep 1\.0\.0: its files changed/,
      inPackage("deep", "lib/inner/most.js", (text) => text.replace("code.length}", "code.length}!")),
    ),
  ),
  must(
    "a JSON file inside a package below a package",
    ["packages"],
    /^package deep 1\.0\.0: its files changed/,
    inPackage("deep", "lib/table.json", (text) => text.replace("~", "^")),
  ),
  must(
    "a binary file inside a package below a package",
    ["packages"],
    /^package deep 1\.0\.0: its files changed/,
    inPackage("deep", "lib/code.wasm", () => "asm1"),
  ),
  short(
    must(
      "a package's condition",
      ["packages"],
      /^package kit 1\.0\.0/,
      inPackage("kit", "package.json", (text) => text.replace('"node":', '"browser":')),
    ),
  ),
  must(
    "a peer dependency edited in place",
    ["packages"],
    /^package peer 1\.0\.0: its files changed/,
    inPackage("peer", "index.js", (text) => text.replace("cm", "mm")),
  ),
  must(
    "a peer dependency's version",
    ["packages"],
    /^package peer: 1\.0\.0 -> 1\.1\.0/,
    inPackage("peer", "package.json", (text) => text.replace("1.0.0", "1.1.0")),
    (project) => project.relock("peer", "1.1.0"),
  ),
  must(
    "data that a CommonJS package requires",
    ["packages"],
    /^package old 1\.0\.0: its files changed/,
    inPackage("old", "data.json", (text) => text.replace(".", "!")),
  ),
  short(
    must(
      "one of a package's many data files",
      ["packages"],
      /^package large 1\.0\.0: its files changed/,
      inPackage("large", "data/19.tsv", () => "91\n"),
    ),
  ),

  // ── captured values ────────────────────────────────────────────────────────────────────────────────────────────────
  must("what a factory was given", ["closures"], /^options\.most in lib\/closures\.ts: 2 -> 1/, [
    "pipeline.ts",
    "most: 2",
    "most: 1",
  ]),
  must("one of several arguments, one by one", ["closures"], /^after in lib\/closures\.ts: ">" -> "\|"/, [
    "pipeline.ts",
    'add("<")(">")',
    'add("<")("|")',
  ]),
  must("a function in a Map", ["closures"], /marks|closures|pipeline\.ts/, [
    "pipeline.ts",
    "`${text}.`",
    "`${text};`",
  ]),
  short(must("a property put on a function", ["closures"], /label/, ["pipeline.ts", '"plain"', '"fancy"'])),
  short(
    must("a property hidden from enumeration", ["closures"], /hidden/, [
      "pipeline.ts",
      "value: 3",
      "value: 4",
    ]),
  ),
  must("a date", ["closures"], /place/, ["pipeline.ts", "Date(1_000)", "Date(2_000)"]),
  mustNot("a factory's own names", [
    "lib/closures.ts",
    "(before: string) =>\n  (after: string): Text =>\n  (text) =>\n    before + text + after",
    "(left: string) =>\n  (right: string): Text =>\n  (text) =>\n    left + text + right",
  ]),

  // ── what cannot be identified ──────────────────────────────────────────────────────────────────────────────────────
  short(
    refused(
      "an import of a computed name",
      /steps\/values\.ts:\d+:\d+:\s+`import\(\)` of a specifier that is computed/,
      [steps, "import(`../lib/late.ts`)", "import(`../lib/units/${side}.ts`)"],
    ),
  ),
  refused("eval under another name", /lib\/syntax\.ts:\d+:\d+:\s+`eval` runs code that is not written down/, [
    syntax,
    'return text.at(0) ?? ""',
    "return globalThis.eval(text)",
  ]),
  refused(
    "the constructor of functions",
    /lib\/syntax\.ts:\d+:\d+:\s+the constructor of functions runs code that is not written down/,
    [syntax, 'return text.at(0) ?? ""', "return String((() => 0).constructor(text))"],
  ),
  refused("a Proxy that is captured", /the value of \w+ has no canonical form: a Proxy/, [
    "pipeline.ts",
    'labelled((text) => text, "plain")',
    'new Proxy(labelled((text) => text, "plain"), {})',
  ]),
  refused("`Config` under another name", /lib\/env\/names\.ts:\d+:\d+:\s+passes `Config` about/, [
    "lib/env/names.ts",
    'Effect.option(Config.String("CORNER_PORT"))',
    'Effect.option(((from) => from.String("CORNER_PORT"))(Config))',
  ]),
  refused(
    "the whole environment through another module",
    /lib\/env\/names\.ts:\d+:\d+:\s+reads `process\.env` as a whole/,
    ["lib/env/names.ts", 'env.CORNER_PASSED ?? "none"', "Object.keys(env).join()"],
  ),
  refused("a counter in a class", /lib\/objects\.ts:\d+:\d+:\s+changes `Jar`, which outlives the step/, [
    objects,
    "return this.#left * 10",
    "return (Jar.made += 1)",
  ]),
  refused(
    "a package's object changed while a step runs",
    /lib\/loaded\.ts:\d+:\d+:\s+changes `tools`, which outlives the step/,
    ["lib/loaded.ts", "tools.mark(),", '(tools.mark = () => "x")(),'],
  ),

  // ── schemas of values ──────────────────────────────────────────────────────────────────────────────────────────────
  short(
    must("what a value becomes on its way to the store", ["sized", "shown"], /^half in lib\/schemas\.ts/, [
      "lib/schemas.ts",
      "size / 2",
      "size / 4",
    ]),
  ),
  must("what a stored value has to be", ["sized"], /^most in lib\/schemas\.ts/, [
    "lib/schemas.ts",
    "most = 20",
    "most = 21",
  ]),
  short(
    must("a field that is no longer read", ["shown"], /^shown: schema of input sized changed/, [
      "steps/schemas.ts",
      "size: Schema.Number, at",
      "at",
    ]),
  ),
  short(
    must("a column that is no longer read", ["told"], /^told: columns of rows changed/, [
      "steps/schemas.ts",
      "Read extends Table.make({ text: Table.utf8, size: Table.int32 })",
      "Read extends Table.make({ text: Table.utf8 })",
    ]),
  ),
  must("columns read in another order", ["told"], /^told: columns of rows changed/, [
    "steps/schemas.ts",
    "Read extends Table.make({ text: Table.utf8, size: Table.int32 })",
    "Read extends Table.make({ size: Table.int32, text: Table.utf8 })",
  ]),
  must("a date read as another type", ["shown"], /^shown: schema of input sized changed/, [
    "steps/schemas.ts",
    "Schema.Number, at: Schema.Date",
    "Schema.Number, at: Schema.DateTimeUtc",
  ]),
  must("what a stored value becomes when it is read", ["sized"], /^Size in lib\/schemas\.ts/, [
    "lib/schemas.ts",
    "size * 2",
    "size * 3",
  ]),
  short(
    mustNot(
      "another schema of the file, and a parameter of this one's",
      ["lib/schemas.ts", '"left", "right"', '"left", "middle"'],
      ["lib/schemas.ts", "(size: number) => size * 2", "(all: number) => all * 2"],
    ),
  ),
  short(
    mustNot("a property set by Reflect that no step reads", ["lib/load/a.ts", '"least", 1', '"least", 2']),
  ),
]
