/**
 * Builders around other builders: of values that may be null, of lists, of records.
 */
import { makeData } from "apache-arrow"
import type { Data, DataType, List, Struct } from "apache-arrow"
import { Bits, type Builder, grown, isNumberArray, type Validity, validityOf } from "./buffers.ts"
import type { RowHash } from "./rowHash.ts"

export class NullableBuilder implements Builder {
  readonly #row: RowHash
  readonly #of: Builder
  readonly #valid = new Bits()
  #nullCount = 0

  constructor(row: RowHash, of: Builder) {
    this.#row = row
    this.#of = of
  }

  append(value: unknown): boolean {
    this.#valid.push(value !== null)
    // The marker stands before every value, so that null and the empty value differ.
    this.#row.add(value === null ? 0 : 1, 0)
    if (value !== null) return this.#of.append(value)
    this.appendNull()
    return true
  }

  appendEmpty(): void {
    this.#valid.push(false)
    this.appendNull()
  }

  finish(): Data {
    const nullBitmap = this.#valid.finish()
    const nullCount = this.#nullCount
    this.#nullCount = 0
    return nullCount === 0 ? this.#of.finish() : this.#of.finish({ nullCount, nullBitmap })
  }

  private appendNull(): void {
    this.#nullCount++
    this.#row.sizeBytes += 1
    this.#of.appendEmpty()
  }
}

export class ListBuilder implements Builder {
  readonly #type: DataType
  readonly #row: RowHash
  readonly #item: Builder
  #offsets = new Int32Array(1024)
  #length = 0
  #end = 0

  constructor(type: DataType, row: RowHash, item: Builder) {
    this.#type = type
    this.#row = row
    this.#item = item
  }

  append(value: unknown): boolean {
    if (!Array.isArray(value) && !isNumberArray(value)) return false
    const items = value as ArrayLike<unknown>
    const { length } = items
    const item = this.#item
    this.#row.add(length, 4)
    for (let index = 0; index < length; index++) {
      if (!item.append(items[index])) return false
    }
    this.#close(length)
    return true
  }

  appendEmpty(): void {
    this.#close(0)
  }

  finish(validity?: Validity): Data {
    const length = this.#length
    this.#length = 0
    this.#end = 0
    return makeData({
      ...validityOf(validity),
      type: this.#type as List,
      length,
      valueOffsets: this.#offsets.subarray(0, length + 1),
      child: this.#item.finish(),
    })
  }

  #close(count: number): void {
    this.#end += count
    this.#length++
    if (this.#length === this.#offsets.length) this.#offsets = grown(this.#offsets, 2 * this.#length)
    this.#offsets[this.#length] = this.#end
  }
}

export class StructBuilder implements Builder {
  readonly #type: DataType
  readonly #row: RowHash
  readonly #fields: ReadonlyArray<{ readonly name: string; readonly builder: Builder }>
  #length = 0

  constructor(
    type: DataType,
    row: RowHash,
    fields: ReadonlyArray<{ readonly name: string; readonly builder: Builder }>,
  ) {
    this.#type = type
    this.#row = row
    this.#fields = fields
  }

  append(value: unknown): boolean {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false
    this.#row.sizeBytes += 1
    for (const { name, builder } of this.#fields) {
      if (!builder.append((value as Readonly<Record<string, unknown>>)[name])) return false
    }
    this.#length++
    return true
  }

  appendEmpty(): void {
    for (const { builder } of this.#fields) builder.appendEmpty()
    this.#length++
  }

  finish(validity?: Validity): Data {
    const length = this.#length
    this.#length = 0
    const children = this.#fields.map(({ builder }) => builder.finish())
    return makeData({ ...validityOf(validity), type: this.#type as Struct, length, children })
  }
}
