/** Imports that code makes while it runs: `import("x")` and `require("x")`, and which exports it uses of them. */
import { importedPath, isDescription } from "./Purity.ts"
import type { Variable } from "./Scope.ts"
import { isFunction, type Node, staticName } from "./Syntax.ts"
import { usageOf } from "./Usage.ts"

export const isRequire = (node: Node): boolean => {
  if (node.type === "CallExpression") return importedPath(node.callee)?.path.at(-1) === "createRequire"
  if (node.type !== "Identifier") return false
  const variable = node.variable as Variable | undefined
  if (variable === undefined) return node.name === "require"
  const init = variable.kind === "const" ? variable.declarations[0]?.init : undefined
  return init?.type === "CallExpression" && importedPath(init.callee)?.path.at(-1) === "createRequire"
}

/** Which exports of a dynamically imported module are used, as far as the code around the import tells. */
export const pathsUsed = (node: Node): ReadonlyArray<ReadonlyArray<string>> | undefined => {
  let at = node
  for (;;) {
    const parent: Node | undefined = at.parent
    if (parent === undefined) return undefined
    if (parent.type === "AwaitExpression" || (parent.type === "YieldExpression" && parent.delegate)) {
      at = parent
    } else if (parent.type === "ArrowFunctionExpression" && parent.body === at) {
      // Effect.promise(() => import("x")), Effect.tryPromise({ try: () => import("x") })
      let call: Node | undefined = parent.parent
      if (call?.type === "Property" && staticName(call.key, call.computed) === "try")
        call = call.parent?.parent
      if (call?.type !== "CallExpression" || !isDescription(call.callee)) return undefined
      at = call
    } else break
  }
  const parent = at.parent!
  if (parent.type === "MemberExpression" && parent.object === at) {
    const name = staticName(parent.property, parent.computed)
    if (name === "then" && parent.parent?.type === "CallExpression") {
      const handler: Node | undefined = parent.parent.arguments[0]
      return handler !== undefined && isFunction(handler) && handler.params[0]
        ? patternPaths(handler.params[0])
        : undefined
    }
    return name === undefined ? undefined : [[name]]
  }
  if (parent.type === "VariableDeclarator" && parent.init === at) return patternPaths(parent.id)
  if (parent.type === "ExpressionStatement") return []
  return undefined
}

const patternPaths = (pattern: Node): ReadonlyArray<ReadonlyArray<string>> | undefined => {
  if (pattern.type === "Identifier") {
    const paths: Array<ReadonlyArray<string>> = []
    for (const reference of (pattern.variable as Variable).references) {
      const { chain, kind } = usageOf(reference)
      if (chain.length === 0 || kind === "assign") return undefined
      paths.push(chain)
    }
    return paths
  }
  if (pattern.type !== "ObjectPattern") return undefined
  const paths: Array<ReadonlyArray<string>> = []
  for (const property of pattern.properties as ReadonlyArray<Node>) {
    const name = property.type === "Property" ? staticName(property.key, property.computed) : undefined
    if (name === undefined) return undefined
    const inner = property.value.type === "Identifier" ? patternPaths(property.value) : undefined
    if (inner === undefined || inner.length === 0) paths.push([name])
    else for (const rest of inner) paths.push([name, ...rest])
  }
  return paths
}
