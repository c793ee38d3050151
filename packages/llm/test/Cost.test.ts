import { describe, expect, it } from "vitest"
import * as Cost from "../src/Cost.ts"
import * as Llama from "../src/Llama.ts"
import * as Lora from "../src/Lora.ts"
import * as LoraShape from "../src/LoraShape.ts"
import type { Backend, Ops, Tensor } from "../src/ops/Ops.ts"
import * as BatchPlan from "../src/plan/BatchPlan.ts"
import { upload, uploadSlots } from "../src/plan/PlanTensors.ts"
import { trainingRow } from "../src/plan/Stream.ts"
import * as TrainingPass from "../src/TrainingPass.ts"
import * as Trainer from "../src/Trainer.ts"
import * as Work from "../src/Work.ts"
import { useBackend } from "./support/backend.ts"
import { source, training, variants, variantSource } from "./support/tinyLlama.ts"

/** A backend whose matrix products are counted: two operations for each multiplication and its addition. */
const counting = (backend: Backend): { readonly backend: Backend; readonly operations: () => number } => {
  let operations = 0
  const count = (a: Tensor, y: Tensor, transposed: boolean) => {
    const inner = a.shape.at(transposed ? -2 : -1)!
    operations += 2 * inner * y.shape.reduce((size, n) => size * n, 1)
    return y
  }
  const ops: Ops = {
    ...backend.ops,
    matMul: (a, b, transposeA = false, transposeB = false) =>
      count(a, backend.ops.matMul(a, b, transposeA, transposeB), transposeA),
    batchMatMul: (a, b, transposeA = false, transposeB = false) =>
      count(a, backend.ops.batchMatMul(a, b, transposeA, transposeB), transposeA),
  }
  const counted: Backend = {
    ...backend,
    ops,
    jit: (_, body) => (input) => backend.scope(() => body(ops, input)),
  }
  return { backend: counted, operations: () => operations }
}

describe("Cost", () => {
  const backend = useBackend({ backend: "cpu" })
  const rows = training.batches[0]!

  it.each([
    ["Llama", () => source(), {}],
    ["q_proj and down_proj only", () => source(), { targetModules: ["q_proj", "down_proj"] }],
    ["Qwen 3", () => variantSource(variants()["qwen3"]!), { rank: 3 }],
  ])("counts the matrix products of a training pass one by one: %s", (_, weights, options) => {
    const model = Llama.load(backend(), weights())
    const { config } = model
    const lora = Lora.create(backend(), config, "a", options)
    const plan = BatchPlan.make(rows.map(trainingRow), config, { minimumPrefix: 4 })
    const operations = (call: (pass: TrainingPass.TrainingPass) => unknown) => {
      const counted = counting(backend())
      backend().scope(() => {
        call(TrainingPass.make(counted.backend, model, lora))
        return backend().ops.scalar(0)
      })
      return counted.operations()
    }
    const tensors = () => upload(backend(), config, plan)
    const slots = () => uploadSlots(backend(), plan, 1)
    for (const recompute of [false, true]) {
      const found = operations((pass) => pass.lossAndGradients(tensors(), slots(), { recompute }))
      expect(Work.training(config, lora, plan, { recompute })).toBe(found)
    }
    expect(Work.looking(config, lora, plan)).toBe(operations((pass) => pass.loss(tensors(), slots())))
  })

  it("knows an adapter's layers and numbers without a backend", () => {
    const model = Llama.load(backend(), source())
    const options = { rank: 4, rankPattern: { down_proj: 2 } }
    const lora = Lora.create(backend(), model.config, "a", options)
    const shape = LoraShape.make(model.config, LoraShape.configOf(model.config, options))
    expect(shape.parameterCount).toBe(lora.parameterCount)
    expect(shape.layers.length).toBe(lora.layers.length)
    shape.layers.forEach((layer, index) => expect(lora.layers[index]).toMatchObject(layer))
  })

  it("predicts the memory that a trainer does, and nothing where nothing is supervised", () => {
    const model = Llama.load(backend(), source())
    const lora = Lora.create(backend(), model.config, "a")
    const options = { optimizer: "adafactor", dropout: 0.1, recompute: true } as const
    const cost = Cost.make(model.config, lora, options)
    const trainer = Trainer.make(backend(), { model, adapter: lora, options: { ...options, seed: "a" } })
    const silent = { ...rows[0]!, labels: Array.from(rows[0]!.labels, () => -100) }
    expect(cost.memory([...rows, silent])).toEqual(trainer.memory(rows))
    expect(cost.memory([silent])).toBe(undefined)
    expect(cost.work([silent])).toBe(0)
    expect(cost.work([...rows, silent])).toBe(cost.work(rows))
  })
})
