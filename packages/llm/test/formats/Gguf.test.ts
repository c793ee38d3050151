import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { dequantisers } from "../../src/formats/dequantise.ts"
import { FormatError } from "../../src/formats/FormatError.ts"
import * as Gguf from "../../src/formats/Gguf.ts"
import { ggufTypes } from "../../src/formats/GgufType.ts"
import { fixture, fixtureJson } from "../support/smollm2.ts"

interface Blocks {
  readonly blocks: ReadonlyArray<{
    type: string
    id: number
    blockValues: number
    blockBytes: number
    blocks: number
    bytesAt: number
    valuesAt: number
  }>
  readonly sizes: Record<string, [id: number, values: number, bytes: number]>
}

const tiny = (): Buffer => fs.readFileSync(fixture("gguf/tiny.gguf"))

const failure = (f: () => unknown): string => {
  try {
    f()
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError)
    return (error as FormatError).message
  }
  throw new Error("nothing was thrown")
}

describe("block formats", () => {
  const { blocks, sizes } = fixtureJson<Blocks>("gguf/blocks.json")
  const bytes = fs.readFileSync(fixture("gguf/blocks.bin"))

  it.each(blocks.map((entry) => [entry.type, entry] as const))(
    "%s is expanded to the values of the gguf Python package, bit for bit",
    (type, entry) => {
      const out = new Float32Array(entry.blocks * entry.blockValues)
      dequantisers[type]!(bytes.subarray(entry.bytesAt, entry.bytesAt + entry.blocks * entry.blockBytes), out)
      const expected = new Float32Array(
        bytes.buffer.slice(bytes.byteOffset + entry.valuesAt).slice(0, out.byteLength),
      )
      // A zero times a negative scale is −0 there and here; the bits are compared but for the sign of zero.
      expect([...out].map((value) => value + 0)).toEqual([...expected].map((value) => value + 0))
      expect(out.some((value) => value !== 0)).toBe(true)
    },
  )

  it("the table of types has the sizes of the gguf Python package", () => {
    const ours = Object.fromEntries(
      [...ggufTypes].map(([id, t]) => [t.name, [id, t.blockValues, t.blockBytes]]),
    )
    const common = Object.fromEntries(Object.entries(sizes).filter(([name]) => name in ours))
    expect(ours).toEqual(common)
    expect(Object.keys(dequantisers).every((name) => name in common)).toBe(true)
  })
})

describe("a whole file", () => {
  const values = fixtureJson<{ vector: Array<number>; half: Array<number>; eight: Array<number> }>(
    "gguf/tiny.json",
  )

  it("gives metadata of every kind and tensors in row-major shape", async () => {
    const read = Effect.gen(function* () {
      const gguf = yield* Gguf.open(fixture("gguf/tiny.gguf"))
      return {
        version: gguf.version,
        metadata: Object.fromEntries(gguf.metadata),
        shapes: [...gguf.tensors.values()].map((tensor) => [tensor.name, tensor.type, tensor.shape]),
        vector: gguf.values("vector"),
        half: gguf.values("half"),
        eight: gguf.values("eight"),
      }
    })
    const found = await Effect.runPromise(Effect.scoped(read))
    expect(found.version).toBe(3)
    expect(found.metadata).toEqual({
      "general.architecture": "llama",
      "test.uint8": 200,
      "test.int8": -100,
      "test.uint16": 60000,
      "test.int16": -30000,
      "test.uint32": 4000000000,
      "test.int32": -2000000000,
      "test.uint64": 2n ** 63n + 1n,
      "test.int64": -(2 ** 40),
      "test.float32": Math.fround(0.1),
      "test.float64": 0.1,
      "test.bool": true,
      "test.string": "żółw 🐢",
      "test.strings": ["a", "", "ü"],
      "test.numbers": [1, -2, 3],
    })
    expect(found.shapes).toEqual([
      ["vector", "F32", [7]],
      ["half", "F16", [3, 64]],
      ["eight", "Q8_0", [3, 64]],
    ])
    expect([...found.vector]).toEqual(values.vector)
    expect([...found.half]).toEqual(values.half)
    expect([...found.eight]).toEqual(values.eight)
  })

  it("is read the same from memory", () => {
    expect([...Gguf.fromBytes(tiny()).values("eight")]).toEqual(values.eight)
  })

  it("of another kind is named by what it looks like", () => {
    expect(failure(() => Gguf.fromBytes(Buffer.from("PK\x03\x04 and more of it"), "model.gguf"))).toBe(
      [
        "This is not a GGUF file.",
        "  File:        model.gguf",
        "  Expected:    GGUF (47 47 55 46)",
        "  Found:       50 4b 03 04",
        "  Looks like:  a zip archive, such as a Python wheel: unpack it first",
      ].join("\n"),
    )
    expect(failure(() => Gguf.fromBytes(Buffer.from("version https://git-lfs"), "m"))).toContain(
      "Git LFS pointer",
    )
    expect(failure(() => Gguf.fromBytes(Buffer.from("<!DOCTYPE html><html>"), "m"))).toContain("a web page")
    expect(failure(() => Gguf.fromBytes(new Uint8Array(), "m"))).toContain("an empty file")
  })

  it("that is cut off in a tensor is refused with the first tensor that is not whole", () => {
    const bytes = tiny()
    expect(failure(() => Gguf.fromBytes(bytes.subarray(0, bytes.length - 50), "cut.gguf"))).toBe(
      [
        "The GGUF file is cut off.",
        "  File:              cut.gguf",
        "  Size:              1230 bytes",
        "  Needed:            1260 bytes",
        "  First tensor cut:  eight (bytes 1056 to 1260)",
        "  Tensors cut:       1 of 3",
        "Fetch the file again.",
      ].join("\n"),
    )
  })

  it("that is cut anywhere is refused by its name, and never read as whole", () => {
    const bytes = tiny()
    const whole = 1260
    for (let length = 0; length < whole; length += 7) {
      expect(failure(() => Gguf.fromBytes(bytes.subarray(0, length), "cut.gguf"))).toContain("cut.gguf")
    }
    expect(Gguf.fromBytes(bytes.subarray(0, whole)).tensors.size).toBe(3)
  })

  it("with a tensor of an unknown type is refused by that tensor", () => {
    const bytes = tiny()
    const at = bytes.indexOf("eight") + 5 + 4 + 16
    expect(bytes.readUInt32LE(at)).toBe(8)
    bytes.writeUInt32LE(77, at)
    const message = failure(() => Gguf.fromBytes(bytes, "odd.gguf"))
    expect(message).toContain("  File:        odd.gguf\n  Tensor:      eight\n  Type:        number 77")
    bytes.writeUInt32LE(20, at)
    const known = Gguf.fromBytes(Buffer.concat([bytes, Buffer.alloc(64)]), "odd.gguf")
    expect(failure(() => known.values("eight"))).toContain("  Type:        IQ4_NL")
  })

  it("of another version or byte order is refused by its version", () => {
    const bytes = tiny()
    bytes.writeUInt32LE(1, 4)
    expect(failure(() => Gguf.fromBytes(bytes, "old.gguf"))).toContain("GGUF version 1 is not supported.")
    bytes.writeUInt32BE(3, 4)
    expect(failure(() => Gguf.fromBytes(bytes, "big.gguf"))).toContain("This is a big-endian GGUF file.")
  })

  it("that claims more tensors than it can hold is damaged", () => {
    const bytes = tiny()
    bytes.writeBigUInt64LE(2n ** 60n, 8)
    expect(failure(() => Gguf.fromBytes(bytes, "bad.gguf"))).toContain("damaged")
  })

  it("that is missing, or asked for an unknown tensor, says so", async () => {
    const nowhere = path.join(os.tmpdir(), "no-such-model.gguf")
    const error = await Effect.runPromise(Effect.flip(Effect.scoped(Gguf.open(nowhere))))
    expect(error.message).toContain("The file does not exist.")
    expect(error.message).toContain(nowhere)
    expect(failure(() => Gguf.fromBytes(tiny(), "tiny.gguf").values("nine"))).toContain("  Tensor:   nine")
  })
})
