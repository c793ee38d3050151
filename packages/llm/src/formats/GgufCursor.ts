/** Reads a GGUF file's header from its start, in windows. */
import type * as Bytes from "./ByteSource.ts"
import { FormatError } from "./FormatError.ts"

/** A 64-bit integer beyond 2^53 is a bigint, every other number a number. */
export type GgufValue = string | number | bigint | boolean | ReadonlyArray<GgufValue>

/** A place in the header; says where the file ended or made no sense. Throws FormatError. */
export class Cursor {
  position = 0
  private readonly source: Bytes.ByteSource
  private window: DataView = new DataView(new ArrayBuffer(0))
  private windowStart = 0

  constructor(source: Bytes.ByteSource) {
    this.source = source
  }

  skip(length: number): void {
    this.position += length
  }

  damaged(what: string): FormatError {
    return new FormatError({
      file: this.source.file,
      reason: "The GGUF file is damaged.",
      facts: [
        ["Found", what],
        ["At byte", String(this.position)],
      ],
      hint: "Fetch the file again.",
    })
  }

  /** Makes `length` bytes at the position readable; returns where they begin in the window. */
  private need(length: number, place: string): number {
    const end = this.position + length
    if (end > this.source.sizeBytes) {
      throw new FormatError({
        file: this.source.file,
        reason: "The GGUF file is cut off in its header.",
        facts: [
          ["Size", `${this.source.sizeBytes} bytes`],
          ["While reading", place],
        ],
        hint: "Fetch the file again.",
      })
    }
    if (this.position < this.windowStart || end > this.windowStart + this.window.byteLength) {
      const size = Math.min(Math.max(length, 1024 * 1024), this.source.sizeBytes - this.position)
      const bytes = this.source.read(this.position, size)
      this.window = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      this.windowStart = this.position
    }
    const at = this.position - this.windowStart
    this.position = end
    return at
  }

  uint32(place: string): number {
    return this.take(4, place, (view, at) => view.getUint32(at, true))
  }

  uint64(place: string): number {
    const value = this.take(8, place, (view, at) => view.getBigUint64(at, true))
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.damaged(`${place}: ${value}`)
    return Number(value)
  }

  /** A count of things of at least `leastBytes` each, which the file must be able to hold. */
  count(place: string, leastBytes: number): number {
    const value = this.uint64(place)
    if (value * leastBytes > this.source.sizeBytes) throw this.damaged(`${place}: ${value}`)
    return value
  }

  string(place: string): string {
    const length = this.count(`the length of ${place}`, 1)
    const at = this.need(length, place)
    return decoder.decode(new Uint8Array(this.window.buffer, this.window.byteOffset + at, length))
  }

  value(type: number, key: string): GgufValue {
    if (type === 9) {
      const item = this.uint32(`'${key}'`)
      const count = this.count(`the length of '${key}'`, 1)
      const items: Array<GgufValue> = []
      for (let i = 0; i < count; i++) items.push(this.value(item, key))
      return items
    }
    if (type === 8) return this.string(`'${key}'`)
    const scalar = scalars[type]
    if (scalar === undefined) throw this.damaged(`'${key}' of value type ${type}`)
    const value = this.take(scalar.bytes, `'${key}'`, scalar.read)
    if (type === 7) return value !== 0
    return typeof value === "bigint" && BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))
      ? Number(value)
      : value
  }

  private take<A>(length: number, place: string, read: (view: DataView, at: number) => A): A {
    const at = this.need(length, place)
    return read(this.window, at)
  }
}

const decoder = new TextDecoder()

/** Metadata value types by number; 8 is a string, 9 an array. */
const scalars: Record<number, { bytes: number; read: (view: DataView, at: number) => number | bigint }> = {
  0: { bytes: 1, read: (view, at) => view.getUint8(at) },
  1: { bytes: 1, read: (view, at) => view.getInt8(at) },
  2: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  3: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  4: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  5: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  6: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  7: { bytes: 1, read: (view, at) => view.getUint8(at) },
  10: { bytes: 8, read: (view, at) => view.getBigUint64(at, true) },
  11: { bytes: 8, read: (view, at) => view.getBigInt64(at, true) },
  12: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
}
