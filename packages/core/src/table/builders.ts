/**
 * Builders: values of one column in, canonical Arrow buffers out.
 *
 * Each writes straight into typed arrays that are used again for the next chunk, and feeds the row's hash with what it
 * stored. Canonical means: zeros under nulls, validity bits only where there is a null, bits beyond the length zero, one
 * NaN, dictionary values in the order of first use. `append` answers false for a value that breaks the column's rule;
 * the builder is then in no usable state.
 */
import type { DataType, Dictionary, List, Struct, Utf8 } from "apache-arrow"
import type { Builder } from "./buffers.ts"
import type { ColumnType } from "./columnType.ts"
import { ListBuilder, NullableBuilder, StructBuilder } from "./nestedBuilders.ts"
import { BoolBuilder, FloatBuilder, Int32Builder, Int64Builder } from "./numberBuilders.ts"
import type { RowHash } from "./rowHash.ts"
import { BinaryBuilder, DictionaryBuilder, Utf8Builder } from "./textBuilders.ts"

export const makeBuilder = (column: ColumnType, type: DataType, row: RowHash): Builder => {
  switch (column.kind) {
    case "utf8":
      return new Utf8Builder(type, row)
    case "int32":
      return new Int32Builder(type, row)
    case "int64":
      return new Int64Builder(type, row)
    case "float32":
      return new FloatBuilder(type, row, Float32Array)
    case "float64":
      return new FloatBuilder(type, row, Float64Array)
    case "bool":
      return new BoolBuilder(type, row)
    case "binary":
      return new BinaryBuilder(type, row)
    case "list": {
      const item = (type as List).valueType
      return new ListBuilder(type, row, makeBuilder(column.item, item, row))
    }
    case "dictionary":
      return new DictionaryBuilder(type as Dictionary<Utf8>, row, column.values)
    case "nullable":
      return new NullableBuilder(row, makeBuilder(column.of, type, row))
    case "struct": {
      const { children } = type as Struct
      const fields = column.fields.map((field, index) => {
        const builder = makeBuilder(field.type, (children[index] as { readonly type: DataType }).type, row)
        return { name: field.name, builder }
      })
      return new StructBuilder(type, row, fields)
    }
  }
}
