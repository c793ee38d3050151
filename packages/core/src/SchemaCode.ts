/**
 * What a value's schema means to a step's key: its JSON Schema, and beyond that its code where it computes something.
 */
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as Canonical from "./Canonical.ts"

export interface Described {
  /** The JSON Schema as text. */
  readonly text: string
  /** Effect's own types in it, in order: several of them have one JSON Schema. */
  readonly types: ReadonlyArray<string>
  /** Whether the text leaves something out: transformations, filters, classes and types of the user's own. */
  readonly computed: boolean
}

const known = new WeakMap<object, Described>()

/** Describes a schema, once. */
export const describe = (schema: Schema.Top): Described => {
  let described = known.get(schema.ast)
  if (described === undefined) {
    const text = textOf(schema)
    const types: Array<string> = []
    const computed = computes(schema.ast, types, new Set()) || text === undefined
    known.set(schema.ast, (described = { text: text ?? "(no JSON schema)", types, computed }))
  }
  return described
}

const textOf = (schema: Schema.Top): string | undefined => {
  try {
    return Canonical.encode(Schema.toJsonSchemaDocument(schema))
  } catch {
    return undefined
  }
}

const computes = (ast: SchemaAST.AST, types: Array<string>, seen: Set<SchemaAST.AST>): boolean => {
  if (seen.has(ast)) return false
  seen.add(ast)
  const inside = (other: SchemaAST.AST): boolean => computes(other, types, seen)
  if (ast.encoding !== undefined || ast.checks?.some(isOwnCheck) === true) return true
  switch (ast._tag) {
    case "Declaration": {
      const type = effectsName(ast.annotations?.["representation"])
      if (type === undefined) return true
      types.push(type)
      return ast.typeParameters.some(inside)
    }
    case "Arrays":
      return [...ast.elements, ...ast.rest].some(inside)
    case "Objects":
      return (
        ast.propertySignatures.some(({ type }) => inside(type)) ||
        ast.indexSignatures.some(({ parameter, type }) => inside(parameter) || inside(type))
      )
    case "Union":
      return ast.types.some(inside)
    case "TemplateLiteral":
      return ast.parts.some(inside)
    case "Suspend":
      return inside(ast.thunk())
    default:
      return false
  }
}

const isOwnCheck = (check: SchemaAST.Check<any>): boolean =>
  effectsName(check.annotations?.["representation"]) === undefined &&
  (check._tag === "Filter" || check.checks.some((one: SchemaAST.Check<any>) => isOwnCheck(one)))

/** Effect names its own types and checks: `effect/schema/isInt`. */
const effectsName = (representation: unknown): string | undefined => {
  const id = (representation as { readonly id?: unknown } | null | undefined)?.id
  return typeof id === "string" && id.startsWith("effect/") ? id : undefined
}
