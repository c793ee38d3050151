/**
 * GGUF's block formats to float32. Every block format stores small integers and a scale (and a minimum) in
 * float16; each value is scale · integer − or + minimum, rounded to float32 once, which equals the gguf Python
 * package bit for bit.
 *
 * @see ggml's `ggml-quants.c` for the layouts
 */

/** Reads `out.length` values from `bytes`, whose length is a whole number of blocks. */
export type Dequantise = (bytes: Uint8Array, out: Float32Array) => void

let halfTable: Float32Array | undefined

/** All 65,536 float16 values as float32, made at first use. */
const halfToFloat = (): Float32Array => {
  if (halfTable !== undefined) return halfTable
  const table = new Float32Array(65536)
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1
    const exponent = (bits >> 10) & 31
    const fraction = bits & 1023
    if (exponent === 0) table[bits] = sign * fraction * 2 ** -24
    else if (exponent === 31) table[bits] = fraction === 0 ? sign * Infinity : NaN
    else table[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  }
  return (halfTable = table)
}

/** Reads without copying: the caller's bytes may begin anywhere. */
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const f32: Dequantise = (bytes, out) => {
  const view = viewOf(bytes)
  for (let i = 0; i < out.length; i++) out[i] = view.getFloat32(i * 4, true)
}

const f64: Dequantise = (bytes, out) => {
  const view = viewOf(bytes)
  for (let i = 0; i < out.length; i++) out[i] = view.getFloat64(i * 8, true)
}

const f16: Dequantise = (bytes, out) => {
  const half = halfToFloat()
  for (let i = 0; i < out.length; i++) out[i] = half[bytes[2 * i]! | (bytes[2 * i + 1]! << 8)]!
}

const bf16: Dequantise = (bytes, out) => {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length)
  for (let i = 0; i < out.length; i++) bits[i] = (bytes[2 * i]! << 16) | (bytes[2 * i + 1]! << 24)
}

/** A little-endian float16 at a byte offset. */
const halfAt = (half: Float32Array, bytes: Uint8Array, at: number): number =>
  half[bytes[at]! | (bytes[at + 1]! << 8)]!

const q4_0: Dequantise = (bytes, out) => {
  const half = halfToFloat()
  for (let at = 0, o = 0; o < out.length; at += 18, o += 32) {
    const d = halfAt(half, bytes, at)
    for (let i = 0; i < 16; i++) {
      const byte = bytes[at + 2 + i]!
      out[o + i] = d * ((byte & 15) - 8)
      out[o + i + 16] = d * ((byte >> 4) - 8)
    }
  }
}

const q4_1: Dequantise = (bytes, out) => {
  const half = halfToFloat()
  for (let at = 0, o = 0; o < out.length; at += 20, o += 32) {
    const d = halfAt(half, bytes, at)
    const m = halfAt(half, bytes, at + 2)
    for (let i = 0; i < 16; i++) {
      const byte = bytes[at + 4 + i]!
      out[o + i] = d * (byte & 15) + m
      out[o + i + 16] = d * (byte >> 4) + m
    }
  }
}

const q5_0: Dequantise = (bytes, out) => {
  const half = halfToFloat()
  const view = viewOf(bytes)
  for (let at = 0, o = 0; o < out.length; at += 22, o += 32) {
    const d = halfAt(half, bytes, at)
    const high = view.getUint32(at + 2, true)
    for (let i = 0; i < 16; i++) {
      const byte = bytes[at + 6 + i]!
      out[o + i] = d * (((byte & 15) | (((high >>> i) & 1) << 4)) - 16)
      out[o + i + 16] = d * (((byte >> 4) | (((high >>> (i + 16)) & 1) << 4)) - 16)
    }
  }
}

const q5_1: Dequantise = (bytes, out) => {
  const half = halfToFloat()
  const view = viewOf(bytes)
  for (let at = 0, o = 0; o < out.length; at += 24, o += 32) {
    const d = halfAt(half, bytes, at)
    const m = halfAt(half, bytes, at + 2)
    const high = view.getUint32(at + 4, true)
    for (let i = 0; i < 16; i++) {
      const byte = bytes[at + 8 + i]!
      out[o + i] = d * ((byte & 15) | (((high >>> i) & 1) << 4)) + m
      out[o + i + 16] = d * ((byte >> 4) | (((high >>> (i + 16)) & 1) << 4)) + m
    }
  }
}

const q8_0: Dequantise = (bytes, out) => {
  const half = halfToFloat()
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0, o = 0; o < out.length; at += 34, o += 32) {
    const d = halfAt(half, bytes, at)
    for (let i = 0; i < 32; i++) out[o + i] = d * signed[at + 2 + i]!
  }
}

/** Sixteen 4-bit scales and minima, 64 bytes of 2-bit values, two float16. */
const q2_K: Dequantise = (bytes, out) => {
  const half = halfToFloat()
  for (let at = 0, o = 0; o < out.length; at += 84, o += 256) {
    const d = halfAt(half, bytes, at + 80)
    const min = halfAt(half, bytes, at + 82)
    for (let group = 0; group < 16; group++) {
      const scale = bytes[at + group]!
      const dl = d * (scale & 15)
      const ml = min * (scale >> 4)
      // Groups of 16 values; 32 bytes hold 8 groups, two bits each.
      const from = at + 16 + (group >> 3) * 32 + (group & 1) * 16
      const shift = ((group >> 1) & 3) * 2
      for (let i = 0; i < 16; i++) out[o + group * 16 + i] = dl * ((bytes[from + i]! >> shift) & 3) - ml
    }
  }
}

/** 32 bytes of third bits, 64 bytes of 2-bit values, sixteen 6-bit scales in 12 bytes, one float16. */
const q3_K: Dequantise = (bytes, out) => {
  const half = halfToFloat()
  for (let at = 0, o = 0; o < out.length; at += 110, o += 256) {
    const d = halfAt(half, bytes, at + 108)
    for (let group = 0; group < 16; group++) {
      const low = bytes[at + 96 + (group & 7)]!
      const high = bytes[at + 104 + (group & 3)]!
      const scale = ((group < 8 ? low & 15 : low >> 4) | (((high >> ((group >> 2) * 2)) & 3) << 4)) - 32
      const dl = d * scale
      const from = at + 32 + (group >> 3) * 32 + (group & 1) * 16
      const mask = at + (group & 1) * 16
      const shift = ((group >> 1) & 3) * 2
      const bit = group >> 1
      for (let i = 0; i < 16; i++) {
        const third = (bytes[mask + i]! >> bit) & 1
        out[o + group * 16 + i] = dl * (((bytes[from + i]! >> shift) & 3) - (third === 1 ? 0 : 4))
      }
    }
  }
}

/** Eight 6-bit scales and minima packed in 12 bytes, as Q4_K and Q5_K have them. */
const scaleAndMin = (bytes: Uint8Array, at: number, group: number): readonly [scale: number, min: number] => {
  if (group < 4) return [bytes[at + group]! & 63, bytes[at + group + 4]! & 63]
  const both = bytes[at + group + 4]!
  return [(both & 15) | ((bytes[at + group - 4]! >> 6) << 4), (both >> 4) | ((bytes[at + group]! >> 6) << 4)]
}

const q4_K: Dequantise = (bytes, out) => {
  const half = halfToFloat()
  for (let at = 0, o = 0; o < out.length; at += 144, o += 256) {
    const d = halfAt(half, bytes, at)
    const min = halfAt(half, bytes, at + 2)
    for (let group = 0; group < 8; group++) {
      const [scale, minimum] = scaleAndMin(bytes, at + 4, group)
      const dl = d * scale
      const ml = min * minimum
      const from = at + 16 + (group >> 1) * 32
      const shift = (group & 1) * 4
      for (let i = 0; i < 32; i++) out[o + group * 32 + i] = dl * ((bytes[from + i]! >> shift) & 15) - ml
    }
  }
}

const q5_K: Dequantise = (bytes, out) => {
  const half = halfToFloat()
  for (let at = 0, o = 0; o < out.length; at += 176, o += 256) {
    const d = halfAt(half, bytes, at)
    const min = halfAt(half, bytes, at + 2)
    for (let group = 0; group < 8; group++) {
      const [scale, minimum] = scaleAndMin(bytes, at + 4, group)
      const dl = d * scale
      const ml = min * minimum
      const from = at + 48 + (group >> 1) * 32
      const shift = (group & 1) * 4
      for (let i = 0; i < 32; i++) {
        const fifth = (bytes[at + 16 + i]! >> group) & 1
        out[o + group * 32 + i] = dl * (((bytes[from + i]! >> shift) & 15) | (fifth << 4)) - ml
      }
    }
  }
}

/** 128 bytes of low nibbles, 64 bytes of high bit pairs, sixteen signed scales, one float16. */
const q6_K: Dequantise = (bytes, out) => {
  const half = halfToFloat()
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0, o = 0; o < out.length; at += 210, o += 256) {
    const d = halfAt(half, bytes, at + 208)
    for (let group = 0; group < 8; group++) {
      // Groups of 32 values; 64 low bytes hold four of them, 32 high bytes hold four.
      const inHalf = group & 3
      const low = at + (group >> 2) * 64 + (inHalf & 1) * 32
      const high = at + 128 + (group >> 2) * 32
      const lowShift = (inHalf >> 1) * 4
      for (let i = 0; i < 32; i++) {
        const scale = d * signed[at + 192 + group * 2 + (i >> 4)]!
        const value = ((bytes[low + i]! >> lowShift) & 15) | (((bytes[high + i]! >> (inHalf * 2)) & 3) << 4)
        out[o + group * 32 + i] = scale * (value - 32)
      }
    }
  }
}

/** By type name; a type that is missing here cannot be read. */
export const dequantisers: Readonly<Record<string, Dequantise>> = {
  F32: f32,
  F64: f64,
  F16: f16,
  BF16: bf16,
  Q4_0: q4_0,
  Q4_1: q4_1,
  Q5_0: q5_0,
  Q5_1: q5_1,
  Q8_0: q8_0,
  Q2_K: q2_K,
  Q3_K: q3_K,
  Q4_K: q4_K,
  Q5_K: q5_K,
  Q6_K: q6_K,
}
