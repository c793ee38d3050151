/**
 * Sluice's contender: reads a work file, answers its prompts, prints one JSON line.
 *
 *   node sluice_generate.ts WORK.json
 */
import { readFileSync } from "node:fs"
import { Backend, Generate, Llama, ModelFiles } from "@sluice/llm"
import * as Effect from "effect/Effect"

interface Work {
  readonly gguf: string
  readonly prompts: ReadonlyArray<ReadonlyArray<number>>
  readonly maxNewTokens: number
  readonly stop: number
  readonly batchRows: number
  readonly threads: number
}

const work = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Work
const program = Effect.gen(function* () {
  const backend = yield* Backend.open({ backend: "tensorflow", threads: work.threads })
  const { weights } = yield* ModelFiles.open(work.gguf)
  const model = Llama.load(backend, weights)
  const began = performance.now()
  const answers = yield* Effect.promise(() =>
    Generate.greedy(backend, { ...work, model, adapter: null, stop: [work.stop] }),
  )
  const seconds = (performance.now() - began) / 1000
  const alone = answers.filter((answer) => answer.alone).length
  console.log(JSON.stringify({ seconds, answers: answers.map(({ ids }) => ids), alone }))
})

await Effect.runPromise(Effect.scoped(program))
