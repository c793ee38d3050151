/**
 * What builders are made of: the interface they share, bits, and typed arrays that grow.
 */
import { makeData } from "apache-arrow"
import type { Data, DataType } from "apache-arrow"

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

/** Bits, in bytes that are a whole number of eights long, zero beyond the last bit. */
export class Bits {
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

/** Typed arrays of numbers, which lists of numbers may be given as. */
export const isNumberArray = (value: unknown): boolean =>
  ArrayBuffer.isView(value) && !(value instanceof DataView)

export const validityOf = (validity: Validity | undefined) => validity ?? { nullCount: 0 }

export const flat = (type: DataType, length: number, data: unknown, validity: Validity | undefined): Data =>
  makeData({ ...validityOf(validity), type, length, data } as never)

type Growable = Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array

export const grown = <A extends Growable>(values: A, length: number): A => {
  const larger = new (values.constructor as new (length: number) => A)(length)
  larger.set(values as never)
  return larger
}
