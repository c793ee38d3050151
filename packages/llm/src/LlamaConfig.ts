/**
 * Shape of a Llama-architecture model, from a Hugging Face `config.json`.
 *
 * Llama, Mistral, Qwen 2 and Qwen 3 differ in three switches only: biases of query, key and value (Qwen 2), norms of
 * queries and keys (Qwen 3), and a tied or untied output head.
 */
import * as Data from "effect/Data"
import { structured } from "./formats/structured.ts"
import type { ModelConfig } from "./formats/WeightSource.ts"
import type { Geometry as RotaryGeometry } from "./layers/rotary.ts"

export interface LlamaConfig extends RotaryGeometry {
  /** Name of the architecture in the file: `llama`, `mistral`, `qwen2`, `qwen3`. */
  readonly architecture: string
  readonly layers: number
  /** C */
  readonly hidden: number
  /** I */
  readonly intermediate: number
  /** V */
  readonly vocabulary: number
  readonly normEpsilon: number
  /** The head reads the token embedding. */
  readonly tiedHead: boolean
  readonly queryKeyValueBias: boolean
  readonly queryKeyNorm: boolean
  /** Longest row that the model was made for, in tokens. */
  readonly contextTokens: number
}

/** A model that this code would compute wrongly, with every reason at once. */
export class ModelUnsupported extends Data.TaggedError("ModelUnsupported")<{
  readonly file: string
  readonly reasons: ReadonlyArray<readonly [key: string, reason: string]>
}> {
  override get message(): string {
    return structured(
      "This model's configuration is not supported.",
      [["File", this.file], ...this.reasons],
      "Models of the Llama, Mistral, Qwen 2 and Qwen 3 architectures work.",
    )
  }
}

const architectures = ["llama", "mistral", "qwen2", "qwen3"]

/** Reads a `config.json`, old form (`rope_theta`, `rope_scaling`) or new (`rope_parameters`). */
export const fromHuggingFace = (config: ModelConfig, file: string): LlamaConfig => {
  const reasons: Array<readonly [string, string]> = []
  const number = (key: string, otherwise?: number): number => {
    const value = config[key] ?? otherwise
    if (typeof value === "number" && Number.isFinite(value) && value > 0) return value
    reasons.push([
      key,
      value === undefined ? "is missing" : `is ${JSON.stringify(value)}, not a positive number`,
    ])
    return 1
  }
  const architecture = String(config["model_type"])
  if (!architectures.includes(architecture)) {
    reasons.push(["model_type", `is "${architecture}", not one of ${architectures.join(", ")}`])
  }
  const activation = config["hidden_act"] ?? "silu"
  if (activation !== "silu") reasons.push(["hidden_act", `is ${JSON.stringify(activation)}, not "silu"`])
  if (config["mlp_bias"] === true) reasons.push(["mlp_bias", "is true"])
  if (architecture !== "qwen2" && config["attention_bias"] === true)
    reasons.push(["attention_bias", "is true"])
  if ((config["partial_rotary_factor"] ?? 1) !== 1) reasons.push(["partial_rotary_factor", "is not 1"])

  const hidden = number("hidden_size")
  const heads = number("num_attention_heads")
  const keyValueHeads = number("num_key_value_heads", heads)
  const headSize = number("head_dim", hidden / heads)
  const contextTokens = number("max_position_embeddings", 2048)
  if (heads % keyValueHeads !== 0) {
    reasons.push(["num_key_value_heads", `is ${keyValueHeads}, which does not divide ${heads} heads`])
  }
  const window = config["sliding_window"]
  const windowUsed = config["use_sliding_window"] !== false
  if (typeof window === "number" && windowUsed && window < contextTokens) {
    reasons.push(["sliding_window", `is ${window}, shorter than the context of ${contextTokens}`])
  }
  const rope = (config["rope_parameters"] ?? config["rope_scaling"] ?? {}) as ModelConfig
  const result: LlamaConfig = {
    architecture,
    layers: number("num_hidden_layers"),
    hidden,
    heads,
    keyValueHeads,
    headSize,
    intermediate: number("intermediate_size"),
    vocabulary: number("vocab_size"),
    normEpsilon: number("rms_norm_eps", 1e-6),
    ropeTheta: Number(rope["rope_theta"] ?? config["rope_theta"] ?? 10_000),
    ropeScaling: ropeScaling(rope, contextTokens, reasons),
    tiedHead: config["tie_word_embeddings"] === true,
    queryKeyValueBias: architecture === "qwen2",
    queryKeyNorm: architecture === "qwen3",
    contextTokens,
  }
  if (reasons.length > 0) throw new ModelUnsupported({ file, reasons })
  return result
}

const ropeScaling = (
  rope: ModelConfig,
  contextTokens: number,
  reasons: Array<readonly [string, string]>,
): LlamaConfig["ropeScaling"] => {
  const kind = rope["rope_type"] ?? rope["type"] ?? "default"
  switch (kind) {
    case "default":
      return null
    case "linear":
      return { kind: "linear", factor: Number(rope["factor"] ?? 1) }
    case "llama3":
      return {
        kind: "llama3",
        factor: Number(rope["factor"] ?? 8),
        lowFrequencyFactor: Number(rope["low_freq_factor"] ?? 1),
        highFrequencyFactor: Number(rope["high_freq_factor"] ?? 4),
        originalContext: Number(rope["original_max_position_embeddings"] ?? contextTokens),
      }
    default:
      reasons.push(["rope_type", `is ${JSON.stringify(kind)}, not default, linear or llama3`])
      return null
  }
}

/** Parameters of the whole model; a tied head counts once. */
export const parameterCount = (config: LlamaConfig): number => {
  const { headSize, heads, hidden, intermediate, keyValueHeads, layers, vocabulary } = config
  const projected = (heads + 2 * keyValueHeads) * headSize
  const attention = projected * hidden + heads * headSize * hidden
  const extra =
    (config.queryKeyValueBias ? projected : 0) + (config.queryKeyNorm ? 2 * headSize : 0) + 2 * hidden
  const block = attention + 3 * hidden * intermediate + extra
  return layers * block + hidden + vocabulary * hidden * (config.tiedHead ? 1 : 2)
}
