import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { FormatError } from "../../src/formats/FormatError.ts"
import * as Safetensors from "../../src/formats/Safetensors.ts"
import { fixture } from "../support/smollm2.ts"

const failure = (f: () => unknown): string => {
  try {
    f()
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError)
    return (error as FormatError).message
  }
  throw new Error("nothing was thrown")
}

const file = (header: unknown, data: Uint8Array = new Uint8Array()): Buffer => {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, data])
}

let folder: string
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-safetensors-"))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

describe("reading", () => {
  it("gives float16, bfloat16, float32 and float64 as float32", () => {
    const data = new Uint8Array(2 + 2 + 4 + 8)
    const view = new DataView(data.buffer)
    view.setUint16(0, 0xc100, true) // -2.5
    view.setUint16(2, 0x3fc0, true) // 1.5
    view.setFloat32(4, 0.1, true)
    view.setFloat64(8, 1 / 3, true)
    const stored = Safetensors.fromBytes(
      file(
        {
          __metadata__: { format: "pt" },
          half: { dtype: "F16", shape: [1], data_offsets: [0, 2] },
          brain: { dtype: "BF16", shape: [], data_offsets: [2, 4] },
          single: { dtype: "F32", shape: [1, 1], data_offsets: [4, 8] },
          double: { dtype: "F64", shape: [1], data_offsets: [8, 16] },
        },
        data,
      ),
    )
    expect(stored.metadata).toEqual({ format: "pt" })
    expect(["half", "brain", "single", "double"].map((name) => stored.values(name)[0])).toEqual([
      -2.5,
      1.5,
      Math.fround(0.1),
      Math.fround(1 / 3),
    ])
    expect(stored.tensors.get("brain")).toEqual({ name: "brain", dtype: "BF16", shape: [] })
  })

  it("follows an index to its shards", () => {
    const one = Safetensors.encode(new Map([["a", { shape: [2], data: Float32Array.of(1, 2) }]]))
    const two = Safetensors.encode(new Map([["b", { shape: [1, 2], data: Float32Array.of(3, 4) }]]))
    fs.writeFileSync(path.join(folder, "m-1.safetensors"), one)
    fs.writeFileSync(path.join(folder, "m-2.safetensors"), two)
    const index = path.join(folder, "model.safetensors.index.json")
    fs.writeFileSync(index, JSON.stringify({ weight_map: { a: "m-1.safetensors", b: "m-2.safetensors" } }))
    const stored = Safetensors.openSync(index)
    expect([...stored.values("a"), ...stored.values("b")]).toEqual([1, 2, 3, 4])
    expect(stored.tensors.get("b")!.shape).toEqual([1, 2])
    stored.close()
    const wrong = { a: "m-1.safetensors", b: "m-1.safetensors", c: "m-2.safetensors" }
    fs.writeFileSync(index, JSON.stringify({ weight_map: wrong }))
    const message = failure(() => Safetensors.openSync(index))
    expect(message).toContain("  b:     not in m-1.safetensors")
    expect(message).toContain("  c:     not in m-2.safetensors")
  })

  it("refuses a file that is cut off, by the first tensor that is not whole", () => {
    const whole = fs.readFileSync(fixture("tinyLlama/model.safetensors"))
    const message = failure(() =>
      Safetensors.fromBytes(whole.subarray(0, whole.length - 1), "cut.safetensors"),
    )
    expect(message).toContain("  File:              cut.safetensors")
    expect(message).toContain(`  Needed:            ${whole.length} bytes`)
    expect(message).toContain("  Tensors cut:       1 of 21")
    expect(failure(() => Safetensors.fromBytes(whole.subarray(0, 500)))).toContain("cut off in its header")
    expect(failure(() => Safetensors.fromBytes(whole.subarray(0, 5)))).toContain("not a safetensors file")
  })

  it("names every tensor whose size or type is wrong", () => {
    const message = failure(() =>
      Safetensors.fromBytes(
        file({
          short: { dtype: "F32", shape: [2, 2], data_offsets: [0, 8] },
          strange: { dtype: "F5", shape: [1], data_offsets: [8, 9] },
        }),
        "bad.safetensors",
      ),
    )
    expect(message).toBe(
      [
        "The safetensors file's table is damaged.",
        "  File:     bad.safetensors",
        "  short:    F32 [2, 2] needs 16 bytes, has 8",
        "  strange:  type F5 is not known",
      ].join("\n"),
    )
  })

  it("refuses other kinds of file, and numbers that are no floats", () => {
    expect(failure(() => Safetensors.fromBytes(Buffer.from("PK\x03\x04aaaaaaaa")))).toContain(
      "PyTorch checkpoint",
    )
    expect(failure(() => Safetensors.fromBytes(file("{broken")))).toContain("header is no JSON")
    const whole = Safetensors.fromBytes(
      file({ n: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, new Uint8Array(8)),
    )
    expect(failure(() => whole.values("n"))).toContain("  Type:        I64")
    expect(failure(() => whole.values("m"))).toContain("The file has no such tensor.")
  })
})

describe("writing", () => {
  it("gives the bytes that the Python library gave for the same tensors", () => {
    for (const name of ["tinyLlama/gradients.safetensors", "tinyLlama/adapters.safetensors"]) {
      const bytes = fs.readFileSync(fixture(name))
      const stored = Safetensors.fromBytes(bytes)
      const tensors = [...stored.tensors.values()].map(
        (tensor) => [tensor.name, { shape: tensor.shape, data: stored.values(tensor.name) }] as const,
      )
      expect(tensors.length).toBeGreaterThan(20)
      const again = Safetensors.encode(new Map(tensors.toReversed()), stored.metadata)
      expect(Buffer.compare(again, bytes)).toBe(0)
    }
  })

  it("keeps every float32, whatever order the tensors come in", () => {
    const odd = Float32Array.of(0, -0, NaN, Infinity, -Infinity, 1e-45, 3.4e38)
    const tensors = new Map([
      ["b", { shape: [7], data: odd }],
      ["a", { shape: [0, 3], data: new Float32Array() }],
    ])
    const bytes = Safetensors.encode(tensors, { z: "1", a: "2" })
    const stored = Safetensors.fromBytes(bytes)
    expect([...stored.values("b")]).toEqual([...odd])
    expect(stored.tensors.get("a")!.shape).toEqual([0, 3])
    expect(stored.metadata).toEqual({ a: "2", z: "1" })
    expect(bytes).toEqual(Safetensors.encode(new Map([...tensors].toReversed()), { a: "2", z: "1" }))
  })
})
