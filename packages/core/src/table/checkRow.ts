/**
 * Every value of a row that breaks its column's rule: the slow, complete account, made once a builder refused a value.
 */
import { inspect } from "node:util"
import type { CellProblem } from "../Errors.ts"
import { isNumberArray } from "./buffers.ts"
import { isFloat32, isInt32, isInt64, rules } from "./columnType.ts"
import type { ColumnType, NamedColumn } from "./columnType.ts"

export const checkRow = (columns: ReadonlyArray<NamedColumn>, row: unknown): ReadonlyArray<CellProblem> =>
  isRecord(row)
    ? columns.flatMap(({ name, type }) => checkValue(type, row[name], name))
    : [{ column: "(row)", value: show(row), rule: rules.struct }]

const checkValue = (type: ColumnType, value: unknown, place: string): ReadonlyArray<CellProblem> => {
  const refuse = (rule: string): ReadonlyArray<CellProblem> => [{ column: place, value: show(value), rule }]
  switch (type.kind) {
    case "utf8":
      return isText(value) ? [] : refuse(rules.utf8)
    case "int32":
      return isInt32(value) ? [] : refuse(rules.int32)
    case "int64":
      return isInt64(value) ? [] : refuse(rules.int64)
    case "float32":
      return isFloat32(value) ? [] : refuse(rules.float32)
    case "float64":
      return typeof value === "number" ? [] : refuse(rules.float64)
    case "bool":
      return typeof value === "boolean" ? [] : refuse(rules.bool)
    case "binary":
      return value instanceof Uint8Array ? [] : refuse(rules.binary)
    case "dictionary": {
      if (type.values === null) return isText(value) ? [] : refuse(rules.utf8)
      const admitted = type.values.map((text) => JSON.stringify(text)).join(", ")
      return type.values.includes(value as string) ? [] : refuse(`one of ${admitted}`)
    }
    case "list":
      if (!Array.isArray(value) && !isNumberArray(value)) return refuse(rules.list)
      return Array.from(value as ArrayLike<unknown>, (item, index) =>
        checkValue(type.item, item, `${place}[${index}]`),
      ).flat()
    case "struct":
      if (!isRecord(value)) return refuse(rules.struct)
      return type.fields.flatMap((field) =>
        checkValue(field.type, value[field.name], `${place}.${field.name}`),
      )
    case "nullable":
      return value === null ? [] : checkValue(type.of, value, place).map(orNull(place))
  }
}

/** Null would have done for the value itself, not for what lies inside it. */
const orNull =
  (place: string) =>
  (problem: CellProblem): CellProblem =>
    problem.column === place ? { ...problem, rule: `${problem.rule}, or null` } : problem

const isText = (value: unknown): boolean => typeof value === "string" && value.isWellFormed()

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** At most 80 characters, on one line. */
const show = (value: unknown): string => {
  if (value === undefined) return "(missing)"
  const text = inspect(value, {
    depth: 1,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 60,
    maxArrayLength: 8,
  })
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
