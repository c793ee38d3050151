/**
 * Which declaration each identifier means.
 *
 * After `resolveNames`, every identifier that is a reference or a binding carries its `variable`, or none where the
 * name is global. A variable lists its references.
 */
import { eachChild, isFunction, type Node, staticName } from "./Syntax.ts"

type VariableKind =
  | "const"
  | "let"
  | "var"
  | "param"
  | "function"
  | "class"
  | "import"
  | "enum"
  | "namespace"
  | "member"
  | "self"

export interface Variable {
  readonly name: string
  readonly kind: VariableKind
  readonly scope: Scope
  /** What declares it: a declarator, function, class, specifier, enum or namespace, or the parameter's function. */
  readonly declarations: Array<Node>
  readonly references: Array<Node>
}

export interface Scope {
  readonly node: Node
  readonly parent: Scope | undefined
  readonly names: Map<string, Variable>
}

/** Resolves the names of a whole module and gives the module's own scope. */
export const resolveNames = (program: Node): Scope => {
  const scope: Scope = { node: program, parent: undefined, names: new Map() }
  program.scope = scope
  declareStatements(program.body, scope)
  hoistVars(program, scope)
  for (const statement of program.body) walk(statement, scope)
  return scope
}

/** The variable that `name` means in `scope`. */
export const lookup = (scope: Scope | undefined, name: string): Variable | undefined => {
  for (let at = scope; at !== undefined; at = at.parent) {
    const found = at.names.get(name)
    if (found !== undefined) return found
  }
  return undefined
}

/** The innermost scope around a node. */
export const scopeAround = (node: Node): Scope => {
  let at: Node | undefined = node.parent
  while (at !== undefined && at.scope === undefined) at = at.parent
  return at!.scope
}

/** Every identifier that a binding pattern declares, in source order. */
export const patternNames = (pattern: Node, into: Array<Node> = []): Array<Node> => {
  switch (pattern.type) {
    case "Identifier":
      into.push(pattern)
      break
    case "ObjectPattern":
      for (const property of pattern.properties) {
        patternNames(property.type === "RestElement" ? property.argument : property.value, into)
      }
      break
    case "ArrayPattern":
      for (const element of pattern.elements) if (element !== null) patternNames(element, into)
      break
    case "AssignmentPattern":
      patternNames(pattern.left, into)
      break
    case "RestElement":
      patternNames(pattern.argument, into)
      break
    case "TSParameterProperty":
      patternNames(pattern.parameter, into)
      break
  }
  return into
}

const declare = (scope: Scope, identifier: Node, kind: VariableKind, declaration: Node): Variable => {
  const name: string = identifier.name
  let variable = scope.names.get(name)
  if (variable === undefined) {
    variable = { name, kind, scope, declarations: [], references: [] }
    scope.names.set(name, variable)
  }
  if (!variable.declarations.includes(declaration)) variable.declarations.push(declaration)
  identifier.variable = variable
  identifier.binding = true
  return variable
}

const open = (node: Node, parent: Scope): Scope => {
  const scope: Scope = { node, parent, names: new Map() }
  node.scope = scope
  return scope
}

/** Block-level declarations of a statement list: they exist in the whole block. */
const declareStatements = (statements: ReadonlyArray<Node>, scope: Scope): void => {
  for (const outer of statements) {
    const exported = outer.type === "ExportNamedDeclaration" || outer.type === "ExportDefaultDeclaration"
    const statement: Node = exported ? (outer.declaration ?? outer) : outer
    switch (statement.type) {
      case "FunctionDeclaration":
        if (statement.id) declare(scope, statement.id, "function", statement)
        break
      case "ClassDeclaration":
        if (statement.id) declare(scope, statement.id, "class", statement)
        break
      case "VariableDeclaration":
        if (statement.kind !== "var") declarePatterns(statement, scope)
        break
      case "TSEnumDeclaration":
        declare(scope, statement.id, "enum", statement)
        break
      case "TSModuleDeclaration":
        if (statement.id.type === "Identifier") declare(scope, statement.id, "namespace", statement)
        break
      case "ImportDeclaration":
        for (const specifier of statement.specifiers) declare(scope, specifier.local, "import", specifier)
        break
      case "TSImportEqualsDeclaration":
        declare(scope, statement.id, "import", statement)
        break
    }
  }
}

const declarePatterns = (declaration: Node, scope: Scope): void => {
  const kind: VariableKind =
    declaration.kind === "const" ? "const" : declaration.kind === "var" ? "var" : "let"
  for (const declarator of declaration.declarations) {
    for (const name of patternNames(declarator.id)) declare(scope, name, kind, declarator)
  }
}

/** `var` belongs to the function, wherever it stands in it. */
const hoistVars = (node: Node, scope: Scope): void => {
  eachChild(node, (child) => {
    if (isFunction(child) || child.type === "StaticBlock" || child.type === "TSModuleBlock") return
    if (child.type === "VariableDeclaration" && child.kind === "var") declarePatterns(child, scope)
    hoistVars(child, scope)
  })
}

const walkChildren = (node: Node, scope: Scope): void => eachChild(node, (child) => walk(child, scope))

const reference = (identifier: Node, scope: Scope): void => {
  if (identifier.binding === true) return
  const variable = lookup(scope, identifier.name)
  identifier.reference = true
  if (variable !== undefined) {
    identifier.variable = variable
    variable.references.push(identifier)
  }
}

const walk = (node: Node, scope: Scope): void => {
  switch (node.type) {
    case "Identifier":
      reference(node, scope)
      return
    case "JSXIdentifier":
      if (/^[A-Z_$]/.test(node.name) || node.parent?.type === "JSXMemberExpression") {
        if (!(node.parent?.type === "JSXMemberExpression" && node.parent.property === node))
          reference(node, scope)
      }
      return
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression": {
      const inner = open(node, scope)
      if (node.type === "FunctionExpression" && node.id) declare(inner, node.id, "self", node)
      for (const param of node.params) {
        for (const name of patternNames(param)) declare(inner, name, "param", node)
      }
      if (node.body?.type === "BlockStatement") {
        hoistVars(node.body, inner)
        declareStatements(node.body.body, inner)
      }
      for (const param of node.params) walk(param, inner)
      if (node.body?.type === "BlockStatement") for (const statement of node.body.body) walk(statement, inner)
      else if (node.body) walk(node.body, inner)
      return
    }
    case "ClassDeclaration":
    case "ClassExpression": {
      for (const decorator of node.decorators ?? []) walk(decorator, scope)
      const inner = open(node, scope)
      if (node.type === "ClassExpression" && node.id) declare(inner, node.id, "self", node)
      if (node.superClass) walk(node.superClass, inner)
      walkChildren(node.body, inner)
      return
    }
    case "StaticBlock":
    case "BlockStatement": {
      const inner = open(node, scope)
      if (node.type === "StaticBlock") hoistVars(node, inner)
      declareStatements(node.body, inner)
      for (const statement of node.body) walk(statement, inner)
      return
    }
    case "SwitchStatement": {
      walk(node.discriminant, scope)
      const inner = open(node, scope)
      for (const branch of node.cases) declareStatements(branch.consequent, inner)
      for (const branch of node.cases) walk(branch, inner)
      return
    }
    case "ForStatement":
    case "ForInStatement":
    case "ForOfStatement": {
      const inner = open(node, scope)
      const head = node.type === "ForStatement" ? node.init : node.left
      if (head?.type === "VariableDeclaration" && head.kind !== "var") declarePatterns(head, inner)
      walkChildren(node, inner)
      return
    }
    case "CatchClause": {
      const inner = open(node, scope)
      if (node.param) for (const name of patternNames(node.param)) declare(inner, name, "param", node)
      walkChildren(node, inner)
      return
    }
    case "TSEnumDeclaration": {
      const inner = open(node, scope)
      for (const member of node.body.members) {
        const name = staticName(member.id, member.computed)
        if (name !== undefined && member.id.type === "Identifier") declare(inner, member.id, "member", member)
      }
      for (const member of node.body.members) if (member.initializer) walk(member.initializer, inner)
      return
    }
    case "TSModuleDeclaration": {
      if (node.body?.type === "TSModuleDeclaration") {
        const inner = open(node, scope)
        declareStatements([node.body], inner)
        walk(node.body, inner)
        return
      }
      const inner = open(node, scope)
      hoistVars(node.body, inner)
      declareStatements(node.body.body, inner)
      for (const statement of node.body.body) walk(statement, inner)
      return
    }
    case "MemberExpression":
      walk(node.object, scope)
      if (node.computed) walk(node.property, scope)
      return
    case "Property":
    case "MethodDefinition":
    case "PropertyDefinition":
    case "AccessorProperty":
      for (const decorator of node.decorators ?? []) walk(decorator, scope)
      if (node.computed) walk(node.key, scope)
      if (node.value) walk(node.value, scope)
      return
    case "LabeledStatement":
      walk(node.body, scope)
      return
    case "BreakStatement":
    case "ContinueStatement":
    case "MetaProperty":
    case "ImportDeclaration":
    case "ExportAllDeclaration":
      return
    case "ExportNamedDeclaration":
      if (node.declaration) walk(node.declaration, scope)
      return
    default:
      walkChildren(node, scope)
  }
}
