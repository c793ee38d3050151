/**
 * Rows in, chunks out: each chunk one canonical Arrow IPC stream, cut where `ChunkRule` says.
 *
 * Holds one chunk at a time, whatever the table's size. Two encoders given the same rows give the same bytes.
 */
import { makeData, RecordBatch, RecordBatchStreamWriter, Struct } from "apache-arrow"
import type { Schema } from "apache-arrow"
import * as Errors from "../Errors.ts"
import { arrowSchema } from "./arrowSchema.ts"
import type { Builder } from "./buffers.ts"
import { makeBuilder } from "./builders.ts"
import { checkRow } from "./checkRow.ts"
import { ChunkRule } from "./chunkRule.ts"
import type { TableType } from "./columnType.ts"
import { RowHash } from "./rowHash.ts"

export interface EncodedChunk {
  readonly bytes: Uint8Array
  readonly rowCount: number
}

export interface Options {
  /** For messages. */
  readonly name: string
  /** The number of the first row in messages, counted from 1. */
  readonly firstRow?: number
}

export class TableEncoder {
  readonly #type: TableType
  readonly #name: string
  readonly #schema: Schema
  readonly #names: ReadonlyArray<string>
  readonly #builders: ReadonlyArray<Builder>
  readonly #row = new RowHash()
  readonly #rule = new ChunkRule()
  #rowNumber: number
  #chunkRows = 0

  constructor(type: TableType, options: Options) {
    this.#type = type
    this.#name = options.name
    this.#rowNumber = options.firstRow ?? 1
    this.#schema = arrowSchema(type.columns)
    this.#names = type.columns.map((column) => column.name)
    this.#builders = this.#schema.fields.map((field, index) =>
      makeBuilder((type.columns[index] as (typeof type.columns)[number]).type, field.type, this.#row),
    )
  }

  /** Takes a row, and gives the chunk that ends with it, where one does. Throws `RowInvalid`, after which it is done. */
  push(row: unknown): EncodedChunk | undefined {
    this.#row.reset()
    if (typeof row !== "object" || row === null) throw this.#invalid(row)
    const names = this.#names
    for (let index = 0; index < names.length; index++) {
      const value = (row as Readonly<Record<string, unknown>>)[names[index] as string]
      if (!(this.#builders[index] as Builder).append(value)) throw this.#invalid(row)
    }
    this.#rowNumber++
    this.#chunkRows++
    return this.#rule.cutAfter(this.#row.finish(), this.#row.sizeBytes) ? this.#chunk() : undefined
  }

  /** The last chunk, where rows are left. */
  finish(): EncodedChunk | undefined {
    return this.#chunkRows === 0 ? undefined : this.#chunk()
  }

  #chunk(): EncodedChunk {
    const length = this.#chunkRows
    this.#chunkRows = 0
    const children = this.#builders.map((builder) => builder.finish())
    const data = makeData({ type: new Struct(this.#schema.fields), length, nullCount: 0, children })
    const writer = new RecordBatchStreamWriter()
    writer.write(new RecordBatch(this.#schema, data))
    writer.finish()
    return { bytes: writer.toUint8Array(true), rowCount: length }
  }

  #invalid(row: unknown): Errors.RowInvalid {
    const problems = checkRow(this.#type.columns, row)
    return new Errors.RowInvalid({ table: this.#name, row: this.#rowNumber, problems })
  }
}
