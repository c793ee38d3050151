/**
 * Which initialisers are settled by their code alone.
 *
 * A module-level binding whose initialiser is settled needs no value in the identity: literals, functions, classes,
 * operations over them, and calls of a short list of constructors that compute nothing but a description.
 */
import type { Variable } from "./Scope.ts"
import { isClass, isFunction, type Node, staticName } from "./Syntax.ts"
import { globalPath } from "./Usage.ts"

/** Global constructors and functions whose result follows from settled arguments. */
const settledGlobals = new Set(
  (
    "Map Set WeakMap WeakSet Array RegExp URL URLSearchParams Error TypeError RangeError TextEncoder TextDecoder " +
    "Uint8Array Uint16Array Uint32Array Int8Array Int16Array Int32Array Float32Array Float64Array Uint8ClampedArray " +
    "BigInt64Array BigUint64Array ArrayBuffer DataView Number String Boolean BigInt Symbol Symbol.for Object Object.freeze " +
    "Object.seal Object.keys Object.values Object.entries Object.fromEntries Object.create Object.assign Array.from Array.of " +
    "Array.isArray JSON.parse JSON.stringify String.raw String.fromCharCode String.fromCodePoint parseInt parseFloat " +
    "Buffer.from Buffer.alloc Uint8Array.from Uint8Array.of Float32Array.from Float32Array.of Int32Array.from Int32Array.of " +
    "structuredClone encodeURIComponent decodeURIComponent Number.parseFloat Number.parseInt Date.UTC"
  ).split(" "),
)

/** Methods of literals whose result follows from receiver and arguments, given no function. */
const settledMethods = new Set(
  (
    "split join trim trimStart trimEnd toUpperCase toLowerCase replace replaceAll slice substring concat repeat padStart " +
    "padEnd includes indexOf at charAt charCodeAt codePointAt startsWith endsWith flat toReversed toSorted with keys values " +
    "entries normalize toString toFixed"
  ).split(" "),
)

/** Engine modules whose builders only describe; what they mean is settled by the key's version and format. */
const sluiceBuilders = new Set([
  "Table",
  "Artifact",
  "Step",
  "Source",
  "Pipeline",
  "Errors",
  "Checkpoint",
  "Progress",
])

/** Where an imported name comes from, as written. */
export interface Imported {
  readonly specifier: string
  readonly name: string
}

export const importOf = (variable: Variable | undefined): Imported | undefined => {
  const declaration = variable?.kind === "import" ? variable.declarations[0] : undefined
  if (declaration === undefined) return undefined
  if (declaration.type === "TSImportEqualsDeclaration") {
    const specifier = declaration.moduleReference?.expression?.value
    return typeof specifier === "string" ? { specifier, name: "*" } : undefined
  }
  const specifier: string = declaration.parent!.source.value
  switch (declaration.type) {
    case "ImportNamespaceSpecifier":
      return { specifier, name: "*" }
    case "ImportDefaultSpecifier":
      return { specifier, name: "default" }
    default:
      return {
        specifier,
        name:
          declaration.imported.type === "Literal" ? declaration.imported.value : declaration.imported.name,
      }
  }
}

/** The dotted name, from its package, of a chain that begins at an import: `effect:Schema.Struct`. */
export const importedPath = (
  node: Node,
): { readonly specifier: string; readonly path: ReadonlyArray<string> } | undefined => {
  const path: Array<string> = []
  let at = node
  while (at.type === "MemberExpression" || at.type === "ChainExpression") {
    if (at.type === "ChainExpression") {
      at = at.expression
      continue
    }
    const name = staticName(at.property, at.computed)
    if (name === undefined) return undefined
    path.unshift(name)
    at = at.object
  }
  if (at.type !== "Identifier") return undefined
  const imported = importOf(at.variable)
  if (imported === undefined) return undefined
  if (imported.name !== "*") path.unshift(imported.name)
  return { specifier: imported.specifier, path }
}

/** `effect/Schema` + `Struct` and `effect` + `Schema.Struct` are one: ["Schema", "Struct"]. */
const effectPath = (specifier: string, path: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
  if (specifier === "effect") return path
  if (specifier.startsWith("effect/")) return [specifier.slice("effect/".length), ...path]
  return specifier.startsWith("@effect/") ? path : undefined
}

/** Whether the engine answers for an imported name by the version and the format in its keys. */
export const isEngineBuilder = (specifier: string, path: ReadonlyArray<string>): boolean => {
  if (specifier === "@sluice/core") return sluiceBuilders.has(path[0] ?? "")
  return specifier.startsWith("@sluice/core/") && sluiceBuilders.has(specifier.slice("@sluice/core/".length))
}

/** `Artifact.value(label, schema)`: the engine reads what it gives for the code of the schema. */
const isValueDeclaration = (node: Node): boolean => {
  if (node.type !== "CallExpression" || node.optional === true) return false
  const imported = importedPath(node.callee)
  if (imported === undefined || !isEngineBuilder(imported.specifier, imported.path)) return false
  return `${imported.specifier}.${imported.path.join(".")}`.endsWith("Artifact.value")
}

/** `Effect.fn("name")(function* () { ... })`: a function made of literals alone, and known as they are. */
const isEffectFunction = (node: Node): boolean => {
  if (node.type !== "CallExpression" || node.optional === true || node.arguments.length === 0) return false
  if (!node.arguments.every((argument: Node) => isFunction(argument))) return false
  const named =
    node.callee.type === "CallExpression" &&
    node.callee.arguments.every((argument: Node) => argument.type === "Literal")
  const imported = importedPath(named ? node.callee.callee : node.callee)
  const path = imported && effectPath(imported.specifier, imported.path)
  return path?.length === 2 && path[0] === "Effect" && /^fn(?:Untraced(?:Eager)?)?$/.test(path[1]!)
}

/** Calls whose results get a tag: the code of the call is the identity of what it gives. */
export const isTaggedCall = (node: Node): boolean => isValueDeclaration(node) || isEffectFunction(node)

/** Whether calling an imported function only builds a description: Effect without its runners, Sluice's builders. */
export const isDescription = (callee: Node): boolean => {
  const imported = importedPath(callee)
  if (imported === undefined) return false
  if (isEngineBuilder(imported.specifier, imported.path)) return true
  const path = effectPath(imported.specifier, imported.path)
  const last = path?.at(-1)
  return (
    last !== undefined &&
    !/^(run|unsafe|now)/i.test(last) &&
    !/(Unsafe|now)$/i.test(last) &&
    last !== "launch"
  )
}

/** Whether a chain of calls starts at a description: `Schema.String.pipe(...)`, `Schema.Struct({}).check(...)`. */
const startsAtDescription = (node: Node): boolean => {
  let at = node
  for (;;) {
    if (at.type === "MemberExpression") {
      if (isDescription(at)) return true
      at = at.object
    } else if (at.type === "CallExpression") {
      if (isDescription(at.callee)) return true
      at = at.callee
    } else return at.type === "Identifier" && isDescription(at)
  }
}

const all = (nodes: ReadonlyArray<Node | null>): boolean =>
  nodes.every((node) => node === null || isSettled(node))

/** Whether the expression's value follows from its code and from bindings that are identified themselves. */
export const isSettled = (node: Node): boolean => {
  if (isFunction(node) || isClass(node)) return true
  switch (node.type) {
    case "Literal":
      return true
    case "Identifier":
      return node.variable !== undefined || node.name === "undefined" || settledNames.has(node.name)
    case "TemplateLiteral":
      return all(node.expressions)
    case "ArrayExpression":
      return all(node.elements)
    case "SpreadElement":
      return isSettled(node.argument)
    case "ObjectExpression":
      return node.properties.every((property: Node) =>
        property.type === "SpreadElement"
          ? isSettled(property.argument)
          : isSettled(property.value) && (!property.computed || isSettled(property.key)),
      )
    case "UnaryExpression":
      return node.operator !== "delete" && isSettled(node.argument)
    case "BinaryExpression":
    case "LogicalExpression":
      return node.left.type !== "PrivateIdentifier" && isSettled(node.left) && isSettled(node.right)
    case "ConditionalExpression":
      return isSettled(node.test) && isSettled(node.consequent) && isSettled(node.alternate)
    case "SequenceExpression":
      return all(node.expressions)
    case "ChainExpression":
      return isSettled(node.expression)
    case "MemberExpression": {
      const path = globalPath(node)
      if (path !== undefined) return path.startsWith("process.env") || settledConstants.test(path)
      return isSettled(node.object) && (!node.computed || isSettled(node.property))
    }
    case "TaggedTemplateExpression":
      return globalPath(node.tag) === "String.raw" && isSettled(node.quasi)
    case "NewExpression": {
      const name = globalPath(node.callee)
      if (isImportMetaUrl(node)) return true
      if (name === "Date") return node.arguments.length > 0 && all(node.arguments)
      return name !== undefined && settledGlobals.has(name) && all(node.arguments)
    }
    case "CallExpression":
      return isSettledCall(node)
    default:
      return false
  }
}

const settledNames = new Set(["NaN", "Infinity", "Math", "Number", "Object", "Array", "String", "Symbol"])
const settledConstants =
  /^(Math|Number|Symbol|Object|Array|String|JSON|BigInt|Reflect|Boolean|Map|Set|Date)\.\w+$/

const isSettledCall = (node: Node): boolean => {
  const callee: Node = node.callee
  const name = globalPath(callee)
  if (name !== undefined) {
    if (name.startsWith("Math.")) return name !== "Math.random" && all(node.arguments)
    const functions = node.arguments.some((argument: Node) => isFunction(argument))
    return settledGlobals.has(name) && !functions && all(node.arguments)
  }
  if (isDescription(callee) || startsAtDescription(callee)) return all(node.arguments)
  const imported = importedPath(callee)
  if (imported !== undefined) {
    const last = imported.path.at(-1)
    return (
      last === "createRequire" && (imported.specifier === "node:module" || imported.specifier === "module")
    )
  }
  if (callee.type === "MemberExpression") {
    const method = staticName(callee.property, callee.computed)
    return (
      method !== undefined &&
      settledMethods.has(method) &&
      isSettled(callee.object) &&
      node.arguments.every((argument: Node) => !isFunction(argument) && isSettled(argument))
    )
  }
  return false
}

/** `new URL("./file", import.meta.url)`: the file itself enters the identity. */
const isImportMetaUrl = (node: Node): boolean =>
  globalPath(node.callee) === "URL" &&
  node.arguments.length === 2 &&
  node.arguments[1].type === "MemberExpression" &&
  node.arguments[1].object.type === "MetaProperty"
