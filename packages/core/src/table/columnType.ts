/**
 * Plain descriptions of columns: the same in action keys, manifests and Arrow schemas. No Arrow, no Effect.
 */
import * as Errors from "../Errors.ts"

export type ColumnType =
  | { readonly kind: "utf8" | "int32" | "int64" | "float32" | "float64" | "bool" | "binary" }
  | { readonly kind: "list"; readonly item: ColumnType }
  /** `values` null: open, any text. */
  | { readonly kind: "dictionary"; readonly values: ReadonlyArray<string> | null }
  | { readonly kind: "nullable"; readonly of: ColumnType }
  | { readonly kind: "struct"; readonly fields: ReadonlyArray<NamedColumn> }

export interface NamedColumn {
  readonly name: string
  readonly type: ColumnType
}

/** Columns in declared order; an array, because the order is part of the bytes and a record with sorted keys loses it. */
export interface TableType {
  readonly columns: ReadonlyArray<NamedColumn>
}

/** What each kind admits, to be read after "is not". */
export const rules = {
  utf8: "a string of well-formed Unicode",
  int32: "a whole number from -2147483648 to 2147483647",
  int64: "a bigint from -2^63 to 2^63 - 1",
  float32: "a number within the range of float32",
  float64: "a number",
  bool: "true or false",
  binary: "a Uint8Array",
  list: "an array",
  struct: "a record",
} as const

export const isInt32 = (value: unknown): value is number => typeof value === "number" && (value | 0) === value

export const isInt64 = (value: unknown): value is bigint =>
  typeof value === "bigint" && BigInt.asIntN(64, value) === value

/** A finite number may not turn into an infinite one by rounding. */
export const isFloat32 = (value: unknown): value is number =>
  typeof value === "number" && (Number.isFinite(Math.fround(value)) || !Number.isFinite(value))

/** The columns of declared fields. Throws `TableInvalid` where a name or a type cannot be stored. */
export const named = (
  fields: Readonly<Record<string, { readonly type: ColumnType }>>,
): ReadonlyArray<NamedColumn> => {
  const entries = Object.entries(fields)
  const problems = entries.flatMap(([name, field]) => {
    if (name === "" || name === "__proto__" || !name.isWellFormed()) {
      return [`${JSON.stringify(name)} cannot be the name of a column`]
    }
    return typeof field?.type?.kind === "string"
      ? []
      : [`column '${name}' is not a column type such as Table.utf8`]
  })
  if (entries.length === 0) problems.push("there is no column")
  if (problems.length > 0) throw new Errors.TableInvalid({ problems })
  return entries.map(([name, { type }]) => ({ name, type }))
}

export const checkDictionary = (values: ReadonlyArray<string>): void => {
  const problems = values.flatMap((value, index) => {
    if (typeof value !== "string" || !value.isWellFormed())
      return [`dictionary value ${index} is not ${rules.utf8}`]
    return values.indexOf(value) < index ? [`dictionary value ${JSON.stringify(value)} is given twice`] : []
  })
  if (values.length === 0) problems.push("a closed dictionary has no values")
  if (problems.length > 0) throw new Errors.TableInvalid({ problems })
}

/** The type as messages name it: `List<Int32>?`, `Struct<{role: Utf8}>`. */
const text = (type: ColumnType): string => {
  switch (type.kind) {
    case "list":
      return `List<${text(type.item)}>`
    case "nullable":
      return `${text(type.of)}?`
    case "dictionary":
      return type.values === null
        ? "Dictionary<Utf8>"
        : `Dictionary<${type.values.map((value) => JSON.stringify(value)).join(" | ")}>`
    case "struct":
      return `Struct<{${type.fields.map((field) => `${field.name}: ${text(field.type)}`).join(", ")}}>`
    default:
      return `${type.kind.charAt(0).toUpperCase()}${type.kind.slice(1)}`
  }
}

/** One sentence for each wanted column that is missing or whose stored type does not fit. */
export const mismatches = (
  want: ReadonlyArray<NamedColumn>,
  have: ReadonlyArray<NamedColumn>,
): ReadonlyArray<string> =>
  want.flatMap(({ name, type }) => {
    const found = have.find((column) => column.name === name)
    if (found === undefined) return [`column '${name}' (${text(type)}) is missing`]
    return fits(type, found.type)
      ? []
      : [`column '${name}' is ${text(found.type)} but ${text(type)} is required`]
  })

const fits = (want: ColumnType, have: ColumnType): boolean => {
  if (want.kind === "nullable") return fits(want.of, have.kind === "nullable" ? have.of : have)
  switch (have.kind) {
    case "list":
      return want.kind === "list" && fits(want.item, have.item)
    case "dictionary":
      if (want.kind !== "dictionary") return false
      return want.values === null || (have.values?.every((value) => want.values?.includes(value)) ?? false)
    case "struct":
      return (
        want.kind === "struct" &&
        want.fields.length === have.fields.length &&
        mismatches(want.fields, have.fields).length === 0
      )
    default:
      return want.kind === have.kind
  }
}
