/** Changes of what outlives a step: refused where they may happen while it runs. */
import type { Facts } from "./Facts.ts"
import type { Findings } from "./Findings.ts"
import type { Module } from "./Module.ts"
import { changesArgument } from "./Program.ts"
import type { PlacedUnit, Project } from "./Project.ts"
import { type Entry, evaluates, type Reached, running } from "./Reached.ts"
import { isClass, isFunction, type Node, staticName } from "./Syntax.ts"

/** How an entry is mentioned: where, whether only in loading, and the first name read from it. */
export interface Use {
  readonly from: Entry
  readonly loading: boolean
  readonly member: string | undefined
}

export class Changes {
  readonly #project: Project
  readonly #reached: Reached
  readonly #uses: ReadonlyMap<string, ReadonlyArray<Use>>
  readonly #findings: Findings
  readonly #running: ReadonlySet<number>

  constructor(
    project: Project,
    reached: Reached,
    uses: ReadonlyMap<string, ReadonlyArray<Use>>,
    findings: Findings,
  ) {
    this.#project = project
    this.#reached = reached
    this.#uses = uses
    this.#findings = findings
    this.#running = running(reached.entries)
  }

  /** Refuses what the entry at a place changes, where that may happen while a step runs. */
  refuse(placed: PlacedUnit, facts: Facts, at: number): void {
    const evaluated = evaluates(placed)
    const running = this.#running.has(at)
    // Methods that fill a registry while modules load do no harm where a step reads its data alone.
    if (evaluated && this.#onlyDataIsRead(placed)) return
    for (const change of facts.changes) {
      // An initialiser or a statement has done its own changes by the time that a step runs.
      if (evaluated ? !change.deferred : !running) continue
      this.#refuseChange(placed.module, change.offset, change.what)
    }
    for (const handed of facts.handed) {
      if (evaluated ? !handed.deferred : !running) continue
      if (changesArgument(this.#project, placed.module, handed.callee, handed.index) === true) {
        this.#refuseChange(placed.module, handed.offset, `\`${handed.variable.name}\``)
      }
    }
  }

  #onlyDataIsRead(placed: PlacedUnit): boolean {
    const uses = this.#uses.get(placed.key)
    if (uses === undefined) return false
    return uses.every(({ from, loading, member }) => {
      if (loading || from.placed === placed) return true
      const index = this.#reached.placeOf(from.placed?.key ?? "")
      if (index !== undefined && !this.#running.has(index) && from.placed?.kind === "statement") return true
      return member !== undefined && holdsDataAt(placed.unit.node, member)
    })
  }

  #refuseChange(module: Module, offset: number, what: string): void {
    this.#findings.refuse(
      module,
      offset,
      `changes ${what}, which outlives the step`,
      "keep the state inside the function, or declare a `version` on the step",
    )
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
