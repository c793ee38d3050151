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
  readonly backend?: "tensorflow" | "wasm" | "cpu"
  readonly trainer?: Trainer.Options
  readonly saveTo?: string
  /** Rows to look at every so many optimizer steps, until their loss is as low as `until`. */
  readonly heldOut?: ReadonlyArray<Row>
  readonly lookEvery?: number
  readonly until?: number
}

const work = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Work
const rate = (step: number) =>
  work.learningRate * Math.min(1, step / Math.max(1, work.warmup)) * (1 - (step - 1) / work.totalSteps)

const program = Effect.gen(function* () {
  const backend = yield* Backend.open({
    backend: work.backend ?? "tensorflow",
    threads: work.threads,
  })
  const weights = work.shape === undefined ? (yield* ModelFiles.open(work.gguf!)).weights : source(work.shape)
  const model = Llama.load(backend, weights)
  const lora =
    work.adapter === undefined
      ? Lora.create(backend, model.config, "bench/train")
      : Lora.fromWeights(backend, model.config, yield* Adapter.read(work.adapter))
  const trainer = Trainer.make(backend, { model, adapter: lora, options: work.trainer ?? {} })
  /** The mean over the supervised tokens of all held-out rows. */
  const heldOutLoss = async () => {
    let sum = 0
    let weight = 0
    for (let at = 0; at < work.heldOut!.length; at += 8) {
      const found = await trainer.evaluate(work.heldOut!.slice(at, at + 8))
      sum += found.loss * found.weight
      weight += found.weight
    }
    return sum / weight
  }
  const seconds: Array<number> = []
  const losses: Array<number> = []
  const gradientNorms: Array<number> = []
  const computedTokens: Array<number> = []
  const looks: Array<Record<string, number>> = []
  let predictedBytes = 0
  let trainingSeconds = 0
  const start = performance.now()
  for (const [index, batch] of work.batches.entries()) {
    predictedBytes = Math.max(predictedBytes, trainer.memory(batch).totalBytes)
    const began = performance.now()
    const result = yield* Effect.promise(() => trainer.step(batch, rate(index + 1)))
    seconds.push((performance.now() - began) / 1000)
    trainingSeconds += seconds.at(-1)!
    losses.push(result.loss)
    gradientNorms.push(result.gradientNorm)
    computedTokens.push(result.computedTokens)
    const isLast = index === work.batches.length - 1
    if (work.heldOut === undefined || (!isLast && (index + 1) % (work.lookEvery ?? Infinity) !== 0)) continue
    const loss = yield* Effect.promise(heldOutLoss)
    const passed = (performance.now() - start) / 1000
    looks.push({ optimizerStep: index + 1, loss, trainingSeconds, seconds: passed })
    if (work.until !== undefined && loss <= work.until) break
  }
  if (work.saveTo !== undefined)
    yield* Adapter.write(work.saveTo, yield* Effect.promise(() => trainer.adapter()))
  console.log(JSON.stringify({ seconds, losses, gradientNorms, computedTokens, predictedBytes, looks }))
})

await Effect.runPromise(Effect.scoped(program))
