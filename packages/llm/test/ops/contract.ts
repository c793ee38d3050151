/** What every backend must do. */
import { expect, it } from "vitest"
import type { Backend, Tensor } from "../../src/ops/Ops.ts"
import { type Case, cases, f32, i32 } from "./cases.ts"

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
