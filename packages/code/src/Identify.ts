/**
 * The identity of a function: a digest over the list, breadth first, of everything that it reaches.
 *
 * Each entry is a normal form; references between entries are their places in the list. So cycles need no care, and
 * where a helper lies, or how it is called, does not show.
 */
import { createHash } from "node:crypto"
import type { Note, PackageIdentity, Part, Refusal } from "./Identity.ts"
import type { Module } from "./Module.ts"
import type { Captured, Facts, NameReference, Reference } from "./Facts.ts"
import { lookThrough } from "./Host.ts"
import { functionOf } from "./Local.ts"
import type { PlacedUnit, Project, Target } from "./Project.ts"
import { changesArgument, type Program } from "./Program.ts"
import { importOf, isSettled } from "./Purity.ts"
import type { Scope } from "./Scope.ts"
import { isClass, isFunction, type Node, placeAt, staticName } from "./Syntax.ts"
import { usageOf } from "./Usage.ts"

/** A value that enters beside the code: a captured local by its place in the tag's list, or a module's binding. */
interface ValueReference {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly from:
    | { readonly captured: number }
    | { readonly module: string; readonly binding: string; readonly path: ReadonlyArray<string> }
}

/** An identity as data: what a bundle keeps beside itself. */
export interface StaticIdentity {
  readonly digest: string
  readonly parts: ReadonlyArray<Part>
  readonly packages: ReadonlyArray<PackageIdentity>
  readonly values: ReadonlyArray<ValueReference>
  readonly env: ReadonlyArray<string>
  readonly notes: ReadonlyArray<Note>
  readonly refusals: ReadonlyArray<Refusal>
}

interface Entry {
  readonly own: string
  readonly target: Target | undefined
  readonly placed: PlacedUnit | undefined
  readonly facts: Facts | undefined
  readonly edges: Array<{ readonly to: number; readonly loading: boolean }>
  /** For an explanation: what the entry's own digest says, with the names of what it refers to. */
  readonly mentions: Array<string>
}

/** Captured locals of a function and of the local functions that it follows, in the order of the tag's thunks. */
export const capturedBy = (project: Project, root: PlacedUnit): ReadonlyArray<Captured> => {
  const found = new Map<string, Captured>()
  for (const placed of localClosure(project, root)) {
    for (const captured of project.facts(placed).captured) {
      const { variable } = captured
      const key = `${variable === undefined ? "this" : `${variable.scope.node.start}:${variable.name}`}.${captured.path.join(".")}`
      if (!found.has(key)) found.set(key, captured)
    }
  }
  return [...found.values()]
}

const localClosure = (project: Project, root: PlacedUnit): ReadonlyArray<PlacedUnit> => {
  if (root.unit.view === undefined) return [root]
  const units = [root]
  for (const placed of units) {
    for (const reference of project.facts(placed).references) {
      const local = localTarget(project, placed, reference, root.unit.view)
      if (local !== undefined && !units.includes(local)) units.push(local)
    }
  }
  return units
}

const localTarget = (
  project: Project,
  from: PlacedUnit,
  reference: Reference,
  view: Scope | undefined,
): PlacedUnit | undefined => {
  if (reference.kind !== "name" || reference.variable.scope.node.type === "Program" || view === undefined)
    return undefined
  const node = functionOf(reference.variable)
  return node === undefined ? undefined : project.function(from.module, node, view)
}

const asWritten = (reference: Reference): string =>
  reference.kind === "name" ? [reference.variable.name, ...reference.chain].join(".") : reference.specifier

/** Identifies a function or class. */
export const identify = (project: Project, program: Program, root: PlacedUnit): StaticIdentity =>
  new Walk(project, program, root).finish()

class Walk {
  readonly #project: Project
  readonly #program: Program
  readonly #root: PlacedUnit
  readonly #entries: Array<Entry> = []
  readonly #index = new Map<string, number>()
  readonly #paths = new Map<string, Array<ReadonlyArray<string>>>()
  /** How entries are mentioned: the entry that does it, whether only in loading, and the first name read from it. */
  readonly #uses = new Map<
    string,
    Array<{ readonly from: Entry; readonly loading: boolean; readonly member: string | undefined }>
  >()
  readonly #packages = new Map<string, string>()
  readonly #refusals: Array<Refusal> = []
  readonly #env = new Set<string>()
  readonly #notes: Array<Note> = []

  constructor(project: Project, program: Program, root: PlacedUnit) {
    this.#project = project
    this.#program = program
    this.#root = root
  }

  finish(): StaticIdentity {
    this.#place(this.#wholeIfAsked(this.#root))
    for (const folder of this.#program.barePackages) this.#packages.set(folder, folder)
    // The list grows while it is walked.
    for (let at = 0; at < this.#entries.length; at += 1) {
      this.#follow(this.#entries[at]!)
      if (at === this.#entries.length - 1) this.#addWhatLoads()
    }
    const running = this.#running()
    for (const [at, entry] of this.#entries.entries()) {
      const { placed, facts } = entry
      if (placed === undefined || facts === undefined || this.#answersForItself(placed)) continue
      for (const name of facts.env) this.#env.add(name)
      for (const note of facts.notes) this.#note(placed.module, note)
      for (const problem of facts.problems)
        this.#refuse(placed.module, problem.offset, problem.what, problem.fix)
      if (placed.kind !== "module") this.#refuseChanges(placed, facts, running, at)
    }
    const names = this.#entries.some((entry) => entry.facts?.observesNames === true)
      ? this.#observableNames()
      : []
    const hash = createHash("sha256").update("sluice code 1\n")
    for (const entry of this.#entries) {
      const options = this.#compilerOptions(entry)
      hash.update(`${entry.own}${options} ${entry.edges.map((e) => e.to).join(",")}\n`)
    }
    if (names.length > 0) hash.update(`names ${JSON.stringify(names)}\n`)
    return {
      digest: hash.digest("hex"),
      parts: this.#parts(),
      packages: this.#closure(),
      values: [...this.#capturedValues(), ...this.#moduleValues()],
      env: [...this.#env].toSorted(),
      notes: this.#notes,
      refusals: this.#refusals,
    }
  }

  /** Compiler options that give class fields and decorators another meaning. */
  #compilerOptions(entry: Entry): string {
    if (entry.facts?.compiled !== true || entry.placed === undefined) return ""
    const options = this.#project.resolver.compilerOptions(entry.placed.module.file)
    const { experimentalDecorators, useDefineForClassFields } = options
    return experimentalDecorators === true || useDefineForClassFields === false
      ? ` ${JSON.stringify([experimentalDecorators, useDefineForClassFields])}`
      : ""
  }

  #answersForItself(placed: PlacedUnit): boolean {
    return placed.kind === "module" && this.#project.package(placed.module.file).wholeModules
  }

  #wholeIfAsked(placed: PlacedUnit): PlacedUnit {
    return placed.kind !== "module" && this.#project.package(placed.module.file).wholeModules
      ? this.#project.wholeModule(placed.module)
      : placed
  }

  #place(placed: PlacedUnit): number {
    return this.#enter(placed.key, () => {
      const facts = this.#project.facts(placed)
      return { own: facts.own, target: undefined, placed, facts, edges: [], mentions: [] }
    })
  }

  #enter(key: string, make: () => Entry): number {
    let at = this.#index.get(key)
    if (at === undefined) {
      at = this.#entries.length
      this.#index.set(key, at)
      this.#entries.push(make())
    }
    return at
  }

  #leaf(target: Target, own: string, key = own): number {
    return this.#enter(key, () => ({
      own: createHash("sha256").update(own).digest("hex"),
      target,
      placed: undefined,
      facts: undefined,
      edges: [],
      mentions: [],
    }))
  }

  #target(target: Target, from: Module, offset: number): number {
    switch (target.kind) {
      case "unit":
        return this.#place(this.#wholeIfAsked(target.placed))
      case "module":
        return this.#place(this.#project.wholeModule(target.module))
      case "namespace":
        return this.#leaf(target, `namespace ${target.names.join(",")}`, `namespace ${target.module.file}`)
      case "package":
        for (const folder of [target.folder, ...(target.also ?? [])]) this.#packages.set(folder, folder)
        return this.#leaf(target, `package ${target.path}`)
      case "host":
        return this.#leaf(target, `host ${target.name}`)
      case "engine":
        return this.#leaf(target, `engine ${target.name}`)
      case "data":
        return this.#leaf(target, `data ${this.#data(target.file, target.path)}`)
      case "missing":
        this.#refuse(
          from,
          offset,
          `\`${target.specifier}\`: ${target.why}`,
          target.fix ?? "correct the import, or install the package",
        )
        return this.#leaf(target, `missing ${target.specifier}`)
    }
  }

  /** A JSON file counts by what is read from it, any other file by its bytes. */
  #data(file: string, path: ReadonlyArray<string>): string {
    if (!file.endsWith(".json")) return this.#project.files.digest(file)
    let value = this.#project.files.json(file)
    if (value === undefined) return this.#project.files.digest(file)
    for (const name of path) {
      if (value === null || typeof value !== "object" || !Object.hasOwn(value, name)) break
      value = (value as Record<string, unknown>)[name]
    }
    return `json ${JSON.stringify(value)}`
  }

  #follow(entry: Entry): void {
    const { placed, facts, target } = entry
    if (target?.kind === "namespace") {
      for (const name of target.names) {
        const found = this.#project.exported(target.module, [name], new Set())
        if (found !== undefined)
          entry.edges.push({ to: this.#target(found, target.module, 0), loading: false })
        entry.mentions.push(name)
      }
      return
    }
    if (target?.kind === "package") {
      const changers = this.#program.packageChangers.get(target.name) ?? []
      for (const changer of changers) this.#edge(entry, changer)
      return
    }
    if (target?.kind === "data") {
      for (const changer of this.#program.changers.get(`data ${target.file}`) ?? [])
        this.#edge(entry, changer)
      return
    }
    if (placed === undefined || facts === undefined) return
    const evaluates = this.#evaluates(placed)
    for (const reference of facts.references) this.#reference(entry, placed, reference, evaluates)
    if (placed.kind === "module") {
      for (const request of this.#project.evaluated(placed.module)) {
        if (request.bare && request.module !== undefined)
          this.#edge(entry, this.#project.wholeModule(request.module))
        if (request.bare && request.folder !== undefined) this.#packages.set(request.folder, request.folder)
      }
    }
    for (const changer of this.#program.changers.get(placed.key) ?? []) this.#edge(entry, changer)
  }

  #edge(entry: Entry, placed: PlacedUnit): void {
    entry.edges.push({ to: this.#place(placed), loading: true })
    entry.mentions.push(`${placed.symbol} ${placed.module.label}`)
  }

  /** Whether the unit runs once, when its module loads: an initialiser, a class, a statement. */
  #evaluates(placed: PlacedUnit): boolean {
    const node = placed.unit.node
    if (placed.kind === "statement") return true
    if (placed.kind !== "binding") return false
    return !(isFunction(node) || (node.init && isFunction(node.init)))
  }

  #reference(entry: Entry, placed: PlacedUnit, reference: Reference, evaluates: boolean): void {
    const project = this.#project
    const { module } = placed
    const link = (target: Target, loading = false): void => {
      if (reference.kind === "module") this.#surroundings(target, module, reference.offset)
      const at = this.#target(target, module, reference.offset)
      entry.edges.push({ to: at, loading })
      const found = this.#entries[at]!
      entry.mentions.push(
        found.placed === undefined
          ? this.#mention(found)
          : `${found.placed.symbol} ${found.placed.module.label}`,
      )
    }
    switch (reference.kind) {
      case "asset": {
        const resolved = project.resolver.resolve(reference.specifier, module.file)
        if (resolved.kind === "file" && project.isSource(resolved.file)) {
          // A worker's file: all that it loads.
          link({ kind: "module", module: project.module(resolved.file) })
        } else if (resolved.kind === "file") link({ kind: "data", file: resolved.file, path: [] })
        else {
          this.#refuse(
            module,
            reference.offset,
            `\`${reference.specifier}\` beside this file is not a file`,
            "name one file that is there, or declare the files as an input of the step",
          )
        }
        return
      }
      case "module": {
        const { specifier, paths } = reference
        if (paths === undefined) link(project.imported(module, specifier, []))
        else for (const path of paths) link(project.imported(module, specifier, path))
        if (paths?.length === 0) {
          const resolved = project.resolver.resolve(specifier, module.file)
          if (resolved.kind === "file" && project.isSource(resolved.file)) {
            link({ kind: "module", module: project.module(resolved.file) })
          } else link(project.imported(module, specifier, []))
        }
        return
      }
      case "name": {
        const local = localTarget(project, placed, reference, placed.unit.view)
        if (local !== undefined) {
          entry.edges.push({ to: this.#place(local), loading: false })
          entry.mentions.push(`${local.symbol} ${local.module.label}`)
          return
        }
        if (reference.variable.scope.node.type !== "Program") return
        const target = project.target(module, reference.variable, reference.chain)
        if (target.kind === "unit") {
          this.#remember(target, reference)
          const use = { from: entry, loading: evaluates && reference.called, member: target.rest[0] }
          const uses = this.#uses.get(target.placed.key)
          if (uses === undefined) this.#uses.set(target.placed.key, [use])
          else uses.push(use)
          const code = target.placed.unit.node
          const asText = reference.text || target.rest.at(-1) === "toString"
          if (asText && (isFunction(code) || isFunction(code.init ?? code))) {
            this.#refuse(
              module,
              reference.offset,
              "reads the source text of a function",
              "call the function instead",
            )
          }
        }
        const { specifier = "" } = importOf(reference.variable) ?? {}
        const told = target.kind === "host" ? target.name : target.kind === "package" ? target.path : ""
        // What is imported where it stands, its own text has told.
        if (!told.startsWith(`${specifier.replace(/^node:/, "")}:`))
          this.#surroundings(target, module, reference.offset)
        link(target, evaluates && reference.called)
      }
    }
  }

  /** Notes which part of a value is read, for values that enter in part. */
  #remember(target: Target & { readonly kind: "unit" }, reference: NameReference): void {
    let path = reference.path
    const imported = importOf(reference.variable)
    if (imported !== undefined) {
      const lead = imported.name === "*" ? 1 : 0
      const called = reference.chain.length - lead > reference.path.length
      path = called ? target.rest.slice(0, -1) : target.rest
    }
    const paths = this.#paths.get(target.placed.key)
    if (paths === undefined) this.#paths.set(target.placed.key, [path])
    else paths.push(path)
  }

  /** What changes global state when modules load belongs to every identity. */
  #addWhatLoads(): void {
    const root = this.#entries[0]!
    for (const changer of this.#program.globalChangers) {
      const known = this.#index.get(changer.key)
      if (known === undefined) this.#edge(root, changer)
      else if (known !== 0 && !root.edges.some((edge) => edge.to === known))
        root.edges.push({ to: known, loading: true })
    }
  }

  /** Entries whose code may run inside the step, as against once while its module loads. */
  #running(): ReadonlySet<number> {
    const running = new Set<number>([0])
    const queue = [0]
    for (const at of queue) {
      for (const edge of this.#entries[at]!.edges) {
        if (!edge.loading && !running.has(edge.to)) {
          running.add(edge.to)
          queue.push(edge.to)
        }
      }
    }
    // A statement's or an initialiser's functions may be called later; its own calls have been made.
    for (const [at, entry] of this.#entries.entries()) {
      if (running.has(at) || entry.placed === undefined || !this.#evaluates(entry.placed)) continue
      const more = [at]
      for (const from of more) {
        for (const edge of this.#entries[from]!.edges) {
          if (!edge.loading && !running.has(edge.to)) {
            running.add(edge.to)
            more.push(edge.to)
          }
        }
      }
    }
    return running
  }

  #refuseChanges(placed: PlacedUnit, facts: Facts, runningEntries: ReadonlySet<number>, at: number): void {
    const evaluates = this.#evaluates(placed)
    const running = runningEntries.has(at)
    // Methods that fill a registry while modules load do no harm where a step reads its data alone.
    if (evaluates && this.#onlyDataIsRead(placed, runningEntries)) return
    for (const change of facts.changes) {
      // An initialiser or a statement has done its own changes by the time that a step runs.
      if (evaluates ? !change.deferred : !running) continue
      this.#refuseChange(placed.module, change.offset, change.what)
    }
    for (const handed of facts.handed) {
      if (evaluates ? !handed.deferred : !running) continue
      if (changesArgument(this.#project, placed.module, handed.callee, handed.index) === true) {
        this.#refuseChange(placed.module, handed.offset, `\`${handed.variable.name}\``)
      }
    }
  }

  #onlyDataIsRead(placed: PlacedUnit, running: ReadonlySet<number>): boolean {
    const uses = this.#uses.get(placed.key)
    if (uses === undefined) return false
    return uses.every(({ from, loading, member }) => {
      if (loading || from.placed === placed) return true
      const index = this.#index.get(from.placed?.key ?? "")
      if (index !== undefined && !running.has(index) && from.placed?.kind === "statement") return true
      return member !== undefined && holdsDataAt(placed.unit.node, member)
    })
  }

  #refuseChange(module: Module, offset: number, what: string): void {
    this.#refuse(
      module,
      offset,
      `changes ${what}, which outlives the step`,
      "keep the state inside the function, or declare a `version` on the step",
    )
  }

  #refuse(module: Module, offset: number, what: string, fix: string): void {
    const { file, line, column } = this.#project.place(module, offset)
    if (
      this.#refusals.some((r) => r.file === file && r.line === line && r.column === column && r.what === what)
    )
      return
    this.#refusals.push({ file, line, column, what, fix })
  }

  #note(module: Module, note: { readonly what: string; readonly offset: number }): void {
    if (isMarked(module.text, note)) return
    const { file, line } = this.#project.place(module, note.offset)
    if (!this.#notes.some((n) => n.file === file && n.line === line && n.what === note.what)) {
      this.#notes.push({ file, line, what: note.what })
    }
  }

  /** What the surroundings give through a module of the project, or by `import()`: the text alone does not show it. */
  #surroundings(target: Target, module: Module, offset: number): void {
    if (
      target.kind === "package" &&
      /^effect(?:\/Config)?:(?:.*\.)?Config\b|^effect\/Config:/.test(target.path)
    ) {
      const fix = 'import it from "effect" where it is called: `Config.String("NAME")`'
      this.#refuse(module, offset, "reads `Config` through another module", fix)
    }
    if (target.kind !== "host") return
    const colon = target.name.indexOf(":")
    const names = target.name.slice(colon + 1).split(".")
    const seen = lookThrough([target.name.slice(0, colon), ...names.filter((name) => name !== "")])
    if (seen.env !== undefined) this.#env.add(seen.env)
    if (seen.note !== undefined) this.#note(module, { what: seen.note, offset })
    if (seen.problem !== undefined)
      this.#refuse(
        module,
        offset,
        seen.problem,
        "import it where it is used, and read what is needed by name",
      )
  }

  /** Names of functions that are passed about as values, where reached code reads some `.name`. */
  #observableNames(): ReadonlyArray<string> {
    const names: Array<string> = []
    for (const entry of this.#entries) {
      const { placed, facts } = entry
      if (placed === undefined || facts === undefined) continue
      names.push(...facts.names)
      for (const reference of facts.references) {
        if (reference.kind !== "name" || !reference.escapes) continue
        const target =
          reference.variable.scope.node.type === "Program"
            ? this.#project.target(placed.module, reference.variable, reference.chain)
            : undefined
        if (target === undefined) names.push(reference.variable.name)
        else if (target.kind === "unit" && !this.#evaluates(target.placed)) {
          names.push(target.placed.unit.variable?.name ?? target.placed.symbol)
        }
      }
    }
    return names
  }

  #parts(): ReadonlyArray<Part> {
    const counts = new Map<string, number>()
    const parts: Array<Part> = []
    for (const entry of this.#entries) {
      let symbol: string
      let file: string
      if (entry.placed !== undefined) {
        symbol = entry.placed.symbol
        file = entry.placed.module.label
      } else if (entry.target?.kind === "data") {
        file = this.#project.label(entry.target.file)
        symbol = entry.target.path.length === 0 ? "(file)" : entry.target.path.join(".")
      } else continue
      const key = `${symbol}\0${file}`
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      const digest = createHash("sha256")
        .update(`${entry.own}\n${entry.mentions.join("\n")}`)
        .digest("hex")
      const written = createHash("sha256")
        .update(`${entry.own}\n${(entry.facts?.references ?? []).map(asWritten).join("\n")}`)
        .digest("hex")
        .slice(0, 16)
      parts.push({ symbol: count === 1 ? symbol : `${symbol} #${count}`, file, digest, written })
    }
    return parts
  }

  /** A file counts as a part of its own: whoever mentions it does not change with its contents. */
  #mention({ own, target }: Entry): string {
    return target?.kind === "data" ? [this.#project.label(target.file), ...target.path].join(" ") : own
  }

  #closure(): ReadonlyArray<PackageIdentity> {
    const all = new Map<string, PackageIdentity>()
    for (const folder of this.#packages.values()) {
      for (const identity of this.#project.packages.closure(folder)) {
        all.set(`${identity.name}@${identity.version} ${identity.integrity}`, identity)
      }
    }
    return [...all.keys()].toSorted().map((key) => all.get(key)!)
  }

  #capturedValues(): ReadonlyArray<ValueReference> {
    return capturedBy(this.#project, this.#root).map((captured, index) => {
      const { file, line } = this.#project.place(this.#root.module, captured.offset)
      const name = [captured.variable?.name ?? "this", ...captured.path].join(".")
      return { name, file, line, from: { captured: index } }
    })
  }

  #moduleValues(): ReadonlyArray<ValueReference> {
    const values: Array<ValueReference> = []
    for (const { placed, facts } of this.#entries) {
      if (placed === undefined || facts === undefined || placed.kind !== "binding") continue
      const name = placed.unit.variable?.name ?? "default"
      const paths = this.#valuePaths(placed, facts)
      if (paths.length === 0) continue
      const { line } = placeAt(placed.module.tree.lines, placed.unit.node.start)
      for (const path of paths) {
        values.push({
          name: [name, ...path].join("."),
          file: placed.module.label,
          line,
          from: { module: placed.module.file, binding: name, path },
        })
      }
    }
    return values
  }

  /** The parts of a binding's value that code alone does not settle: none, some properties, or [] for all of it. */
  #valuePaths(placed: PlacedUnit, facts: Facts): ReadonlyArray<ReadonlyArray<string>> {
    const { node, variable } = placed.unit
    const later = this.#program.changedLater.has(placed.key)
    if (isFunction(node)) return []
    if (isClass(node)) {
      const told = `changes \`${variable?.name ?? ""}\``
      if (later && !this.#refusals.some((r) => r.what.startsWith(told))) {
        this.#refuse(
          placed.module,
          node.start,
          `\`${variable?.name ?? "class"}\` is changed by a function after it was declared`,
          "change the class where it is declared, or declare a `version` on the step",
        )
      }
      return facts.computedStatics.map((name) => [name])
    }
    if (node.type === "TSModuleDeclaration") return []
    if (!needsValue(placed) && !later) return []
    if (node.init && isClass(node.init)) return facts.computedStatics.map((name) => [name])
    if (node.init && isFunction(node.init) && !later) return []
    return shortest(this.#paths.get(placed.key) ?? [[]])
  }
}

/** Whether a binding's value does not follow from its code. */
export const needsValue = (placed: PlacedUnit): boolean => {
  const { node, variable } = placed.unit
  if (isFunction(node) || node.type === "TSModuleDeclaration") return false
  if (isClass(node)) return true
  if (node.type === "TSEnumDeclaration") {
    return node.body.members.some((m: Node) => m.initializer && !isSettled(m.initializer))
  }
  if (variable === undefined) return !isSettled(node)
  if (variable.references.some((r) => usageOf(r).kind === "assign")) return true
  if (node.type !== "VariableDeclarator") return false
  return !node.init || !isSettled(node.init) || !isSettledPattern(node.id)
}

/** Whether taking a value apart computes nothing: no defaults and names that are settled themselves. */
const isSettledPattern = (pattern: Node): boolean => {
  switch (pattern.type) {
    case "AssignmentPattern":
      return isSettled(pattern.right) && isSettledPattern(pattern.left)
    case "ObjectPattern":
      return pattern.properties.every((p: Node) =>
        p.type === "RestElement"
          ? isSettledPattern(p.argument)
          : isSettledPattern(p.value) && (p.computed !== true || isSettled(p.key)),
      )
    case "ArrayPattern":
      return pattern.elements.every((e: Node | null) => e === null || isSettledPattern(e))
    case "RestElement":
      return isSettledPattern(pattern.argument)
    default:
      return true
  }
}

/** Whether a class or an object literal holds data, and no function, under a name. */
const holdsDataAt = (node: Node, name: string): boolean => {
  const holder: Node = node.init ?? node
  const members: ReadonlyArray<Node> =
    holder.type === "ObjectExpression" ? holder.properties : isClass(holder) ? holder.body.body : []
  return members.some(
    (m) =>
      (m.type === "PropertyDefinition"
        ? m.static === true
        : m.type === "Property" && m.kind === "init" && !m.method) &&
      staticName(m.key, m.computed) === name &&
      (!m.value || !isFunction(m.value)),
  )
}

/** Paths that do not lie within one another. */
const shortest = (paths: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<ReadonlyArray<string>> => {
  const kept: Array<ReadonlyArray<string>> = []
  for (const path of [...paths].toSorted((a, b) => a.length - b.length)) {
    if (!kept.some((other) => other.every((name, at) => path[at] === name))) kept.push(path)
  }
  return kept.toSorted((a, b) => (a.join(".") < b.join(".") ? -1 : 1))
}

/**
 * Whether a note is marked as one that no result follows from: `// sluice: not in the result` at the end of its
 * line, or alone on the line above. Locale and time zone cannot be marked away: they decide what enters a key, and a comment must not.
 */
const isMarked = (text: string, note: { readonly what: string; readonly offset: number }): boolean => {
  if (/locale|time zone/.test(note.what)) return false
  const start = text.lastIndexOf("\n", note.offset - 1) + 1
  const above = text.lastIndexOf("\n", start - 2) + 1
  const end = text.indexOf("\n", note.offset)
  const mark = /(^|\s)\/[/*]\s*sluice: not in the result\b/
  return (
    mark.test(text.slice(start, end < 0 ? text.length : end)) ||
    (/^\s*\/[/*]/.exec(text.slice(above, start)) !== null && mark.test(text.slice(above, start)))
  )
}
