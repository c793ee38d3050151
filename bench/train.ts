/**
 * Training against PyTorch: rows per second and peak memory of one model, initial adapter and batches, each contender
 * in processes of its own, alternating. The median of a contender's optimizer steps, without each process's first two.
 *
 *   pnpm bench train [--rounds 3] [--steps 8] [--only "reviews, batch 8"] [--python PATH] [--trl true]
 *
 * The Python with torch, transformers, peft and trl is a virtual environment in the cache folder, made when missing.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Adapter, Backend, LlamaConfig, Lora, ModelFiles } from "@sluice/llm"
import * as Effect from "effect/Effect"
import { type Command, measure, median } from "./lib/processTree.ts"
import { pythonWithTorch } from "./lib/torch.ts"
import { scenarios } from "./training/rows.ts"

const folder = path.join(import.meta.dirname, "training")
const threads = 2

interface Contender {
  readonly name: string
  readonly command: (work: string) => Command
  readonly options?: Readonly<Record<string, unknown>>
}

const contenders = (python: string, withTrl: boolean): ReadonlyArray<Contender> => {
  const script = (name: string) => (work: string) => ({
    command: python,
    args: [path.join(folder, name), work],
    env: { OMP_NUM_THREADS: String(threads) },
  })
  const sluice = (work: string) => ({
    command: process.execPath,
    args: [path.join(folder, "sluice_train.ts"), work],
  })
  return [
    { name: "Sluice", command: sluice },
    { name: "PEFT, fp32", command: script("peft_train.py") },
    ...(withTrl
      ? [
          { name: "TRL, bf16=False", command: script("trl_train.py"), options: { bf16: false } },
          { name: "TRL, its defaults", command: script("trl_train.py") },
        ]
      : []),
  ]
}

interface Output {
  readonly seconds: ReadonlyArray<number>
  readonly losses: ReadonlyArray<number>
  readonly predictedBytes?: number
}

/** An initial adapter in PEFT's form, the same for all. */
const writeAdapter = (model: ModelFiles.OpenModel, to: string) =>
  Effect.gen(function* () {
    const backend = yield* Backend.open({ backend: "cpu" })
    const config = LlamaConfig.fromHuggingFace(model.weights.config, model.name)
    const weights = yield* Effect.promise(() => Lora.create(backend, config, "bench/train").weights())
    yield* Adapter.write(to, weights)
  })

const benchmark = {
  title: "LoRA training of SmolLM2-135M beside PyTorch",
  run: (options: Readonly<Record<string, string>>) =>
    Effect.gen(function* () {
      const rounds = Number(options["rounds"] ?? 3)
      const steps = Number(options["steps"] ?? 8)
      const gguf = yield* ModelFiles.ensure(ModelFiles.smolLM2)
      const model = yield* ModelFiles.open(gguf)
      const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-bench-train-"))
      const adapter = path.join(scratch, "adapter")
      yield* writeAdapter(model, adapter)
      const all = contenders(options["python"] ?? pythonWithTorch(), options["trl"] === "true")
      const results: Array<Record<string, unknown>> = []
      for (const { batches, name: scenario } of scenarios(model, steps)) {
        if (options["only"] !== undefined && options["only"] !== scenario) continue
        const rows = batches[0]!.length
        const found = new Map(
          all.map(({ name }) => [name, { seconds: [] as Array<number>, peaks: [] as Array<number> }]),
        )
        const losses = new Map<string, ReadonlyArray<number>>()
        let predicted = 0
        for (let round = 0; round < rounds; round++) {
          for (const contender of all) {
            const work = path.join(scratch, "work.json")
            const task = {
              gguf,
              adapter,
              batches,
              rank: 16,
              alpha: 32,
              learningRate: 2e-4,
              totalSteps: 38,
              warmup: 1,
            }
            const extra = { threads, scratch: path.join(scratch, "trl"), options: contender.options ?? {} }
            fs.writeFileSync(work, JSON.stringify({ ...task, ...extra }))
            const measured = yield* Effect.promise(() => measure(contender.command(work)))
            if (measured.exitCode !== 0) throw new Error(`${contender.name} failed:\n${measured.stderr}`)
            const output = JSON.parse(measured.stdout.trim().split("\n").at(-1)!) as Output
            found.get(contender.name)!.seconds.push(...output.seconds.slice(2))
            found.get(contender.name)!.peaks.push(measured.peakMemoryMB)
            losses.set(contender.name, output.losses)
            predicted = Math.max(predicted, (output.predictedBytes ?? 0) / 2 ** 20)
          }
        }
        const ours = median(found.get("Sluice")!.seconds)
        for (const [name, { peaks, seconds }] of found) {
          const line = {
            scenario,
            contender: name,
            secondsPerStep: round3(median(seconds)),
            fastestStep: round3(Math.min(...seconds)),
            rowsPerSecond: round3(rows / median(seconds)),
            sluiceTimesFaster: round3(median(seconds) / ours),
            peakMemoryMB: Math.round(Math.max(...peaks)),
            ...(name === "Sluice" ? { predictedMemoryMB: Math.round(predicted) } : {}),
            largestLossDifference: largestDifference(losses.get(name)!, losses.get("Sluice")!),
          }
          console.error(JSON.stringify(line))
          results.push(line)
        }
      }
      fs.rmSync(scratch, { recursive: true, force: true })
      return { threads, rounds, steps, results }
    }).pipe(Effect.scoped, Effect.runPromise),
}

const largestDifference = (a: ReadonlyArray<number>, b: ReadonlyArray<number>) =>
  Number(Math.max(...a.map((value, i) => Math.abs(value - b[i]!))).toExponential(2))

const round3 = (value: number): number => Math.round(value * 1000) / 1000

export default benchmark
