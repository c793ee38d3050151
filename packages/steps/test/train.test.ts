import { describe, expect, it } from "vitest"
import { batches } from "../src/train/order.ts"
import * as State from "../src/train/state.ts"

describe("order of rows", () => {
  it("takes each row once an epoch, the last batch of an epoch being smaller", () => {
    const order = batches(300, { seed: "s", epochs: 2, batchRows: 8 })
    expect(order).toHaveLength(76)
    expect(order.slice(0, 38).map((batch) => batch.length)).toEqual([
      ...Array.from({ length: 37 }, () => 8),
      4,
    ])
    for (const epoch of [order.slice(0, 38), order.slice(38)]) {
      expect(epoch.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, row) => row))
    }
    expect(order.slice(0, 38)).not.toEqual(order.slice(38))
  })

  it("follows from the seed", () => {
    const options = { seed: "s", epochs: 1, batchRows: 4 }
    expect(batches(10, options)).toEqual(batches(10, options))
    expect(batches(10, options)).not.toEqual(batches(10, { ...options, seed: "t" }))
    expect(batches(10, { ...options, epochs: 3 }).slice(0, 3)).toEqual(batches(10, options))
  })
})

describe("packed state", () => {
  it("comes back bit for bit, NaN and -0 too, from bytes at any address", () => {
    const parts = new Map([
      ["a", Float32Array.of(1.5, -0, Number.NaN)],
      ["none", new Float32Array(0)],
      ["b", Float32Array.of(3e-45)],
    ])
    const { index, bytes } = State.pack(parts)
    const moved = new Uint8Array(bytes.length + 1)
    moved.set(bytes, 1)
    const back = State.unpack(index, moved.subarray(1))
    expect([...back.keys()]).toEqual(["a", "none", "b"])
    for (const [name, values] of parts)
      expect(Buffer.from(back.get(name)!.slice().buffer).equals(Buffer.from(values.buffer))).toBe(true)
  })

  it("is refused when bytes are missing", () => {
    const { index, bytes } = State.pack(new Map([["a", Float32Array.of(1, 2)]]))
    expect(() => State.unpack(index, bytes.subarray(4))).toThrow(
      "The saved state has 4 bytes; its index asks for 8.",
    )
  })
})
