/**
 * Shape of an encoder of the BERT family, from a Hugging Face `config.json`, and the tensors that it must have.
 *
 * BERT (MiniLM, E5, BGE and GTE too) and RoBERTa (XLM-RoBERTa, CamemBERT) are one network; RoBERTa counts positions
 * from the padding token's id plus one.
 */
import type { ModelConfig } from "./formats/WeightSource.ts"

export interface BertConfig {
  /** Name of the architecture in the file: `bert`, `roberta`, `xlm-roberta`, `camembert`. */
  readonly architecture: string
  readonly layers: number
  /** C */
  readonly hidden: number
  /** H */
  readonly heads: number
  /** I */
  readonly intermediate: number
  /** V */
  readonly vocabulary: number
  /** Rows of the table of positions. */
  readonly positions: number
  /** The first token's position. */
  readonly firstPosition: number
  readonly tokenTypes: number
  readonly normEpsilon: number
}

/** What is wrong with a model: the place (a key, a tensor, a file) and the reason. */
export type Problem = readonly [place: string, reason: string]

const architectures = ["bert", "roberta", "xlm-roberta", "camembert"]

/** Longest text in tokens, special ones too. */
export const contextTokens = (config: BertConfig): number => config.positions - config.firstPosition

/** Reads a `config.json`; what this code would compute wrongly is added to `found`. */
export const fromHuggingFace = (config: ModelConfig, found: Array<Problem>): BertConfig => {
  const architecture = String(config["model_type"])
  const known = architectures.includes(architecture)
  if (!known) found.push(["model_type", `is "${architecture}", not one of ${architectures.join(", ")}`])
  // Another architecture's keys are others: that these are missing says nothing.
  const problems = known ? found : []
  const number = (key: string, otherwise?: number): number => {
    const value = config[key] ?? otherwise
    if (typeof value === "number" && Number.isFinite(value) && value > 0) return value
    problems.push([
      key,
      value === undefined ? "is missing" : `is ${JSON.stringify(value)}, not a positive number`,
    ])
    return 1
  }
  const only = (key: string, expected: unknown): void => {
    const value = config[key] ?? expected
    if (value !== expected)
      problems.push([key, `is ${JSON.stringify(value)}, not ${JSON.stringify(expected)}`])
  }
  only("hidden_act", "gelu")
  only("position_embedding_type", "absolute")
  only("is_decoder", false)
  const hidden = number("hidden_size")
  const heads = number("num_attention_heads")
  if (hidden % heads !== 0) {
    problems.push(["num_attention_heads", `is ${heads}, which does not divide ${hidden} channels`])
  }
  const padding = config["pad_token_id"]
  return {
    architecture,
    layers: number("num_hidden_layers"),
    hidden,
    heads,
    intermediate: number("intermediate_size"),
    vocabulary: number("vocab_size"),
    positions: number("max_position_embeddings"),
    firstPosition: architecture === "bert" ? 0 : (typeof padding === "number" ? padding : 1) + 1,
    tokenTypes: number("type_vocab_size", 2),
    normEpsilon: number("layer_norm_eps", 1e-12),
  }
}

/** Every tensor of the encoder by its name in the file, without a prefix such as `bert.`, and its shape. */
export const tensors = (config: BertConfig): ReadonlyMap<string, ReadonlyArray<number>> => {
  const { hidden: c, intermediate, layers, positions, tokenTypes, vocabulary } = config
  const norm = (name: string): Array<[string, Array<number>]> => [
    [`${name}.LayerNorm.weight`, [c]],
    [`${name}.LayerNorm.bias`, [c]],
  ]
  const linear = (name: string, outputs: number, inputs: number): Array<[string, Array<number>]> => [
    [`${name}.weight`, [outputs, inputs]],
    [`${name}.bias`, [outputs]],
  ]
  return new Map<string, ReadonlyArray<number>>([
    ["embeddings.word_embeddings.weight", [vocabulary, c]],
    ["embeddings.position_embeddings.weight", [positions, c]],
    ["embeddings.token_type_embeddings.weight", [tokenTypes, c]],
    ...norm("embeddings"),
    ...Array.from({ length: layers }, (_, layer) => `encoder.layer.${layer}`).flatMap((at) => [
      ...["query", "key", "value"].flatMap((part) => linear(`${at}.attention.self.${part}`, c, c)),
      ...linear(`${at}.attention.output.dense`, c, c),
      ...norm(`${at}.attention.output`),
      ...linear(`${at}.intermediate.dense`, intermediate, c),
      ...linear(`${at}.output.dense`, c, intermediate),
      ...norm(`${at}.output`),
    ]),
  ])
}
