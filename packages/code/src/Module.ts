/** One source file: its bindings, imports, exports and what it does when it loads. */
import { resolveNames, type Scope, type Variable } from "./Scope.ts"
import { eachChild, isClass, isFunction, literalText, type Node, parse, type SyntaxTree } from "./Syntax.ts"

/** Where an exported name leads. */
type Export =
  | { readonly kind: "local"; readonly variable: Variable }
  | { readonly kind: "default"; readonly node: Node }
  | { readonly kind: "from"; readonly specifier: string; readonly name: string }

export interface Module {
  /** Absolute path. */
  readonly file: string
  /** Path as people read it: relative to its package, the package's name in front outside the root project. */
  readonly label: string
  readonly text: string
  readonly tree: SyntaxTree
  readonly scope: Scope
  readonly exports: ReadonlyMap<string, Export>
  /** `export * from` */
  readonly stars: ReadonlyArray<string>
  /** What static imports and re-exports name, in order of evaluation; `bare` ones import for their effect alone. */
  readonly requests: ReadonlyArray<{
    readonly specifier: string
    readonly bare: boolean
    readonly node: Node
  }>
  /** What `import("...")` names, anywhere in the file. */
  readonly later: ReadonlyArray<string>
  /** Statements, initialisers and classes that may do something when the module loads, in order. */
  readonly effects: ReadonlyArray<Node>
  /** CommonJS: no binding-level analysis. */
  readonly common: boolean
}

export const read = (file: string, label: string, text: string): Module => {
  const tree = parse(file, text, label)
  const scope = resolveNames(tree.program)
  const exports = new Map<string, Export>()
  const stars: Array<string> = []
  const requests: Array<{ specifier: string; bare: boolean; node: Node }> = []
  const effects: Array<Node> = []
  for (const statement of tree.program.body as ReadonlyArray<Node>) {
    readStatement(statement, scope, { exports, stars, requests, effects })
  }
  const common =
    /\.c[jt]s$/.test(file) ||
    (exports.size === 0 && requests.length === 0 && usesCommonJs(scope, tree.program))
  return {
    file,
    label,
    text,
    tree,
    scope,
    exports,
    stars,
    requests,
    later: dynamicImports(tree.program, text),
    effects,
    common,
  }
}

const dynamicImports = (program: Node, text: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  if (!/\bimport\s*\(/.test(text)) return found
  const look = (node: Node): void => {
    if (node.type === "ImportExpression") {
      const specifier = literalText(node.source)
      if (specifier !== undefined) found.push(specifier)
    }
    eachChild(node, look)
  }
  look(program)
  return found
}

interface Reading {
  readonly exports: Map<string, Export>
  readonly stars: Array<string>
  readonly requests: Array<{ specifier: string; bare: boolean; node: Node }>
  readonly effects: Array<Node>
}

const readStatement = (statement: Node, scope: Scope, into: Reading): void => {
  switch (statement.type) {
    case "ImportDeclaration": {
      const specifiers = statement.specifiers as ReadonlyArray<Node>
      // An import of names that only types use is dropped by every TypeScript loader.
      const used =
        specifiers.length === 0 || specifiers.some((s) => isUsed(s.local.variable as Variable, scope))
      if (used) {
        into.requests.push({
          specifier: statement.source.value,
          bare: specifiers.length === 0,
          node: statement,
        })
      }
      return
    }
    case "TSImportEqualsDeclaration": {
      const specifier = statement.moduleReference?.expression?.value
      if (typeof specifier === "string") into.requests.push({ specifier, bare: false, node: statement })
      return
    }
    case "ExportAllDeclaration": {
      const specifier: string = statement.source.value
      into.requests.push({ specifier, bare: false, node: statement })
      if (statement.exported)
        into.exports.set(nameOf(statement.exported), { kind: "from", specifier, name: "*" })
      else into.stars.push(specifier)
      return
    }
    case "ExportNamedDeclaration": {
      if (statement.source) {
        const specifier: string = statement.source.value
        into.requests.push({ specifier, bare: false, node: statement })
        for (const s of statement.specifiers) {
          into.exports.set(nameOf(s.exported), { kind: "from", specifier, name: nameOf(s.local) })
        }
        return
      }
      for (const s of statement.specifiers) {
        const variable = scope.names.get(nameOf(s.local))
        if (variable !== undefined) into.exports.set(nameOf(s.exported), { kind: "local", variable })
      }
      if (statement.declaration) {
        for (const variable of declared(statement.declaration, scope)) {
          into.exports.set(variable.name, { kind: "local", variable })
        }
        readDeclaration(statement.declaration, into)
      }
      return
    }
    case "ExportDefaultDeclaration": {
      const node: Node = statement.declaration
      const name = node.type.endsWith("Declaration") && node.id ? (node.id.name as string) : undefined
      const variable =
        name !== undefined
          ? scope.names.get(name)
          : node.type === "Identifier"
            ? (node.variable as Variable | undefined)
            : undefined
      into.exports.set(
        "default",
        variable === undefined ? { kind: "default", node } : { kind: "local", variable },
      )
      readDeclaration(node, into)
      if (node.type !== "Identifier" && !isFunction(node) && !isClass(node)) into.effects.push(node)
      return
    }
    default:
      if (!readDeclaration(statement, into)) into.effects.push(statement)
  }
}

const readDeclaration = (node: Node, into: Reading): boolean => {
  switch (node.type) {
    case "VariableDeclaration":
      for (const declarator of node.declarations) {
        // A plain mention counts too: `const list = registry.list` lets a later statement change the registry.
        if (declarator.init && declarator.init.type !== "Literal" && !isFunction(declarator.init)) {
          into.effects.push(declarator)
        }
      }
      return true
    case "ClassDeclaration":
      if (mayAct(node)) into.effects.push(node)
      return true
    case "FunctionDeclaration":
    case "TSEnumDeclaration":
      return true
    case "TSModuleDeclaration":
      if (mayAct(node)) into.effects.push(node)
      return true
    default:
      return false
  }
}

const declared = (node: Node, scope: Scope): ReadonlyArray<Variable> => {
  const found: Array<Variable> = []
  for (const variable of scope.names.values()) {
    if (
      variable.declarations.some((d) => d === node || (d.parent === node && d.type === "VariableDeclarator"))
    ) {
      found.push(variable)
    }
  }
  return found
}

const nameOf = (node: Node): string => (node.type === "Literal" ? node.value : node.name)

const isUsed = (variable: Variable, scope: Scope): boolean =>
  variable.references.length > 0 || exportedHere(variable, scope)

/** `import { a } from "x"; export { a }` */
const exportedHere = (variable: Variable, scope: Scope): boolean =>
  (scope.node.body as ReadonlyArray<Node>).some(
    (statement) =>
      statement.type === "ExportNamedDeclaration" &&
      !statement.source &&
      statement.specifiers.some((s: Node) => nameOf(s.local) === variable.name),
  )

/** Whether evaluating the node can call, assign or await something. */
const mayAct = (node: Node): boolean => {
  switch (node.type) {
    case "CallExpression":
    case "NewExpression":
    case "TaggedTemplateExpression":
    case "AssignmentExpression":
    case "UpdateExpression":
    case "AwaitExpression":
    case "YieldExpression":
    case "ImportExpression":
    case "StaticBlock":
    case "Decorator":
      return true
  }
  if (isFunction(node)) return false
  if (node.type === "PropertyDefinition" && node.static !== true) {
    return (node.decorators ?? []).length > 0 || (node.computed === true && mayAct(node.key))
  }
  let acts = false
  eachChild(node, (child) => {
    if (!acts && mayAct(child)) acts = true
  })
  return acts
}

const usesCommonJs = (scope: Scope, program: Node): boolean => {
  if (scope.names.has("module") || scope.names.has("exports")) return false
  let found = false
  const look = (node: Node): void => {
    if (found) return
    if (
      node.type === "AssignmentExpression" &&
      node.left.type === "MemberExpression" &&
      ((node.left.object.name === "module" && node.left.property.name === "exports") ||
        node.left.object.name === "exports")
    ) {
      found = true
      return
    }
    eachChild(node, look)
  }
  look(program)
  return found
}
