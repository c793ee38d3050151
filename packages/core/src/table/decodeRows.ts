/**
 * Arrow columns back to plain rows, a column at a time.
 */
import type { Data, RecordBatch, Vector } from "apache-arrow"
import type { ColumnType, NamedColumn } from "./columnType.ts"

/** The rows of a batch with the columns asked for, which are found by name. */
export const decodeRows = (
  batch: RecordBatch,
  columns: ReadonlyArray<NamedColumn>,
): Array<Record<string, unknown>> =>
  records(
    batch.numRows,
    columns.map(({ name, type }) => {
      const index = batch.schema.fields.findIndex((field) => field.name === name)
      return { name, values: decode(batch.data.children[index] as Data, type) }
    }),
  )

/** Records filled a column at a time, all with their properties in the same order. */
const records = (
  length: number,
  columns: ReadonlyArray<{ readonly name: string; readonly values: ReadonlyArray<unknown> }>,
): Array<Record<string, unknown>> => {
  const rows = Array.from({ length }, (): Record<string, unknown> => ({}))
  for (const { name, values } of columns) {
    for (let index = 0; index < length; index++)
      (rows[index] as Record<string, unknown>)[name] = values[index]
  }
  return rows
}

const decode = (data: Data, type: ColumnType): Array<unknown> => {
  const values = decodeValues(data, type.kind === "nullable" ? type.of : type)
  // A column that may be null is also read from one that never is, and then has no bitmap.
  return type.kind === "nullable" && data.nullCount > 0 ? withNulls(values, data.nullBitmap) : values
}

const withNulls = (values: Array<unknown>, bitmap: Uint8Array): Array<unknown> => {
  for (let index = 0; index < values.length; index++) {
    if (((bitmap[index >> 3] as number) & (1 << (index & 7))) === 0) values[index] = null
  }
  return values
}

const decodeValues = (data: Data, type: ColumnType): Array<unknown> => {
  const { length } = data
  switch (type.kind) {
    case "int32":
    case "int64":
    case "float32":
    case "float64":
      return copied(data.values as ArrayLike<unknown>, length)
    case "bool":
      return bools(data.values as Uint8Array, length)
    case "utf8":
      return texts(data)
    case "binary": {
      const bytes = data.values as Uint8Array
      return runs(data, (start, end) => bytes.slice(start, end))
    }
    case "list": {
      const items = decode(data.children[0] as Data, type.item)
      return runs(data, (start, end) => items.slice(start, end))
    }
    case "dictionary": {
      const words = texts((data.dictionary as Vector).data[0] as Data)
      const indices = data.values as Int32Array
      return Array.from({ length }, (_, index) => words[indices[index] as number])
    }
    case "struct":
      return records(
        length,
        type.fields.map((field) => {
          const at = (data.type.children as ReadonlyArray<{ readonly name: string }>).findIndex(
            (child) => child.name === field.name,
          )
          return { name: field.name, values: decode(data.children[at] as Data, field.type) }
        }),
      )
    case "nullable":
      return decode(data, type)
  }
}

const copied = (values: ArrayLike<unknown>, length: number): Array<unknown> => {
  const copy = Array.from<unknown>({ length })
  for (let index = 0; index < length; index++) copy[index] = values[index]
  return copy
}

const bools = (bytes: Uint8Array, length: number): Array<unknown> =>
  Array.from({ length }, (_, index) => ((bytes[index >> 3] as number) & (1 << (index & 7))) !== 0)

const runs = <A>(data: Data, value: (start: number, end: number) => A): Array<A> => {
  const offsets = data.valueOffsets as Int32Array
  return Array.from({ length: data.length }, (_, index) =>
    value(offsets[index] as number, offsets[index + 1] as number),
  )
}

// Each text is copied out: a substring of the whole column's text would keep all of it alive.
const texts = (data: Data): Array<string> => {
  const values = data.values as Uint8Array
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  return runs(data, (start, end) => bytes.toString("utf8", start, end))
}
