/**
 * Generation beside Hugging Face's: greedy answers to held-out reviews by SmolLM2-135M, one process each, alternating.
 * The model is loaded before the clock starts; answers must be equal token for token.
 *
 *   pnpm bench generate [--rounds 3] [--prompts 100] [--python PATH]
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { ModelFiles } from "@sluice/llm"
import * as Effect from "effect/Effect"
import { measure, median } from "./lib/processTree.ts"
import { pythonWithTorch } from "./lib/torch.ts"
import { scenarios } from "./training/rows.ts"

const folder = path.join(import.meta.dirname, "generation")
const threads = 2

interface Output {
  readonly seconds: number
  readonly answers: ReadonlyArray<ReadonlyArray<number>>
  readonly alone?: number
}

const benchmark = {
  title: "Greedy generation with SmolLM2-135M beside Hugging Face",
  run: (options: Readonly<Record<string, string>>) =>
    Effect.gen(function* () {
      const rounds = Number(options["rounds"] ?? 3)
      const count = Number(options["prompts"] ?? 100)
      const gguf = yield* ModelFiles.ensure(ModelFiles.smolLM2)
      const model = yield* ModelFiles.open(gguf)
      const rows = scenarios(model, Math.ceil(count / 8))[0]!
        .batches.flat()
        .slice(0, count)
      const prompts = rows.map(({ ids, labels }) =>
        ids.slice(
          0,
          labels.findIndex((label) => label !== -100),
        ),
      )
      const python = options["python"] ?? pythonWithTorch()
      const script = path.join(folder, "hf_generate.py")
      const contenders = [
        {
          name: "Sluice",
          command: process.execPath,
          script: path.join(folder, "sluice_generate.ts"),
          batchRows: 32,
        },
        { name: "Hugging Face, batch 16", command: python, script, batchRows: 16 },
        { name: "Hugging Face, batch 1", command: python, script, batchRows: 1 },
      ]
      const work = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "sluice-bench-generate-")), "work.json")
      const found = new Map(contenders.map(({ name }) => [name, { outputs: [] as Array<Output>, peak: 0 }]))
      for (let round = 0; round < rounds; round++) {
        for (const { batchRows, command, name, script: file } of contenders) {
          fs.writeFileSync(
            work,
            JSON.stringify({ gguf, prompts, maxNewTokens: 16, stop: 2, batchRows, threads }),
          )
          const env = { OMP_NUM_THREADS: String(threads) }
          const measured = yield* Effect.promise(() => measure({ command, args: [file, work], env }))
          if (measured.exitCode !== 0) throw new Error(`${name} failed:\n${measured.stderr}`)
          const entry = found.get(name)!
          entry.outputs.push(JSON.parse(measured.stdout.trim().split("\n").at(-1)!) as Output)
          entry.peak = Math.max(entry.peak, measured.peakMemoryMB)
        }
      }
      fs.rmSync(path.dirname(work), { recursive: true, force: true })
      const secondsOf = (name: string) => median(found.get(name)!.outputs.map((output) => output.seconds))
      const reference = found.get("Hugging Face, batch 1")!.outputs[0]!.answers
      const results = [...found].map(([name, { outputs, peak }]) => {
        const { alone, answers } = outputs[0]!
        return {
          contender: name,
          seconds: Math.round(secondsOf(name) * 100) / 100,
          sluiceTimesFaster: Math.round((secondsOf(name) / secondsOf("Sluice")) * 100) / 100,
          newTokens: answers.reduce((sum, ids) => sum + ids.length, 0),
          equalAnswers: answers.filter((ids, i) => ids.join() === reference[i]!.join()).length,
          ...(alone === undefined ? {} : { decodedAlone: alone }),
          peakMemoryMB: Math.round(peak),
        }
      })
      for (const line of results) console.error(JSON.stringify(line))
      return { threads, rounds, prompts: prompts.length, results }
    }).pipe(Effect.scoped, Effect.runPromise),
}

export default benchmark
