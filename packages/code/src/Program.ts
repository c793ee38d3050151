/**
 * What a program does when it loads: which statements change which bindings, globals and packages.
 *
 * `registry.set("clean", clean)` in one file decides what `registry.get` gives in another; a function that reaches
 * `registry` therefore depends on that statement.
 */
import type { Module } from "./Module.ts"
import { hostPath } from "./Host.ts"
import { functionOf } from "./Local.ts"
import type { PlacedUnit, Project, Target } from "./Project.ts"
import { importedPath, isDescription } from "./Purity.ts"
import { patternNames, type Variable } from "./Scope.ts"
import { isFunction, type Node, patternParam } from "./Syntax.ts"
import { changesReceiver, globalPath, isDeferred, usageOf } from "./Usage.ts"

export interface Program {
  /** By the key of a binding's unit, or `data FILE`: what changes it while modules load, in order of evaluation. */
  readonly changers: ReadonlyMap<string, ReadonlyArray<PlacedUnit>>
  /** By package name: statements that call into the package when modules load. */
  readonly packageChangers: ReadonlyMap<string, ReadonlyArray<PlacedUnit>>
  /** What changes global state while modules load. */
  readonly globalChangers: ReadonlyArray<PlacedUnit>
  /** Packages imported for their effect alone. */
  readonly barePackages: ReadonlyArray<string>
  /** Bindings that some function may change after loading: known by value only. */
  readonly changedLater: ReadonlySet<string>
}

/** Packages whose calls at top level build or start programs and configure nothing. */
const quiet = /^(effect|@effect\/.*|@sluice\/.*|vitest|node:test)$/
const engine = /^@sluice\/(core|cli|code)$/

export const make = (project: Project): Program => {
  const modules = evaluationOrder(project)
  const changers = new Map<string, Array<PlacedUnit>>()
  const packageChangers = new Map<string, Array<PlacedUnit>>()
  const globalChangers: Array<PlacedUnit> = []
  const barePackages = new Set<string>()
  const changedLater = new Set<string>()
  let known: ReadonlySet<string> | undefined
  // Few programs ask, and the answer takes a look at every import.
  const isImported = (key: string): boolean => (known ??= importedBindings(project, modules)).has(key)
  for (const module of modules) {
    const owner = project.package(module.file)
    if (owner.wholeModules || engine.test(owner.name)) continue
    for (const request of project.evaluated(module)) {
      if (request.bare && request.folder !== undefined) barePackages.add(request.folder)
    }
    const effects = module.common
      ? [project.wholeModule(module)]
      : module.effects.map((node) => project.effect(module, node))
    for (const placed of effects) {
      const done = whatLoadingChanges(project, placed, isImported)
      for (const key of done.bindings) if (key !== placed.key) push(changers, key, placed)
      for (const name of done.packages) push(packageChangers, name, placed)
      if (done.global) globalChangers.push(placed)
    }
    for (const key of changesFromFunctions(project, module)) changedLater.add(key)
  }
  // `const [first] = list`: what is done to `first` belongs to the pattern.
  for (const module of modules) {
    for (const node of module.effects) {
      if (node.type !== "VariableDeclarator" || node.id.type === "Identifier") continue
      const placed = project.effect(module, node)
      for (const name of patternNames(node.id)) {
        const { key } = project.binding(module, name.variable as Variable)
        for (const changer of changers.get(key) ?? []) {
          if (changer.key !== placed.key) push(changers, placed.key, changer)
        }
      }
    }
  }
  return { changers, packageChangers, globalChangers, barePackages: [...barePackages], changedLater }
}

/** The modules of a program as they are evaluated: imports before importers, what is imported dynamically last. */
const evaluationOrder = (project: Project): ReadonlyArray<Module> => {
  const order: Array<Module> = []
  const seen = new Set<string>()
  const visit = (module: Module): void => {
    if (seen.has(module.file)) return
    seen.add(module.file)
    // The engine imports nothing of the user's; packages that answer for themselves change nothing of theirs.
    const owner = project.package(module.file)
    if (engine.test(owner.name) || owner.wholeModules) return
    for (const request of project.evaluated(module)) if (request.module !== undefined) visit(request.module)
    order.push(module)
  }
  for (const file of project.entries) visit(project.module(file))
  for (const module of order) {
    for (const specifier of module.later) {
      const target = project.moduleAt(specifier, module.file)
      if (target !== undefined) visit(target)
    }
  }
  return order
}

const push = <K, V>(map: Map<K, Array<V>>, key: K, value: V): void => {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else if (!list.includes(value)) list.push(value)
}

interface Loading {
  readonly bindings: Set<string>
  readonly packages: Set<string>
  global: boolean
}

/** Follows the calls that evaluating a unit makes and gathers what they change. */
const whatLoadingChanges = (
  project: Project,
  start: PlacedUnit,
  isImported: (key: string) => boolean,
): Loading => {
  const done: Loading = { bindings: new Set(), packages: new Set(), global: false }
  const seen = new Set<string>([start.key])
  const queue = [start]
  /** `sure`: a change, not a call that may be one. Calls into packages and of Node's functions are looked at apart. */
  const mark = (module: Module, variable: Variable, chain: ReadonlyArray<string>, sure: boolean): void => {
    const found = (target: Target | undefined): void => {
      if (target?.kind === "unit") done.bindings.add(target.placed.key)
      else if (target?.kind === "data") done.bindings.add(`data ${target.file}`)
      else if (target?.kind === "package" && sure) done.packages.add(target.name)
      else if (target?.kind === "host" && sure) done.global = true
      else if (target?.kind === "namespace") {
        // Handed about as a whole: any of its values may be meant.
        for (const name of target.names) {
          const one = project.exported(target.module, [name], new Set())
          if (one?.kind === "unit" || one?.kind === "data") found(one)
        }
      }
    }
    found(project.target(module, variable, chain))
  }
  for (const placed of queue) {
    const facts = project.facts(placed)
    const isStart = placed === start
    const statement = placed.kind === "statement"
    for (const change of facts.changes) {
      if (isStart && change.deferred) continue
      // What a CommonJS module exports is no global.
      if (placed.module.common && /^`(?:module|exports)\b/.test(change.what)) continue
      if (change.variable === undefined) done.global = true
      else mark(placed.module, change.variable, change.chain, true)
    }
    for (const handed of facts.handed) {
      if (isStart && handed.deferred) continue
      const verdict = changesArgument(project, placed.module, handed.callee, handed.index)
      if (verdict === true || (verdict === undefined && statement))
        mark(placed.module, handed.variable, handed.chain, verdict === true)
    }
    for (const method of facts.methods) {
      if (statement && !(isStart && method.deferred))
        mark(placed.module, method.variable, method.chain, false)
    }
    for (const reference of facts.references) {
      if (reference.kind !== "name" || !reference.called) continue
      const target = project.target(placed.module, reference.variable, reference.chain)
      if (target.kind === "package") {
        if (quiet.test(target.name)) continue
        const last = target.path.split(/[:.]/).at(-1)!
        if (statement || isForEffect(placed, last, isImported)) done.packages.add(target.name)
      } else if (target.kind === "unit" && !seen.has(target.placed.key)) {
        const owner = project.package(target.placed.module.file)
        if (owner.wholeModules || engine.test(owner.name)) continue
        seen.add(target.placed.key)
        queue.push(target.placed)
      }
    }
  }
  return done
}

/** The keys of bindings that some module of the program imports and reads. */
const importedBindings = (project: Project, modules: ReadonlyArray<Module>): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const module of modules) {
    for (const variable of module.scope.names.values()) {
      if (variable.kind !== "import") continue
      for (const reference of variable.references) {
        const target = project.target(module, variable, usageOf(reference).chain)
        if (target.kind === "unit") found.add(target.placed.key)
      }
    }
  }
  return found
}

/** Whether a declaration is there for what its call does: nothing reads it, or the callee's name says so. */
const isForEffect = (
  { key, kind, unit }: PlacedUnit,
  callee: string,
  isImported: (key: string) => boolean,
): boolean =>
  kind === "binding" &&
  unit.node.type === "VariableDeclarator" &&
  (setsUp.test(callee) || (unit.variable?.references.length === 0 && !isImported(key)))

const setsUp =
  /^(set|use|add|register|config|configure|setup|init|initialize|install|extend|patch|define|enable|disable|mock|override|plugin)([A-Z_].*)?$/

/** Bindings that functions of this module assign, change or hand to something that may. */
const changesFromFunctions = (project: Project, module: Module): ReadonlySet<string> => {
  const changed = new Set<string>()
  for (const variable of module.scope.names.values()) {
    for (const reference of variable.references) {
      const usage = usageOf(reference)
      const target = (): Target => project.target(module, variable, usage.chain)
      let changes = false
      if (usage.kind === "assign" || usage.kind === "mutate")
        changes = isDeferred(reference, module.tree.program)
      else if (usage.kind === "argument") {
        const verdict = changesArgument(project, module, usage.call!.callee, usage.index!)
        changes = verdict === true || (verdict === undefined && holdsData(target()))
      } else if (usage.kind === "read" && isStored(usage.top)) changes = holdsData(target())
      if (!changes) continue
      const found = target()
      if (found.kind === "unit") changed.add(found.placed.key)
    }
  }
  return changed
}

/** Whether a mention gives the thing itself away: returned, stored, yielded. */
const isStored = (node: Node): boolean => {
  const parent = node.parent
  switch (parent?.type) {
    case "ReturnStatement":
    case "YieldExpression":
    case "ArrayExpression":
      return true
    case "ArrowFunctionExpression":
      return parent.body === node
    case "Property":
      return parent.value === node && parent.parent?.type === "ObjectExpression"
    case "PropertyDefinition":
      return parent.value === node
    case "VariableDeclarator":
      // Under its second name another module may change it.
      return parent.init === node && parent.parent?.parent?.type === "ExportNamedDeclaration"
    case "AssignmentExpression":
      return parent.right === node
    default:
      return false
  }
}

/** A container of data and functions, or one that starts empty: reading its value is possible and cheap. */
const holdsData = (target: Target): boolean => {
  const init = target.kind === "unit" ? (target.placed.unit.node.init as Node | undefined | null) : undefined
  return init !== undefined && init !== null && isContainer(init) && isPlainData(init)
}

const isContainer = (node: Node): boolean =>
  node.type === "ArrayExpression" ||
  node.type === "ObjectExpression" ||
  (node.type === "NewExpression" && /^(Map|Set)$/.test(globalPath(node.callee) ?? ""))

const isPlainData = (node: Node): boolean => {
  switch (node.type) {
    case "Literal":
      return true
    case "Identifier":
      return node.variable !== undefined && functionOf(node.variable as Variable) !== undefined
    case "FunctionExpression":
    case "ArrowFunctionExpression":
      return true
    case "ArrayExpression":
      return node.elements.every((e: Node | null) => e !== null && isPlainData(e))
    case "ObjectExpression":
      return node.properties.every(
        (p: Node) => p.type === "Property" && p.kind === "init" && isPlainData(p.value),
      )
    case "NewExpression":
      return isContainer(node) && node.arguments.every(isPlainData)
    case "UnaryExpression":
      return isPlainData(node.argument)
    default:
      return false
  }
}

const parameters = new WeakMap<Node, Map<number, boolean>>()

/**
 * Whether a function changes what it is handed as its argument number `index`: undefined where the function is not
 * known.
 */
export const changesArgument = (
  project: Project,
  module: Module,
  callee: Node,
  index: number,
): boolean | undefined => {
  if (isFunction(callee)) return changesParameter(project, module, callee, index)
  if (changesReceiver(callee, index)) return true
  if (globalPath(callee) !== undefined || hostPath(callee) !== undefined || isDescription(callee))
    return false
  const imported = importedPath(callee)
  if (imported !== undefined && quiet.test(imported.specifier)) return false
  let base = callee
  while (base.type === "MemberExpression") base = base.object
  const variable = base.variable as Variable | undefined
  if (base.type !== "Identifier" || variable === undefined) return undefined
  if (variable.scope.node.type !== "Program") {
    const local = callee === base ? functionOf(variable) : undefined
    return local !== undefined && isFunction(local)
      ? changesParameter(project, module, local, index)
      : undefined
  }
  if (callee !== base && variable.kind !== "import") return undefined
  const target = project.target(module, variable, usageOf(base).chain)
  if (target.kind === "engine" || target.kind === "host") return false
  if (target.kind !== "unit") return undefined
  const node = target.placed.unit.node
  const code = isFunction(node) ? node : node.init && isFunction(node.init) ? (node.init as Node) : undefined
  if (code === undefined) return undefined
  // `same(list).push(x)`
  if (givesBack(code, index) && usageOf(callee.parent!).kind === "mutate") return true
  return changesParameter(project, target.placed.module, code, index)
}

/** Whether a function's result is, or may be, what it was handed. */
const givesBack = (code: Node, index: number): boolean =>
  (patternParam(code, index)?.references ?? []).some(
    ({ parent }) =>
      parent?.type === "ReturnStatement" ||
      (parent?.type === "ArrowFunctionExpression" && parent.body.type === "Identifier"),
  )

const changesParameter = (project: Project, module: Module, code: Node, index: number): boolean => {
  let known = parameters.get(code)
  if (known === undefined) parameters.set(code, (known = new Map()))
  const before = known.get(index)
  if (before !== undefined) return before
  known.set(index, false)
  const variable = patternParam(code, index)
  let changes = false
  for (const reference of variable?.references ?? []) {
    const usage = usageOf(reference)
    if (usage.kind === "mutate") changes = true
    else if (usage.kind === "argument") {
      changes ||= changesArgument(project, module, usage.call!.callee, usage.index!) === true
    }
    if (changes) break
  }
  known.set(index, changes)
  return changes
}
