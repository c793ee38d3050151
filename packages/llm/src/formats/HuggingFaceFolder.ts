/** A model's folder as Hugging Face lays it out: config.json, tokenizer.json, safetensors. */
import * as fs from "node:fs"
import * as path from "node:path"
import { FormatError } from "./FormatError.ts"
import { readJson } from "./jsonFile.ts"
import * as Safetensors from "./Safetensors.ts"
import type { TokenizerConfig } from "./TokenizerJson.ts"
import type { WeightSource } from "./WeightSource.ts"

export interface ModelFolder {
  readonly weights: WeightSource
  readonly tokenizerJson: unknown
  readonly tokenizerConfig: TokenizerConfig
  readonly close: () => void
}

/** Files beside the weights that say what the model is. */
const described = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "chat_template.jinja",
]
const single = "model.safetensors"
const index = "model.safetensors.index.json"

/** Paths of the files in a folder that make the model, by name; others are left out. Throws FormatError. */
export const filesOf = (folder: string): ReadonlyMap<string, string> => {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : []
  const files = present(folder, described)
  checkPresent(files, folder, names)
  return files
}

/** Paths of those of the wanted files that a folder holds, and of its weights, by name. */
export const present = (folder: string, wantedNames: ReadonlyArray<string>): ReadonlyMap<string, string> => {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : []
  const weights = names.includes(single) ? [single] : [index]
  if (!names.includes(single) && names.includes(index)) {
    const map =
      (readJson(path.join(folder, index)) as { weight_map?: Record<string, string> }).weight_map ?? {}
    weights.push(...new Set(Object.values(map)))
  }
  const wanted = [...wantedNames, ...weights].filter((name) => names.includes(name))
  return new Map(wanted.toSorted().map((name) => [name, path.join(folder, name)]))
}

/** What a model cannot do without and these files do not hold. */
export const missing = (files: ReadonlyMap<string, string>): ReadonlyArray<string> => [
  ...["config.json", "tokenizer.json"].filter((name) => !files.has(name)),
  ...(files.has(single) || files.has(index) ? [] : [`${single} or ${index}`]),
]

const checkPresent = (
  files: ReadonlyMap<string, string>,
  folder: string,
  others: ReadonlyArray<string> = [],
): void => {
  const lacking = missing(files)
  if (lacking.length === 0) return
  throw new FormatError({
    file: folder,
    reason: "The folder holds no model that Sluice can read.",
    facts: [["Missing", lacking.join(", ")]],
    hint: others.some((name) => name.endsWith(".bin"))
      ? "Its weights are pickled (.bin): save the model again as safetensors."
      : undefined,
  })
}

/**
 * Opens a model from the paths of its files by name, wherever they lie (in a store they have other names).
 * The caller closes it. Throws FormatError.
 */
export const openSync = (files: ReadonlyMap<string, string>, name: string): ModelFolder => {
  checkPresent(files, name)
  const read = (file: string): Record<string, unknown> =>
    files.has(file) ? (readJson(files.get(file)!) as Record<string, unknown>) : {}
  const config = read("config.json")
  const generation = read("generation_config.json")
  const tokenizerConfig: TokenizerConfig = read("tokenizer_config.json")
  const template = files.get("chat_template.jinja")
  const tokenizerJson = read("tokenizer.json")
  const shardAt = (shard: string): string =>
    files.get(shard) ?? path.join(path.dirname(files.get(index)!), shard)
  const stored = files.has(single)
    ? Safetensors.openSync(files.get(single)!)
    : Safetensors.openIndex(files.get(index)!, shardAt)
  const tensorOf = (weight: string): Safetensors.SafetensorsTensor => {
    const tensor = stored.tensors.get(weight)
    if (tensor !== undefined) return tensor
    throw new FormatError({
      file: name,
      reason: "The model lacks a weight.",
      facts: [
        ["Weight", weight],
        ["Weights", String(stored.tensors.size)],
      ],
    })
  }
  // generation_config.json knows best which tokens end an answer.
  const ends = generation["eos_token_id"]
  return {
    weights: {
      file: name,
      config: ends === undefined ? config : { ...config, eos_token_id: ends },
      names: [...stored.tensors.keys()],
      has: (weight) => stored.tensors.has(weight),
      shape: (weight) => tensorOf(weight).shape,
      tensor: (weight) => ({ shape: tensorOf(weight).shape, data: stored.values(weight) }),
    },
    tokenizerJson,
    tokenizerConfig:
      template === undefined
        ? tokenizerConfig
        : { ...tokenizerConfig, chat_template: fs.readFileSync(template, "utf8") },
    close: stored.close,
  }
}
