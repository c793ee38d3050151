/** The real model against transformers and PEFT on the same file; the values come from reference/smollm2_training.py. */
import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect, it } from "vitest"
import * as DecodingPass from "../src/DecodingPass.ts"
import * as Gguf from "../src/formats/Gguf.ts"
import * as GgufWeights from "../src/formats/GgufWeights.ts"
import * as Generate from "../src/Generate.ts"
import * as Llama from "../src/Llama.ts"
import * as ModelFiles from "../src/ModelFiles.ts"
import * as BatchPlan from "../src/plan/BatchPlan.ts"
import { promptRow, type TokenRow } from "../src/plan/Stream.ts"
import * as Trainer from "../src/Trainer.ts"
import { floats, largestDifference, useBackend } from "./support/backend.ts"
import { ruledLora } from "./support/tinyLlama.ts"

const folder = new URL("./fixtures/smollm2/", import.meta.url).pathname
const readJson = <A>(name: string): A => JSON.parse(readFileSync(folder + name, "utf8")) as A

interface Training {
  readonly batches: ReadonlyArray<ReadonlyArray<TokenRow>>
  readonly steps: ReadonlyArray<{
    readonly loss: number
    readonly rowLosses: ReadonlyArray<number>
    readonly gradientNorm: number
    readonly learningRate: number
  }>
  readonly nonzeroB: { readonly bBound: number; readonly loss: number; readonly gradientNorm: number }
}

describe("SmolLM2-135M-Instruct", () => {
  const backend = useBackend({ backend: "tensorflow", threads: 2 })
  const training = readJson<Training>("training.json")
  let model: Llama.Llama
  beforeAll(async () => {
    const gguf = Gguf.openSync(await Effect.runPromise(ModelFiles.ensure(ModelFiles.smolLM2)))
    model = Llama.load(backend(), GgufWeights.fromGguf(gguf))
    gguf.close()
  }, 300_000)

  it("gives transformers' logits on five prompts", async () => {
    const { prompts } = readJson<{ prompts: ReadonlyArray<{ ids: ReadonlyArray<number> }> }>("forward.json")
    const bytes = readFileSync(`${folder}lastLogits.f32`)
    const expected = new Float32Array(
      bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    )
    const { vocabulary } = model.config
    const pass = DecodingPass.make(backend(), model, null, vocabulary)
    for (const [index, { ids }] of prompts.entries()) {
      const plan = BatchPlan.make([promptRow(ids)], model.config, { maxGroups: 1 })
      const { best } = backend().scope(() => ({ best: pass.prefill(plan).best }))
      const values = await floats(backend(), best.values)
      const tokens = await floats(backend(), best.indices)
      const logits = new Float32Array(vocabulary)
      values.forEach((value, i) => (logits[tokens[i]!] = value))
      const reference = expected.subarray(index * vocabulary, (index + 1) * vocabulary)
      expect(largestDifference(logits, reference)).toBeLessThan(2e-3) // measured: 5e-5
      backend().free(best.values, best.indices)
    }
  })

  it("gives PEFT's losses and gradient norms over the first three optimizer steps", async () => {
    const adapter = await ruledLora(backend(), model, {})
    const trainer = Trainer.make(backend(), { model, adapter })
    for (const [index, expected] of training.steps.entries()) {
      const result = await trainer.step(training.batches[index]!, expected.learningRate)
      expect(Math.abs(result.loss - expected.loss)).toBeLessThan(1e-3)
      expect(largestDifference(result.rowLosses, expected.rowLosses)).toBeLessThan(1e-3)
      expect(Math.abs(result.gradientNorm / expected.gradientNorm - 1)).toBeLessThan(1e-3)
    }
    trainer.free()
    adapter.free()
  })

  it("gives PEFT's gradient norm where B is not zero", async () => {
    const { bBound, gradientNorm, loss } = training.nonzeroB
    const adapter = await ruledLora(backend(), model, {}, bBound)
    const trainer = Trainer.make(backend(), { model, adapter })
    const result = await trainer.step(training.batches[0]!, 0)
    expect(Math.abs(result.loss - loss)).toBeLessThan(1e-3)
    expect(Math.abs(result.gradientNorm / gradientNorm - 1)).toBeLessThan(1e-3)
    trainer.free()
    adapter.free()
  })

  it("answers the same in batches of twelve and of five", async () => {
    const prompts = training.batches
      .flat()
      .slice(0, 12)
      .map(({ ids, labels }) => {
        const start = Array.from(labels).findIndex((label) => label !== -100)
        return Array.from(ids).slice(0, start)
      })
    const run = async (batchRows: number) => {
      const given = { model, prompts, maxNewTokens: 6, stop: [2], batchRows }
      return (await Generate.greedy(backend(), given)).map((answer) => answer.ids)
    }
    expect(await run(5)).toEqual(await run(12))
  })
})
