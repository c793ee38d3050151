/** One case for each operation of the seam, with values worked out by hand. */
import type { Ops, Tensor } from "../../src/ops/Ops.ts"

export const f32 = (...values: ReadonlyArray<number>): Float32Array => Float32Array.from(values)
export const i32 = (...values: ReadonlyArray<number>): Int32Array => Int32Array.from(values)

export interface Case {
  readonly title: string
  readonly inputs: ReadonlyArray<readonly [Float32Array | Int32Array, ReadonlyArray<number>]>
  readonly run: (ops: Ops, inputs: ReadonlyArray<Tensor>) => Tensor
  readonly shape: ReadonlyArray<number>
  readonly values: ReadonlyArray<number>
  /** Largest allowed difference; exact by default. */
  readonly within?: number
}

const row = [f32(1, -2, 4), [3]] as const
const matrix = [f32(1, 2, 3, 4, 5, 6), [2, 3]] as const
const other = [f32(1, 0, -1, 2, 3, 1), [3, 2]] as const
const half = Math.fround(0.5)

/** σ(1), tanh(1), e and ln 2 to float32. */
const sigmoid1 = 0.7310585786300049
const e = Math.E

export const cases: ReadonlyArray<Case> = [
  // [1 2 3; 4 5 6] · [1 0; -1 2; 3 1]
  {
    title: "matMul",
    inputs: [matrix, other],
    run: (o, [a, b]) => o.matMul(a!, b!),
    shape: [2, 2],
    values: [8, 7, 17, 16],
  },
  {
    title: "matMul with the first transposed",
    inputs: [matrix, [f32(1, 10), [2, 1]]],
    run: (o, [a, b]) => o.matMul(a!, b!, true),
    shape: [3, 1],
    values: [41, 52, 63],
  },
  {
    title: "matMul with the second transposed",
    inputs: [matrix, [f32(1, 0, 1, 0, 2, 0), [2, 3]]],
    run: (o, [a, b]) => o.matMul(a!, b!, false, true),
    shape: [2, 2],
    values: [4, 4, 10, 10],
  },
  {
    title: "matMul with both transposed",
    inputs: [other, matrix],
    run: (o, [a, b]) => o.matMul(a!, b!, true, true),
    shape: [2, 2],
    values: [8, 17, 7, 16],
  },
  {
    title: "batchMatMul",
    inputs: [
      [f32(1, 2, 3, 4), [2, 1, 2]],
      [f32(5, 6, 7, 8), [2, 2, 1]],
    ],
    run: (o, [a, b]) => o.batchMatMul(a!, b!),
    shape: [2, 1, 1],
    values: [17, 53],
  },
  {
    title: "batchMatMul with the second transposed",
    inputs: [
      [f32(1, 2, 3, 4), [2, 1, 2]],
      [f32(5, 6, 7, 8), [2, 1, 2]],
    ],
    run: (o, [a, b]) => o.batchMatMul(a!, b!, false, true),
    shape: [2, 1, 1],
    values: [17, 53],
  },
  {
    title: "batchMatMul with the first transposed",
    inputs: [
      [f32(1, 2, 3, 4), [2, 2, 1]],
      [f32(5, 6, 7, 8), [2, 2, 1]],
    ],
    run: (o, [a, b]) => o.batchMatMul(a!, b!, true),
    shape: [2, 1, 1],
    values: [17, 53],
  },

  {
    title: "add broadcasts a row",
    inputs: [matrix, row],
    run: (o, [a, b]) => o.add(a!, b!),
    shape: [2, 3],
    values: [2, 0, 7, 5, 3, 10],
  },
  {
    title: "sub broadcasts a scalar",
    inputs: [row],
    run: (o, [a]) => o.sub(a!, o.scalar(1)),
    shape: [3],
    values: [0, -3, 3],
  },
  {
    title: "mul broadcasts a column",
    inputs: [matrix, [f32(2, -1), [2, 1]]],
    run: (o, [a, b]) => o.mul(a!, b!),
    shape: [2, 3],
    values: [2, 4, 6, -4, -5, -6],
  },
  {
    title: "div",
    inputs: [row, [f32(2, 4, -8), [3]]],
    run: (o, [a, b]) => o.div(a!, b!),
    shape: [3],
    values: [half, -0.5, -0.5],
  },
  {
    title: "maximum",
    inputs: [row],
    run: (o, [a]) => o.maximum(a!, o.scalar(0)),
    shape: [3],
    values: [1, 0, 4],
  },
  {
    title: "minimum",
    inputs: [row],
    run: (o, [a]) => o.minimum(a!, o.scalar(1)),
    shape: [3],
    values: [1, -2, 1],
  },
  { title: "neg", inputs: [row], run: (o, [a]) => o.neg(a!), shape: [3], values: [-1, 2, -4] },
  {
    title: "exp",
    inputs: [[f32(0, 1, -1), [3]]],
    run: (o, [a]) => o.exp(a!),
    shape: [3],
    values: [1, e, 1 / e],
    within: 1e-6,
  },
  {
    title: "log",
    inputs: [[f32(1, 2), [2]]],
    run: (o, [a]) => o.log(a!),
    shape: [2],
    values: [0, Math.LN2],
    within: 1e-6,
  },
  {
    title: "sqrt",
    inputs: [[f32(0, 4, 2.25), [3]]],
    run: (o, [a]) => o.sqrt(a!),
    shape: [3],
    values: [0, 2, 1.5],
  },
  {
    title: "rsqrt",
    inputs: [[f32(4, 0.25), [2]]],
    run: (o, [a]) => o.rsqrt(a!),
    shape: [2],
    values: [0.5, 2],
    within: 1e-6,
  },
  { title: "square", inputs: [row], run: (o, [a]) => o.square(a!), shape: [3], values: [1, 4, 16] },
  {
    title: "sigmoid",
    inputs: [[f32(0, 1, -1), [3]]],
    run: (o, [a]) => o.sigmoid(a!),
    shape: [3],
    values: [0.5, sigmoid1, 1 - sigmoid1],
    within: 1e-6,
  },
  {
    title: "tanh",
    inputs: [[f32(0, 1), [2]]],
    run: (o, [a]) => o.tanh(a!),
    shape: [2],
    values: [0, 0.7615941559557649],
    within: 1e-6,
  },
  {
    title: "erf",
    inputs: [[f32(0, 0.5, -1, 4), [4]]],
    run: (o, [a]) => o.erf(a!),
    shape: [4],
    values: [0, 0.5204998778130465, -0.8427007929497149, 0.9999999845827421],
    within: 2e-7,
  },
  {
    title: "sigmoidGrad is dy·y·(1 − y)",
    inputs: [
      [f32(0.5, 0.25), [2]],
      [f32(2, 4), [2]],
    ],
    run: (o, [y, dy]) => o.sigmoidGrad(y!, dy!),
    shape: [2],
    values: [0.5, 0.75],
  },
  {
    title: "addN",
    inputs: [row, row, [f32(1, 1, 1), [3]]],
    run: (o, xs) => o.addN(xs),
    shape: [3],
    values: [3, -3, 9],
  },
  {
    title: "cast to int32 drops the fraction",
    inputs: [[f32(1.9, -1.9), [2]]],
    run: (o, [a]) => o.cast(a!, "int32"),
    shape: [2],
    values: [1, -1],
  },
  {
    title: "cast to float32",
    inputs: [[i32(3, -2), [2]]],
    run: (o, [a]) => o.div(o.cast(a!, "float32"), o.scalar(2)),
    shape: [2],
    values: [1.5, -1],
  },

  {
    title: "softmax over the last axis",
    inputs: [[f32(0, Math.LN2, 0, 0), [2, 2]]],
    run: (o, [a]) => o.softmax(a!),
    shape: [2, 2],
    values: [1 / 3, 2 / 3, 0.5, 0.5],
    within: 1e-6,
  },
  {
    title: "softmax of a large negative mask is zero",
    inputs: [[f32(0, -1e9, 0, -1e9), [1, 2, 2]]],
    run: (o, [a]) => o.softmax(a!),
    shape: [1, 2, 2],
    values: [1, 0, 1, 0],
  },
  {
    title: "sum over the last axis",
    inputs: [matrix],
    run: (o, [a]) => o.sum(a!, [-1]),
    shape: [2],
    values: [6, 15],
  },
  {
    title: "sum keeps dimensions",
    inputs: [matrix],
    run: (o, [a]) => o.sum(a!, [0], true),
    shape: [1, 3],
    values: [5, 7, 9],
  },
  {
    title: "sum of everything",
    inputs: [matrix],
    run: (o, [a]) => o.sum(a!, [0, 1]),
    shape: [],
    values: [21],
  },
  { title: "mean", inputs: [matrix], run: (o, [a]) => o.mean(a!, [1], true), shape: [2, 1], values: [2, 5] },
  { title: "max", inputs: [matrix], run: (o, [a]) => o.max(a!, [0]), shape: [3], values: [4, 5, 6] },
  {
    title: "argMax takes the first of equal elements",
    inputs: [[f32(1, 3, 3, 9, 2, 1), [2, 3]]],
    run: (o, [a]) => o.argMax(a!, 1),
    shape: [2],
    values: [1, 0],
  },
  {
    title: "topK values",
    inputs: [[f32(1, 5, 3, 5, 2, 1), [2, 3]]],
    run: (o, [a]) => o.topK(a!, 2).values,
    shape: [2, 2],
    values: [5, 3, 5, 2],
  },
  {
    title: "topK indices, equal values by ascending index",
    inputs: [[f32(1, 5, 5, 2, 2, 2), [2, 3]]],
    run: (o, [a]) => o.topK(a!, 2).indices,
    shape: [2, 2],
    values: [1, 2, 0, 1],
  },
  { title: "sumOfSquares", inputs: [row], run: (o, [a]) => o.sumOfSquares(a!), shape: [], values: [21] },

  {
    title: "reshape with an unknown dimension",
    inputs: [matrix],
    run: (o, [a]) => o.reshape(a!, [3, -1]),
    shape: [3, 2],
    values: [1, 2, 3, 4, 5, 6],
  },
  {
    title: "reshape to a shape that is a tensor",
    inputs: [matrix, [i32(6, 1), [2]]],
    run: (o, [a, s]) => o.reshape(a!, s!),
    shape: [6, 1],
    values: [1, 2, 3, 4, 5, 6],
  },
  {
    title: "transpose",
    inputs: [matrix],
    run: (o, [a]) => o.transpose(a!, [1, 0]),
    shape: [3, 2],
    values: [1, 4, 2, 5, 3, 6],
  },
  {
    title: "concat",
    inputs: [matrix, [f32(7, 8), [2, 1]]],
    run: (o, xs) => o.concat(xs, 1),
    shape: [2, 4],
    values: [1, 2, 3, 7, 4, 5, 6, 8],
  },
  {
    title: "slice with an open end",
    inputs: [matrix],
    run: (o, [a]) => o.slice(a!, [0, 1], [-1, 2]),
    shape: [2, 2],
    values: [2, 3, 5, 6],
  },
  {
    title: "slice by tensors",
    inputs: [matrix, [i32(1, 0), [2]], [i32(1, 2), [2]]],
    run: (o, [a, b, s]) => o.slice(a!, b!, s!),
    shape: [1, 2],
    values: [4, 5],
  },
  {
    title: "split, second part",
    inputs: [matrix],
    run: (o, [a]) => o.split(a!, [1, 2], 1)[1]!,
    shape: [2, 2],
    values: [2, 3, 5, 6],
  },
  {
    title: "split by a tensor of sizes",
    inputs: [matrix, [i32(2, 1), [2]]],
    run: (o, [a, s]) => o.split(a!, s!, 1, 2)[0]!,
    shape: [2, 2],
    values: [1, 2, 4, 5],
  },
  {
    title: "tile",
    inputs: [[f32(1, 2), [1, 2]]],
    run: (o, [a]) => o.tile(a!, [2, 2]),
    shape: [2, 4],
    values: [1, 2, 1, 2, 1, 2, 1, 2],
  },
  {
    title: "gather of rows",
    inputs: [matrix, [i32(1, 0, 1), [3]]],
    run: (o, [a, i]) => o.gather(a!, i!),
    shape: [3, 3],
    values: [4, 5, 6, 1, 2, 3, 4, 5, 6],
  },
  {
    title: "gather of columns",
    inputs: [matrix, [i32(2, 2), [2]]],
    run: (o, [a, i]) => o.gather(a!, i!, 1),
    shape: [2, 2],
    values: [3, 3, 6, 6],
  },
  {
    title: "segmentSum adds rows of one id and leaves out negative ids",
    inputs: [
      [f32(1, 2, 3, 4, 5, 6, 7, 8), [4, 2]],
      [i32(2, -1, 2, 0), [4]],
    ],
    run: (o, [x, i]) => o.segmentSum(x!, i!, 3),
    shape: [3, 2],
    values: [7, 8, 0, 0, 6, 8],
  },
  {
    title: "segmentSum with a tensor as count",
    inputs: [
      [f32(1, 2, 3), [3]],
      [i32(1, 1, -5), [3]],
      [i32(2), []],
    ],
    run: (o, [x, i, n]) => o.segmentSum(x!, i!, n!),
    shape: [2],
    values: [0, 3],
  },

  // Row 1: −ln(2/3); row 2: −ln(1/2). softmax − onehot.
  {
    title: "crossEntropy loss",
    inputs: [
      [f32(0, Math.LN2, 3, 3), [2, 2]],
      [i32(1, 0), [2]],
    ],
    run: (o, [x, y]) => o.crossEntropy(x!, y!).loss,
    shape: [2],
    values: [Math.log(1.5), Math.LN2],
    within: 1e-6,
  },
  {
    title: "crossEntropy gradient",
    inputs: [
      [f32(0, Math.LN2, 3, 3), [2, 2]],
      [i32(1, 0), [2]],
    ],
    run: (o, [x, y]) => o.crossEntropy(x!, y!).gradient,
    shape: [2, 2],
    values: [1 / 3, -1 / 3, -0.5, 0.5],
    within: 1e-6,
  },
]
