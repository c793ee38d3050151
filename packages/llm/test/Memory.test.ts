import { describe, expect, it } from "vitest"
import * as Block from "../src/Block.ts"
import * as Llama from "../src/Llama.ts"
import * as Lora from "../src/Lora.ts"
import * as Memory from "../src/Memory.ts"
import type { Tensor } from "../src/ops/Ops.ts"
import * as BatchPlan from "../src/plan/BatchPlan.ts"
import { upload } from "../src/plan/PlanTensors.ts"
import { trainingRow } from "../src/plan/Stream.ts"
import { useBackend } from "./support/backend.ts"
import { source, training, variants, variantSource } from "./support/tinyLlama.ts"

const numbersIn = (value: unknown): number => {
  if (value === null || typeof value !== "object") return 0
  if ("dtype" in value) return (value as Tensor).shape.reduce((size, n) => size * n, 1)
  return Object.values(value).reduce<number>((sum, child) => sum + numbersIn(child), 0)
}

describe("Memory", () => {
  const backend = useBackend({ backend: "cpu" })

  it.each([
    ["Llama", () => source(), {}],
    ["Llama with q_proj and down_proj only", () => source(), { targetModules: ["q_proj", "down_proj"] }],
    ["Qwen 3", () => variantSource(variants()["qwen3"]!), {}],
  ])("counts what the blocks keep for backward, number by number: %s", (_, weights, options) => {
    const model = Llama.load(backend(), weights())
    const { config } = model
    const lora = Lora.create(backend(), config, "a", options)
    const plan = BatchPlan.make(training.batches[0]!.map(trainingRow), config, { minimumPrefix: 4 })
    const numbers = backend().scope(() => {
      const { ids, slots, tables } = upload(backend(), config, plan)
      let x = backend().ops.gather(model.weights.embedding, ids)
      let total = 0
      for (let block = 0; block < config.layers; block++) {
        const { saved, y } = Block.forward(backend().ops, config, {
          weights: model.weights.blocks[block]!,
          adapters: lora.blocks[block]!,
          dropout: Block.untrained,
          tables,
          x,
          slots: block === config.layers - 1 ? slots : null,
        })
        total += numbersIn(x) + numbersIn(saved)
        x = y
      }
      return total
    })
    expect(Memory.savedBytes(config, lora, plan)).toBe(4 * numbers)
  })

  it("adds up process, weights, adapter with optimizer, and activations", () => {
    const model = Llama.load(backend(), source())
    const lora = Lora.create(backend(), model.config, "a", { rank: 4 })
    const plan = BatchPlan.make(training.batches[0]!.map(trainingRow), model.config)
    const predicted = Memory.predict(model.config, lora, plan)
    // Embedding and head 2·256·64, last norm 64; a block has 4 attention and 3 feed-forward matrices and 2 norms.
    const block = 64 * 64 * 2 + 2 * 32 * 64 + 3 * 112 * 64 + 2 * 64
    expect(predicted.weightBytes).toBe(4 * (2 * 256 * 64 + 64 + 2 * block))
    // Fused: qkv 64 × 12 and 12 × 128, o 64·4·2, gate/up 64 × 8 and 8 × 224, down 112·4 + 4·64; four copies.
    const adapter = 12 * (64 + 128) + 4 * 128 + 8 * (64 + 224) + 4 * (112 + 64)
    expect(predicted.adapterBytes).toBe(4 * 4 * 2 * adapter)
    expect(predicted.totalBytes).toBe(
      predicted.processBytes + predicted.weightBytes + predicted.adapterBytes + predicted.activationBytes,
    )
    expect(predicted.activationBytes).toBeGreaterThan(Memory.savedBytes(model.config, lora, plan))
  })
})
