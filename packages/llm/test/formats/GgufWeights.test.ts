import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { beforeAll, describe, expect, it } from "vitest"
import * as Gguf from "../../src/formats/Gguf.ts"
import * as GgufWeights from "../../src/formats/GgufWeights.ts"
import { fixture, fixtureJson, smolLM2 } from "../support/smollm2.ts"

describe("a real model", () => {
  let file: string
  beforeAll(async () => {
    file = await smolLM2()
  }, 600_000)

  it("gives the settings and all 272 weights as transformers loads them from the same file, bit for bit", () => {
    const expected = fixtureJson<{
      config: Record<string, unknown>
      weights: Record<string, [shape: Array<number>, digest: string]>
    }>("smollm2/weights.json")
    const gguf = Gguf.openSync(file)
    const source = GgufWeights.fromGguf(gguf)
    expect(source.config).toMatchObject(expected.config)
    const found: typeof expected.weights = {}
    for (const name of source.names) {
      const { shape, data } = source.tensor(name)
      const digest = createHash("sha256").update(new Uint8Array(data.buffer)).digest("hex")
      found[name] = [[...shape], digest.slice(0, 16)]
    }
    gguf.close()
    expect(Object.keys(found)).toHaveLength(272)
    expect(found).toEqual(expected.weights)
  })
})

describe("names and order", () => {
  it("puts the rows of each head back from neighbours to halves", () => {
    // Two heads of four rows, one column: the file has rows 0 2 1 3 of each.
    const stored = Float32Array.of(0, 2, 1, 3, 10, 12, 11, 13)
    expect([...GgufWeights.unpermute(stored, [8, 1], 2)]).toEqual([0, 1, 2, 3, 10, 11, 12, 13])
  })

  it("knows the names of all tensors of a block", () => {
    expect(GgufWeights.huggingFaceName("blk.12.attn_output.weight")).toBe(
      "model.layers.12.self_attn.o_proj.weight",
    )
    expect(GgufWeights.huggingFaceName("blk.0.attn_q.bias")).toBe("model.layers.0.self_attn.q_proj.bias")
    expect(GgufWeights.huggingFaceName("blk.0.ffn_gate_exps.weight")).toBeUndefined()
  })

  it("refuses a file whose tensors belong to no such model, naming them", () => {
    const gguf = Gguf.fromBytes(fs.readFileSync(fixture("gguf/tiny.gguf")), "tiny.gguf")
    expect(() => GgufWeights.fromGguf(gguf)).toThrow(/no llama model has[^]*3: vector, half, eight/)
  })
})
