/**
 * Builders: values of one column in, canonical Arrow buffers out.
 *
 * Each writes straight into typed arrays that are used again for the next chunk, and feeds the row's hash with what it
 * stored. Canonical means: zeros under nulls, validity bits only where there is a null, bits beyond the length zero, one
 * NaN, dictionary values in the order of first use. `append` answers false for a value that breaks the column's rule;
 * the builder is then in no usable state.
 */
import { makeData, Vector } from "apache-arrow"
import type { Data, DataType, Dictionary, List, Struct, Utf8 } from "apache-arrow"
import { isFloat32, isInt32, isInt64 } from "./columnType.ts"
import type { ColumnType } from "./columnType.ts"
import { hashBytes, type RowHash } from "./rowHash.ts"

export interface Builder {
  readonly append: (value: unknown) => boolean
  /** The value that stands under a null: zero, empty, or empty in every field. */
  readonly appendEmpty: () => void
  /** What was appended since the last `finish`. Its buffers are overwritten by the next `append`. */
  readonly finish: (validity?: Validity) => Data
}

export interface Validity {
  readonly nullCount: number
  readonly nullBitmap: Uint8Array
}

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

/** Bits, in bytes that are a whole number of eights long, zero beyond the last bit. */
class Bits {
  #bytes = new Uint8Array(1024)
  #length = 0

  push(bit: boolean): void {
    const at = this.#length++
    if (at >> 3 >= this.#bytes.length) this.#bytes = grown(this.#bytes, this.#bytes.length * 2)
    if (bit) this.#bytes[at >> 3] = (this.#bytes[at >> 3] as number) | (1 << (at & 7))
  }

  /** A copy, because the bits are set back to zero for the next chunk. */
  finish(): Uint8Array {
    const used = ((this.#length + 63) >> 6) << 3
    const bytes = this.#bytes.slice(0, used)
    this.#bytes.fill(0, 0, used)
    this.#length = 0
    return bytes
  }
}

class NullableBuilder implements Builder {
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

class Int32Builder implements Builder {
  readonly #type: DataType
  readonly #row: RowHash
  #values = new Int32Array(1024)
  #length = 0

  constructor(type: DataType, row: RowHash) {
    this.#type = type
    this.#row = row
  }

  append(value: unknown): boolean {
    if (!isInt32(value)) return false
    this.#row.add(value, 4)
    this.#push(value)
    return true
  }

  appendEmpty(): void {
    this.#push(0)
  }

  finish(validity?: Validity): Data {
    const length = this.#length
    this.#length = 0
    return flat(this.#type, length, this.#values.subarray(0, length), validity)
  }

  #push(value: number): void {
    if (this.#length === this.#values.length) this.#values = grown(this.#values, this.#length * 2)
    this.#values[this.#length++] = value
  }
}

class Int64Builder implements Builder {
  readonly #type: DataType
  readonly #row: RowHash
  #values = new BigInt64Array(1024)
  #words = new Int32Array(this.#values.buffer)
  #length = 0

  constructor(type: DataType, row: RowHash) {
    this.#type = type
    this.#row = row
  }

  append(value: unknown): boolean {
    if (!isInt64(value)) return false
    this.#push(value)
    const at = 2 * this.#length
    this.#row.add(this.#words[at - 2] as number, 4)
    this.#row.add(this.#words[at - 1] as number, 4)
    return true
  }

  appendEmpty(): void {
    this.#push(0n)
  }

  finish(validity?: Validity): Data {
    const length = this.#length
    this.#length = 0
    return flat(this.#type, length, this.#values.subarray(0, length), validity)
  }

  #push(value: bigint): void {
    if (this.#length === this.#values.length) {
      this.#values = grown(this.#values, this.#length * 2)
      this.#words = new Int32Array(this.#values.buffer)
    }
    this.#values[this.#length++] = value
  }
}

class FloatBuilder implements Builder {
  readonly #type: DataType
  readonly #row: RowHash
  readonly #wordsPerValue: number
  #values: Float32Array | Float64Array
  #words: Int32Array
  #length = 0

  constructor(type: DataType, row: RowHash, array: Float32ArrayConstructor | Float64ArrayConstructor) {
    this.#type = type
    this.#row = row
    this.#values = new array(1024)
    this.#words = new Int32Array(this.#values.buffer)
    this.#wordsPerValue = array.BYTES_PER_ELEMENT / 4
  }

  append(value: unknown): boolean {
    if (typeof value !== "number") return false
    const two = this.#wordsPerValue === 2
    if (!two && !isFloat32(value)) return false
    this.#push(value)
    const end = this.#wordsPerValue * this.#length
    if (Number.isNaN(value)) {
      // The quiet NaN with no sign and no payload; an engine may store any other.
      this.#words[end - 1] = two ? 0x7ff80000 : 0x7fc00000
      if (two) this.#words[end - 2] = 0
    }
    if (two) this.#row.add(this.#words[end - 2] as number, 4)
    this.#row.add(this.#words[end - 1] as number, 4)
    return true
  }

  appendEmpty(): void {
    this.#push(0)
  }

  finish(validity?: Validity): Data {
    const length = this.#length
    this.#length = 0
    return flat(this.#type, length, this.#values.subarray(0, length), validity)
  }

  #push(value: number): void {
    if (this.#length === this.#values.length) {
      this.#values = grown(this.#values, this.#length * 2)
      this.#words = new Int32Array(this.#values.buffer)
    }
    this.#values[this.#length++] = value
  }
}

class BoolBuilder implements Builder {
  readonly #type: DataType
  readonly #row: RowHash
  readonly #bits = new Bits()
  #length = 0

  constructor(type: DataType, row: RowHash) {
    this.#type = type
    this.#row = row
  }

  append(value: unknown): boolean {
    if (typeof value !== "boolean") return false
    this.#row.add(value ? 1 : 0, 1)
    this.#bits.push(value)
    this.#length++
    return true
  }

  appendEmpty(): void {
    this.#bits.push(false)
    this.#length++
  }

  finish(validity?: Validity): Data {
    const length = this.#length
    this.#length = 0
    return flat(this.#type, length, this.#bits.finish(), validity)
  }
}

/** Bytes one after another, with where each value begins and ends. */
class ByteRuns {
  bytes = Buffer.allocUnsafeSlow(1 << 16)
  offsets = new Int32Array(1024)
  length = 0
  end = 0

  /** Makes room for `size` bytes at `end`. */
  reserve(size: number): void {
    const needed = this.end + size
    if (needed <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.bytes.length))
    this.bytes.copy(larger, 0, 0, this.end)
    this.bytes = larger
  }

  /** Ends a value `size` bytes on. */
  close(size: number): void {
    this.end += size
    this.length++
    if (this.length === this.offsets.length) this.offsets = grown(this.offsets, 2 * this.length)
    this.offsets[this.length] = this.end
  }

  /** Appends text as UTF-8 and says how many bytes it took, or -1 where it is not well-formed. */
  write(text: string): number {
    const { length } = text
    this.reserve(length > 4096 ? Buffer.byteLength(text) : 3 * length)
    if (length > 48) return this.#writeAny(text)
    const { bytes, end } = this
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index)
      if (unit > 0x7f) return this.#writeAny(text)
      bytes[end + index] = unit
    }
    return length
  }

  #writeAny(text: string): number {
    return text.isWellFormed() ? this.bytes.write(text, this.end) : -1
  }

  finish(type: DataType, validity: Validity | undefined): Data {
    const length = this.length
    const data = this.bytes.subarray(0, this.end)
    this.length = 0
    this.end = 0
    return makeData({
      ...validityOf(validity),
      type: type as Utf8,
      length,
      valueOffsets: this.offsets.subarray(0, length + 1),
      data,
    })
  }
}

class Utf8Builder implements Builder {
  readonly #type: DataType
  readonly #row: RowHash
  readonly #runs = new ByteRuns()

  constructor(type: DataType, row: RowHash) {
    this.#type = type
    this.#row = row
  }

  append(value: unknown): boolean {
    if (typeof value !== "string") return false
    const runs = this.#runs
    const size = runs.write(value)
    if (size < 0) return false
    this.#row.addBytes(runs.bytes, runs.end, runs.end + size)
    runs.close(size)
    return true
  }

  appendEmpty(): void {
    this.#runs.close(0)
  }

  finish(validity?: Validity): Data {
    return this.#runs.finish(this.#type, validity)
  }
}

class BinaryBuilder implements Builder {
  readonly #type: DataType
  readonly #row: RowHash
  readonly #runs = new ByteRuns()

  constructor(type: DataType, row: RowHash) {
    this.#type = type
    this.#row = row
  }

  append(value: unknown): boolean {
    if (!(value instanceof Uint8Array)) return false
    const runs = this.#runs
    const size = value.byteLength
    runs.reserve(size)
    runs.bytes.set(value, runs.end)
    this.#row.addBytes(runs.bytes, runs.end, runs.end + size)
    runs.close(size)
    return true
  }

  appendEmpty(): void {
    this.#runs.close(0)
  }

  finish(validity?: Validity): Data {
    return this.#runs.finish(this.#type, validity)
  }
}

class DictionaryBuilder implements Builder {
  readonly #type: Dictionary<Utf8>
  readonly #row: RowHash
  readonly #admitted: ReadonlySet<string> | undefined
  readonly #indices = new Map<string, number>()
  readonly #runs = new ByteRuns()
  /** Hash of each value, and its size, as they enter the row's hash at every use. */
  readonly #hashes: Array<number> = []
  readonly #sizes: Array<number> = []
  #values = new Int32Array(1024)
  #length = 0

  constructor(type: Dictionary<Utf8>, row: RowHash, values: ReadonlyArray<string> | null) {
    this.#type = type
    this.#row = row
    this.#admitted = values === null ? undefined : new Set(values)
  }

  append(value: unknown): boolean {
    if (typeof value !== "string") return false
    let index = this.#indices.get(value)
    if (index === undefined) {
      if (this.#admitted?.has(value) === false) return false
      const runs = this.#runs
      const size = runs.write(value)
      if (size < 0) return false
      index = runs.length
      this.#hashes.push(hashBytes(runs.bytes, runs.end, runs.end + size, size))
      this.#sizes.push(size)
      runs.close(size)
      this.#indices.set(value, index)
    }
    // The size is the value's own, not the index's: whether a value was seen before depends on where the chunk began.
    this.#row.add(this.#hashes[index] as number, 4 + (this.#sizes[index] as number))
    this.#push(index)
    return true
  }

  appendEmpty(): void {
    this.#push(0)
  }

  finish(validity?: Validity): Data {
    const dictionary = new Vector([this.#runs.finish(this.#type.dictionary, undefined)])
    const length = this.#length
    this.#length = 0
    this.#indices.clear()
    this.#hashes.length = 0
    this.#sizes.length = 0
    const data = this.#values.subarray(0, length)
    return makeData({ ...validityOf(validity), type: this.#type, length, data, dictionary } as never)
  }

  #push(index: number): void {
    if (this.#length === this.#values.length) this.#values = grown(this.#values, this.#length * 2)
    this.#values[this.#length++] = index
  }
}

class ListBuilder implements Builder {
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

class StructBuilder implements Builder {
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

/** Typed arrays of numbers, which lists of numbers may be given as. */
export const isNumberArray = (value: unknown): boolean =>
  ArrayBuffer.isView(value) && !(value instanceof DataView)

const validityOf = (validity: Validity | undefined) => validity ?? { nullCount: 0 }

const flat = (type: DataType, length: number, data: unknown, validity: Validity | undefined): Data =>
  makeData({ ...validityOf(validity), type, length, data } as never)

type Growable = Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array

const grown = <A extends Growable>(values: A, length: number): A => {
  const larger = new (values.constructor as new (length: number) => A)(length)
  larger.set(values as never)
  return larger
}
