/**
 * Column descriptions as Arrow types. Dictionary ids are counted in column order, depth first, from 0: arrow-js would
 * take them from a counter of the process, and the same table written twice would differ.
 */
import {
  Binary,
  Bool,
  Dictionary,
  Field,
  Float32,
  Float64,
  Int32,
  Int64,
  List,
  Schema,
  Struct,
  Utf8,
} from "apache-arrow"
import type { DataType } from "apache-arrow"
import type { ColumnType, NamedColumn } from "./columnType.ts"

export const arrowSchema = (columns: ReadonlyArray<NamedColumn>): Schema => {
  let dictionaries = 0

  const field = (name: string, type: ColumnType): Field =>
    type.kind === "nullable"
      ? new Field(name, dataType(type.of), true)
      : new Field(name, dataType(type), false)

  const dataType = (type: ColumnType): DataType => {
    switch (type.kind) {
      case "utf8":
        return new Utf8()
      case "int32":
        return new Int32()
      case "int64":
        return new Int64()
      case "float32":
        return new Float32()
      case "float64":
        return new Float64()
      case "bool":
        return new Bool()
      case "binary":
        return new Binary()
      case "list":
        return new List(field("item", type.item))
      case "dictionary":
        return new Dictionary(new Utf8(), new Int32(), dictionaries++)
      case "struct":
        return new Struct(type.fields.map((child) => field(child.name, child.type)))
      case "nullable":
        return dataType(type.of)
    }
  }

  return new Schema(columns.map(({ name, type }) => field(name, type)))
}
