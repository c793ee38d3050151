import { describe, expect, it } from "vitest"
import { batchAt, batches } from "../src/train/order.ts"
import * as Outlook from "../src/train/Outlook.ts"
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

describe("a training of more epochs than anyone will wait for", () => {
  const rows = Array.from({ length: 10 }, (_, at) => ({
    ids: Array.from({ length: at + 1 }, () => 1),
    labels: [],
  }))
  const options = { seed: "s", batchRows: 4 }
  const order = batchAt(10, options)
  const batchOf = (step: number) => order(step).map((at) => rows[at]!)

  it("draws an epoch's order when it is reached, the same in any order of asking", () => {
    const all = batches(10, { ...options, epochs: 3 })
    for (const step of [9, 1, 5, 4, 2]) expect(order(step)).toEqual(all[step - 1])
    expect(order(3e9).length).toBe(2)
  })

  it("counts tokens and looks without going through it", () => {
    const length = (total: number) => ({ epochSteps: 3, total })
    for (const [first, total] of [
      [1, 9],
      [2, 8],
      [5, 5],
      [8, 7],
      [4, 10],
    ] as const) {
      const steps = Array.from({ length: total - first + 1 }, (_, at) => first + at)
      const tokens = steps.reduce((sum, step) => sum + Outlook.tokensOf(batchOf(step)), 0)
      expect(Outlook.tokensFrom(first, length(total), rows, batchOf)).toBe(tokens)
      for (const every of [null, 1, 2, 4]) {
        const heldOut = { every, patience: null, minImprovement: 0, keep: "best" } as const
        const looks = steps.filter((step) => step % (every ?? 3) === 0 || step === total)
        expect(Outlook.looksFrom(first, heldOut, length(total))).toBe(looks.length)
      }
    }
    expect(Outlook.tokensFrom(1, length(3e9), rows, batchOf)).toBe(55e9)
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
