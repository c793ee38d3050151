/**
 * Rotary position embedding of queries and keys, and the scores' scale:
 *
 *     (x₁, x₂) → (x₁·cos θ − x₂·sin θ, x₂·cos θ + x₁·sin θ)      θ = position · frequency_j
 *
 * for the first and second half of each head (the pairs are j and j + D/2, as Hugging Face stores Llama). On the whole
 * projection [T, (H + 2·KV)·D] at once: y = x∘cos + swap(x)∘sin, where `swap` exchanges the halves of every head and
 * the tables carry signs, 1 and 0 for values, and 1/√D for queries, so that scores need no scaling.
 *
 * Backward is the transposed map: dx = dy∘cos + swap(dy∘sin).
 *
 * @see Su et al. 2021, arXiv:2104.09864
 */
import type { Ops, Tensor } from "../ops/Ops.ts"

export interface Geometry {
  /** H */
  readonly heads: number
  /** KV */
  readonly keyValueHeads: number
  /** D */
  readonly headSize: number
  readonly ropeTheta: number
  readonly ropeScaling: Llama3Scaling | LinearScaling | null
}

/** Llama 3.1's: low frequencies are slowed down by `factor`, high ones kept, those between interpolated. */
export interface Llama3Scaling {
  readonly kind: "llama3"
  readonly factor: number
  readonly lowFrequencyFactor: number
  readonly highFrequencyFactor: number
  readonly originalContext: number
}

/** All frequencies slowed down by `factor`. */
export interface LinearScaling {
  readonly kind: "linear"
  readonly factor: number
}

/** Tables for the tokens of a stream. */
export interface Tables {
  /** [T, (H + 2·KV)·D] */
  readonly cos: Tensor
  /** [T, (H + 2·KV)·D] */
  readonly sin: Tensor
  /** [T·(H + 2·KV)·2]: line 2i ↔ 2i + 1 of the halves [.., D/2]. */
  readonly swap: Tensor
}

/** The D/2 frequencies, in float32 as torch computes them. */
export const frequencies = ({ headSize, ropeTheta, ropeScaling }: Geometry): Float32Array => {
  const result = new Float32Array(headSize / 2)
  for (let j = 0; j < result.length; j++) {
    const frequency = Math.fround(1 / Math.fround(ropeTheta ** Math.fround((2 * j) / headSize)))
    result[j] = scaled(frequency, ropeScaling)
  }
  return result
}

const scaled = (frequency: number, scaling: Geometry["ropeScaling"]): number => {
  if (scaling === null) return frequency
  if (scaling.kind === "linear") return frequency / scaling.factor
  const { factor, lowFrequencyFactor, highFrequencyFactor, originalContext } = scaling
  const wavelength = (2 * Math.PI) / frequency
  if (wavelength > originalContext / lowFrequencyFactor) return frequency / factor
  if (wavelength < originalContext / highFrequencyFactor) return frequency
  const smooth =
    (originalContext / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
  return ((1 - smooth) * frequency) / factor + smooth * frequency
}

/** cos and sin tables of the given positions, and the swap table. */
export const tables = (geometry: Geometry, positions: ArrayLike<number>) => {
  const { heads, keyValueHeads, headSize } = geometry
  const half = headSize / 2
  const lines = heads + 2 * keyValueHeads
  const scale = 1 / Math.sqrt(headSize)
  const frequency = frequencies(geometry)
  const cos = new Float32Array(positions.length * lines * headSize)
  const sin = new Float32Array(cos.length)
  for (let t = 0; t < positions.length; t++) {
    const token = t * lines * headSize
    const values = token + (heads + keyValueHeads) * headSize
    for (let j = 0; j < half; j++) {
      const angle = Math.fround(positions[t]! * frequency[j]!)
      const c = Math.cos(angle)
      const s = Math.sin(angle)
      for (let at = token + j, line = 0; at < values; at += headSize, line++) {
        const factor = line < heads ? scale : 1
        cos[at] = cos[at + half] = c * factor
        sin[at] = -s * factor
        sin[at + half] = s * factor
      }
    }
    cos.fill(1, values, token + lines * headSize)
  }
  const swap = new Int32Array(positions.length * lines * 2)
  for (let i = 0; i < swap.length; i++) swap[i] = i ^ 1
  return { cos, sin, swap, width: lines * headSize }
}

export const forward = (ops: Ops, geometry: Geometry, { cos, sin, swap }: Tables, x: Tensor): Tensor =>
  ops.add(ops.mul(x, cos), ops.mul(swapHalves(ops, geometry, swap, x), sin))

export const backward = (ops: Ops, geometry: Geometry, { cos, sin, swap }: Tables, dy: Tensor): Tensor =>
  ops.add(ops.mul(dy, cos), swapHalves(ops, geometry, swap, ops.mul(dy, sin)))

const swapHalves = (
  ops: Ops,
  { heads, keyValueHeads, headSize }: Geometry,
  swap: Tensor,
  x: Tensor,
): Tensor =>
  ops.reshape(ops.gather(ops.reshape(x, [-1, headSize / 2]), swap), [
    -1,
    (heads + 2 * keyValueHeads) * headSize,
  ])
