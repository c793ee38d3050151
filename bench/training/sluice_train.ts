/**
 * Sluice's contender, as its peers beside it: reads a work file, trains on its batches, prints one JSON line.
 *
 *   node sluice_train.ts WORK.json
 */
import { readFileSync } from "node:fs"
import { Adapter, Backend, Llama, Lora, ModelFiles, Trainer } from "@sluice/llm"
import * as Effect from "effect/Effect"
import type { Row } from "./rows.ts"
import { type ShapeName, source } from "./shapes.ts"

interface Work {
  /** A model's file and an initial adapter; or the shape of a model without either. */
  readonly gguf?: string
  readonly adapter?: string
  readonly shape?: ShapeName
  readonly batches: ReadonlyArray<ReadonlyArray<Row>>
  readonly learningRate: number
  readonly totalSteps: number
  readonly warmup: number
  readonly threads: number
  readonly jit?: boolean
}

const work = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Work
const rate = (step: number) =>
  work.learningRate * Math.min(1, step / Math.max(1, work.warmup)) * (1 - (step - 1) / work.totalSteps)

const program = Effect.gen(function* () {
  const backend = yield* Backend.open({
    backend: "tensorflow",
    threads: work.threads,
    jit: work.jit ?? true,
  })
  const weights = work.shape === undefined ? (yield* ModelFiles.open(work.gguf!)).weights : source(work.shape)
  const model = Llama.load(backend, weights)
  const lora =
    work.adapter === undefined
      ? Lora.create(backend, model.config, "bench/train")
      : Lora.fromWeights(backend, model.config, yield* Adapter.read(work.adapter))
  const trainer = Trainer.make(backend, { model, adapter: lora })
  const seconds: Array<number> = []
  const losses: Array<number> = []
  const gradientNorms: Array<number> = []
  const computedTokens: Array<number> = []
  let predictedBytes = 0
  for (const [index, batch] of work.batches.entries()) {
    predictedBytes = Math.max(predictedBytes, trainer.memory(batch).totalBytes)
    const began = performance.now()
    const result = yield* Effect.promise(() => trainer.step(batch, rate(index + 1)))
    seconds.push((performance.now() - began) / 1000)
    losses.push(result.loss)
    gradientNorms.push(result.gradientNorm)
    computedTokens.push(result.computedTokens)
  }
  console.log(JSON.stringify({ seconds, losses, gradientNorms, computedTokens, predictedBytes }))
})

await Effect.runPromise(Effect.scoped(program))
