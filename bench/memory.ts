/**
 * Memory of training beside its prediction: the shapes of SmolLM2-135M, SmolLM2-360M and Llama 3.2 1B with weights drawn
 * on the spot, four rows of 256 tokens, all of them supervised, a process of its own each.
 *
 *   pnpm bench memory [--only Llama-3.2-1B] [--steps 3]
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { LlamaConfig } from "@sluice/llm"
import { Allocator } from "@sluice/tensorflow"
import { measure } from "./lib/processTree.ts"
import { randomRows } from "./training/rows.ts"
import { type ShapeName, shapes, source } from "./training/shapes.ts"

const threads = 2

const benchmark = {
  title: "Memory of LoRA training beside its prediction, by the model's shape",
  run: async (options: Readonly<Record<string, string>>) => {
    const steps = Number(options["steps"] ?? "3")
    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "sluice-memory-"))
    const rows: Array<Record<string, unknown>> = []
    try {
      for (const shape of Object.keys(shapes) as ReadonlyArray<ShapeName>) {
        if (shape === "tiny") continue
        if (options["only"] !== undefined && options["only"] !== shape) continue
        const work = path.join(scratch, "work.json")
        const batches = Array.from({ length: steps }, () => randomRows(4, () => 256, 1))
        const task = { shape, batches, learningRate: 2e-4, totalSteps: steps, warmup: 1, threads }
        fs.writeFileSync(work, JSON.stringify(task))
        const measured = await measure({
          command: process.execPath,
          args: [path.join(import.meta.dirname, "training/sluice_train.ts"), work],
          env: Allocator.environment,
        })
        if (measured.exitCode !== 0) throw new Error(`${shape} failed:\n${measured.stderr}`)
        const output = JSON.parse(measured.stdout.trim().split("\n").at(-1)!) as {
          readonly seconds: ReadonlyArray<number>
          readonly predictedBytes: number
        }
        const { config } = source(shape)
        const predictedMB = output.predictedBytes / 2 ** 20
        const row = {
          shape,
          parameters: LlamaConfig.parameterCount(LlamaConfig.fromHuggingFace(config, shape)),
          batch: "4 rows of 256 tokens",
          predictedMB: Math.round(predictedMB),
          peakMB: Math.round(measured.peakMemoryMB),
          percentOff: Math.round(1000 * (measured.peakMemoryMB / predictedMB - 1)) / 10,
          secondsPerStep: Math.round(100 * output.seconds.at(-1)!) / 100,
        }
        rows.push(row)
        console.error(JSON.stringify(row))
      }
    } finally {
      fs.rmSync(scratch, { recursive: true, force: true })
    }
    return { threads, steps, rows }
  },
}

export default benchmark
