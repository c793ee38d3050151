import type { Table } from "@sluice/core"
import { type Found, printed, type Problem } from "./Record.ts"

/** A record that fits the declared table, or everything that is wrong with it. */
export type Checked =
  | { readonly row: Readonly<Record<string, unknown>> }
  | { readonly problems: ReadonlyArray<Problem> }

/** Whether cells come typed, as from JSON, or as text to be read by the column's type, as from CSV. */
export type Cells = "typed" | "text"

/**
 * Checks records against the columns of a table. Nothing is converted silently: from JSON a value has the
 * column's type or the row is bad; from text, a cell is read by the column's type and must be written in
 * full (`3`, `-0.5e3`, `true`), an empty cell being null in a nullable column. Fields that the table does
 * not declare are handed to `onUnknown`.
 */
export const make = (
  columns: ReadonlyArray<Table.NamedColumn>,
  cells: Cells,
  onUnknown: (field: string) => void,
): ((content: Found["content"]) => Checked) => {
  const declared = new Set(columns.map(({ name }) => name))
  return (content) => {
    if ("problems" in content) return content
    const row: Record<string, unknown> = {}
    const problems: Array<Problem> = []
    for (const { name, type } of columns) {
      const given = Object.hasOwn(content.fields, name) ? content.fields[name] : undefined
      if (given === undefined && type.kind !== "nullable") {
        problems.push({ field: name, value: "", rule: `${kindOf(type)} is required` })
        continue
      }
      const read =
        given === undefined
          ? null
          : cells === "text"
            ? fromText(type, given as string)
            : fromJson(type, given)
      if (read instanceof Misfit) {
        problems.push({
          field: name + read.path,
          value: printed(read.value),
          rule: `${read.rule} is required`,
        })
      } else row[name] = read
    }
    for (const field of Object.keys(content.fields)) if (!declared.has(field)) onUnknown(field)
    return problems.length > 0 ? { problems } : { row }
  }
}

/** `Int32`, `List<Utf8>`, `Float64?`: a column type as the compile-time messages write it. */
const kindOf = (type: Table.ColumnType): string => {
  switch (type.kind) {
    case "list":
      return `List<${kindOf(type.item)}>`
    case "nullable":
      return `${kindOf(type.of)}?`
    case "dictionary":
      return type.values === null ? "Dictionary<Utf8>" : `one of ${type.values.map(printed).join(", ")}`
    case "struct":
      return "Struct"
    default:
      return type.kind.charAt(0).toUpperCase() + type.kind.slice(1)
  }
}

/** A value that does not fit, and where inside its column: `[2].role`. */
class Misfit {
  readonly value: unknown
  readonly rule: string
  readonly path: string
  constructor(value: unknown, rule: string, path = "") {
    this.value = value
    this.rule = rule
    this.path = path
  }
}

const fromJson = (type: Table.ColumnType, value: unknown): unknown => {
  switch (type.kind) {
    case "nullable":
      return value === null ? null : fromJson(type.of, value)
    case "utf8":
      if (typeof value !== "string") return new Misfit(value, kindOf(type))
      return value.isWellFormed() ? value : new Misfit(value, "text without lone surrogates")
    case "dictionary":
      if (typeof value !== "string") return new Misfit(value, kindOf(type))
      return type.values === null || type.values.includes(value) ? value : new Misfit(value, kindOf(type))
    case "bool":
      return typeof value === "boolean" ? value : new Misfit(value, kindOf(type))
    case "int32":
      return Number.isInteger(value) && (value as number) === ((value as number) | 0)
        ? value
        : new Misfit(value, kindOf(type))
    case "int64":
      return Number.isSafeInteger(value)
        ? BigInt(value as number)
        : new Misfit(
            value,
            typeof value === "number" && Number.isInteger(value)
              ? "an integer that JSON holds exactly"
              : kindOf(type),
          )
    case "float32":
      return typeof value === "number" && Number.isFinite(Math.fround(value))
        ? Math.fround(value)
        : new Misfit(value, kindOf(type))
    case "float64":
      return typeof value === "number" && Number.isFinite(value) ? value : new Misfit(value, kindOf(type))
    case "binary":
      return new Misfit(value, "a column type that text files can hold")
    case "list": {
      if (!Array.isArray(value)) return new Misfit(value, kindOf(type))
      const items: Array<unknown> = []
      for (const [index, item] of value.entries()) {
        const read = fromJson(type.item, item)
        if (read instanceof Misfit) return new Misfit(read.value, read.rule, `[${index}]${read.path}`)
        items.push(read)
      }
      return items
    }
    case "struct": {
      if (typeof value !== "object" || value === null || Array.isArray(value))
        return new Misfit(value, kindOf(type))
      const fields: Record<string, unknown> = {}
      for (const { name, type: of } of type.fields) {
        const given = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null
        const read = fromJson(of, given)
        if (read instanceof Misfit) return new Misfit(read.value, read.rule, `.${name}${read.path}`)
        fields[name] = read
      }
      return fields
    }
  }
}

const fromText = (type: Table.ColumnType, cell: string): unknown => {
  switch (type.kind) {
    case "nullable":
      return cell === "" ? null : fromText(type.of, cell)
    case "utf8":
    case "dictionary":
      return fromJson(type, cell)
    case "bool":
      return cell === "true" ? true : cell === "false" ? false : new Misfit(cell, "true or false")
    case "int32":
      return /^-?\d+$/.test(cell) && !(fromJson(type, Number(cell)) instanceof Misfit)
        ? Number(cell)
        : new Misfit(cell, kindOf(type))
    case "int64":
      return /^-?\d+$/.test(cell) && BigInt.asIntN(64, BigInt(cell)) === BigInt(cell)
        ? BigInt(cell)
        : new Misfit(cell, kindOf(type))
    case "float32":
    case "float64": {
      const read = /^-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(cell) ? fromJson(type, Number(cell)) : null
      return typeof read === "number" ? read : new Misfit(cell, kindOf(type))
    }
    default: {
      // Lists and structs stand in a cell as JSON.
      try {
        const read = fromJson(type, JSON.parse(cell))
        return read
      } catch {
        return new Misfit(cell, `${kindOf(type)} as JSON`)
      }
    }
  }
}
