import { describe, expect, it } from "vitest"
import * as State from "../../src/train/state.ts"

describe("a packed training state", () => {
  it("comes out of a small file's bytes, which stand somewhere in a pool, as it went in", () => {
    const parts = new Map([
      ["a", Float32Array.of(1, 2.5, -0)],
      ["b", Float32Array.of(1e-38)],
    ])
    const { bytes, index } = State.pack(parts)
    const pool = Buffer.concat([Buffer.from("other"), bytes])
    expect(State.unpack(index, pool.subarray(5))).toEqual(parts)
  })

  it("is refused when it is not as long as its index says", () => {
    expect(() => State.unpack([["a", 2]], new Uint8Array(4))).toThrow(
      new RangeError("The saved state has 4 bytes; its index asks for 8."),
    )
  })
})
