import { describe, expect, it } from "vitest"
import * as DecodingPass from "../src/DecodingPass.ts"
import type { WeightSource } from "../src/formats/WeightSource.ts"
import * as Llama from "../src/Llama.ts"
import { fromHuggingFace, ModelUnsupported, parameterCount } from "../src/LlamaConfig.ts"
import type { Backend } from "../src/ops/Ops.ts"
import * as BatchPlan from "../src/plan/BatchPlan.ts"
import { promptRow } from "../src/plan/Stream.ts"
import { backends, floats, largestDifference, useBackend } from "./support/backend.ts"
import { readJson, source, variants, variantSource } from "./support/tinyLlama.ts"

/** Logits after the last token of a prompt, in the order of the vocabulary. */
const lastLogits = async (backend: Backend, weights: WeightSource, ids: ReadonlyArray<number>) => {
  const model = Llama.load(backend, weights)
  const pass = DecodingPass.make(backend, model, null, model.config.vocabulary)
  const plan = BatchPlan.make([promptRow(ids)], model.config, { maxGroups: 1 })
  const { best } = backend.scope(() => ({ best: pass.prefill(plan).best }))
  const values = await floats(backend, best.values)
  const indices = await floats(backend, best.indices)
  const logits = new Float32Array(values.length)
  values.forEach((value, i) => (logits[indices[i]!] = value))
  backend.free(best.values, best.indices)
  model.free()
  return logits
}

describe.each(backends)("Llama on %s", (_, options) => {
  const backend = useBackend(options)
  const reference = readJson<{
    readonly prompts: ReadonlyArray<{
      readonly ids: ReadonlyArray<number>
      readonly lastLogits: ReadonlyArray<number>
    }>
  }>("forward.json")

  it("gives transformers' logits for prompts of 20, 1 and 18 tokens", async () => {
    for (const { ids, lastLogits: expected } of reference.prompts) {
      expect(largestDifference(await lastLogits(backend(), source(), ids), expected)).toBeLessThan(2e-5)
    }
  })

  it.each(["llama3", "qwen2", "qwen3", "mistral"])(
    "gives transformers' logits for a tiny %s",
    async (name) => {
      const variant = variants()[name]!
      const found = await lastLogits(backend(), variantSource(variant), variant.ids)
      expect(largestDifference(found, variant.lastLogits)).toBeLessThan(2e-5)
    },
  )
})

describe("Llama in bfloat16", () => {
  const backend = useBackend({ backend: "tensorflow", threads: 2 })

  it("stays near the float32 logits, with matrices in half the memory", async () => {
    const ids = [3, 4, 5, 6, 7, 8, 90, 91]
    const model = Llama.load(backend(), source(), { precision: "bfloat16" })
    expect(model.weights.embedding.dtype).toBe("bfloat16")
    expect(model.weights.norm.dtype).toBe("float32")
    const pass = DecodingPass.make(backend(), model, null, 256)
    const { best } = pass.prefill(BatchPlan.make([promptRow(ids)], model.config, { maxGroups: 1 }))
    const logits = new Float32Array(256)
    const values = await floats(backend(), best.values)
    const indices = await floats(backend(), best.indices)
    values.forEach((value, i) => (logits[indices[i]!] = value))
    const exact = await lastLogits(backend(), source(), ids)
    const difference = largestDifference(logits, exact)
    expect(difference).toBeGreaterThan(0)
    expect(difference).toBeLessThan(0.15)
  })
})

describe("LlamaConfig", () => {
  const config = readJson<Record<string, unknown>>("config.json")

  it("counts the parameters of SmolLM2-135M", () => {
    const smolLM2 = {
      model_type: "llama",
      hidden_size: 576,
      num_hidden_layers: 30,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      intermediate_size: 1536,
      vocab_size: 49_152,
      tie_word_embeddings: true,
      rope_theta: 100_000,
    }
    expect(parameterCount(fromHuggingFace(smolLM2, "config.json"))).toBe(134_515_008)
  })

  it("names everything that it would compute wrongly, at once", () => {
    const wrong = {
      ...config,
      model_type: "gemma2",
      hidden_act: "gelu",
      num_key_value_heads: 3,
      sliding_window: 64,
      rope_parameters: { rope_type: "yarn", factor: 4 },
      intermediate_size: "112",
    }
    expect(() => fromHuggingFace(wrong, "/models/x")).toThrow(ModelUnsupported)
    expect(() => fromHuggingFace(wrong, "/models/x")).toThrow(
      [
        "This model's configuration is not supported.",
        "  File:                 /models/x",
        '  model_type:           is "gemma2", not one of llama, mistral, qwen2, qwen3',
        '  hidden_act:           is "gelu", not "silu"',
        "  num_key_value_heads:  is 3, which does not divide 4 heads",
        "  sliding_window:       is 64, shorter than the context of 128",
        '  intermediate_size:    is "112", not a positive number',
        '  rope_type:            is "yarn", not default, linear or llama3',
        "Models of the Llama, Mistral, Qwen 2 and Qwen 3 architectures work.",
      ].join("\n"),
    )
  })
})
