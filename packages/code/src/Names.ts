/** How the names that a unit mentions stand in its normal form: locals by their order, others by where they lead. */
import type { Unit } from "./Facts.ts"
import type { Gathering } from "./Gathering.ts"
import { isNamed } from "./Host.ts"
import { isFollowed, isInsideMethod, isPassedAbout, ownerOf, within } from "./Local.ts"
import type { Variable } from "./Scope.ts"
import { isFunction, type Node } from "./Syntax.ts"
import { isDeferred, usageOf } from "./Usage.ts"

export class Names {
  /** Names of local functions that are passed about: some code may read their `.name`. */
  readonly passedAbout = new Set<string>()
  readonly #unit: Unit
  readonly #gathered: Gathering
  readonly #locals = new Map<Variable, number>()

  constructor(unit: Unit, gathered: Gathering) {
    this.#unit = unit
    this.#gathered = gathered
  }

  identifier(node: Node): string {
    const variable = node.variable as Variable | undefined
    if (variable === undefined) {
      return this.#global(node)
    }
    if (this.isOwn(variable)) return this.local(variable)
    if (node.binding === true) return "bind"
    const usage = usageOf(node)
    return this.isCaptured(variable)
      ? this.#gathered.capture(node, variable, usage)
      : this.#gathered.named(node, variable, usage)
  }

  this(node: Node): string {
    const owner = ownerOf(node, this.#unit.node)
    const usage = usageOf(node)
    if (owner === undefined && this.#unit.view !== undefined && !this.#unit.whole) {
      if (isInsideMethod(this.#unit.node)) {
        return this.#gathered.capture(node, undefined, usage)
      }
    }
    if (
      (usage.kind === "assign" || usage.kind === "mutate") &&
      owner !== undefined &&
      this.#unit.variable !== undefined
    ) {
      const holder = owner.parent
      const inObject = holder?.type === "Property" && !isDeferred(holder.parent!, this.#unit.node)
      const isStatic = holder?.type === "MethodDefinition" && holder.static === true
      if (inObject || isStatic) {
        const variable = this.#unit.variable
        this.#gathered.change(variable, `\`${variable.name}\``, node, true)
      }
    }
    return "this"
  }

  /** The form of the name that a function or class declares for itself, if that is a local one. */
  ofFunction(node: Node): string | undefined {
    const variable = node.id.variable as Variable | undefined
    if (variable === undefined || !within(variable.scope.node, this.#unit.node)) return undefined
    const form = `named:${this.local(variable)}`
    if (isPassedAbout(variable)) this.passedAbout.add(variable.name)
    return form
  }

  local(variable: Variable): string {
    let ordinal = this.#locals.get(variable)
    if (ordinal === undefined) {
      ordinal = this.#locals.size
      this.#locals.set(variable, ordinal)
      const declaration = variable.declarations[0]
      if (
        variable.kind === "const" &&
        declaration?.init &&
        isFunction(declaration.init) &&
        isPassedAbout(variable)
      ) {
        this.passedAbout.add(variable.name)
      }
    }
    return `L${ordinal}`
  }

  /** Whether the unit itself declares a variable. */
  isOwn(variable: Variable): boolean {
    if (variable.kind === "import") return false
    return (
      within(variable.scope.node, this.#unit.node) ||
      this.#unit.more.some((n) => within(variable.scope.node, n))
    )
  }

  /** Whether a variable belongs to an enclosing function and is read by value. */
  isCaptured(variable: Variable): boolean {
    if (variable.scope.node.type === "Program" || this.isOwn(variable)) return false
    return !(this.#unit.view !== undefined && isFollowed(variable, this.#unit.view))
  }

  #global(node: Node): string {
    const form = `G:${node.name}`
    if (node.binding === true) return form
    const usage = usageOf(node)
    const deferred = isDeferred(node, this.#unit.node)
    if (usage.kind === "assign" || usage.kind === "mutate") {
      const what = `\`${[node.name, ...usage.path].join(".")}\``
      this.#gathered.change(undefined, what, node, deferred)
    } else if ((node.name === "globalThis" || node.name === "global") && !isNamed(node)) {
      this.#gathered.problem(
        node,
        "reads a global under a name that is not written down",
        "name what the function needs",
      )
    }
    if (
      node.name === "arguments" &&
      this.#unit.view !== undefined &&
      this.#unit.node.type === "ArrowFunctionExpression"
    ) {
      if (ownerOf(node, this.#unit.node) === undefined) {
        this.#gathered.problem(node, "captures `arguments`", "name the parameters")
      }
    }
    this.#gathered.look(node)
    return form
  }
}
