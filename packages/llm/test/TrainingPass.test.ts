import { describe, expect, it } from "vitest"
import * as AdapterLayout from "../src/AdapterLayout.ts"
import * as Llama from "../src/Llama.ts"
import * as Lora from "../src/Lora.ts"
import * as BatchPlan from "../src/plan/BatchPlan.ts"
import { upload, uploadSlots } from "../src/plan/PlanTensors.ts"
import { trainingRow } from "../src/plan/Stream.ts"
import * as TrainingPass from "../src/TrainingPass.ts"
import { backends, floats, useBackend } from "./support/backend.ts"
import { openTensors, ruledLora, source, training } from "./support/tinyLlama.ts"

const options = { rank: 4, alpha: 8 }

describe.each(backends)("TrainingPass on %s", (_, backendOptions) => {
  const backend = useBackend(backendOptions)

  it.each([
    ["rows apart", Infinity, 0],
    ["a shared prefix of six tokens", 4, 6],
  ])("gives PEFT's loss and every adapter gradient: %s", async (__, minimumPrefix, prefixTokens) => {
    const model = Llama.load(backend(), source())
    const lora = await ruledLora(backend(), model, options, training.gradient.bBound)
    const pass = TrainingPass.make(backend(), model, lora)
    const plan = BatchPlan.make(training.batches[0]!.map(trainingRow), model.config, { minimumPrefix })
    expect(plan.prefixTokens).toBe(prefixTokens)
    const before = backend().tensorCount()
    const { gradients, loss } = backend().scope(() =>
      pass.lossAndGradients(
        upload(backend(), model.config, plan),
        uploadSlots(backend(), plan, 1 / plan.labels.length),
      ),
    )
    expect(backend().tensorCount() - before).toBe(gradients.length + 1)

    const losses = await floats(backend(), loss)
    const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length
    expect(mean).toBeCloseTo(training.gradient.loss, 5)

    const reference = openTensors("gradients.safetensors")
    let worst = 0
    let compared = 0
    for (const [index, layer] of lora.layers.entries()) {
      const a = await floats(backend(), gradients[2 * index]!)
      const b = await floats(backend(), gradients[2 * index + 1]!)
      for (const [module, gradient] of AdapterLayout.unfuse(layer, a, b)) {
        for (const [part, { data }] of [
          ["lora_A", gradient.a],
          ["lora_B", gradient.b],
        ] as const) {
          const expected = reference.values(`base_model.model.${module}.${part}.weight`)
          const size = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
          data.forEach((value, i) => (worst = Math.max(worst, Math.abs(value - expected[i]!) / size)))
          compared++
        }
      }
    }
    expect(compared).toBe(reference.tensors.size)
    expect(worst).toBeLessThan(2e-5) // measured: 2e-6
    backend().free(loss, ...gradients)
    lora.free()
    model.free()
  })

  it("leaves the model as it is where B is zero, and gives A no gradient there", async () => {
    const model = Llama.load(backend(), source())
    const lora = Lora.create(backend(), model.config, "a seed", options)
    const pass = TrainingPass.make(backend(), model, lora)
    const none = TrainingPass.make(backend(), model, {
      ...lora,
      layers: [],
      blocks: lora.blocks.map(() => ({ queryKeyValue: null, output: null, gateUp: null, down: null })),
    })
    const plan = BatchPlan.make(training.batches[1]!.map(trainingRow), model.config)
    const { alone, gradients, loss } = backend().scope(() => {
      const tensors = upload(backend(), model.config, plan)
      const slots = uploadSlots(backend(), plan, 1)
      return { alone: none.loss(tensors, slots), ...pass.lossAndGradients(tensors, slots) }
    })
    expect(await floats(backend(), loss)).toEqual(await floats(backend(), alone))
    for (const [i, gradient] of gradients.entries()) {
      const values = await floats(backend(), gradient)
      expect(values.every((value) => value === 0)).toBe(i % 2 === 0)
    }
    backend().free(loss, alone, ...gradients)
    lora.free()
    model.free()
  })
})
