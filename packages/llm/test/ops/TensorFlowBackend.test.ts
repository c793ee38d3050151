/** What only the native backend does: recordings, named failures, bfloat16, named kernels. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import * as Backend from "../../src/ops/Backend.ts"
import type * as Ops from "../../src/ops/Ops.ts"
import { f32, i32 } from "./cases.ts"
import { messageOf, values } from "./contract.ts"

describe("the native backend", () => {
  const scope = Scope.makeUnsafe()
  let backend: Ops.Backend
  beforeAll(async () => {
    backend = await Effect.runPromise(Scope.provide(Backend.open({ threads: 2, device: "cpu" }), scope))
  })
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  it("records a function once for all sizes, and again for another structure, rank, dtype or number", () => {
    const seen: Array<ReadonlyArray<number>> = []
    const add = backend.jit("add", (ops, { x, times }: { x: Ops.Tensor; times: number; more?: null }) => {
      seen.push(x.shape)
      return ops.addN(Array.from({ length: times }, () => x))
    })
    backend.scope(() => {
      const vector = (n: number) => backend.tensor(new Float32Array(n), [n])
      add({ x: vector(1), times: 2 })
      add({ x: vector(5), times: 2 })
      expect(seen).toEqual([[-1]])
      add({ x: vector(5), times: 3 })
      expect(seen.length).toBe(2)
      add({ x: backend.tensor(new Float32Array(4), [2, 2]), times: 2 })
      expect(seen.at(-1)).toEqual([-1, -1])
      add({ x: backend.tensor(i32(1), [1]), times: 2 })
      expect(seen.length).toBe(4)
      add({ x: vector(1), times: 2, more: null })
      expect(seen.length).toBe(5)
    })
  })

  it("knows shapes that follow inside a recording, -1 where they depend on the arguments", () => {
    const shapes: Array<ReadonlyArray<number>> = []
    const variable = backend.scope(() => backend.variable(backend.tensor(f32(1, 2, 3, 4), [2, 2])))
    const f = backend.jit("shapes", (ops, args: { x: Ops.Tensor; v: Ops.Variable }) => {
      const heads = ops.reshape(args.x, [-1, 3, 4])
      shapes.push(heads.shape, ops.sum(heads, [1]).shape, ops.readVariable(args.v).shape, args.v.shape)
      return heads
    })
    backend.scope(() => {
      const x = backend.tensor(new Float32Array(24), [2, 12])
      expect(f({ x, v: variable }).shape).toEqual([2, 3, 4])
    })
    expect(shapes).toEqual([
      [-1, 3, 4],
      [-1, 4],
      [-1, -1],
      [-1, -1],
    ])
    backend.free(variable)
  })

  it("names the operation and the place when a recorded function fails, and runs on afterwards", async () => {
    const look = backend.jit("look up", (ops, { x, at }: { x: Ops.Tensor; at: Ops.Tensor }) =>
      ops.label("layer 2", () => ops.label("embedding", () => ops.gather(x, at))),
    )
    const x = backend.tensor(f32(1, 2, 3), [3])
    const bad = backend.tensor(i32(99), [1])
    const good = backend.tensor(i32(2), [1])
    expect(messageOf(() => backend.ops.label("training", () => look({ x, at: bad })))).toBe(
      [
        "The operation GatherV2 failed.",
        "  Place:   training / look up / layer_2 / embedding",
        "  Reason:  indices[0] = 99 is not in [0, 3)",
      ].join("\n"),
    )
    const found = look({ x, at: good })
    expect(await values(backend, found)).toEqual([3])
    backend.free(x, bad, good, found)
  })

  it("names the place when recording itself fails, and can record again", () => {
    let transposed = false
    const product = backend.jit("product", (ops, args: { a: Ops.Tensor; b: Ops.Tensor }) => {
      const a = ops.reshape(args.a, [2, 3])
      return ops.label("head", () => ops.matMul(a, ops.reshape(args.b, [2, 3]), false, transposed))
    })
    backend.scope(() => {
      const x = backend.tensor(new Float32Array(6), [6])
      const message = messageOf(() => product({ a: x, b: x }))
      expect(message).toContain("Place:   product / head")
      expect(message).toContain("Dimensions must be equal, but are 3 and 2")
      transposed = true
      expect(product({ a: x, b: x }).shape).toEqual([2, 2])
    })
  })

  it("refuses what a recording cannot hold", () => {
    backend.scope(() => {
      const x = backend.tensor(f32(1), [1])
      const variable = backend.variable(x)
      const run = (f: (ops: Ops.Ops, y: Ops.Tensor) => unknown) => () => backend.jit("outer", f)(x)
      expect(run((ops, y) => ops.add(y, x))).toThrow(
        "AddV2 in outer: a tensor from outside the recorded function. Pass it among the arguments.",
      )
      expect(run((ops) => ops.readVariable(variable))).toThrow(
        "a variable from outside the recorded function",
      )
      expect(run((_, y) => backend.ops.neg(y))).toThrow(
        "a tensor of a recording was used after it ended, or by the eager operations",
      )
      expect(run((_, y) => new Map([["y", y]]))).toThrow(
        "arrays and plain objects of tensors, but was given a Map",
      )
      expect(() => backend.jit("f", () => null)({ data: f32(1) })).toThrow("was given a Float32Array")
      expect(() => backend.jit("f", () => null)([() => 1])).toThrow("not functions")
      let kept: Ops.Tensor | undefined
      backend.jit("leak", (_, y: Ops.Tensor) => void (kept = y))(x)
      expect(() => backend.ops.neg(kept!)).toThrow("was used after it ended")
      backend.free(variable)
    })
  })

  it("multiplies bfloat16 with whichever kernel this CPU may run, and reads it as float32", async () => {
    const { ops } = backend
    const result = backend.scope(() => {
      const half = (data: Float32Array, shape: ReadonlyArray<number>) =>
        ops.cast(backend.tensor(data, shape), "bfloat16")
      const product = ops.matMul(half(f32(1, 2, 3, 4), [2, 2]), half(f32(5, 6, 7, 8), [2, 2]), false, true)
      return { product, rounded: half(f32(1.0001, 257), [2]) }
    })
    expect(result.product.dtype).toBe("bfloat16")
    expect(await values(backend, result.product)).toEqual([17, 23, 39, 53])
    expect(await values(backend, result.rounded)).toEqual([1, 256]) // 8 bits of mantissa, ties to even
    backend.free(result.product, result.rounded)
  })

  it("differs between kernels by rounding alone", async () => {
    const other = await Effect.runPromise(
      Scope.provide(Backend.open({ threads: 2, device: "cpu", kernel: "eigen" }), scope),
    )
    const data = Float32Array.from({ length: 64 * 1536 }, (_, i) => Math.fround(Math.sin(i)))
    const products = await Promise.all(
      [backend, other].map(async (each) => {
        const product = each.scope(() => {
          const x = each.tensor(data, [64, 1536])
          return each.ops.matMul(x, x, false, true)
        })
        const read = await values(each, product)
        each.free(product)
        return read
      }),
    )
    const differences = products[0]!.map((value, i) => Math.abs(value - products[1]![i]!))
    expect(Math.max(...differences)).toBeLessThan(1e-3) // sums of 1,536 products of size about 1/2
  })

  it("states the settings that Numeric states, and frees all when it closes", async () => {
    expect(backend.settings).toMatchObject({ backend: "tensorflow", libraryVersion: "2.21.0", threads: 2 })
    const inner = Scope.makeUnsafe()
    const short = await Effect.runPromise(Scope.provide(Backend.open({ threads: 2, device: "cpu" }), inner))
    const x = short.tensor(f32(1), [1])
    const one = short.ops.scalar(1)
    const f = short.jit("f", (ops, y: Ops.Tensor) => ops.add(y, ops.scalar(1)))
    expect(await values(short, f(x))).toEqual([2])
    await Effect.runPromise(Scope.close(inner, Exit.void))
    expect(() => f(x)).toThrow("The operation sluice_f")
    expect(() => short.ops.add(x, one)).toThrow("input 2 of 2 was already freed")
    short.free(x)
  })
})
