/**
 * Source text to a syntax tree without types.
 *
 * The tree is oxc's ESTree with everything that TypeScript erases taken out, so that the rest of this package sees
 * plain JavaScript plus enums, namespaces and parameter properties. Nodes keep their offsets in the original text and
 * know their parents.
 */
import { parseSync, visitorKeys } from "oxc-parser"

/** A syntax node. Its fields follow ESTree; which are there depends on `type`. */
export interface Node {
  type: string
  start: number
  end: number
  parent: Node | undefined
  // oxlint-disable-next-line typescript/no-explicit-any -- ESTree's fields vary by type
  [field: string]: any
}

export interface SyntaxTree {
  readonly program: Node
  /** Offsets at which lines begin. */
  readonly lines: ReadonlyArray<number>
}

export interface Place {
  readonly line: number
  readonly column: number
}

/** A source file that does not parse: one message with the place and a caret, never a stack trace. */
export class SyntaxProblem extends Error {
  readonly _tag = "SyntaxProblem"
  readonly file: string
  readonly line: number
  readonly column: number
  readonly reason: string

  constructor(file: string, text: string, offset: number, reason: string) {
    const { line, column } = placeAt(lineStarts(text), offset)
    const code = (text.split(/\r?\n/)[line - 1] ?? "").slice(0, 200)
    const gutter = String(line)
    const caret = code.slice(0, column - 1).replace(/[^\t]/g, " ")
    super(
      `${file}:${line}:${column} does not parse: ${reason}\n` +
        `  ${gutter} | ${code}\n  ${" ".repeat(gutter.length)} | ${caret}^`,
    )
    this.name = "SyntaxProblem"
    this.file = file
    this.line = line
    this.column = column
    this.reason = reason
    delete this.stack
  }
}

/**
 * Parses one file; `shown` is the path that an error names. `strict` also refuses what parses but cannot be loaded,
 * such as a name declared twice.
 */
export const parse = (path: string, text: string, shown: string = path, strict = false): SyntaxTree => {
  const result = parseSync(path, text, { preserveParens: false, showSemanticErrors: strict, astType: "ts" })
  const error = result.errors.find((e) => (e.severity as string) === "Error")
  if (error !== undefined) {
    const label = error.labels.findLast((l) => !/opened here/i.test(l.message ?? ""))
    throw new SyntaxProblem(shown, text, label?.start ?? 0, error.message)
  }
  const program = result.program as unknown as Node
  erase(program, undefined)
  return { program, lines: lineStarts(text) }
}

/** Line and column, both from 1. */
export const placeAt = (lines: ReadonlyArray<number>, offset: number): Place => {
  let low = 0
  let high = lines.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (lines[middle]! <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - lines[low]! + 1 }
}

const typeFields = new Set([
  "typeAnnotation",
  "typeParameters",
  "typeArguments",
  "returnType",
  "superTypeArguments",
  "implements",
])

const childFields = new Map<string, ReadonlyArray<string>>()

/** The fields of a node that may hold value-level children, in source order. */
export const fieldsOf = (type: string): ReadonlyArray<string> => {
  let fields = childFields.get(type)
  if (fields === undefined) {
    fields = (visitorKeys[type] ?? []).filter((field) => !typeFields.has(field))
    childFields.set(type, fields)
  }
  return fields
}

/** Calls `visit` for every child. */
export const eachChild = (node: Node, visit: (child: Node, field: string) => void): void => {
  for (const field of fieldsOf(node.type)) {
    const value = node[field]
    if (Array.isArray(value)) {
      for (const item of value) if (item !== null && item !== undefined) visit(item, field)
    } else if (value !== null && typeof value === "object" && typeof value.type === "string") {
      visit(value, field)
    }
  }
}

export const isFunction = (node: Node): boolean =>
  node.type === "FunctionExpression" ||
  node.type === "FunctionDeclaration" ||
  node.type === "ArrowFunctionExpression"

export const isClass = (node: Node): boolean =>
  node.type === "ClassDeclaration" || node.type === "ClassExpression"

/** The name of a property that is written down: `a.b`, `a["b"]`, `{ b: 1 }`. */
export const staticName = (key: Node, computed: boolean): string | undefined => {
  if (!computed && key.type === "Identifier") return key.name
  if (key.type === "Literal" && (typeof key.value === "string" || typeof key.value === "number")) {
    return String(key.value)
  }
  if (key.type === "TemplateLiteral" && key.expressions.length === 0) return key.quasis[0].value.cooked
  return undefined
}

/** The text of a string that is written down. */
export const literalText = (node: Node | undefined): string | undefined => {
  if (node === undefined) return undefined
  if (node.type === "Literal" && typeof node.value === "string") return node.value
  if (node.type === "TemplateLiteral" && node.expressions.length === 0) return node.quasis[0].value.cooked
  return undefined
}

/** The variable of a function's parameter number `index`, where that is a plain name. */
export const patternParam = (
  code: Node,
  index: number,
): { readonly references: ReadonlyArray<Node> } | undefined => {
  const params = code.params as ReadonlyArray<Node>
  const param = params[index] ?? params.at(-1)
  if (param === undefined) return undefined
  const inner: Node =
    param.type === "AssignmentPattern" ? param.left : param.type === "RestElement" ? param.argument : param
  if (params[index] === undefined && param.type !== "RestElement") return undefined
  return inner.type === "Identifier" ? inner.variable : undefined
}

const lineStarts = (text: string): ReadonlyArray<number> => {
  const lines = [0]
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) lines.push(at + 1)
  return lines
}

const wrappers = new Set([
  "ParenthesizedExpression",
  "TSAsExpression",
  "TSSatisfiesExpression",
  "TSNonNullExpression",
  "TSTypeAssertion",
  "TSInstantiationExpression",
])

/** Whether TypeScript drops the node. */
const erased = (node: Node): boolean => {
  switch (node.type) {
    case "EmptyStatement":
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
    case "TSDeclareFunction":
    case "TSNamespaceExportDeclaration":
    case "TSGlobalDeclaration":
    case "TSIndexSignature":
    case "TSAbstractMethodDefinition":
    case "TSAbstractPropertyDefinition":
    case "TSAbstractAccessorProperty":
      return true
    case "TSModuleDeclaration":
      return node.declare === true || node.kind === "global" || !node.body || holdsTypesOnly(node.body)
    case "ImportDeclaration":
    case "TSImportEqualsDeclaration":
      return node.importKind === "type"
    case "ExportAllDeclaration":
      return node.exportKind === "type"
    case "ExportNamedDeclaration":
      return node.exportKind === "type" || (node.declaration && erased(node.declaration))
    case "ExportDefaultDeclaration":
      return erased(node.declaration)
    case "ImportSpecifier":
      return node.importKind === "type"
    case "ExportSpecifier":
      return node.exportKind === "type"
    case "MethodDefinition":
      return node.value.type === "TSEmptyBodyFunctionExpression"
    case "Identifier":
      return false
    default:
      return node.declare === true
  }
}

const holdsTypesOnly = (body: Node): boolean =>
  body.type === "TSModuleBlock"
    ? (body.body as ReadonlyArray<Node>).every(erased)
    : body.type === "TSModuleDeclaration" && erased(body)

const unwrap = (node: Node): Node => {
  let inner = node
  while (wrappers.has(inner.type)) inner = inner.expression
  return inner
}

/** `namespace A.B {}` as `namespace A { namespace B {} }`, and `import x = A.b` as `const x = A.b`. */
const plainForm = (node: Node): void => {
  if (node.type === "TSModuleDeclaration" && node.id.type === "TSQualifiedName") {
    const { left, right } = node.id as Node
    const { end, body } = node
    node.body = { type: "TSModuleDeclaration", start: right.start, end, parent: node, id: right, body }
    node.id = left
    plainForm(node)
  } else if (node.type === "TSImportEqualsDeclaration" && isEntityName(node.moduleReference)) {
    const { id, moduleReference } = node
    node.type = "VariableDeclaration"
    node.kind = "const"
    node.alias = true
    const init = memberOf(moduleReference)
    node.declarations = [{ type: "VariableDeclarator", start: id.start, end: init.end, id, init }]
  }
}

const isEntityName = (node: Node | undefined): boolean =>
  node?.type === "TSQualifiedName" || node?.type === "Identifier"

const memberOf = (name: Node): Node =>
  name.type !== "TSQualifiedName"
    ? name
    : {
        type: "MemberExpression",
        start: name.start,
        end: name.end,
        parent: undefined,
        object: memberOf(name.left),
        property: name.right,
        computed: false,
        optional: false,
      }

const erase = (node: Node, parent: Node | undefined): void => {
  node.parent = parent
  plainForm(node)
  for (const field of fieldsOf(node.type)) {
    const value = node[field]
    if (Array.isArray(value)) {
      const kept: Array<Node | null> = []
      for (const item of value as ReadonlyArray<Node | null>) {
        if (item === null) kept.push(null)
        else if (!(field !== "arguments" && erased(item))) kept.push(unwrap(item))
      }
      node[field] =
        field === "params" ? kept.filter((p) => !(p?.type === "Identifier" && p.name === "this")) : kept
      for (const item of node[field]) if (item !== null) erase(item, node)
    } else if (value !== null && typeof value === "object" && typeof value.type === "string") {
      node[field] = unwrap(value)
      erase(node[field], node)
    }
  }
}
