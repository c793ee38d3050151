/** What every backend must do, as cases with values worked out by hand. */
import { expect, it } from "vitest"
import type { Backend, Ops, Tensor } from "../../src/ops/Ops.ts"

export const f32 = (...values: ReadonlyArray<number>): Float32Array => Float32Array.from(values)
export const i32 = (...values: ReadonlyArray<number>): Int32Array => Int32Array.from(values)

interface Case {
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

const cases: ReadonlyArray<Case> = [
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

const tensors = (backend: Backend, inputs: Case["inputs"]): ReadonlyArray<Tensor> =>
  inputs.map(([data, shape]) => backend.tensor(data, shape))

export const values = async (backend: Backend, tensor: Tensor): Promise<ReadonlyArray<number>> =>
  Array.from(await backend.read(tensor), (value) => value + 0) // −0 and 0 are one here

const expectCase = async (backend: Backend, result: Tensor, expected: Case): Promise<void> => {
  expect(result.shape).toEqual(expected.shape)
  const got = await values(backend, result)
  if (expected.within === undefined) expect(got).toEqual(expected.values)
  else {
    expect(got.length).toBe(expected.values.length)
    got.forEach((value, i) => {
      expect(Math.abs(value - expected.values[i]!), `element ${i}: ${value}`).toBeLessThan(expected.within!)
    })
  }
}

/** Declares the suite for one backend; `open` gives it when the tests run. */
export const contract = (open: () => Backend): void => {
  for (const each of cases) {
    it(`computes ${each.title}`, async () => {
      const backend = open()
      const before = backend.tensorCount()
      const inputs = tensors(backend, each.inputs)
      const eager = backend.scope(() => each.run(backend.ops, inputs))
      await expectCase(backend, eager, each)
      const recorded = backend.jit(each.title, (ops, args: ReadonlyArray<Tensor>) => each.run(ops, args))
      const result = recorded(inputs)
      await expectCase(backend, result, each)
      expect(await backend.read(result)).toEqual(await backend.read(eager))
      backend.free(eager, result, ...inputs)
      expect(backend.tensorCount()).toBe(before)
    })
  }

  it("a scope frees what it made and does not return, through nested scopes and structures", () => {
    const backend = open()
    const { ops } = backend
    const before = backend.tensorCount()
    const x = backend.tensor(f32(1, 2), [2])
    const result = backend.scope(() => {
      const inner = backend.scope(() => ({ a: ops.neg(x), b: [ops.exp(ops.square(x)), null, 3] }))
      ops.log(x)
      return { kept: inner.b[0] as Tensor, again: [x] }
    })
    expect(backend.tensorCount()).toBe(before + 2)
    backend.free(result.kept, x)
    expect(backend.tensorCount()).toBe(before)
  })

  it("a scope that throws frees everything made inside", () => {
    const backend = open()
    const before = backend.tensorCount()
    expect(() =>
      backend.scope(() => {
        backend.tensor(f32(1), [1])
        throw new Error("stop")
      }),
    ).toThrow("stop")
    expect(backend.tensorCount()).toBe(before)
  })

  it("a scope refuses an async function", () => {
    const backend = open()
    expect(() => backend.scope(async () => 1)).toThrow("not async")
  })

  it("freeing twice is harmless, and a freed tensor cannot be used", () => {
    const backend = open()
    const x = backend.tensor(f32(1), [1])
    backend.free(x, x)
    expect(() => backend.ops.neg(x)).toThrow(/freed|disposed/)
  })

  it("a tensor does not follow the array that it was made from", async () => {
    const backend = open()
    const data = f32(1, 2)
    const x = backend.tensor(data, [2])
    data[0] = 9
    expect(await values(backend, x)).toEqual([1, 2])
    const read = await backend.read(x)
    read[1] = 9
    expect(await values(backend, x)).toEqual([1, 2])
    backend.free(x)
  })

  it("a variable keeps its value, takes a new one, and leaves tensors read before unchanged", async () => {
    const backend = open()
    const { ops } = backend
    const before = backend.tensorCount()
    const start = backend.tensor(f32(1, 2), [2])
    const variable = backend.variable(start)
    const first = ops.readVariable(variable)
    backend.scope(() => ops.assignVariable(variable, ops.add(start, ops.scalar(10))))
    const second = ops.readVariable(variable)
    expect(await values(backend, first)).toEqual([1, 2])
    expect(await values(backend, second)).toEqual([11, 12])
    backend.free(start, first, second, variable)
    expect(backend.tensorCount()).toBe(before)
  })

  it("a recorded function reads and writes variables in order", async () => {
    const backend = open()
    const variable = backend.scope(() => backend.variable(backend.tensor(f32(1), [1])))
    const addTwice = backend.jit("addTwice", (ops, { v, x }: { v: typeof variable; x: Tensor }) => {
      const before = ops.readVariable(v)
      ops.assignVariable(v, ops.add(before, x))
      const between = ops.readVariable(v)
      ops.assignVariable(v, ops.mul(between, ops.scalar(3)))
      return { before, between, after: ops.readVariable(v) }
    })
    const x = backend.tensor(f32(4), [1])
    for (const expected of [
      [1, 5, 15],
      [15, 19, 57],
    ]) {
      const result = addTwice({ v: variable, x })
      expect([
        ...(await values(backend, result.before)),
        ...(await values(backend, result.between)),
        ...(await values(backend, result.after)),
      ]).toEqual(expected)
      backend.free(result.before, result.between, result.after)
    }
    backend.free(x, variable)
  })

  it("a variable given to a recorded function twice is one variable", async () => {
    const backend = open()
    const [v, other] = backend.scope(() => [
      backend.variable(backend.tensor(f32(1), [1])),
      backend.variable(backend.tensor(f32(100), [1])),
    ])
    const both = backend.jit("both", (ops, { a, b }: { a: typeof v; b: typeof v }) => {
      ops.assignVariable(a, ops.add(ops.readVariable(a), ops.scalar(1)))
      ops.assignVariable(b, ops.mul(ops.readVariable(b), ops.scalar(10)))
      return ops.readVariable(a)
    })
    const results = [both({ a: v, b: v }), both({ a: v, b: other }), both({ a: v, b: v })]
    expect(await Promise.all(results.map(async (each) => (await values(backend, each))[0]))).toEqual([
      20, 21, 220,
    ])
    backend.free(...results, v, other)
  })

  it("adamW makes torch's steps", async () => {
    const backend = open()
    // torch.optim.AdamW([1, -2], lr=0.1, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01), gradients (0.5, -1)
    // then (0.25, 2), worked out in float64 by the update's formula.
    const expected = adamReference(
      [1, -2],
      [
        [0.5, -1],
        [0.25, 2],
      ],
    )
    const [w, m, s] = backend.scope(() => [
      backend.variable(backend.tensor(f32(1, -2), [2])),
      backend.variable(backend.tensor(f32(0, 0), [2])),
      backend.variable(backend.tensor(f32(0, 0), [2])),
    ])
    const options = { learningRate: 0.1, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 }
    for (const [i, gradient] of [f32(0.5, -1), f32(0.25, 2)].entries()) {
      backend.scope(() => {
        backend.ops.adamW(w, m, s, backend.tensor(gradient, [2]), backend.adamW(options, i + 1))
      })
      const weight = backend.ops.readVariable(w)
      const got = await values(backend, weight)
      got.forEach((value, k) => expect(value).toBeCloseTo(expected[i]![k]!, 5))
      backend.free(weight)
    }
    // By hand for step 1: m̂/√v̂ = ±1, so 1·(1 − 0.001) − 0.1 and −2·(1 − 0.001) + 0.1.
    expect(expected[0]![0]).toBeCloseTo(0.899, 7)
    expect(expected[0]![1]).toBeCloseTo(-1.898, 7)
    backend.free(w, m, s)
  })

  it("a recorded function serves other sizes, nests, and returns its arguments as new tensors", async () => {
    const backend = open()
    const before = backend.tensorCount()
    const inner = backend.jit("inner", (ops, x: Tensor) => ops.mul(x, ops.scalar(2)))
    const outer = backend.jit("outer", (ops, { x, on }: { x: Tensor; on: boolean }) => ({
      x,
      twice: [x, x],
      y: on ? ops.add(inner(x), ops.scalar(1)) : null,
      note: "kept",
    }))
    for (const data of [f32(1), f32(1, 2, 3)]) {
      const x = backend.tensor(data, [data.length])
      const result = outer({ x, on: true })
      expect(result.note).toBe("kept")
      expect(result.x).not.toBe(x)
      backend.free(x)
      expect(await values(backend, result.x)).toEqual(Array.from(data))
      expect(await values(backend, result.twice[1]!)).toEqual(Array.from(data))
      expect(await values(backend, result.y!)).toEqual(Array.from(data, (value) => value * 2 + 1))
      backend.free(result.x, ...result.twice, result.y!)
    }
    const x = backend.tensor(f32(1), [1])
    const off = backend.scope(() => outer({ x, on: false }).y)
    expect(off).toBe(null)
    backend.free(x)
    expect(backend.tensorCount()).toBe(before)
  })

  it("a wrong shape is an error that names operation, place and shapes", () => {
    const backend = open()
    const { ops } = backend
    backend.scope(() => {
      const a = backend.tensor(f32(1, 2), [1, 2])
      const b = backend.tensor(f32(1, 2, 3), [3, 1])
      const message = messageOf(() =>
        ops.label("block 3", () => ops.label("attention", () => ops.matMul(a, b))),
      )
      expect(message).toMatch(/[mM]atMul failed/)
      expect(message).toContain("Place:   block 3 / attention")
      expect(message).toContain("Inputs:  float32 [1, 2], float32 [3, 1]")
    })
  })

  it("an index or a label outside the range is an error, not a stray value", () => {
    const backend = open()
    const { ops } = backend
    backend.scope(() => {
      const x = backend.tensor(f32(1, 2, 3, 4), [2, 2])
      const index = backend.tensor(i32(2), [1])
      expect(messageOf(() => ops.gather(x, index))).toMatch(/2 .*(\[0, 2\))/s)
      expect(messageOf(() => ops.crossEntropy(x, backend.tensor(i32(0, 2), [2])))).toMatch(/2 .*(\[0, 2\))/s)
    })
  })

  it("values that do not fill the shape are refused", () => {
    const backend = open()
    expect(() => backend.tensor(f32(1, 2, 3), [2, 2])).toThrow(/2.*2/)
  })
}

export const messageOf = (f: () => unknown): string => {
  try {
    f()
  } catch (cause) {
    return (cause as Error).message
  }
  throw new Error("It did not throw.")
}

/** AdamW in float64, straight from its definition. */
const adamReference = (
  start: ReadonlyArray<number>,
  gradients: ReadonlyArray<ReadonlyArray<number>>,
): ReadonlyArray<ReadonlyArray<number>> => {
  let w = [...start]
  const m = w.map(() => 0)
  const v = w.map(() => 0)
  return gradients.map((gradient, step) => {
    const t = step + 1
    w = w.map((weight, i) => {
      m[i] = 0.9 * m[i]! + 0.1 * gradient[i]!
      v[i] = 0.999 * v[i]! + 0.001 * gradient[i]! ** 2
      const update = m[i] / (1 - 0.9 ** t) / (Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8)
      return weight * (1 - 0.1 * 0.01) - 0.1 * update
    })
    return w
  })
}
