/** Module-level bindings whose values do not follow from their code: which parts of them are read. */
import type { Facts } from "./Facts.ts"
import type { Findings } from "./Findings.ts"
import type { ValueReference } from "./Identify.ts"
import type { Program } from "./Program.ts"
import type { PlacedUnit } from "./Project.ts"
import { isSettled } from "./Purity.ts"
import type { Entry } from "./Reached.ts"
import { isClass, isFunction, type Node, placeAt } from "./Syntax.ts"
import { usageOf } from "./Usage.ts"

/** The values to read, for all bindings that were reached. */
export const moduleValues = (
  entries: ReadonlyArray<Entry>,
  program: Program,
  paths: ReadonlyMap<string, ReadonlyArray<ReadonlyArray<string>>>,
  findings: Findings,
): ReadonlyArray<ValueReference> => {
  const values: Array<ValueReference> = []
  for (const { placed, facts } of entries) {
    if (placed === undefined || facts === undefined || placed.kind !== "binding") continue
    const name = placed.unit.variable?.name ?? "default"
    const read = valuePaths(placed, facts, program, paths.get(placed.key) ?? [[]], findings)
    if (read.length === 0) continue
    const { line } = placeAt(placed.module.tree.lines, placed.unit.node.start)
    for (const path of read) {
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
const valuePaths = (
  placed: PlacedUnit,
  facts: Facts,
  program: Program,
  mentioned: ReadonlyArray<ReadonlyArray<string>>,
  findings: Findings,
): ReadonlyArray<ReadonlyArray<string>> => {
  const { node, variable } = placed.unit
  const later = program.changedLater.has(placed.key)
  if (isFunction(node)) return []
  if (isClass(node)) {
    const told = `changes \`${variable?.name ?? ""}\``
    if (later && !findings.refusals.some((r) => r.what.startsWith(told))) {
      findings.refuse(
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
  return shortest(mentioned)
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

/** Paths that do not lie within one another. */
const shortest = (paths: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<ReadonlyArray<string>> => {
  const kept: Array<ReadonlyArray<string>> = []
  for (const path of [...paths].toSorted((a, b) => a.length - b.length)) {
    if (!kept.some((other) => other.every((name, at) => path[at] === name))) kept.push(path)
  }
  return kept.toSorted((a, b) => (a.join(".") < b.join(".") ? -1 : 1))
}
