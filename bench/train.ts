/**
 * Training against PyTorch: rows per second and peak memory of one model, initial adapter and batches; whether it is the
 * same mathematics; how long until a held-out loss; and what backends without native code cost. One table.
 *
 *   pnpm bench train [--rounds 3] [--steps 8] [--compared 50] [--threads 2] [--only PART] [--contenders PEFT,TRL]
 *     [--python PATH]
 *
 * PART: speed (or the name of one of its scenarios), mathematics, packing, heldOut, tiny. The Python with torch,
 * transformers, peft and trl is a virtual environment in the cache folder, made when missing.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { Adapter, Backend, LlamaConfig, Lora, ModelFiles } from "@sluice/llm"
import * as Effect from "effect/Effect"
import { pythonWithTorch } from "./lib/torch.ts"
import type { Setting } from "./training/contenders.ts"
import * as heldOut from "./training/heldOut.ts"
import * as mathematics from "./training/mathematics.ts"
import * as speed from "./training/speed.ts"
import * as tiny from "./training/tiny.ts"

/** An initial adapter in PEFT's form, the same for all. */
const writeAdapter = (model: ModelFiles.OpenModel, to: string, rsLora: boolean) =>
  Effect.gen(function* () {
    const backend = yield* Backend.open({ backend: "cpu" })
    const config = LlamaConfig.fromHuggingFace(model.weights.config, model.name)
    const lora = Lora.create(backend, config, "bench/train", { rsLora })
    yield* Adapter.write(to, yield* Effect.promise(() => lora.weights()))
    return to
  })

const benchmark = {
  title: "LoRA training of SmolLM2-135M beside PyTorch",
  run: (options: Readonly<Record<string, string>>) =>
    Effect.gen(function* () {
      const gguf = yield* ModelFiles.ensure(ModelFiles.smolLM2)
      const model = yield* ModelFiles.open(gguf)
      const scratch = yield* Effect.acquireRelease(
        Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "sluice-bench-train-"))),
        (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true })),
      )
      const setting: Setting = {
        scratch,
        gguf,
        model,
        python: options["python"] ?? pythonWithTorch(),
        threads: Number(options["threads"] ?? 2),
        compared: Number(options["compared"] ?? 50),
        rounds: Number(options["rounds"] ?? 3),
        steps: Number(options["steps"] ?? 8),
        only: options["only"],
        contenders: options["contenders"]?.split(","),
      }
      const adapters = {
        plain: yield* writeAdapter(model, path.join(scratch, "adapter"), false),
        rsLora: yield* writeAdapter(model, path.join(scratch, "rsAdapter"), true),
      }
      const isAsked = (part: string) => setting.only === undefined || setting.only === part
      const results = yield* Effect.promise(async () => [
        ...(await speed.rows(setting, adapters.plain)),
        ...(isAsked("heldOut") ? [await heldOut.row(setting, adapters.plain)] : []),
        ...(isAsked("tiny") ? await tiny.rows(setting) : []),
        ...(isAsked("packing") ? [await mathematics.packed(setting, adapters.plain)] : []),
        ...(isAsked("mathematics") ? await mathematics.besidePeft(setting, adapters) : []),
      ])
      const { compared, rounds, steps, threads } = setting
      return { threads, rounds, steps, compared, results }
    }).pipe(Effect.scoped, Effect.runPromise),
}

export default benchmark
