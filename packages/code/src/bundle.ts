/**
 * One program of the command, the engine and the user's pipeline, bundled by esbuild and kept until a file changes.
 *
 * Dynamic imports become chunks that load when they are needed. Packages with native parts stay outside and are loaded
 * by absolute file URL. Identities lie beside the program as data.
 */
import { createHash } from "node:crypto"
import * as esbuild from "esbuild"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { IdentityData, TreeData } from "./bundled.ts"
import { type Bundle, type BundleOptions, folderOf, recordFile, writeRecord } from "./BundleRecord.ts"
import { identify } from "./Identify.ts"
import { make } from "./Program.ts"
import { type PlacedUnit, Project } from "./Project.ts"
import { conditions, inNodeModules, type Resolution } from "./Resolver.ts"
import { BundleProblem } from "./BundleProblem.ts"
import { comment } from "./SourceMap.ts"
import { parse, SyntaxProblem } from "./Syntax.ts"
import { modulesOfUser, watchedIn } from "./Watched.ts"
import { isEngine, transform, type Transformed } from "./transform.ts"

/** Packages that are native, or that load files beside themselves. */
const outside = [
  "koffi",
  "@tensorflow/",
  "oxc-parser",
  "esbuild",
  "@lancedb/",
  "unpdf",
  "webgpu",
  "tsx",
  "vite",
  "vitest",
  "@sparticuz/chromium",
  "playwright-core",
  "node-llama-cpp",
]

const here = path.dirname(fileURLToPath(import.meta.url))
const extension = path.extname(fileURLToPath(import.meta.url))
const runtimeFile = path.join(here, `bundled${extension}`)

/** Bundles the program, whether or not a cached one would do. */
export const bundle = async (options: BundleOptions): Promise<Bundle> => {
  const atMs = Date.now()
  const folder = folderOf(options)
  fs.mkdirSync(folder, { recursive: true })
  const project = new Project({ root: options.root, cache: path.join(folder, "packages") })
  const stub = path.join(
    options.entry.resolveDir,
    `sluice-entry-${path.basename(recordFile(options), ".json")}.ts`,
  )
  project.files.override(stub, options.entry.contents)
  project.addEntry(stub)
  const program = make(project)
  const roots: Array<PlacedUnit> = []
  const numbers = new Map<string, number>()
  const keyOf = (placed: PlacedUnit): string => {
    let number = numbers.get(placed.key)
    if (number === undefined) {
      number = roots.length
      numbers.set(placed.key, number)
      roots.push(placed)
    }
    return String(number)
  }
  const temporary = path.join(folder, `tmp-${process.pid}-${atMs}`)
  try {
    const readable = program.changedLater
    const transformed = (file: string) =>
      transform(project, file, { runtime: "sluice:runtime", keyOf, pinMeta: true, readable })
    let used = await build(options, project, stub, temporary, (file) =>
      isPlain(project, file) ? undefined : transformed(file),
    )
    const all = roots.map((placed) => identify(project, program, placed))
    const unread = new Set(valueModules(all).filter((file) => isPlain(project, file)))
    if (unread.size > 0) {
      // Some identity reads a value of a module that was left as it is: give that module its readers.
      fs.rmSync(temporary, { recursive: true })
      used = await build(options, project, stub, temporary, (file) =>
        isPlain(project, file) && !unread.has(file) ? undefined : transformed(file),
      )
    }
    const data = identityData(all)
    fs.writeFileSync(path.join(temporary, "identities.json"), JSON.stringify(data.identities))
    fs.writeFileSync(path.join(temporary, "trees.json"), JSON.stringify(data.trees))
    fs.writeFileSync(path.join(temporary, "package.json"), '{"type":"module"}\n')
    const digest = digestOf(temporary)
    const place = path.join(folder, digest)
    if (fs.existsSync(path.join(place, "main.js"))) fs.rmSync(temporary, { recursive: true })
    else {
      fs.rmSync(place, { recursive: true, force: true })
      fs.renameSync(temporary, place)
    }
    const files = new Set([...used, ...project.files.used, ...ownFiles()])
    const users = modulesOfUser(project)
    const reached = new Set(
      all.flatMap(({ packages }, at) => (users.has(roots[at]!.module) ? packages : [])).map(nameOf),
    )
    const watched = watchedIn(
      project.packages.reached().filter(({ identity }) => reached.has(nameOf(identity))),
      files,
      atMs,
    )
    for (const file of watched.files) files.add(file)
    files.delete(stub)
    writeRecord(
      options,
      digest,
      [...files].filter((file) => fs.existsSync(file)),
      watched.packages,
      project.files,
      atMs,
    )
    removeOld(folder, digest)
    return { main: path.join(place, "main.js"), folder: place, digest }
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true })
  }
}

/** Engine modules carry no tags; most can go to the bundler as they are. */
const isPlain = (project: Project, file: string): boolean =>
  isEngine(project, file) && project.files.text(file)?.includes("import.meta") !== true

const valueModules = (all: ReadonlyArray<Static>): ReadonlyArray<string> =>
  all.flatMap((identity) => identity.values.flatMap(({ from }) => ("module" in from ? [from.module] : [])))

const build = async (
  options: BundleOptions,
  project: Project,
  stub: string,
  outdir: string,
  transformed: (file: string) => Transformed | undefined,
): Promise<ReadonlyArray<string>> => {
  const names = [...outside, ...(options.external ?? [])]
  const isOutside = (specifier: string): boolean =>
    names.some((name) =>
      name.endsWith("/")
        ? specifier.startsWith(name)
        : specifier === name || specifier.startsWith(`${name}/`),
    )
  let problem: SyntaxProblem | undefined
  const plugin: esbuild.Plugin = {
    name: "sluice",
    setup(build) {
      build.onResolve({ filter: /^sluice:runtime$/ }, () => ({ path: runtimeFile }))
      build.onResolve({ filter: /.*/ }, (args) => {
        if (args.namespace !== "file" || args.kind === "entry-point") return undefined
        const kind = args.kind === "require-call" || args.kind === "require-resolve" ? "require" : "import"
        const importer = args.importer === "" ? stub : args.importer
        if (isOutside(args.path)) {
          const found = project.resolver.resolve(args.path, importer, kind)
          if (found.kind !== "file") return undefined
          return { path: kind === "import" ? pathToFileURL(found.file).href : found.file, external: true }
        }
        if (inNodeModules(importer) && !project.isSource(importer)) return undefined
        const found = project.resolver.resolve(args.path, importer, kind)
        if (found.kind === "missing" && importer !== stub && project.isSource(importer)) {
          // An optional package that is not there is the code's own affair when it comes to load it.
          if (args.kind !== "import-statement") return { path: args.path, external: true }
          return { errors: [missing(project, importer, args.path)] }
        }
        // A chunk of CommonJS would have its default export alone.
        if (args.kind === "dynamic-import" && found.kind === "file" && isCommonJs(found)) {
          return { path: pathToFileURL(found.file).href, external: true }
        }
        if (found.kind !== "file" || !found.package.source) return undefined
        const effects = (found.package.json as { readonly sideEffects?: unknown }).sideEffects
        return { path: found.file, ...(effects === false ? { sideEffects: false } : {}) }
      })
      // Every file goes to the bundler as it was read here, so that the record's digests are of what it was given.
      build.onLoad({ filter: /\.(?:[cm]?[jt]sx?|json)$/, namespace: "file" }, (args) => {
        const as = args.with["type"] ?? "json"
        const text = as === "json" ? project.files.text(args.path) : undefined
        if (text === undefined) return undefined
        const loader = loaderOf(args.path)
        if (loader === "json") return { contents: text, loader }
        if (args.path === runtimeFile || args.path === path.join(here, `runtime${extension}`))
          return { contents: text, loader }
        try {
          if (!project.isSource(args.path))
            return { contents: requiringByNode(args.path, pinned(args.path, text)), loader }
          project.resolver.compilerOptions(args.path)
          const result = transformed(args.path)
          return { contents: result?.changed === true ? result.code + comment(result.map) : text, loader }
        } catch (error) {
          if (!(error instanceof SyntaxProblem)) throw error
          problem ??= error
          return { errors: [{ text: error.reason }] }
        }
      })
    },
  }
  try {
    const result = await esbuild.build({
      stdin: {
        contents: options.entry.contents,
        resolveDir: options.entry.resolveDir,
        sourcefile: path.basename(stub),
        loader: "ts",
      },
      absWorkingDir: options.root,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node24",
      supported: { decorators: false },
      conditions: conditions.filter((name) => !["node", "import", "default"].includes(name)),
      mainFields: ["module", "main"],
      outdir,
      entryNames: "main",
      chunkNames: "chunk-[hash]",
      minifyWhitespace: true,
      legalComments: "none",
      sourcemap: "linked",
      sourcesContent: false,
      metafile: true,
      logLevel: "silent",
      banner: {
        js: 'import{createRequire as $sluice_createRequire}from"node:module";const require=$sluice_createRequire(import.meta.url);',
      },
      plugins: [plugin],
    })
    // esbuild names stdin's output after its source; the command looks for one name.
    const main = path.join(outdir, "main.js")
    if (!fs.existsSync(main)) fs.renameSync(path.join(outdir, "stdin.js"), main)
    return Object.keys(result.metafile.inputs)
      .filter((name) => !name.includes(":") && !name.startsWith("<"))
      .map((name) => path.resolve(options.root, name))
  } catch (error) {
    if (problem !== undefined) throw problem
    const first = (error as Partial<esbuild.BuildFailure>).errors?.[0]
    if (first !== undefined) {
      const file = first.location === null ? "" : path.resolve(options.root, first.location.file)
      // The bundler saw transformed text: say it of the original where the parser can.
      if (file !== "" && file !== stub && project.isSource(file)) {
        parse(file, project.files.text(file) ?? "", project.label(file), true)
      }
      throw new BundleProblem(first, options.root)
    }
    throw error
  }
}

/** An import that leads nowhere, at its place in the original text. */
const missing = (project: Project, importer: string, specifier: string): esbuild.PartialMessage => {
  const module = project.module(importer)
  const node = module.requests.find((request) => request.specifier === specifier)?.node
  const what = { text: `\`${specifier}\` cannot be found` }
  if (node === undefined) return what
  const { line, column } = project.place(module, node.source?.start ?? node.start)
  const lineText = module.text.split(/\r?\n/)[line - 1] ?? ""
  return { ...what, location: { file: importer, line, column: column - 1, lineText } }
}

const isCommonJs = ({ file, package: owner }: Resolution & { readonly kind: "file" }): boolean =>
  file.endsWith(".cjs") || (file.endsWith(".js") && owner.json.type !== "module")

/** In packages, `import.meta.url` keeps meaning the file that it stands in. */
const pinned = (file: string, text: string): string => {
  if (!text.includes("import.meta.")) return text
  const known: Record<string, string> = {
    url: JSON.stringify(pathToFileURL(file).href),
    filename: JSON.stringify(file),
    dirname: JSON.stringify(path.dirname(file)),
  }
  return text.replace(/\bimport\.meta\.(url|filename|dirname)\b/g, (_, name: string) => known[name]!)
}

/**
 * `require("./locales/" + name)` in a package is left to Node: the bundler would look for that very name among the
 * files' whole ones, and find none without its extension.
 */
const requiringByNode = (file: string, text: string): string => {
  if (!text.includes("require")) return text
  const computed = /(?<![\w$.])require\(\s*(?=(["'])\.{1,2}\/[^"'\n]*\1\s*\+|`\.{1,2}\/[^`]*\$\{)/g
  return text.replace(computed, () => `$sluice_createRequire(${JSON.stringify(file)})(`)
}

const loaderOf = (file: string): esbuild.Loader =>
  file.endsWith(".json")
    ? "json"
    : file.endsWith(".tsx")
      ? "tsx"
      : file.endsWith(".jsx")
        ? "jsx"
        : /\.[cm]?ts$/.test(file)
          ? "ts"
          : "js"

type Static = ReturnType<typeof identify>

const nameOf = ({ name, version }: { readonly name: string; readonly version: string }): string =>
  `${name}@${version}`

const identityData = (
  all: ReadonlyArray<Static>,
): { readonly identities: IdentityData; readonly trees: TreeData } => {
  const packages = new Table<Static["packages"][number]>((p) => `${p.name}@${p.version} ${p.integrity}`)
  const parts = new Table<Static["parts"][number]>((p) => `${p.symbol}\0${p.file}\0${p.digest}`)
  const roots = all.map((identity) => ({
    digest: identity.digest,
    packages: identity.packages.map((p) => packages.add(p)),
    values: identity.values,
    env: identity.env,
    notes: identity.notes,
    refusals: identity.refusals,
  }))
  const trees = all.map((identity) => identity.parts.map((p) => parts.add(p)))
  return { identities: { packages: packages.items, roots }, trees: { parts: parts.items, roots: trees } }
}

/** Items that occur often, each kept once. */
class Table<T> {
  readonly items: Array<T> = []
  readonly #index = new Map<string, number>()
  readonly #key: (item: T) => string

  constructor(key: (item: T) => string) {
    this.#key = key
  }

  add(item: T): number {
    const key = this.#key(item)
    let at = this.#index.get(key)
    if (at === undefined) {
      at = this.items.length
      this.#index.set(key, at)
      this.items.push(item)
    }
    return at
  }
}

const digestOf = (folder: string): string => {
  const hash = createHash("sha256")
  for (const name of fs.readdirSync(folder).toSorted()) {
    if (name.endsWith(".map")) continue
    hash.update(`${name}\n`).update(fs.readFileSync(path.join(folder, name)))
  }
  return hash.digest("hex").slice(0, 32)
}

/** This package itself: another transform gives another bundle. */
const ownFiles = (): ReadonlyArray<string> =>
  fs
    .readdirSync(here)
    .filter((name) => name.endsWith(extension))
    .map((name) => path.join(here, name))

/** Keeps what a running command may still load from: the newest few, and all of the last day. */
const removeOld = (folder: string, current: string): void => {
  const day = 24 * 60 * 60 * 1000
  const found: Array<{ readonly place: string; readonly atMs: number }> = []
  for (const name of fs.readdirSync(folder)) {
    if (name === current || name === "packages" || name.endsWith(".json")) continue
    const place = path.join(folder, name)
    const stat = fs.statSync(place, { throwIfNoEntry: false })
    if (stat !== undefined) found.push({ place, atMs: stat.mtimeMs })
  }
  found.sort((a, b) => b.atMs - a.atMs)
  for (const [at, { place, atMs }] of found.entries()) {
    if (at >= 4 && Date.now() - atMs > day) fs.rmSync(place, { recursive: true, force: true })
  }
}
