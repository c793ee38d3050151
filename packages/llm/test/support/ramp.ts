/**
 * The rule by which the reference scripts fill an initial adapter, so that no fixture has to hold one.
 * Integer arithmetic and one multiplication in double precision: equal in Python and JavaScript.
 *
 * @see reference/common.py
 */

/** The projections in the order that numbers an adapter's tensors. */
export const modules = [
  "self_attn.q_proj",
  "self_attn.k_proj",
  "self_attn.v_proj",
  "self_attn.o_proj",
  "mlp.gate_proj",
  "mlp.up_proj",
  "mlp.down_proj",
] as const

/** The integer mix `lowbias32` (C. Wellons). */
export const hash32 = (value: number): number => {
  let x = value >>> 0
  x ^= x >>> 16
  x = Math.imul(x, 0x7feb352d)
  x ^= x >>> 15
  x = Math.imul(x, 0x846ca68b)
  x ^= x >>> 16
  return x >>> 0
}

/** Matrix number `tensor` [rows, columns], row-major, with entries in [-bound, bound). */
export const ramp = (tensor: number, rows: number, columns: number, bound: number): Float32Array => {
  const start = Math.imul(16777619, tensor) >>> 0
  const out = new Float32Array(rows * columns)
  for (let i = 0; i < out.length; i++) out[i] = (hash32((i + start) >>> 0) / 2 ** 31 - 1) * bound
  return out
}

/**
 * Start of one module's adapter: `a` [r, in] between ±1/√in, `b` [out, r] between ±bBound (zeros by default).
 * `module` is a path such as `model.layers.3.mlp.up_proj`.
 */
export const moduleAdapter = (
  module: string,
  r: number,
  inputs: number,
  outputs: number,
  bBound = 0,
): { readonly a: Float32Array; readonly b: Float32Array } => {
  const match = /layers\.(\d+)\.(.+)$/.exec(module)
  const position = modules.findIndex((name) => name === match?.[2])
  if (match === null || position < 0) throw new Error(`not a module of the reference adapter: ${module}`)
  const m = 7 * Number(match[1]) + position
  return { a: ramp(2 * m, r, inputs, 1 / Math.sqrt(inputs)), b: ramp(2 * m + 1, outputs, r, bBound) }
}
