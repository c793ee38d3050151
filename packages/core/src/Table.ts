/**
 * Typed tables: what passes between steps.
 *
 * A table is declared once and is at the same time a TypeScript type, an Effect Schema and an Arrow schema:
 *
 * ```ts
 * class Review extends Table.make({ text: Table.utf8, class: Table.int32 }) {}
 * const short = (row: Review): boolean => row.text.length < 80
 * ```
 *
 * Rows are plain objects. A row may have more properties than its table has columns; only columns are stored.
 * This module holds descriptions only and does not load Arrow, so that planning stays cheap; `table/writer.ts` and
 * `table/reader.ts` do the work when a step runs.
 */
import type { RecordBatch } from "apache-arrow"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import * as Errors from "./Errors.ts"
import * as ColumnTypes from "./table/columnType.ts"
import type { ColumnType, TableType } from "./table/columnType.ts"

export type { ColumnType, NamedColumn, TableType } from "./table/columnType.ts"

/**
 * One column: T is a row's value, K the kind that compile-time messages name (`List<Int32>`), S its structure, which
 * tells apart what K and T do not (a struct of int32 and a struct of float64).
 */
export interface Column<out T, out K extends string = string, out S = K> {
  readonly kind: K
  readonly type: ColumnType
  readonly schema: Schema.Codec<T, T>
  readonly "~structure"?: S
}

export type Fields = Readonly<Record<string, Column<unknown, string, unknown>>>

type ValueOf<C> = C extends Column<infer T, string, unknown> ? T : never
type KindOf<C> = C extends Column<unknown, infer K, unknown> ? K : never
type StructureOf<C> = C extends Column<unknown, string, infer S> ? S : never
type RowOf<F extends Fields> = { readonly [Name in keyof F]: ValueOf<F[Name]> }

/** A declared table. Its instance type is its row: `class Review extends Table.make({…}) {}` names both. */
export interface Table<F extends Fields> {
  /** Rows are plain objects: a table is never constructed. */
  new (_: never): RowOf<F>
  readonly kind: "table"
  readonly name: string
  readonly fields: F
  readonly type: TableType
  /** A row, checked strictly. Built on first use. */
  readonly schema: Schema.Codec<RowOf<F>, RowOf<F>>
}

/** Every table, whatever its columns: also classes that extend one, whose rows have no index signature. */
export interface Any {
  new (_: never): object
  readonly kind: "table"
  readonly name: string
  // oxlint-disable-next-line typescript/no-explicit-any -- every table, whatever its columns
  readonly fields: any
  readonly type: TableType
  // oxlint-disable-next-line typescript/no-explicit-any -- every table, whatever its columns
  readonly schema: Schema.Codec<any, any>
}

export type Row<T extends Any> = T extends Table<infer F> ? RowOf<F> : never

/** A row as it may be written: lists of numbers may be typed arrays. */
export type Input<T extends Any> = { readonly [Name in keyof Row<T>]: Writable<Row<T>[Name]> }

type Writable<V> = V extends Uint8Array
  ? V
  : V extends ReadonlyArray<infer Item>
    ? ReadonlyArray<Writable<Item>> | (number extends Item ? NumberArray : never)
    : V extends object
      ? { readonly [Name in keyof V]: Writable<V[Name]> }
      : V

type NumberArray =
  | Int32Array
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array

/** What a step may return for a table. */
export type Rows<T extends Any> =
  | Iterable<Input<T>>
  | AsyncIterable<Input<T>>
  | Stream.Stream<Input<T>, unknown>

/** A stored run of consecutive rows: one Arrow IPC stream. `digest` is SHA-256, hex, of its bytes. */
export interface Chunk {
  readonly digest: string
  readonly rowCount: number
  readonly sizeBytes: number
}

/** A stored table, open for reading. Each chunk's bytes are verified when they are first read in a process. */
export interface Reader<T extends Any> {
  /** The table as the reader asked for it; the stored one may have further columns. */
  readonly table: T
  readonly rowCount: number
  readonly fingerprint: string
  readonly chunks: ReadonlyArray<Chunk>
  /** Every row, in memory. */
  readonly all: Effect.Effect<ReadonlyArray<Row<T>>, Errors.StoreError>
  /** The rows, one array a chunk (about 4,096 rows or 1 MiB). */
  readonly batches: Stream.Stream<ReadonlyArray<Row<T>>, Errors.StoreError>
  /** The stored columns as Arrow, one batch a chunk, without copying; all stored columns, in stored order. */
  readonly arrow: Stream.Stream<RecordBatch, Errors.StoreError>
  /** A reader of some of the chunks, in their order: what a row-wise step is given. */
  readonly only: (chunks: ReadonlyArray<Chunk>) => Reader<T>
}

/** Text: any well-formed Unicode string. */
export const utf8: Column<string, "Utf8"> = scalar({ kind: "utf8" }, "Utf8", () =>
  Schema.String.check(Schema.makeFilter((text) => text.isWellFormed() || ColumnTypes.rules.utf8)),
)

/** A whole number from -2^31 to 2^31 - 1. */
export const int32: Column<number, "Int32"> = scalar({ kind: "int32" }, "Int32", () =>
  Schema.Number.check(Schema.makeFilter((value) => ColumnTypes.isInt32(value) || ColumnTypes.rules.int32)),
)

/** A bigint from -2^63 to 2^63 - 1. */
export const int64: Column<bigint, "Int64"> = scalar({ kind: "int64" }, "Int64", () =>
  Schema.BigInt.check(Schema.makeFilter((value) => ColumnTypes.isInt64(value) || ColumnTypes.rules.int64)),
)

/** A number, rounded to the nearest float32 when it is stored. NaN is one value; -0 and 0 are two. */
export const float32: Column<number, "Float32"> = scalar({ kind: "float32" }, "Float32", () =>
  Schema.Number.check(
    Schema.makeFilter((value) => ColumnTypes.isFloat32(value) || ColumnTypes.rules.float32),
  ),
)

/** Any number. NaN is one value; -0 and 0 are two. */
export const float64: Column<number, "Float64"> = scalar({ kind: "float64" }, "Float64", () => Schema.Number)

export const bool: Column<boolean, "Bool"> = scalar({ kind: "bool" }, "Bool", () => Schema.Boolean)

/** Bytes. */
export const binary: Column<Uint8Array, "Binary"> = scalar(
  { kind: "binary" },
  "Binary",
  () => Schema.Uint8Array,
)

/** A list of any length. Lists of numbers may be given as typed arrays too. */
export const list = <T, K extends string, S>(
  item: Column<T, K, S>,
): Column<ReadonlyArray<T>, `List<${K}>`, { readonly list: S }> =>
  column({ kind: "list", item: item.type }, `List<${item.kind}>`, () => Schema.Array(item.schema))

interface DictionaryConstructor {
  /** Closed: only these values, which row types show as literals. */
  <const V extends readonly [string, ...ReadonlyArray<string>]>(
    values: V,
  ): Column<V[number], "Dictionary<Utf8>", "Dictionary">
  /** Open: any text; each distinct value is stored once a chunk. */
  (): Column<string, "Dictionary<Utf8>", "Dictionary">
}

/** Text with few distinct values, stored as numbers into a list of them. */
export const dictionary: DictionaryConstructor = (values?: ReadonlyArray<string>) => {
  if (values !== undefined) ColumnTypes.checkDictionary(values)
  return column<never, "Dictionary<Utf8>", "Dictionary">(
    { kind: "dictionary", values: values === undefined ? null : [...values] },
    "Dictionary<Utf8>",
    () =>
      (values === undefined ? utf8.schema : Schema.Literals(values)) as unknown as Schema.Codec<never, never>,
  )
}

/** The column's values or null. A missing property is not null: it is an error of the row. */
export const nullable = <T, K extends string, S>(
  of: Column<T, K, S>,
): Column<T | null, `${K}?`, { readonly nullable: S }> =>
  of.type.kind === "nullable"
    ? (of as never)
    : column({ kind: "nullable", of: of.type }, `${of.kind}?`, () => Schema.NullOr(of.schema))

/** A record of columns. */
export const struct = <const F extends Fields>(
  fields: F,
): Column<RowOf<F>, "Struct", { readonly struct: { readonly [Name in keyof F]: StructureOf<F[Name]> } }> =>
  column({ kind: "struct", fields: ColumnTypes.named(fields) }, "Struct", () => rowSchema(fields))

/** Declares a table: a class to extend. Throws `TableInvalid` for names or types that no table can have. */
export const make = <const F extends Fields>(fields: F): Table<F> => {
  const type: TableType = { columns: ColumnTypes.named(fields) }
  let schema: Schema.Codec<RowOf<F>, RowOf<F>> | undefined
  return class {
    static readonly kind = "table"
    static readonly fields = fields
    static readonly type = type
    static get schema() {
      return (schema ??= rowSchema(fields))
    }
    constructor() {
      throw new TypeError("Rows are plain objects: a table is never constructed")
    }
  } as unknown as Table<F>
}

/** The table with further columns after its own; a column of the same name is replaced. */
export const extend = <F extends Fields, const G extends Fields>(
  table: Table<F>,
  fields: G,
): Table<Omit<F, keyof G> & G> => make({ ...table.fields, ...fields } as never)

/** The table with some of its columns, in the order given. */
export const pick = <F extends Fields, const N extends ReadonlyArray<keyof F & string>>(
  table: Table<F>,
  names: N,
): Table<Pick<F, N[number]>> =>
  make(Object.fromEntries(names.map((name) => [name, table.fields[name]])) as never)

/** The table that a description describes: for steps that take whatever table they are given. */
export const fromType = (type: TableType): Any =>
  make(
    Object.fromEntries(type.columns.map(({ name, type: columnType }) => [name, fromColumnType(columnType)])),
  )

/**
 * Why rows of `have` cannot be read as `want`, one sentence a column; empty when they can. The stored table may have
 * further columns, in any order; a column that may be null takes one that never is; a closed dictionary takes one with
 * fewer values and an open one takes any.
 */
export const mismatches = (want: TableType, have: TableType): ReadonlyArray<string> =>
  ColumnTypes.mismatches(want.columns, have.columns)

/** `true` for an open stored table, as a step is given it. */
export const isReader = (value: unknown): value is Reader<any> =>
  typeof value === "object" &&
  value !== null &&
  "fingerprint" in value &&
  "chunks" in value &&
  "batches" in value

/** `true` for what `make` returns and for classes that extend it. */
export const isTable = (value: unknown): value is Any =>
  typeof value === "function" && (value as { readonly kind?: unknown }).kind === "table" && "fields" in value

/**
 * Compile-time check of wiring: `never` when rows of H may be read as W, else a sentence on each column that differs.
 */
export type Mismatch<W extends Any, H extends Any> =
  W extends Table<infer WF> ? (H extends Table<infer HF> ? FieldsMismatch<WF, HF> : never) : never

type FieldsMismatch<W, H> = {
  [Name in keyof W & string]: Name extends keyof H
    ? Fits<StructureOf<W[Name]>, StructureOf<H[Name]>> extends true
      ? ValueOf<H[Name]> extends ValueOf<W[Name]>
        ? never
        : `column '${Name}': the producer has values that the input does not allow`
      : KindOf<W[Name]> extends KindOf<H[Name]>
        ? `column '${Name}' is another ${KindOf<H[Name]>} than the one required`
        : `column '${Name}' is ${KindOf<H[Name]>} but ${KindOf<W[Name]>} is required`
    : `column '${Name}' (${KindOf<W[Name]>}) is missing`
}[keyof W & string]

type Fits<W, H> = W extends { readonly nullable: infer WN }
  ? H extends { readonly nullable: infer HN }
    ? Fits<WN, HN>
    : Fits<WN, H>
  : W extends { readonly list: infer WI }
    ? H extends { readonly list: infer HI }
      ? Fits<WI, HI>
      : false
    : W extends { readonly struct: infer WF }
      ? H extends { readonly struct: infer HF }
        ? [keyof WF, keyof HF] extends [keyof HF, keyof WF]
          ? false extends { [Name in keyof WF]: Fits<WF[Name], HF[Name & keyof HF]> }[keyof WF]
            ? false
            : true
          : false
        : false
      : H extends W
        ? true
        : false

function column<T, K extends string, S>(
  type: ColumnType,
  kind: K,
  schema: () => Schema.Codec<T, T>,
): Column<T, K, S> {
  let built: Schema.Codec<T, T> | undefined
  return {
    kind,
    type,
    get schema() {
      return (built ??= schema())
    },
  }
}

function scalar<T, K extends string>(
  type: ColumnType,
  kind: K,
  schema: () => Schema.Codec<T, T>,
): Column<T, K> {
  return column(type, kind, schema)
}

const rowSchema = <F extends Fields>(fields: F): Schema.Codec<RowOf<F>, RowOf<F>> =>
  Schema.Struct(
    Object.fromEntries(Object.entries(fields).map(([name, { schema }]) => [name, schema])),
  ) as unknown as Schema.Codec<RowOf<F>, RowOf<F>>

const fromColumnType = (type: ColumnType): Column<unknown, string, unknown> => {
  switch (type.kind) {
    case "utf8":
      return utf8
    case "int32":
      return int32
    case "int64":
      return int64
    case "float32":
      return float32
    case "float64":
      return float64
    case "bool":
      return bool
    case "binary":
      return binary
    case "list":
      return list(fromColumnType(type.item))
    case "dictionary":
      return type.values === null ? dictionary() : dictionary(type.values as [string, ...Array<string>])
    case "nullable":
      return nullable(fromColumnType(type.of))
    case "struct":
      return struct(Object.fromEntries(type.fields.map((field) => [field.name, fromColumnType(field.type)])))
  }
}
