/** Locals of functions: what can be followed by its code, what `this` means, what is only called. */
import { lookup, type Scope, type Variable } from "./Scope.ts"
import { fieldsOf, isClass, isFunction, type Node, staticName } from "./Syntax.ts"
import { usageOf } from "./Usage.ts"

/** Whether a captured local function can be followed by its code: all that it captures is in sight from `view`. */
export const isFollowed = (variable: Variable, view: Scope, open: Set<Variable> = new Set()): boolean => {
  if (open.has(variable)) return true
  const code = functionOf(variable)
  if (code === undefined || lookup(view, variable.name) !== variable) return false
  if (variable.references.some((r) => ["assign", "mutate"].includes(usageOf(r).kind))) return false
  open.add(variable)
  let follows = true
  const look = (node: Node): void => {
    if (!follows) return
    if (node.type === "ThisExpression" || node.type === "Super") {
      if (isFunction(code) && code.type === "ArrowFunctionExpression" && ownerOf(node, code) === undefined)
        follows = false
    } else if (node.type === "Identifier" && node.reference === true) {
      const inner = node.variable as Variable | undefined
      if (inner === undefined || inner.scope.node.type === "Program" || within(inner.scope.node, code)) return
      if (lookup(view, inner.name) !== inner && !isFollowed(inner, view, open)) follows = false
    } else for (const field of fieldsOf(node.type)) eachIn(node[field], look)
  }
  look(code)
  return follows
}

/** The function or class that a never-assigned local stands for. */
export const functionOf = (variable: Variable): Node | undefined => {
  const declaration = variable.declarations[0]
  if (declaration === undefined || variable.declarations.length !== 1) return undefined
  if (variable.kind === "function" || variable.kind === "class") return declaration
  if (variable.kind !== "const" || declaration.id.type !== "Identifier" || !declaration.init) return undefined
  return isFunction(declaration.init) || isClass(declaration.init) ? declaration.init : undefined
}

export const eachIn = (value: unknown, visit: (node: Node) => void): void => {
  if (Array.isArray(value)) for (const item of value) eachIn(item, visit)
  else if (value !== null && typeof value === "object" && typeof (value as Node).type === "string")
    visit(value as Node)
}

export const within = (node: Node, outer: Node): boolean => node.start >= outer.start && node.end <= outer.end

/** The function or class member that gives `this` its meaning, if it lies inside `limit`. */
export const ownerOf = (node: Node, limit: Node): Node | undefined => {
  for (let at: Node | undefined = node.parent; at !== undefined; at = at.parent) {
    const bounds =
      (isFunction(at) && at.type !== "ArrowFunctionExpression") ||
      at.type === "StaticBlock" ||
      at.type === "PropertyDefinition"
    if (bounds) return within(at, limit) ? at : undefined
    if (at === limit) return undefined
  }
  return undefined
}

export const isNeverAssigned = (declarator: Node): boolean => {
  let never = true
  const look = (node: Node): void => {
    if (node.type === "Identifier" && node.binding === true) {
      const variable = node.variable as Variable | undefined
      if (variable?.references.some((r) => usageOf(r).kind === "assign")) never = false
    } else for (const field of fieldsOf(node.type)) eachIn(node[field], look)
  }
  look(declarator.id)
  return never
}

export const isPassedAbout = (variable: Variable): boolean =>
  variable.references.some((r) => usageOf(r).kind !== "call")

export const baseOf = (node: Node): Node | undefined => {
  let at = node
  for (;;) {
    if (at.type === "ChainExpression") at = at.expression
    else if (at.type === "MemberExpression" && staticName(at.property, at.computed) !== undefined)
      at = at.object
    else return at.type === "Identifier" || at.type === "ThisExpression" ? at : undefined
  }
}

export const isInsideMethod = (node: Node): boolean => {
  for (let at = node.parent; at !== undefined; at = at.parent) {
    if (isFunction(at) && at.type !== "ArrowFunctionExpression") return true
    if (at.type === "PropertyDefinition" || at.type === "StaticBlock") return true
  }
  return false
}
