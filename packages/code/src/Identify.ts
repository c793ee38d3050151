/**
 * The identity of a function: a digest over the list, breadth first, of everything that it reaches.
 *
 * Each entry is a normal form; references between entries are their places in the list. So cycles need no care, and
 * where a helper lies, or how it is called, does not show.
 */
import { createHash } from "node:crypto"
import { capturedBy, localTarget } from "./Captures.ts"
import { Changes, type Use } from "./Changes.ts"
import type { NameReference, Reference } from "./Facts.ts"
import { Findings } from "./Findings.ts"
import type { Note, PackageIdentity, Part, Refusal } from "./Identity.ts"
import type { Module } from "./Module.ts"
import { moduleValues } from "./ModuleValues.ts"
import type { Program } from "./Program.ts"
import type { PlacedUnit, Project, Target } from "./Project.ts"
import { importOf } from "./Purity.ts"
import { type Entry, evaluates, mentionOf, partsOf, Reached } from "./Reached.ts"
import { isFunction } from "./Syntax.ts"

/** A value that enters beside the code: a captured local by its place in the tag's list, or a module's binding. */
export interface ValueReference {
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

/** Identifies a function or class. */
export const identify = (project: Project, program: Program, root: PlacedUnit): StaticIdentity =>
  new Walk(project, program, root).finish()

class Walk {
  readonly #project: Project
  readonly #program: Program
  readonly #root: PlacedUnit
  readonly #reached = new Reached()
  readonly #paths = new Map<string, Array<ReadonlyArray<string>>>()
  readonly #uses = new Map<string, Array<Use>>()
  readonly #packages = new Map<string, string>()
  readonly #findings: Findings

  constructor(project: Project, program: Program, root: PlacedUnit) {
    this.#project = project
    this.#program = program
    this.#root = root
    this.#findings = new Findings(project)
  }

  finish(): StaticIdentity {
    this.#place(this.#wholeIfAsked(this.#root))
    for (const folder of this.#program.barePackages) this.#packages.set(folder, folder)
    // The list grows while it is walked.
    for (let at = 0; at < this.#reached.entries.length; at += 1) {
      this.#follow(this.#reached.entries[at]!)
      if (at === this.#reached.entries.length - 1) this.#addWhatLoads()
    }
    const findings = this.#findings
    const changes = new Changes(this.#project, this.#reached, this.#uses, findings)
    for (const [at, entry] of this.#reached.entries.entries()) {
      const { placed, facts } = entry
      if (placed === undefined || facts === undefined || this.#answersForItself(placed)) continue
      for (const name of facts.env) findings.env.add(name)
      for (const note of facts.notes) findings.note(placed.module, note)
      for (const problem of facts.problems)
        findings.refuse(placed.module, problem.offset, problem.what, problem.fix)
      if (placed.kind !== "module") changes.refuse(placed, facts, at)
    }
    const names = this.#reached.entries.some((entry) => entry.facts?.observesNames === true)
      ? this.#observableNames()
      : []
    const hash = createHash("sha256").update("sluice code 1\n")
    for (const entry of this.#reached.entries) {
      const options = this.#compilerOptions(entry)
      hash.update(`${entry.own}${options} ${entry.edges.map((e) => e.to).join(",")}\n`)
    }
    if (names.length > 0) hash.update(`names ${JSON.stringify(names)}\n`)
    return {
      digest: hash.digest("hex"),
      parts: partsOf(this.#project, this.#reached.entries),
      packages: this.#closure(),
      values: [
        ...this.#capturedValues(),
        ...moduleValues(this.#reached.entries, this.#program, this.#paths, findings),
      ],
      env: [...findings.env].toSorted(),
      notes: findings.notes,
      refusals: findings.refusals,
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
    return this.#reached.enter(placed.key, () => {
      const facts = this.#project.facts(placed)
      return { own: facts.own, target: undefined, placed, facts, edges: [], mentions: [] }
    })
  }

  #target(target: Target, from: Module, offset: number): number {
    switch (target.kind) {
      case "unit":
        return this.#place(this.#wholeIfAsked(target.placed))
      case "module":
        return this.#place(this.#project.wholeModule(target.module))
      case "namespace":
        return this.#reached.leaf(
          target,
          `namespace ${target.names.join(",")}`,
          `namespace ${target.module.file}`,
        )
      case "package":
        for (const folder of [target.folder, ...(target.also ?? [])]) this.#packages.set(folder, folder)
        return this.#reached.leaf(target, `package ${target.path}`)
      case "host":
        return this.#reached.leaf(target, `host ${target.name}`)
      case "engine":
        return this.#reached.leaf(target, `engine ${target.name}`)
      case "data":
        return this.#reached.leaf(target, `data ${this.#data(target.file, target.path)}`)
      case "missing":
        this.#findings.refuse(
          from,
          offset,
          `\`${target.specifier}\`: ${target.why}`,
          target.fix ?? "correct the import, or install the package",
        )
        return this.#reached.leaf(target, `missing ${target.specifier}`)
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
    const evaluated = evaluates(placed)
    for (const reference of facts.references) this.#reference(entry, placed, reference, evaluated)
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

  #reference(entry: Entry, placed: PlacedUnit, reference: Reference, evaluated: boolean): void {
    const project = this.#project
    const { module } = placed
    const link = (target: Target, loading = false): void => {
      if (reference.kind === "module") this.#findings.lookThrough(target, module, reference.offset)
      const at = this.#target(target, module, reference.offset)
      entry.edges.push({ to: at, loading })
      const found = this.#reached.entries[at]!
      entry.mentions.push(
        found.placed === undefined
          ? mentionOf(project, found)
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
          this.#findings.refuse(
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
          const use = { from: entry, loading: evaluated && reference.called, member: target.rest[0] }
          const uses = this.#uses.get(target.placed.key)
          if (uses === undefined) this.#uses.set(target.placed.key, [use])
          else uses.push(use)
          const code = target.placed.unit.node
          const asText = (reference.text && target.rest.length === 0) || target.rest.at(-1) === "toString"
          if (asText && (isFunction(code) || isFunction(code.init ?? code))) {
            this.#findings.refuse(
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
          this.#findings.lookThrough(target, module, reference.offset)
        link(target, evaluated && reference.called)
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
    const root = this.#reached.entries[0]!
    for (const changer of this.#program.globalChangers) {
      const known = this.#reached.placeOf(changer.key)
      if (known === undefined) this.#edge(root, changer)
      else if (known !== 0 && !root.edges.some((edge) => edge.to === known))
        root.edges.push({ to: known, loading: true })
    }
  }

  /** Names of functions that are passed about as values, where reached code reads some `.name`. */
  #observableNames(): ReadonlyArray<string> {
    const names: Array<string> = []
    for (const entry of this.#reached.entries) {
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
        else if (target.kind === "unit" && !evaluates(target.placed)) {
          names.push(target.placed.unit.variable?.name ?? target.placed.symbol)
        }
      }
    }
    return names
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
}
