/**
 * A LoRA adapter in PEFT's directory form: `adapter_config.json` with few keys, `adapter_model.safetensors`.
 *
 * Tensors are named `base_model.model.` + module path + `.lora_A.weight` [r, in] or `.lora_B.weight` [out, r].
 * A module's product is scaled by alpha/r, with rsLoRA by alpha/√r.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { FormatError } from "./formats/FormatError.ts"
import { readJson } from "./formats/jsonFile.ts"
import * as Safetensors from "./formats/Safetensors.ts"
import { structured } from "./formats/structured.ts"
import type { Weight } from "./formats/WeightSource.ts"

export interface AdapterConfig {
  /** Name of the base model, as text; the base itself is told by its digest elsewhere. */
  readonly baseModel: string
  readonly rank: number
  readonly alpha: number
  readonly rsLora: boolean
  /** Module names or path endings: `q_proj`, … */
  readonly targetModules: ReadonlyArray<string>
  /** Other ranks and alphas: a regular expression for the end of a module's path, first match wins. */
  readonly rankPattern: Readonly<Record<string, number>>
  readonly alphaPattern: Readonly<Record<string, number>>
}

export interface AdapterModule {
  /** [r, in] */
  readonly a: Weight
  /** [out, r] */
  readonly b: Weight
}

/** By module path without `base_model.model.`: `model.layers.0.self_attn.q_proj`. */
export interface AdapterWeights {
  readonly config: AdapterConfig
  readonly modules: ReadonlyMap<string, AdapterModule>
}

/** An adapter that does not fit: each tensor or setting with what it is and what it should be. */
export class AdapterMismatch extends Data.TaggedError("AdapterMismatch")<{
  /** Folder or name of the adapter. */
  readonly file: string
  /** With what it disagrees: the base model, its own configuration, or what Sluice computes. */
  readonly against: string
  readonly problems: ReadonlyArray<readonly [subject: string, problem: string]>
}> {
  override get message(): string {
    const shown = this.problems.slice(0, 40)
    const more = this.problems.length - shown.length
    return structured(`The adapter does not fit ${this.against}.`, [
      ["Adapter", this.file],
      ...shown,
      ...(more > 0 ? [["and", `${more} more`] as const] : []),
    ])
  }
}

export const configFile = "adapter_config.json"
export const weightsFile = "adapter_model.safetensors"

/** The value for a module: the first pattern that matches the end of its path, else the common one. */
export const patterned = (
  patterns: Readonly<Record<string, number>>,
  module: string,
  otherwise: number,
): number => {
  for (const [pattern, value] of Object.entries(patterns)) {
    if (new RegExp(`^(.*\\.)?(${pattern})$`).test(module)) return value
  }
  return otherwise
}

/** s of a module: alpha/r, or alpha/√r with rsLoRA. */
export const scaleOf = (config: AdapterConfig, module: string): number => {
  const rank = patterned(config.rankPattern, module, config.rank)
  const alpha = patterned(config.alphaPattern, module, config.alpha)
  return alpha / (config.rsLora ? Math.sqrt(rank) : rank)
}

/** How many numbers of an adapter are infinite or no numbers. */
export const brokenNumbers = ({ modules }: AdapterWeights): number => {
  let count = 0
  for (const { a, b } of modules.values())
    for (const { data } of [a, b]) for (const value of data) if (!Number.isFinite(value)) count++
  return count
}

const prefix = "base_model.model."

/**
 * The two files of an adapter. The same adapter gives the same bytes: keys and tensors are sorted and nothing else
 * is written. Few keys, as older versions of PEFT refuse those that they do not know.
 */
export const toFiles = (
  adapter: AdapterWeights,
): { readonly [configFile]: string; readonly [weightsFile]: Uint8Array<ArrayBuffer> } => {
  const { config } = adapter
  const json = {
    alpha_pattern: config.alphaPattern,
    base_model_name_or_path: config.baseModel,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: config.alpha,
    lora_dropout: 0,
    modules_to_save: null,
    peft_type: "LORA",
    r: config.rank,
    rank_pattern: config.rankPattern,
    revision: null,
    target_modules: [...config.targetModules].toSorted(),
    task_type: "CAUSAL_LM",
    use_dora: false,
    use_rslora: config.rsLora,
  }
  const tensors = new Map<string, Weight>()
  for (const [module, { a, b }] of adapter.modules) {
    tensors.set(`${prefix}${module}.lora_A.weight`, a)
    tensors.set(`${prefix}${module}.lora_B.weight`, b)
  }
  return {
    [configFile]: `${JSON.stringify(json, null, 2)}\n`,
    [weightsFile]: Safetensors.encode(tensors, { format: "pt" }),
  }
}

/** Writes the two files into a folder, which is made where it is missing. */
export const write = (folder: string, adapter: AdapterWeights): Effect.Effect<void, FormatError> =>
  Effect.try({
    try: () => {
      fs.mkdirSync(folder, { recursive: true })
      for (const [name, content] of Object.entries(toFiles(adapter))) {
        const temporary = path.join(folder, `.${name}.${process.pid}`)
        fs.writeFileSync(temporary, content)
        fs.renameSync(temporary, path.join(folder, name))
      }
    },
    catch: (cause) =>
      new FormatError({
        file: folder,
        reason: "The adapter cannot be written.",
        facts: [["Cause", cause instanceof Error ? cause.message : String(cause)]],
      }),
  })

/** Reads PEFT's directory. Fails once, with everything that does not fit. */
export const read = (folder: string): Effect.Effect<AdapterWeights, FormatError | AdapterMismatch> =>
  Effect.try({
    try: () => readSync(path.join(folder, configFile), path.join(folder, weightsFile), folder),
    catch: (cause) =>
      cause instanceof FormatError || cause instanceof AdapterMismatch
        ? cause
        : new FormatError({
            file: folder,
            reason: "The adapter cannot be read.",
            facts: [["Cause", String(cause)]],
          }),
  })

/** As `read`, from the paths of the two files (in a store they have other names). Throws. */
export const readSync = (configPath: string, weightsPath: string, name = configPath): AdapterWeights => {
  const json = readJson(configPath) as Record<string, unknown>
  const refused = unsupported(json)
  if (refused.length > 0) {
    throw new AdapterMismatch({ file: name, against: "what Sluice computes", problems: refused })
  }
  const stored = Safetensors.openSync(weightsPath)
  try {
    const halves = new Map<string, { a?: Weight; b?: Weight }>()
    const problems: Array<readonly [string, string]> = []
    for (const [tensor, { shape }] of stored.tensors) {
      const match = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/.exec(tensor)
      if (match === null)
        problems.push([tensor, `[${shape.join(", ")}] is no tensor of a plain LoRA adapter`])
      else if (shape.length !== 2) problems.push([tensor, `[${shape.join(", ")}] is no matrix`])
      else {
        const half = halves.get(match[1]!) ?? {}
        half[match[2] === "A" ? "a" : "b"] = { shape, data: stored.values(tensor) }
        halves.set(match[1]!, half)
      }
    }
    const config = configOf(json, [...halves.keys()])
    const modules = new Map<string, AdapterModule>()
    for (const [module, { a, b }] of [...halves].toSorted(byLayer)) {
      const rank = patterned(config.rankPattern, module, config.rank)
      if (a === undefined || b === undefined) {
        problems.push([module, `has only ${a === undefined ? "lora_B" : "lora_A"}`])
        continue
      }
      if (a.shape[0] !== rank || b.shape[1] !== rank) {
        problems.push([
          module,
          `A [${a.shape.join(", ")}] and B [${b.shape.join(", ")}], but its configuration says rank ${rank}`,
        ])
      }
      modules.set(module, { a, b })
    }
    if (modules.size === 0) problems.push(["modules", "none"])
    if (problems.length > 0)
      throw new AdapterMismatch({ file: name, against: "its own configuration", problems })
    return { config, modules }
  } finally {
    stored.close()
  }
}

/**
 * Checks that every module stands in the base model with matching sizes. `shapeOf` gives a weight's [out, in] by
 * its name, or undefined. Throws one AdapterMismatch that lists every module with both shapes.
 */
export const check = (
  adapter: AdapterWeights,
  shapeOf: (weight: string) => ReadonlyArray<number> | undefined,
  file = "adapter",
): void => {
  const problems: Array<readonly [string, string]> = []
  for (const [module, { a, b }] of adapter.modules) {
    const base = shapeOf(`${module}.weight`)
    if (base === undefined) problems.push([module, "is not in the model"])
    else if (base[0] !== b.shape[0] || base[1] !== a.shape[1]) {
      const adapted = `[${b.shape[0]}, ${a.shape[1]}] (A [${a.shape.join(", ")}], B [${b.shape.join(", ")}])`
      problems.push([module, `adapter ${adapted}, model [${base.join(", ")}]`])
    }
  }
  if (problems.length > 0) throw new AdapterMismatch({ file, against: "the base model", problems })
}

/** Settings under which the adapter's product would be another than B·A·s. */
const unsupported = (json: Record<string, unknown>): Array<readonly [string, string]> => {
  const problems: Array<readonly [string, string]> = []
  const refuse = (key: string, fine: ReadonlyArray<unknown>, why: string): void => {
    const value = json[key]
    const empty = Array.isArray(value) && value.length === 0
    if (value !== undefined && value !== null && !empty && !fine.includes(value)) {
      problems.push([key, `is ${JSON.stringify(value)}: ${why}`])
    }
  }
  if (json["peft_type"] !== "LORA")
    problems.push(["peft_type", `is ${JSON.stringify(json["peft_type"])}, not "LORA"`])
  refuse("use_dora", [false], "DoRA is not computed")
  refuse("bias", ["none"], "trained biases are not computed")
  refuse("lora_bias", [false], "biases of adapters are not computed")
  refuse("fan_in_fan_out", [false], "transposed weights are not computed")
  refuse("modules_to_save", [], "whole trained modules are not computed")
  refuse("target_parameters", [], "adapters of bare parameters are not computed")
  refuse("trainable_token_indices", [], "trained token embeddings are not computed")
  refuse("layer_replication", [], "repeated layers are not computed")
  refuse("alora_invocation_tokens", [], "activated LoRA is not computed")
  refuse(
    "init_lora_weights",
    [true, false, "gaussian", "eva", "orthogonal"],
    "it changes the base model's weights",
  )
  for (const key of ["r", "lora_alpha"]) {
    const value = json[key]
    if (value !== undefined && (typeof value !== "number" || !(value > 0))) {
      problems.push([key, `is ${JSON.stringify(value)}, not a positive number`])
    }
  }
  return problems
}

const configOf = (json: Record<string, unknown>, modules: ReadonlyArray<string>): AdapterConfig => {
  const targets = json["target_modules"]
  return {
    baseModel: typeof json["base_model_name_or_path"] === "string" ? json["base_model_name_or_path"] : "",
    // PEFT's own defaults where a key is left out.
    rank: typeof json["r"] === "number" ? json["r"] : 8,
    alpha: typeof json["lora_alpha"] === "number" ? json["lora_alpha"] : 8,
    rsLora: json["use_rslora"] === true,
    targetModules: Array.isArray(targets)
      ? (targets as ReadonlyArray<string>)
      : [...new Set(modules.map((module) => module.slice(module.lastIndexOf(".") + 1)))].toSorted(),
    rankPattern: (json["rank_pattern"] ?? {}) as Record<string, number>,
    alphaPattern: (json["alpha_pattern"] ?? {}) as Record<string, number>,
  }
}

const byLayer = (one: readonly [string, unknown], other: readonly [string, unknown]): number =>
  one[0].localeCompare(other[0], "en", { numeric: true })
