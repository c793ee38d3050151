/** Local functions that a function follows, and the locals that they capture. */
import type { Captured, Reference } from "./Facts.ts"
import { functionOf } from "./Local.ts"
import type { PlacedUnit, Project } from "./Project.ts"
import type { Scope } from "./Scope.ts"

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

/** The unit of a local function that is identified by its code. */
export const localTarget = (
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
