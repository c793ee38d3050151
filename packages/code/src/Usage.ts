/** What code does with a name that it mentions: reads it, calls it, assigns it, or changes what it holds. */
import { isFunction, type Node, staticName } from "./Syntax.ts"
import type { Variable } from "./Scope.ts"

export interface Usage {
  readonly kind: "read" | "assign" | "mutate" | "call" | "method" | "argument"
  /** Properties read by name from the mention outwards: `config.a.b` gives ["a", "b"]. A called method is left out. */
  readonly path: ReadonlyArray<string>
  /** As `path`, a called method included. */
  readonly chain: ReadonlyArray<string>
  /** The outermost node of the chain, called method included. */
  readonly top: Node
  /** The innermost node that stands for `path`. */
  readonly node: Node
  /** The method's name, for `method` and for a `mutate` by method. */
  readonly method?: string
  /** For `argument`: which call, and which argument of it. */
  readonly call?: Node
  readonly index?: number
}

const mutators = new Set(
  (
    "set add delete clear push pop shift unshift splice sort reverse fill copyWithin append setTime setFullYear " +
    "setMonth setDate setHours setMinutes setSeconds setMilliseconds setUTCHours setUTCDate setUTCMonth setUTCFullYear " +
    "writeUInt8 writeUInt32LE writeInt32LE writeFloatLE writeDoubleLE setUint8 setInt32 setUint32 setFloat32 setFloat64"
  ).split(" "),
)

const mutatingFunctions = new Set([
  "Object.assign",
  "Object.defineProperty",
  "Object.defineProperties",
  "Object.setPrototypeOf",
  "Reflect.set",
  "Reflect.defineProperty",
  "Reflect.deleteProperty",
  "Reflect.setPrototypeOf",
  "crypto.getRandomValues",
  "Atomics.add",
  "Atomics.store",
  "Atomics.sub",
  "Atomics.exchange",
])

/** `Math.max` for a chain of names that begins at a global; undefined otherwise. */
export const globalPath = (node: Node): string | undefined => {
  if (node.type === "Identifier") return node.variable === undefined ? node.name : undefined
  if (node.type === "ChainExpression") return globalPath(node.expression)
  if (node.type !== "MemberExpression") return undefined
  const object = globalPath(node.object)
  if (object === undefined) return undefined
  const name = staticName(node.property, node.computed)
  if (name === undefined) return undefined
  return object === "globalThis" || object === "global" ? name : `${object}.${name}`
}

/** How one mention of a name is used. `node` is the identifier, or `this`. */
export const usageOf = (node: Node): Usage => {
  const path: Array<string> = []
  const chain: Array<string> = []
  let inner = node
  let named = node
  let straight = true
  let known = true
  let last: string | undefined
  for (let parent = inner.parent; parent !== undefined; parent = inner.parent) {
    if (parent.type === "ChainExpression") {
      inner = parent
      if (known) named = parent
    } else if (parent.type === "MemberExpression" && parent.object === inner) {
      last = staticName(parent.property, parent.computed)
      if (last === undefined) known = straight = false
      else if (straight) chain.push(last)
      const calledNext =
        (parent.parent?.type === "CallExpression" || parent.parent?.type === "TaggedTemplateExpression") &&
        (parent.parent.callee === parent || parent.parent.tag === parent)
      if (known && last !== undefined && !calledNext) {
        path.push(last)
        named = parent
      } else known = false
      inner = parent
    } else break
  }
  const base = { path, chain, top: inner, node: named }
  const deep = inner !== node && inner.type !== "ChainExpression" ? true : path.length > 0 || !known
  const parent = inner.parent
  if (parent === undefined) return { kind: "read", ...base }
  if (isAssigned(inner)) return { kind: deep ? "mutate" : "assign", ...base }
  switch (parent.type) {
    case "UpdateExpression":
      return { kind: deep ? "mutate" : "assign", ...base }
    case "UnaryExpression":
      return { kind: parent.operator === "delete" ? "mutate" : "read", ...base }
    case "CallExpression":
    case "NewExpression":
      if (parent.callee === inner) {
        if (!deep) return { kind: "call", ...base }
        if (parent.type === "NewExpression") return { kind: "call", ...base }
        // `list.push.apply(list, more)`, `list.push.bind(list)`
        const before = chain.at(-2)
        const borrowed =
          last !== undefined && /^(?:call|apply|bind)$/.test(last) && mutators.has(before ?? "")
        // `Reflect.set(o, ...)` changes its argument, and nothing of Reflect.
        const changes =
          !mutatingFunctions.has(globalPath(inner) ?? "") &&
          (mutators.has(last ?? "") || borrowed || changesElements(parent, last ?? ""))
        return {
          kind: changes ? "mutate" : "method",
          ...base,
          ...(last === undefined ? {} : { method: last }),
        }
      }
      return argument(parent, inner, base)
    case "TaggedTemplateExpression":
      return { kind: deep ? "method" : "call", ...base }
    case "VariableDeclarator":
      if (parent.init === inner && aliasChanges(parent.id)) return { kind: "mutate", ...base }
      return { kind: "read", ...base }
    case "AssignmentPattern":
      return parent.right === inner && aliasChanges(parent.left)
        ? { kind: "mutate", ...base }
        : { kind: "read", ...base }
    case "ForOfStatement":
      return parent.right === inner && aliasChanges(parent.left.declarations?.[0]?.id ?? parent.left)
        ? { kind: "mutate", ...base }
        : { kind: "read", ...base }
    case "ConditionalExpression":
    case "LogicalExpression": {
      // `(given ?? list).push(x)`
      const { kind, call, index } = parent.test === inner ? { kind: "read" } : usageOf(parent)
      if (kind === "mutate") return { kind, ...base }
      return kind === "argument" ? { kind, ...base, call: call!, index: index! } : { kind: "read", ...base }
    }
    default:
      return { kind: "read", ...base }
  }
}

const elementMethods = new Set("at find findLast get values entries".split(" "))

/** `list.at(0).size = 1`, `list.forEach((one) => { one.size = 1 })`: whether a method's call changes what is held. */
const changesElements = (call: Node, method: string): boolean => {
  if (elementMethods.has(method) && usageOf(call).kind === "mutate") return true
  const code = call.arguments[0] as Node | undefined
  if (!callbackMethods.has(method) || code === undefined || !isFunction(code)) return false
  const element = code.params[method.startsWith("reduce") ? 1 : 0] as Node | undefined
  return element !== undefined && aliasChanges(element)
}

const argument = (call: Node, inner: Node, base: Pick<Usage, "path" | "chain" | "top" | "node">): Usage => {
  const index: number = call.arguments.indexOf(inner)
  const callee = globalPath(call.callee)
  if (index === 0 && callee !== undefined) {
    const changes =
      mutatingFunctions.has(callee) ||
      (/^Object\.(?:values|entries)$/.test(callee) && usageOf(call).kind === "mutate")
    if (changes) return { kind: "mutate", ...base }
  }
  return { kind: "argument", ...base, call, index }
}

/** `Array.prototype.push.call(list)`, `Reflect.apply(list.push, list, [])`: whether the argument is what is changed. */
export const changesReceiver = (callee: Node, index: number): boolean => {
  const path = globalPath(callee)
  if (path === "Reflect.apply") return index === 1
  const names = /\.prototype\.(\w+)\.(?:call|apply|bind)$/.exec(path ?? "")
  return index === 0 && names !== null && mutators.has(names[1]!)
}

/** Whether the node is the target of an assignment, also inside a destructuring one or a loop's head. */
const isAssigned = (node: Node): boolean => {
  let at = node
  for (let parent = at.parent; parent !== undefined; parent = at.parent) {
    switch (parent.type) {
      case "AssignmentExpression":
      case "ForInStatement":
      case "ForOfStatement":
        return parent.left === at
      case "AssignmentPattern":
        if (parent.left !== at) return false
        break
      case "Property":
        if (parent.value !== at || parent.parent?.type !== "ObjectPattern") return false
        break
      case "ObjectPattern":
      case "ArrayPattern":
      case "RestElement":
        break
      default:
        return false
    }
    at = parent
  }
  return false
}

/** `const list = registry.list; list.push(x)` changes the registry. */
const aliasChanges = (pattern: Node): boolean => {
  if (pattern.type === "ObjectPattern") {
    return pattern.properties.some((p: Node) => p.type === "Property" && aliasChanges(p.value))
  }
  if (pattern.type === "ArrayPattern") {
    return pattern.elements.some((e: Node | null) => e !== null && aliasChanges(e))
  }
  if (pattern.type === "AssignmentPattern") return aliasChanges(pattern.left)
  if (pattern.type !== "Identifier") return false
  const alias = pattern.variable as Variable | undefined
  if (alias === undefined || aliases.has(alias)) return false
  aliases.add(alias)
  try {
    return alias.references.some((reference) => usageOf(reference).kind === "mutate")
  } finally {
    aliases.delete(alias)
  }
}

const aliases = new Set<Variable>()

/** Whether a node lies inside a function, below `within`, that does not run at once where it stands. */
export const isDeferred = (node: Node, within: Node): boolean => {
  for (let at: Node | undefined = node; at !== undefined && at !== within; at = at.parent) {
    if (isFunction(at) && !isCalledAtOnce(at)) return true
    if (at.type === "PropertyDefinition" && at.static !== true && at.value !== null) {
      if (node.start >= at.value.start && node.end <= at.value.end) return true
    }
  }
  return false
}

const callbackMethods = new Set(
  "map filter forEach reduce reduceRight some every find findIndex findLast findLastIndex flatMap sort toSorted".split(
    " ",
  ),
)

/** `(() => { ... })()` and `rows.map((row) => ...)` */
export const isCalledAtOnce = (node: Node): boolean => {
  const call = node.parent
  if (call?.type !== "CallExpression") return false
  if (call.callee === node) return true
  const callee: Node = call.callee
  if (callee.type !== "MemberExpression" || callee.object.variable?.kind === "import") return false
  const method = staticName(callee.property, callee.computed)
  return method !== undefined && callbackMethods.has(method)
}
