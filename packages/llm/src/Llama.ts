/**
 * A Llama-architecture model on a backend: its configuration and its frozen weights.
 *
 * Projections that read the same input stand below each other in one matrix [out, in]: query, key and value; gate
 * and up. The head is the embedding itself where the model ties them.
 */
import type { WeightSource } from "./formats/WeightSource.ts"
import { fromHuggingFace, type LlamaConfig } from "./LlamaConfig.ts"
import type { Backend, Tensor } from "./ops/Ops.ts"

export interface BlockWeights {
  /** [C] */
  readonly attentionNorm: Tensor
  /** [(H + 2·KV)·D, C] */
  readonly queryKeyValue: Tensor
  /** [(H + 2·KV)·D], Qwen 2 */
  readonly queryKeyValueBias: Tensor | null
  /** [H + KV, D], each head's gain, Qwen 3 */
  readonly queryKeyNorm: Tensor | null
  /** [C, H·D] */
  readonly output: Tensor
  /** [C] */
  readonly feedForwardNorm: Tensor
  /** [2·I, C] */
  readonly gateUp: Tensor
  /** [C, I] */
  readonly down: Tensor
}

export interface Weights {
  /** [V, C] */
  readonly embedding: Tensor
  readonly blocks: ReadonlyArray<BlockWeights>
  /** [C] */
  readonly norm: Tensor
  /** [V, C]; the embedding where they are tied. */
  readonly head: Tensor
}

export interface Llama {
  readonly config: LlamaConfig
  readonly weights: Weights
  readonly free: () => void
}

export interface Options {
  /**
   * `bfloat16` keeps the linear layers and the embedding in half the memory and takes their products in bfloat16
   * (native backend; faster only on CPUs with AVX-512 BF16 or AMX). Everything else stays float32. Default `float32`.
   */
  readonly precision?: "float32" | "bfloat16"
}

/** Loads all weights; one layer at a time is expanded in JavaScript. */
export const load = (backend: Backend, source: WeightSource, options: Options = {}): Llama => {
  const config = fromHuggingFace(source.config, source.file)
  const loaded: Array<Tensor> = []
  const keep = (tensor: Tensor) => {
    loaded.push(tensor)
    return tensor
  }
  const vector = (name: string) => {
    const { data, shape } = source.tensor(name)
    return keep(backend.tensor(data, shape))
  }
  const matrix = (...names: ReadonlyArray<string>) => {
    const { data, shape } = stacked(source, names)
    if (options.precision !== "bfloat16") return keep(backend.tensor(data, shape))
    return keep(backend.scope(() => backend.ops.cast(backend.tensor(data, shape), "bfloat16")))
  }
  const embedding = matrix("model.embed_tokens.weight")
  const blocks = Array.from({ length: config.layers }, (_, layer): BlockWeights => {
    const name = (part: string) => `model.layers.${layer}.${part}`
    const queryKeyValue = ["q_proj", "k_proj", "v_proj"].map((part) => name(`self_attn.${part}`))
    return {
      attentionNorm: vector(name("input_layernorm.weight")),
      queryKeyValue: matrix(...queryKeyValue.map((part) => `${part}.weight`)),
      queryKeyValueBias: config.queryKeyValueBias
        ? keep(
            stackedVector(
              backend,
              source,
              queryKeyValue.map((part) => `${part}.bias`),
            ),
          )
        : null,
      queryKeyNorm: config.queryKeyNorm ? keep(headGains(backend, source, config, name("self_attn"))) : null,
      output: matrix(name("self_attn.o_proj.weight")),
      feedForwardNorm: vector(name("post_attention_layernorm.weight")),
      gateUp: matrix(name("mlp.gate_proj.weight"), name("mlp.up_proj.weight")),
      down: matrix(name("mlp.down_proj.weight")),
    }
  })
  const norm = vector("model.norm.weight")
  const head = config.tiedHead ? embedding : matrix("lm_head.weight")
  return { config, weights: { embedding, blocks, norm, head }, free: () => backend.free(...loaded) }
}

/** Matrices of equal width below each other. */
const stacked = (source: WeightSource, names: ReadonlyArray<string>) => {
  const parts = names.map((name) => source.tensor(name))
  if (parts.length === 1) return parts[0]!
  const data = new Float32Array(parts.reduce((total, part) => total + part.data.length, 0))
  let at = 0
  for (const part of parts) {
    data.set(part.data, at)
    at += part.data.length
  }
  const rows = parts.reduce((total, part) => total + part.shape[0]!, 0)
  return { data, shape: [rows, ...parts[0]!.shape.slice(1)] }
}

const stackedVector = (backend: Backend, source: WeightSource, names: ReadonlyArray<string>): Tensor => {
  const { data, shape } = stacked(source, names)
  return backend.tensor(data, shape)
}

/** [H + KV, D]: the query gain for every query head, then the key gain for every key head. */
const headGains = (backend: Backend, source: WeightSource, config: LlamaConfig, name: string): Tensor => {
  const { headSize, heads, keyValueHeads } = config
  const gains = new Float32Array((heads + keyValueHeads) * headSize)
  const query = source.tensor(`${name}.q_norm.weight`).data
  const key = source.tensor(`${name}.k_norm.weight`).data
  for (let head = 0; head < heads + keyValueHeads; head++)
    gains.set(head < heads ? query : key, head * headSize)
  return backend.tensor(gains, [heads + keyValueHeads, headSize])
}
