/**
 * From an import specifier to the file that it means: relative paths, tsconfig paths, package exports and imports,
 * workspace packages, Node's built-ins.
 */
import { builtinModules } from "node:module"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import type { Files } from "./Files.ts"

/** A package as its package.json describes it. */
export interface Package {
  readonly folder: string
  readonly name: string
  readonly json: PackageJson
  /** Identified by its source, binding by binding: the project's own packages, and those that ship their source for it. */
  readonly source: boolean
  /** `"sluice": { "identity": "module" }`: identified by whole modules. */
  readonly wholeModules: boolean
}

export interface PackageJson {
  readonly name?: string
  readonly version?: string
  readonly type?: string
  readonly main?: string
  readonly module?: string
  readonly exports?: unknown
  readonly imports?: Record<string, unknown>
  readonly dependencies?: Record<string, string>
  readonly optionalDependencies?: Record<string, string>
  readonly peerDependencies?: Record<string, string>
  readonly devDependencies?: Record<string, string>
  readonly sluice?: { readonly identity?: string }
}

export type Resolution =
  | { readonly kind: "file"; readonly file: string; readonly package: Package }
  | { readonly kind: "builtin"; readonly name: string }
  | { readonly kind: "missing" }

const sourceExtensions = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"]
const builtins = new Set(builtinModules)

/** Conditions under which package exports are read. `@sluice/source` lets a compiled package offer its source. */
export const conditions = ["@sluice/source", "node", "import", "module-sync", "default"]
const requireConditions = ["@sluice/source", "node", "require", "module-sync", "default"]

const runtimeOptions = [
  "experimentalDecorators",
  "useDefineForClassFields",
  "jsx",
  "jsxFactory",
  "jsxFragmentFactory",
  "jsxImportSource",
]

interface Paths {
  readonly base: string
  readonly patterns: ReadonlyArray<{
    readonly prefix: string
    readonly suffix: string
    readonly star: boolean
    readonly targets: ReadonlyArray<string>
  }>
  readonly baseUrl: string | undefined
}

export class Resolver {
  readonly #files: Files
  readonly #packages = new Map<string, Package>()
  readonly #paths = new Map<string, Paths | undefined>()
  readonly #resolved = new Map<string, Resolution>()
  readonly root: string

  constructor(files: Files, root: string) {
    this.#files = files
    this.root = root
  }

  resolve(specifier: string, importer: string, kind: "import" | "require" = "import"): Resolution {
    const key = `${kind}\0${specifier}\0${path.dirname(importer)}`
    let resolution = this.#resolved.get(key)
    if (resolution === undefined) {
      resolution = this.#resolve(specifier, importer, kind)
      this.#resolved.set(key, resolution)
    }
    return resolution
  }

  /** The package that a file belongs to. */
  packageOf(file: string): Package {
    const folder = this.#folderOf(path.dirname(file))
    let found = this.#packages.get(folder)
    if (found === undefined) {
      const json = (this.#files.json(path.join(folder, "package.json")) ?? {}) as PackageJson
      const outside = !inNodeModules(folder)
      found = {
        folder,
        name: json.name ?? path.basename(folder),
        json,
        source: outside || json.sluice !== undefined,
        wholeModules: json.sluice?.identity === "module",
      }
      this.#packages.set(folder, found)
    }
    return found
  }

  /** The installed folder of a package as seen from another folder. */
  installed(name: string, from: string): string | undefined {
    for (let at = from; ; at = path.dirname(at)) {
      if (path.basename(at) !== "node_modules") {
        const modules = path.join(at, "node_modules")
        const folder = path.join(modules, name)
        if (this.#files.kind(modules) === "folder" && this.#files.kind(folder) === "folder") {
          return this.#files.real(folder)
        }
      }
      if (at === path.dirname(at)) return undefined
    }
  }

  #folderOf(folder: string): string {
    const marker = `${path.sep}node_modules${path.sep}`
    const at = folder.lastIndexOf(marker)
    if (at !== -1) {
      const rest = folder.slice(at + marker.length).split(path.sep)
      const depth = rest[0]!.startsWith("@") ? 2 : 1
      return folder.slice(0, at + marker.length) + rest.slice(0, depth).join(path.sep)
    }
    const found = this.#files.nearest(folder, "package.json")
    return found === undefined ? this.root : path.dirname(found)
  }

  #resolve(given: string, importer: string, kind: "import" | "require"): Resolution {
    const specifier = given.replace(/[?#].*$/, (tail) => (given.startsWith("#") ? tail : ""))
    if (specifier.startsWith("node:")) return { kind: "builtin", name: specifier.slice(5) }
    if (builtins.has(specifier)) return { kind: "builtin", name: specifier }
    if (specifier.startsWith("data:")) return { kind: "builtin", name: specifier }
    if (specifier.startsWith("file:")) return this.#found(this.#asFile(fileURLToPath(specifier)))
    if (
      /^\.{0,2}\//.test(specifier) ||
      specifier === "." ||
      specifier === ".." ||
      path.isAbsolute(specifier)
    ) {
      return this.#found(this.#asFile(path.resolve(path.dirname(importer), specifier)))
    }
    const owner = this.packageOf(importer)
    const names = kind === "import" ? conditions : requireConditions
    if (specifier.startsWith("#")) {
      const target = owner.json.imports && match(owner.json.imports, specifier, names)
      if (typeof target !== "string") return { kind: "missing" }
      return target.startsWith("./")
        ? this.#found(this.#asFile(path.join(owner.folder, target)))
        : this.resolve(target, path.join(owner.folder, "package.json"), kind)
    }
    if (!inNodeModules(importer)) {
      const mapped = this.#mapped(specifier, path.dirname(importer))
      if (mapped !== undefined) return this.#found(mapped)
    }
    const parts = specifier.split("/")
    const name = parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/")
    const subpath = `.${specifier.slice(name.length)}`
    if (name === owner.json.name && owner.json.exports !== undefined) {
      const own = this.#inPackage(owner.folder, subpath, names)
      if (own !== undefined) return this.#found(own)
    }
    const folder = this.installed(name, path.dirname(importer))
    return folder === undefined ? { kind: "missing" } : this.#found(this.#inPackage(folder, subpath, names))
  }

  #found(file: string | undefined): Resolution {
    if (file === undefined) return { kind: "missing" }
    const real = this.#files.real(file)
    return { kind: "file", file: real, package: this.packageOf(real) }
  }

  #inPackage(folder: string, subpath: string, names: ReadonlyArray<string>): string | undefined {
    const json = this.#files.json(path.join(folder, "package.json")) as PackageJson | undefined
    if (json?.exports !== undefined && json.exports !== null) {
      const target = match(exportsMap(json.exports), subpath, names)
      return typeof target === "string" ? this.#asFile(path.join(folder, target)) : undefined
    }
    if (subpath !== ".") return this.#asFile(path.join(folder, subpath))
    return (
      this.#asFile(path.join(folder, json?.main ?? "index.js")) ?? this.#asFile(path.join(folder, "index.js"))
    )
  }

  /** A path as written, with an extension added, `.js` read as `.ts`, or a folder's index. */
  #asFile(file: string): string | undefined {
    const extension = path.extname(file)
    if (this.#files.isFile(file)) return file
    const swapped: Record<string, ReadonlyArray<string>> = {
      ".js": [".ts", ".tsx"],
      ".jsx": [".tsx"],
      ".mjs": [".mts"],
      ".cjs": [".cts"],
    }
    for (const other of swapped[extension] ?? []) {
      const candidate = file.slice(0, -extension.length) + other
      if (this.#files.isFile(candidate)) return candidate
    }
    for (const added of sourceExtensions) if (this.#files.isFile(file + added)) return file + added
    if (this.#files.kind(file) === "folder") {
      const main = (this.#files.json(path.join(file, "package.json")) as PackageJson | undefined)?.main
      if (main !== undefined) {
        const found = this.#asFile(path.join(file, main))
        if (found !== undefined) return found
      }
      for (const added of sourceExtensions) {
        const candidate = path.join(file, `index${added}`)
        if (this.#files.isFile(candidate)) return candidate
      }
    }
    return undefined
  }

  #mapped(specifier: string, folder: string): string | undefined {
    const paths = this.#pathsFor(folder)
    if (paths === undefined) return undefined
    for (const pattern of paths.patterns) {
      const matches = pattern.star
        ? specifier.startsWith(pattern.prefix) &&
          specifier.endsWith(pattern.suffix) &&
          specifier.length >= pattern.prefix.length + pattern.suffix.length
        : specifier === pattern.prefix
      if (!matches) continue
      const middle = specifier.slice(pattern.prefix.length, specifier.length - pattern.suffix.length)
      for (const target of pattern.targets) {
        const found = this.#asFile(
          path.resolve(paths.base, pattern.star ? target.replace("*", middle) : target),
        )
        if (found !== undefined) return found
      }
    }
    return paths.baseUrl === undefined ? undefined : this.#asFile(path.resolve(paths.baseUrl, specifier))
  }

  /** Compiler options that change what a file does when it runs. An installed package has its own, if any. */
  compilerOptions(file: string): Record<string, unknown> {
    const limit = inNodeModules(file) ? this.packageOf(file).folder : undefined
    const config = this.#files.nearest(path.dirname(file), "tsconfig.json", limit)
    return config === undefined ? {} : this.#options(config, new Set())
  }

  #options(file: string, seen: Set<string>): Record<string, unknown> {
    if (seen.has(file)) return {}
    seen.add(file)
    const config = this.#files.json(file) as
      | {
          readonly extends?: string | ReadonlyArray<string>
          readonly compilerOptions?: Record<string, unknown>
        }
      | undefined
    const options: Record<string, unknown> = {}
    for (const parent of [config?.extends ?? []].flat()) {
      const resolved = this.#extended(parent, file)
      if (resolved !== undefined) Object.assign(options, this.#options(resolved, seen))
    }
    for (const name of runtimeOptions) {
      const value = config?.compilerOptions?.[name]
      if (value !== undefined) options[name] = value
    }
    return options
  }

  #pathsFor(folder: string): Paths | undefined {
    if (this.#paths.has(folder)) return this.#paths.get(folder)
    const file = this.#files.nearest(folder, "tsconfig.json")
    const paths = file === undefined ? undefined : this.#readPaths(file, new Set())
    this.#paths.set(folder, paths)
    return paths
  }

  #readPaths(file: string, seen: Set<string>): Paths | undefined {
    if (seen.has(file)) return undefined
    seen.add(file)
    const config = this.#files.json(file) as
      | {
          readonly extends?: string | ReadonlyArray<string>
          readonly compilerOptions?: {
            readonly paths?: Record<string, ReadonlyArray<string>>
            readonly baseUrl?: string
          }
        }
      | undefined
    if (config === undefined) return undefined
    let inherited: Paths | undefined
    for (const parent of [config.extends ?? []].flat()) {
      const resolved = this.#extended(parent, file)
      if (resolved !== undefined) inherited = this.#readPaths(resolved, seen) ?? inherited
    }
    const options = config.compilerOptions ?? {}
    const baseUrl =
      options.baseUrl === undefined ? inherited?.baseUrl : path.resolve(path.dirname(file), options.baseUrl)
    if (options.paths === undefined) {
      if (inherited === undefined)
        return baseUrl === undefined ? undefined : { base: baseUrl, patterns: [], baseUrl }
      return { ...inherited, baseUrl }
    }
    const patterns = Object.entries(options.paths).map(([pattern, targets]) => {
      const star = pattern.indexOf("*")
      return star === -1
        ? { prefix: pattern, suffix: "", star: false, targets }
        : { prefix: pattern.slice(0, star), suffix: pattern.slice(star + 1), star: true, targets }
    })
    // The most specific pattern first, as TypeScript has it.
    patterns.sort((a, b) => Number(a.star) - Number(b.star) || b.prefix.length - a.prefix.length)
    return { base: baseUrl ?? path.dirname(file), patterns, baseUrl }
  }

  #extended(parent: string, file: string): string | undefined {
    if (parent.startsWith(".") || path.isAbsolute(parent)) {
      const plain = path.resolve(path.dirname(file), parent)
      return this.#files.isFile(plain)
        ? plain
        : this.#files.isFile(`${plain}.json`)
          ? `${plain}.json`
          : undefined
    }
    const resolved = this.resolve(parent, file)
    if (resolved.kind === "file") return resolved.file
    const again = this.resolve(`${parent}/tsconfig.json`, file)
    return again.kind === "file" ? again.file : undefined
  }
}

export const inNodeModules = (file: string): boolean => file.includes(`${path.sep}node_modules${path.sep}`)

const exportsMap = (exports: unknown): Record<string, unknown> =>
  typeof exports === "object" &&
  exports !== null &&
  !Array.isArray(exports) &&
  Object.keys(exports)[0]?.startsWith(".")
    ? (exports as Record<string, unknown>)
    : { ".": exports }

/** Node's algorithm: the exact key, else the longest pattern; then the first condition that holds. */
const match = (
  map: Record<string, unknown>,
  key: string,
  names: ReadonlyArray<string>,
): string | null | undefined => {
  if (Object.hasOwn(map, key) && !key.includes("*")) return condition(map[key], undefined, names)
  let best: { readonly pattern: string; readonly middle: string } | undefined
  for (const pattern of Object.keys(map)) {
    const star = pattern.indexOf("*")
    if (star === -1) continue
    const prefix = pattern.slice(0, star)
    const suffix = pattern.slice(star + 1)
    if (!key.startsWith(prefix) || !key.endsWith(suffix) || key.length < pattern.length) continue
    if (best === undefined || star > best.pattern.indexOf("*") || pattern.length > best.pattern.length) {
      best = { pattern, middle: key.slice(prefix.length, key.length - suffix.length) }
    }
  }
  return best === undefined ? undefined : condition(map[best.pattern], best.middle, names)
}

const condition = (
  target: unknown,
  middle: string | undefined,
  names: ReadonlyArray<string>,
): string | null | undefined => {
  if (typeof target === "string") return middle === undefined ? target : target.replaceAll("*", middle)
  if (target === null) return null
  if (Array.isArray(target)) {
    for (const item of target) {
      const found = condition(item, middle, names)
      if (found !== undefined && found !== null) return found
    }
    return undefined
  }
  if (typeof target !== "object" || target === undefined) return undefined
  for (const [name, inner] of Object.entries(target as Record<string, unknown>)) {
    if (!names.includes(name)) continue
    const found = condition(inner, middle, names)
    if (found !== undefined) return found
  }
  return undefined
}
