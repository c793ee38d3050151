/**
 * Builders of numbers and booleans.
 */
import type { Data, DataType } from "apache-arrow"
import { Bits, type Builder, flat, grown, type Validity } from "./buffers.ts"
import { isFloat32, isInt32, isInt64 } from "./columnType.ts"
import type { RowHash } from "./rowHash.ts"

export class Int32Builder implements Builder {
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

export class Int64Builder implements Builder {
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

export class FloatBuilder implements Builder {
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

export class BoolBuilder implements Builder {
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
