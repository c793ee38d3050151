/**
 * The module graph of a program, and where each name in it leads.
 *
 * Modules are read when first asked for. `Identify.ts` walks the graph from a function; `Program.ts` knows what the
 * program does when it loads.
 */
import * as path from "node:path"
import { Files } from "./Files.ts"
import { type Module, read } from "./Module.ts"
import type { Facts, Unit } from "./Facts.ts"
import { write } from "./Normal.ts"
import { Packages } from "./Packages.ts"
import { importOf, isEngineBuilder } from "./Purity.ts"
import { type Package, Resolver } from "./Resolver.ts"
import { scopeAround, type Scope, type Variable } from "./Scope.ts"
import { isClass, isFunction, type Node, placeAt } from "./Syntax.ts"

export interface ProjectOptions {
  /** Folder of the user's nearest package.json. */
  readonly root: string
  /** Where manifests of packages are remembered; nowhere by default. */
  readonly cache?: string
}

/** A unit and the module that it stands in. */
export interface PlacedUnit {
  /** Unique in the project: the file and the name or offset. */
  readonly key: string
  readonly module: Module
  readonly unit: Unit
  readonly symbol: string
  readonly kind: "binding" | "function" | "statement" | "module"
}

/** Where a name leads. */
export type Target =
  | { readonly kind: "unit"; readonly placed: PlacedUnit; readonly rest: ReadonlyArray<string> }
  | { readonly kind: "namespace"; readonly module: Module; readonly names: ReadonlyArray<string> }
  | { readonly kind: "module"; readonly module: Module }
  | {
      readonly kind: "package"
      readonly folder: string
      readonly name: string
      readonly path: string
      /** Where several `export * from` packages may be the one meant: the folders of the others. */
      readonly also?: ReadonlyArray<string>
    }
  | { readonly kind: "host"; readonly name: string }
  | { readonly kind: "engine"; readonly name: string }
  | { readonly kind: "data"; readonly file: string; readonly path: ReadonlyArray<string> }
  | { readonly kind: "missing"; readonly specifier: string; readonly why: string; readonly fix?: string }

const codeFile = /\.[cm]?[jt]sx?$/

export class Project {
  readonly root: string
  readonly files: Files
  readonly resolver: Resolver
  readonly packages: Packages
  readonly #modules = new Map<string, Module>()
  readonly #units = new Map<string, PlacedUnit>()
  readonly #facts = new Map<string, Facts>()
  /** Modules that the running program is known to load, in the order in which they were named. */
  readonly entries: Array<string> = []
  /** Grows with every entry: what was derived from the program as a whole is then derived again. */
  version = 0

  constructor(options: ProjectOptions) {
    this.root = path.resolve(options.root)
    this.files = new Files()
    this.resolver = new Resolver(this.files, this.root)
    this.packages = new Packages(this.files, this.resolver, options.cache)
  }

  /** Names a module that the program loads. */
  addEntry(file: string): void {
    if (!this.entries.includes(file)) {
      this.entries.push(file)
      this.version += 1
    }
  }

  /** A file's text as it lies on disk now; a changed file is analysed again. */
  read(file: string): string | undefined {
    if (this.files.refresh(file)) {
      this.#modules.delete(file)
      for (const map of [this.#units, this.#facts]) {
        for (const key of map.keys()) if (key.startsWith(file)) map.delete(key)
      }
      this.version += 1
    }
    return this.files.text(file)
  }

  /** Whether a file is identified by its source. */
  isSource(file: string): boolean {
    return codeFile.test(file) && this.resolver.packageOf(file).source
  }

  module(file: string): Module {
    let module = this.#modules.get(file)
    if (module === undefined) {
      module = read(file, this.label(file), this.files.text(file) ?? "")
      this.#modules.set(file, module)
    }
    return module
  }

  /** `lib/text.ts` in the root project, `@sluice/steps/src/Split.ts` elsewhere. */
  label(file: string): string {
    const owner = this.resolver.packageOf(file)
    const inside = path.relative(owner.folder, file).split(path.sep).join("/")
    return owner.folder === this.root ? inside : `${owner.name}/${inside}`
  }

  package(file: string): Package {
    return this.resolver.packageOf(file)
  }

  place(
    module: Module,
    offset: number,
  ): { readonly file: string; readonly line: number; readonly column: number } {
    return { file: module.label, ...placeAt(module.tree.lines, offset) }
  }

  facts(placed: PlacedUnit): Facts {
    let facts = this.#facts.get(placed.key)
    if (facts === undefined) {
      facts = write(placed.unit)
      this.#facts.set(placed.key, facts)
    }
    return facts
  }

  /** The unit of a module-level binding that is not an import. */
  binding(module: Module, variable: Variable): PlacedUnit {
    const key = `${module.file}#${variable.name}`
    return this.#unit(key, () => ({
      key,
      module,
      unit: {
        node: variable.declarations[0]!,
        variable,
        more: variable.declarations.slice(1),
        view: undefined,
        whole: false,
      },
      symbol: variable.kind === "function" ? `${variable.name}()` : symbolOf(variable),
      kind: "binding",
    }))
  }

  /** The unit of a function or class wherever it stands. */
  function(module: Module, node: Node, view?: Scope): PlacedUnit {
    const variable = bindingOf(node)
    if (variable !== undefined) return this.binding(module, variable)
    return this.#standing(module, node, functionSymbol(node), view)
  }

  /** The unit of what gets a tag: a function, a class, or a call whose result is identified by its code. */
  tagged(module: Module, node: Node): PlacedUnit {
    if (isFunction(node) || isClass(node)) return this.function(module, node)
    const name = node.arguments.every(isFunction) ? functionName(node) : undefined
    return this.#standing(module, node, name === undefined ? excerpt(module.text, node) : `${name}()`)
  }

  /** The unit of an expression or a nested declaration, with the scope around it where that is not the module's. */
  #standing(module: Module, node: Node, symbol: string, view?: Scope): PlacedUnit {
    const around = scopeAround(node)
    const nested = around.node.type !== "Program"
    const key = `${module.file}@${node.start}${view === undefined ? "" : `:${view.node.start}`}`
    return this.#unit(key, () => ({
      key,
      module,
      unit: {
        node,
        variable: undefined,
        more: [],
        view: nested ? (view ?? around) : undefined,
        whole: false,
      },
      symbol,
      kind: "function",
    }))
  }

  /** The unit of something that runs when its module loads. */
  effect(module: Module, node: Node): PlacedUnit {
    if (node.type === "VariableDeclarator" && node.id.type === "Identifier")
      return this.binding(module, node.id.variable)
    if ((isClass(node) || node.type === "TSModuleDeclaration") && node.id?.variable)
      return this.binding(module, node.id.variable)
    const key = `${module.file}!${node.start}`
    return this.#unit(key, () => ({
      key,
      module,
      unit: { node, variable: undefined, more: [], view: undefined, whole: false },
      symbol: `top level: ${excerpt(module.text, node)}`,
      kind: "statement",
    }))
  }

  /** A module as one unit. */
  wholeModule(module: Module): PlacedUnit {
    const key = `${module.file}*`
    return this.#unit(key, () => ({
      key,
      module,
      unit: { node: module.tree.program, variable: undefined, more: [], view: undefined, whole: true },
      symbol: "(module)",
      kind: "module",
    }))
  }

  defaultExport(module: Module, node: Node): PlacedUnit {
    const key = `${module.file}#default`
    return this.#unit(key, () => ({
      key,
      module,
      unit: { node, variable: undefined, more: [], view: undefined, whole: false },
      symbol: isFunction(node) ? "default()" : "default",
      kind: "binding",
    }))
  }

  /** Where a module-level name leads, following imports and re-exports; `chain` is what is read from it by name. */
  target(module: Module, variable: Variable, chain: ReadonlyArray<string>): Target {
    const imported = importOf(variable)
    if (imported === undefined) return { kind: "unit", placed: this.binding(module, variable), rest: chain }
    const path = imported.name === "*" ? chain : [imported.name, ...chain]
    return this.imported(module, imported.specifier, path)
  }

  /** Where `path` of the module that `specifier` names leads. An empty path is the whole namespace. */
  imported(
    module: Module,
    specifier: string,
    path_: ReadonlyArray<string>,
    kind: "import" | "require" = "import",
  ): Target {
    if (isEngineBuilder(specifier, path_))
      return { kind: "engine", name: `${specifier}:${path_.slice(0, 2).join(".")}` }
    const resolution = this.resolver.resolve(specifier, module.file, kind)
    if (resolution.kind === "builtin") return { kind: "host", name: `${resolution.name}:${path_.join(".")}` }
    if (resolution.kind === "missing") return this.#absent(module, specifier)
    const { file } = resolution
    const owner = resolution.package
    if (!owner.source) {
      return {
        kind: "package",
        folder: owner.folder,
        name: owner.name,
        path: `${specifier}:${path_.join(".")}`,
      }
    }
    // `./page.ts?raw` asks for the text, comments and all.
    if (specifier.includes("?")) return { kind: "data", file, path: [] }
    if (!codeFile.test(file)) {
      // A JSON module's default export is its value.
      const inside = path_[0] === "default" ? path_.slice(1) : path_
      return { kind: "data", file, path: file.endsWith(".json") ? inside : [] }
    }
    const found = this.module(file)
    if (found.common) return { kind: "module", module: found }
    if (path_.length === 0) return { kind: "namespace", module: found, names: this.exportNames(found) }
    return (
      this.exported(found, path_, new Set()) ?? {
        kind: "missing",
        specifier,
        why: `it exports no \`${path_[0]!}\``,
      }
    )
  }

  /** What is not there. A package that the importing one leaves to the project says how to get it. */
  #absent(module: Module, specifier: string): Target {
    const name = /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier
    const range = this.package(module.file).json.peerDependencies?.[name]
    const missing = { kind: "missing", specifier, why: "it cannot be found" } as const
    return range === undefined ? missing : { ...missing, fix: `install it: npm install ${name}@${range}` }
  }

  /** Where an exported name leads. */
  exported(module: Module, path_: ReadonlyArray<string>, seen: Set<string>): Target | undefined {
    const [name, ...rest] = path_ as [string, ...Array<string>]
    const key = `${module.file}:${name}`
    if (seen.has(key)) return undefined
    seen.add(key)
    const owner = this.package(module.file)
    if (owner.name === "@sluice/core" && coreBuilders.test(module.file)) {
      return { kind: "engine", name: `@sluice/core/${path.basename(module.file, ".ts")}:${name}` }
    }
    const own = module.exports.get(name)
    if (own !== undefined) {
      switch (own.kind) {
        case "local":
          return this.target(module, own.variable, rest)
        case "default":
          return { kind: "unit", placed: this.defaultExport(module, own.node), rest }
        case "from":
          return this.imported(module, own.specifier, own.name === "*" ? rest : [own.name, ...rest])
      }
    }
    if (name === "default") return undefined
    const outside: Array<Target> = []
    for (const specifier of module.stars) {
      const resolution = this.resolver.resolve(specifier, module.file)
      if (resolution.kind === "file" && resolution.package.source && codeFile.test(resolution.file)) {
        const found = this.exported(this.module(resolution.file), path_, seen)
        if (found !== undefined && found.kind !== "package") return found
        if (found !== undefined) outside.push(found)
      } else outside.push(this.imported(module, specifier, path_))
    }
    const [first, ...others] = outside
    if (first?.kind !== "package") return first
    return {
      ...first,
      also: [
        ...(first.also ?? []),
        ...others.flatMap((other) => (other.kind === "package" ? [other.folder, ...(other.also ?? [])] : [])),
      ],
    }
  }

  /** The source module that a specifier names, if it is one. */
  moduleAt(specifier: string, importer: string): Module | undefined {
    const resolution = this.resolver.resolve(specifier, importer)
    return resolution.kind === "file" && resolution.package.source && codeFile.test(resolution.file)
      ? this.module(resolution.file)
      : undefined
  }

  /** Every name that a module exports, `export *` followed. */
  exportNames(module: Module, seen: Set<string> = new Set()): ReadonlyArray<string> {
    if (seen.has(module.file)) return []
    seen.add(module.file)
    const names = new Set(module.exports.keys())
    for (const specifier of module.stars) {
      const resolution = this.resolver.resolve(specifier, module.file)
      if (resolution.kind === "file" && resolution.package.source && codeFile.test(resolution.file)) {
        for (const name of this.exportNames(this.module(resolution.file), seen))
          if (name !== "default") names.add(name)
      } else names.add(`* from ${specifier}`)
    }
    return [...names].toSorted()
  }

  /** The source modules that importing this one evaluates before it, in order. */
  evaluated(module: Module): ReadonlyArray<{
    readonly module: Module | undefined
    readonly specifier: string
    readonly bare: boolean
    readonly folder: string | undefined
  }> {
    return module.requests.map(({ specifier, bare }) => {
      const resolution = this.resolver.resolve(specifier, module.file)
      if (resolution.kind !== "file") return { module: undefined, specifier, bare, folder: undefined }
      const isCode = resolution.package.source && codeFile.test(resolution.file)
      return {
        module: isCode ? this.module(resolution.file) : undefined,
        specifier,
        bare,
        folder: resolution.package.source ? undefined : resolution.package.folder,
      }
    })
  }

  #unit(key: string, make: () => PlacedUnit): PlacedUnit {
    let placed = this.#units.get(key)
    if (placed === undefined) {
      placed = make()
      this.#units.set(key, placed)
    }
    return placed
  }
}

/** The module-level name that a function or class literal is given where it stands. */
const bindingOf = (node: Node): Variable | undefined => {
  const parent = node.parent
  const named =
    (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") && node.id
      ? (node.id.variable as Variable | undefined)
      : parent?.type === "VariableDeclarator" && parent.init === node && parent.id.type === "Identifier"
        ? (parent.id.variable as Variable | undefined)
        : undefined
  return named !== undefined && named.scope.node.type === "Program" && named.declarations.length === 1
    ? named
    : undefined
}

/** A readable name for a function that has none of its own. */
const functionSymbol = (node: Node): string => {
  const name = functionName(node)
  return isFunction(node) ? `${name ?? "function"}()` : (name ?? "class")
}

export const functionName = (node: Node): string | undefined => {
  if (node.id) return node.id.name
  const parent = node.parent
  if (parent?.type === "VariableDeclarator" && parent.id.type === "Identifier") return parent.id.name
  if ((parent?.type === "Property" || parent?.type === "PropertyDefinition") && parent.value === node) {
    return parent.key.name ?? (typeof parent.key.value === "string" ? parent.key.value : undefined)
  }
  if (parent?.type === "AssignmentExpression" && parent.left.type === "MemberExpression")
    return parent.left.property.name
  if (parent?.type === "ExportDefaultDeclaration") return "default"
  return undefined
}

const symbolOf = (variable: Variable): string => {
  const init = variable.declarations[0]?.init as Node | undefined
  return init && isFunction(init) ? `${variable.name}()` : variable.name
}

const excerpt = (text: string, node: Node): string => {
  const line = text.slice(node.start, node.end).split("\n", 1)[0]!.trim()
  return line.length > 48 ? `${line.slice(0, 45)}...` : line
}

const coreBuilders = /[\\/](Table|Artifact|Step|Source|Pipeline|Errors|Checkpoint|Progress)\.[jt]s$/
