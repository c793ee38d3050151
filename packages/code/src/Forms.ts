/** How single pieces of syntax are written in a normal form. */
import type { Variable } from "./Scope.ts"
import type { Node } from "./Syntax.ts"

/** Fields that carry meaning beside the children. */
export const scalars: Record<string, ReadonlyArray<string>> = {
  UnaryExpression: ["operator"],
  UpdateExpression: ["operator", "prefix"],
  BinaryExpression: ["operator"],
  LogicalExpression: ["operator"],
  AssignmentExpression: ["operator"],
  FunctionDeclaration: ["async", "generator"],
  FunctionExpression: ["async", "generator"],
  ArrowFunctionExpression: ["async"],
  MethodDefinition: ["kind", "static"],
  PropertyDefinition: ["static"],
  AccessorProperty: ["static"],
  Property: ["kind", "method"],
  MemberExpression: ["optional"],
  CallExpression: ["optional"],
  ForOfStatement: ["await"],
  YieldExpression: ["delegate"],
  ImportExpression: ["phase"],
}

export const controlBodies: Record<string, ReadonlyArray<string>> = {
  IfStatement: ["consequent", "alternate"],
  ForStatement: ["body"],
  ForInStatement: ["body"],
  ForOfStatement: ["body"],
  WhileStatement: ["body"],
  DoWhileStatement: ["body"],
}

/** A private name by its place: how many classes further out it is declared, and as the how-manieth. */
export const privateForm = (name: Node): string => {
  let outwards = 0
  for (let at = name.parent; at; at = at.parent) {
    if (at.type !== "ClassBody") continue
    const declared = (at.body as ReadonlyArray<Node>)
      .filter((member) => member.key?.type === "PrivateIdentifier")
      .map((member) => member.key.name as string)
    const place = [...new Set(declared)].indexOf(name.name)
    if (place !== -1) return `private:${outwards}.${place}`
    outwards += 1
  }
  return `private:${name.name}`
}

export const literalForm = (node: Node): string => {
  if (node.regex) return `regex:${node.regex.pattern}/${node.regex.flags}`
  if (node.bigint !== undefined && node.bigint !== null) return `bigint:${node.bigint}`
  return `${typeof node.value}:${Object.is(node.value, -0) ? "-0" : String(node.value)}`
}

export const hasPropertyKey = (node: Node): boolean =>
  node.type === "Property" ||
  node.type === "MethodDefinition" ||
  node.type === "PropertyDefinition" ||
  node.type === "AccessorProperty" ||
  node.type === "TSEnumMember"

/** `{ __proto__: x }`; of `{ ["__proto__"]: x }` and `{ __proto__ }` that is a property like any other. */
export const setsPrototype = (key: Node, name: string): boolean => {
  const property = key.parent
  return (
    name === "__proto__" &&
    property?.type === "Property" &&
    property.parent?.type === "ObjectExpression" &&
    property.kind === "init" &&
    !property.computed &&
    !property.shorthand &&
    !property.method
  )
}

/** Where a chain of names asks `?.` and where it ends in parentheses; "" for one that does neither. */
export const optionalForm = (node: Node, base: Node): string => {
  let form = ""
  for (let at = node; at !== base;) {
    if (at.type === "ChainExpression") {
      form = at === node ? form : `|${form}`
      at = at.expression
    } else {
      form = `${at.optional === true ? "?" : "."}${form}`
      at = at.object
    }
  }
  return /[?|]/.test(form) ? form : ""
}

/** `if (x) { y() }` is `if (x) y()`. */
export const withoutBraces = (node: Node): Node => {
  if (node.type !== "BlockStatement" || node.body.length !== 1) return node
  const only: Node = node.body[0]
  return only.type.endsWith("Declaration") || only.type === "IfStatement" ? node : only
}

/** Which part of a pattern a variable is: `/0/1/...` */
export const patternPath = (pattern: Node, variable: Variable): string => {
  const search = (node: Node | null, path: string): string | undefined => {
    if (node === null) return undefined
    switch (node.type) {
      case "Identifier":
        return node.variable === variable ? path : undefined
      case "AssignmentPattern":
        return search(node.left, path)
      case "RestElement":
        return search(node.argument, `${path}/...`)
      case "ArrayPattern":
        for (const [index, element] of node.elements.entries()) {
          const found = search(element, `${path}/${index}`)
          if (found !== undefined) return found
        }
        return undefined
      case "ObjectPattern":
        for (const [index, property] of node.properties.entries()) {
          const found =
            property.type === "RestElement"
              ? search(property, path)
              : search(property.value, `${path}/${index}`)
          if (found !== undefined) return found
        }
    }
    return undefined
  }
  return search(pattern, "") ?? ""
}
