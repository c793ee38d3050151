/**
 * Builders of text, of bytes, and of text from a dictionary.
 */
import { makeData, Vector } from "apache-arrow"
import type { Data, DataType, Dictionary, Utf8 } from "apache-arrow"
import { type Builder, grown, type Validity, validityOf } from "./buffers.ts"
import { hashBytes, type RowHash } from "./rowHash.ts"

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

export class Utf8Builder implements Builder {
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

export class BinaryBuilder implements Builder {
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

export class DictionaryBuilder implements Builder {
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
