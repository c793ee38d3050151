/**
 * A fixed sequence of operations at the sizes of a real training pass: what must repeat bit for bit.
 *
 * Values come from a small generator of its own, so that a digest means the operations alone.
 */
import { createHash } from "node:crypto"
import type { Backend, Ops, Tensor } from "../../src/ops/Ops.ts"

const ramp = (count: number, seed: number): Float32Array => {
  const out = new Float32Array(count)
  let state = seed >>> 0
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    out[i] = state / 2 ** 31 - 1
  }
  return out
}

const T = 37
const C = 96
const H = 4

/** One block's worth of forward and backward: every operation that training uses. */
const block = (ops: Ops, args: { readonly [name: string]: Tensor }): ReadonlyArray<Tensor> => {
  const { x, w, w2, wide, narrow, a, b, ids, seg, labels, mask, tiny } = args as Record<string, Tensor>
  const norm = ops.mul(x!, ops.rsqrt(ops.add(ops.mean(ops.square(x!), [1], true), ops.scalar(1e-5))))
  const y = ops.add(ops.matMul(norm, w!, false, true), ops.matMul(ops.matMul(norm, a!), b!))
  const heads = ops.transpose(ops.reshape(y, [-1, H, C / H]), [1, 0, 2])
  const scores = ops.add(ops.mul(ops.batchMatMul(heads, heads, false, true), ops.scalar(0.2)), mask!)
  const p = ops.softmax(scores)
  const o = ops.reshape(ops.transpose(ops.batchMatMul(p, heads), [1, 0, 2]), [-1, C])
  const g = ops.sigmoid(o)
  const gated = ops.div(ops.mul(ops.mul(o, g), ops.tanh(y)), ops.scalar(3))
  const rows = ops.gather(gated, ids!)
  const { loss, gradient } = ops.crossEntropy(ops.matMul(rows, w2!), labels!)
  const dRows = ops.matMul(gradient, w2!, false, true)
  const dx = ops.segmentSum(dRows, seg!, T)
  const dA = ops.matMul(norm, ops.matMul(dx, b!, false, true), true)
  const dG = ops.sigmoidGrad(g, dx)
  const total = ops.addN([dx, dG, ops.maximum(gated, ops.scalar(0)), ops.neg(ops.exp(o)), x!])
  const [left, right] = ops.split(total, [C / 2, C / 2], 1)
  return [
    loss,
    dA,
    ops.sumOfSquares(dA),
    ops.concat([right!, left!], 1),
    ops.sum(total, [0]),
    ops.max(total, [1]),
    // Sums long enough that their order, hence kernel and thread count, shows in the bits.
    ops.matMul(wide!, narrow!),
    ops.matMul(wide!, wide!, false, true),
    ops.sum(wide!, [0, 1]),
    ops.sqrt(ops.square(total)),
    ops.log(ops.add(p, ops.scalar(1))),
    ops.mul(tiny!, ops.scalar(1e-4)), // below float32's normal range
    ops.tile(ops.slice(total, [0, 0], [2, -1]), [1, 2]),
  ]
}

/** Everything that the sequence computes, with a variable after each of three updates. */
export const results = async (
  backend: Backend,
  wideRows: number,
): Promise<ReadonlyArray<Float32Array | Int32Array>> => {
  const made = (shape: ReadonlyArray<number>, seed: number, scale = 1): Tensor =>
    backend.tensor(
      ramp(
        shape.reduce((n, d) => n * d, 1),
        seed,
      ).map((v) => v * scale),
      shape,
    )
  const args = {
    x: made([T, C], 1),
    w: made([C, C], 2, 0.1),
    w2: made([C, 211], 3, 0.2),
    a: made([C, 16], 4, 0.3),
    b: made([16, C], 5, 0.3),
    mask: made([T, T], 6, 4),
    wide: made([wideRows, 2048], 8),
    narrow: made([2048, C], 9),
    tiny: made([T], 7, 1e-36),
    ids: backend.tensor(
      Int32Array.from({ length: 50 }, (_, i) => (i * 7) % T),
      [50],
    ),
    seg: backend.tensor(
      Int32Array.from({ length: 50 }, (_, i) => ((i * 5) % T) - 1),
      [50],
    ),
    labels: backend.tensor(
      Int32Array.from({ length: 50 }, (_, i) => (i * 13) % 211),
      [50],
    ),
  }
  const [w, m, s] = backend.scope(() => [
    backend.variable(args.a),
    backend.variable(backend.ops.mul(args.a, backend.ops.scalar(0))),
    backend.variable(backend.ops.mul(args.a, backend.ops.scalar(0))),
  ])
  const pass = backend.jit("block", block)
  const update = backend.jit(
    "update",
    (ops, given: { w: typeof w; m: typeof w; s: typeof w; g: Tensor; k: ReturnType<Backend["adamW"]> }) => {
      ops.adamW(given.w, given.m, given.s, given.g, given.k)
      return ops.readVariable(given.w)
    },
  )
  const tensors = backend.scope(() => {
    const passed = pass(args)
    const options = { learningRate: 2e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 }
    return [1, 2, 3].reduce<ReadonlyArray<Tensor>>(
      (all, t) => [...all, update({ w, m, s, g: passed[1]!, k: backend.adamW(options, t) })],
      passed,
    )
  })
  const read = await Promise.all(tensors.map((tensor) => backend.read(tensor)))
  backend.free(...tensors, ...Object.values(args), w, m, s)
  return read
}

/** SHA-256 of all results' bytes. */
export const digest = async (backend: Backend): Promise<string> => {
  const hash = createHash("sha256")
  // JavaScript is slow: fewer rows where it computes.
  for (const values of await results(backend, backend.kind === "tensorflow" ? 300 : 4)) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  return hash.digest("hex")
}
