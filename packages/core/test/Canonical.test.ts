import { describe, expect, it } from "vitest"
import * as Canonical from "../src/Canonical.ts"
import * as CodeTag from "../src/CodeTag.ts"
import * as Errors from "../src/Errors.ts"

const identity = (digest: string, values: ReadonlyArray<CodeTag.CodeValue> = []): CodeTag.CodeIdentity => ({
  digest,
  parts: [],
  packages: [],
  values,
  env: [],
  notes: [],
  refusals: [],
})

const tagged = <F extends object>(value: F, make: () => CodeTag.CodeIdentity): F =>
  CodeTag.tag(value, { id: "test.ts:1", identity: make })

const captured = (name: string, read: () => unknown): CodeTag.CodeValue => ({
  name,
  file: "a.ts",
  line: 3,
  read,
})

const problem = (value: unknown): string => {
  try {
    Canonical.encode(value)
  } catch (error) {
    if (error instanceof Errors.CanonicalError) return `${error.path}: ${error.what}`
    throw error
  }
  return "none"
}

describe("Canonical", () => {
  it.each<[string, unknown, string]>([
    ["null", null, "null"],
    ["undefined", undefined, "undefined"],
    ["a boolean", true, "true"],
    ["a string", 'a"\n\ud800', String.raw`"a\"\n\ud800"`],
    ["a number", 0.1, "0.1"],
    ["a large number", 1e21, "1e+21"],
    ["minus zero", -0, "-0"],
    ["not a number", Number.NaN, "NaN"],
    ["infinity", Number.NEGATIVE_INFINITY, "-Infinity"],
    ["a bigint", 12n, "12n"],
    ["a date", new Date(0), "Date(1970-01-01T00:00:00.000Z)"],
    ["an invalid date", new Date(Number.NaN), "Date(NaN)"],
    ["a regular expression", /a"b/giu, String.raw`RegExp("a\"b","giu",0)`],
    ["a record", { b: 1, a: { d: undefined, c: [] } }, '{"a":{"c":[],"d":undefined},"b":1}'],
    ["a record without a prototype", Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    ["an array with a hole", [1, , 3], "[1,hole,3]"], // oxlint-disable-line no-sparse-arrays
    ["an array with a property", Object.assign([1], { raw: 2 }), 'Array([1],{"raw":2})'],
    [
      "a Map",
      new Map<unknown, unknown>([
        ["b", 1],
        [{ a: 1 }, 2],
      ]),
      'Map[["b",1],[{"a":1},2]]',
    ],
    ["a Set", new Set(["b", "a"]), 'Set["b","a"]'],
    ["a typed array", new Float32Array([1]), "Float32Array(AACAPw==)"],
    ["a view on part of a buffer", new Uint8Array([1, 2, 3]).subarray(1), "Uint8Array(AgM=)"],
    ["a Buffer", Buffer.from([1]), "Buffer(AQ==)"],
    ["an ArrayBuffer", new Uint8Array([1]).buffer, "ArrayBuffer(AQ==)"],
    ["a URL", new URL("file:///a b"), 'URL("file:///a%20b")'],
  ])("writes %s", (_, value, text) => {
    expect(Canonical.encode(value)).toBe(text)
  })

  it("gives values of different types different forms", () => {
    const values = [
      "1",
      1,
      1n,
      [1],
      { 0: 1 },
      new Set([1]),
      new Map([[0, 1]]),
      new Uint8Array([1]),
      new Int8Array([1]),
      Buffer.from([1]),
      null,
      undefined,
      "null",
      "undefined",
      "NaN",
      Number.NaN,
      0,
      -0,
      "",
      [],
      {},
      [undefined],
      Object.assign([], { 1: undefined }),
      new Date(1),
      1.5,
      "Date(1970-01-01T00:00:00.001Z)",
      true,
      "true",
    ]
    const forms = values.map((value) => Canonical.encode(value))
    expect(new Set(forms).size).toBe(values.length)
  })

  it.each<[string, unknown, string]>([
    ["a Map with a property", Object.assign(new Map(), { least: 1 }), 'With(Map[],{"least":1})'],
    ["a Set with a property", Object.assign(new Set([2]), { least: 1 }), 'With(Set[2],{"least":1})'],
    [
      "a date with a property",
      Object.assign(new Date(0), { zone: "UTC" }),
      'With(Date(1970-01-01T00:00:00.000Z),{"zone":"UTC"})',
    ],
    [
      "a regular expression with a property",
      Object.assign(/a/, { least: 1 }),
      'With(RegExp("a","",0),{"least":1})',
    ],
    [
      "a function with a property",
      Object.assign(
        tagged(
          () => 0,
          () => identity("d"),
        ),
        { least: 1 },
      ),
      'With(Function(d,[],{}),{"least":1})',
    ],
    [
      "a class with a static field",
      tagged(
        class {
          static least = 1
          most = 2
        },
        () => identity("d"),
      ),
      "Function(d,[],{})",
    ],
    ["a hidden property", Object.defineProperty({ a: 1 }, "least", { value: 2 }), '{"a":1;"least":2}'],
  ])("writes %s where captured", (_, value, text) => {
    expect(Canonical.encode(value, { keyOrder: "kept" })).toBe(text)
  })

  it.each<[string, unknown, string]>([
    ["a Proxy", new Proxy({}, {}), ": a Proxy"],
    ["a Proxy of a function", new Proxy(() => 0, {}), ": a Proxy"],
    ["an instance of a class over Array", new (class List extends Array {})(), ": an instance of List"],
    ["an instance of a class over Date", new (class Day extends Date {})(), ": an instance of Day"],
  ])("refuses %s", (_, value, text) => {
    expect(problem(value)).toBe(text)
  })

  it("sorts the keys of records, and keeps them where order counts", () => {
    const one = { b: 1, a: { d: 1, c: 2 } }
    const other = { a: { c: 2, d: 1 }, b: 1 }
    expect(Canonical.encode(one)).toBe(Canonical.encode(other))
    expect(Canonical.encode(one, { keyOrder: "kept" })).toBe('{"b":1,"a":{"d":1,"c":2}}')
    expect(Canonical.encode(other, { keyOrder: "kept" })).not.toBe(
      Canonical.encode(one, { keyOrder: "kept" }),
    )
  })

  it("writes plain JSON data as JSON", () => {
    const value = { text: "ü\u2028", list: [1, -2.5e-7, true, null], record: {} }
    expect(JSON.parse(Canonical.encode(value))).toEqual(value)
  })

  it("pins digests: a change here loses every user's cache", () => {
    expect(Canonical.digest("action", { step: "clean", config: { min: 3 } })).toBe(
      "ed71b70bb6042253d6af2e3bedcaa9222c3db0e4894c986c1601c88689ad7c29",
    )
    expect(
      Canonical.digest("action", [
        new Map([["a", new Set([1n, "b", undefined])]]),
        -0,
        /x/g,
        new Date(5),
        new Int32Array([7]),
      ]),
    ).toBe("7186fcf7ba8875c9fd0ceed768d49b38c3f81b618952695f65effc75b13071d0")
    expect(Canonical.digest("a", 1)).not.toBe(Canonical.digest("b", 1))
  })

  it("writes a cycle by how far up it leads", () => {
    const value: Record<string, unknown> = { a: [] }
    ;(value["a"] as Array<unknown>).push(value, value["a"])
    expect(Canonical.encode(value)).toBe('{"a":[Up(2),Up(1)]}')
    const shared = { x: 1 }
    expect(Canonical.encode([shared, shared])).toBe('[{"x":1},{"x":1}]')
  })

  it("writes a function as its code identity with the values that it captured", () => {
    const limits = { max: 3, min: 1 }
    const inner = tagged(
      () => 1,
      () => identity("inner"),
    )
    const outer = tagged(
      () => 2,
      () => identity("outer", [captured("limits", () => limits), captured("inner", () => inner)]),
    )
    expect(Canonical.encode({ keep: outer })).toBe(
      '{"keep":Function(outer,[],{"limits":{"max":3,"min":1},"inner":Function(inner,[],{})})}',
    )
  })

  it("writes functions that capture each other", () => {
    const one: () => number = tagged(
      () => 1,
      () => identity("one", [captured("two", () => two)]),
    )
    const two: () => number = tagged(
      () => 2,
      () => identity("two", [captured("one", () => one)]),
    )
    expect(Canonical.encode(one)).toBe('Function(one,[],{"two":Function(two,[],{"one":Up(2)})})')
  })

  it("writes an instance through its own codec", () => {
    class Money {
      readonly amount: number
      constructor(amount: number) {
        this.amount = amount
      }
      [Canonical.codec]() {
        return { amount: this.amount }
      }
    }
    expect(Canonical.encode(new Money(3))).toBe('Instance("Money",{"amount":3})')
  })

  it("refuses what has no canonical form, by its path", () => {
    class Socket {
      readonly open = true
    }
    const getter = {
      get x() {
        return 1
      },
    }
    expect(problem({ a: [1, { b: Symbol("s") }] })).toBe("a[1].b: Symbol(s)")
    expect(problem(new Map([["k", Promise.resolve()]]))).toBe('.get("k"): a promise')
    expect(problem({ socket: new Socket() })).toBe("socket: an instance of Socket")
    expect(problem({ getter })).toBe("getter.x: a getter")
    expect(problem({ weak: new WeakMap() })).toBe("weak: an instance of WeakMap")
    expect(problem({ error: new Error("x") })).toBe("error: an instance of Error")
    expect(problem({ [Symbol.for("k")]: 1 })).toBe(": a property named by Symbol(k)")
    expect(problem({ map: new (class extends Map {})() })).toMatch(/^map: an instance of /)
    expect(problem({ keep: () => true })).toBe("keep: function keep without a code identity")
  })

  it("refuses a captured value by the function's path and the place of the binding", () => {
    const keep = tagged(
      () => true,
      () => identity("keep", [captured("socket", () => ({ s: Symbol("s") }))]),
    )
    expect(problem({ keep })).toBe("keep(socket in a.ts:3).s: Symbol(s)")
  })

  it("refuses a function whose code was refused", () => {
    const refusals = [{ file: "a.ts", line: 1, column: 2, what: "computed import", fix: "" }]
    const keep = tagged(
      () => true,
      () => ({ ...identity("keep"), refusals }),
    )
    expect(problem([keep])).toBe("[0]: a function: computed import (a.ts:1:2)")
  })
})
