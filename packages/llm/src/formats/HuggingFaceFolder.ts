/** A model's folder as Hugging Face lays it out: config.json, tokenizer.json, safetensors. */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Safetensors from "./Safetensors.ts"
import { FormatError } from "./FormatError.ts"
import { readJson } from "./jsonFile.ts"
import type { TokenizerConfig } from "./TokenizerJson.ts"
import type { ModelConfig, WeightSource } from "./WeightSource.ts"

export interface ModelFolder {
  readonly weights: WeightSource
  readonly tokenizerJson: unknown
  readonly tokenizerConfig: TokenizerConfig
  /** Files that decide what the model is, sorted. */
  readonly files: ReadonlyArray<string>
  readonly close: () => void
}

/** Opens a folder; the caller closes it. Throws FormatError that names every missing file at once. */
export const openSync = (folder: string): ModelFolder => {
  const has = (name: string): boolean => fs.existsSync(path.join(folder, name))
  const single = has("model.safetensors")
  const weightFile = single ? "model.safetensors" : "model.safetensors.index.json"
  const missing = ["config.json", "tokenizer.json"].filter((name) => !has(name))
  if (!has(weightFile)) missing.push("model.safetensors or model.safetensors.index.json")
  if (missing.length > 0) {
    const pickled = fs.existsSync(folder) && fs.readdirSync(folder).some((name) => name.endsWith(".bin"))
    throw new FormatError({
      file: folder,
      reason: "The folder holds no model that Sluice can read.",
      facts: [["Missing", missing.join(", ")]],
      hint: pickled ? "Its weights are pickled (.bin): save the model again as safetensors." : undefined,
    })
  }
  const read = (name: string): Record<string, unknown> =>
    has(name) ? (readJson(path.join(folder, name)) as Record<string, unknown>) : {}
  const config: ModelConfig = { ...read("config.json") }
  const generation = read("generation_config.json")
  const tokenizerConfig: TokenizerConfig = read("tokenizer_config.json")
  const template = "chat_template.jinja"
  const stored = Safetensors.openSync(path.join(folder, weightFile))
  const shards = new Set([...stored.tensors.values()].map((tensor) => path.basename(tensor.file)))
  const names = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", template]
  const tensorOf = (name: string): Safetensors.SafetensorsTensor => {
    const tensor = stored.tensors.get(name)
    if (tensor !== undefined) return tensor
    throw new FormatError({
      file: stored.file,
      reason: "The model lacks a weight.",
      facts: [
        ["Weight", name],
        ["Weights", String(stored.tensors.size)],
      ],
    })
  }
  return {
    weights: {
      file: folder,
      // What generation_config.json says of special tokens is what the model was released with.
      config: { ...config, ...(generation["eos_token_id"] === undefined ? {} : { eos_token_id: generation["eos_token_id"] }) },
      names: [...stored.tensors.keys()],
      has: (name) => stored.tensors.has(name),
      shape: (name) => tensorOf(name).shape,
      tensor: (name) => ({ shape: tensorOf(name).shape, data: stored.values(name) }),
    },
    tokenizerJson: readJson(path.join(folder, "tokenizer.json")),
    tokenizerConfig: has(template)
      ? { ...tokenizerConfig, chat_template: fs.readFileSync(path.join(folder, template), "utf8") }
      : tokenizerConfig,
    files: [...names.filter(has), ...shards, ...(single ? [] : [weightFile])].toSorted(),
    close: stored.close,
  }
}
