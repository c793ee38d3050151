/**
 * An encoder of the BERT family on a backend: tokens to one vector each, every token seeing every other.
 *
 *     x₀ = norm(word[id] + position[p] + type₀)
 *     a  = norm(x + output(softmax(Q·Kᵀ/√D)·V))      x' = norm(a + down(gelu(up(a))))
 *
 * with gelu(z) = z·(1 + erf(z/√2))/2. Texts are encoded one at a time: a product's last bits depend on how many rows it
 * has, so in a batch a vector would depend on its neighbours, and remembered vectors on what was asked with them.
 *
 * @see Devlin et al. 2018, arXiv:1810.04805; Hendrycks and Gimpel 2016, arXiv:1606.08415
 */
import type { BertConfig } from "./BertConfig.ts"
import type { WeightSource } from "./formats/WeightSource.ts"
import * as layerNorm from "./layers/layerNorm.ts"
import type { Backend, Ops, Tensor } from "./ops/Ops.ts"

interface Linear {
  /** [out, in] */
  readonly weight: Tensor
  /** [out] */
  readonly bias: Tensor
}

interface LayerWeights {
  /** Query, key and value below each other, the query divided by √D. */
  readonly queryKeyValue: Linear
  readonly output: Linear
  readonly attentionNorm: layerNorm.Layer
  readonly up: Linear
  readonly down: Linear
  readonly norm: layerNorm.Layer
}

interface Weights {
  /** [V, C] */
  readonly words: Tensor
  /** [positions, C], the first token type's row added to each. */
  readonly positions: Tensor
  readonly norm: layerNorm.Layer
  readonly layers: ReadonlyArray<LayerWeights>
}

export interface Bert {
  readonly config: BertConfig
  /** Vectors [T, C] of one text's tokens, special ones too. The caller frees it. */
  readonly encode: (ids: ReadonlyArray<number>) => Tensor
  readonly free: () => void
}

/** Loads all weights from a source whose tensors were checked (`BertConfig.tensors`). */
export const load = (backend: Backend, config: BertConfig, source: WeightSource): Bert => {
  const loaded: Array<Tensor> = []
  const tensor = (data: Float32Array, shape: ReadonlyArray<number>) => {
    const made = backend.tensor(data, shape)
    loaded.push(made)
    return made
  }
  const read = (name: string) => {
    const { data, shape } = source.tensor(name)
    return tensor(data, shape)
  }
  const norm = (name: string) => ({
    weight: read(`${name}.LayerNorm.weight`),
    bias: read(`${name}.LayerNorm.bias`),
  })
  const linear = (name: string) => ({ weight: read(`${name}.weight`), bias: read(`${name}.bias`) })
  const queryKeyValue = (name: string): Linear => {
    const scale = 1 / Math.sqrt(config.hidden / config.heads)
    const stacked = (part: "weight" | "bias") => {
      const all = ["query", "key", "value"].map((which) => source.tensor(`${name}.${which}.${part}`).data)
      const data = new Float32Array(3 * all[0]!.length)
      all.forEach((values, at) =>
        data.set(at === 0 ? values.map((value) => value * scale) : values, at * values.length),
      )
      return data
    }
    return {
      weight: tensor(stacked("weight"), [3 * config.hidden, config.hidden]),
      bias: tensor(stacked("bias"), [3 * config.hidden]),
    }
  }
  const weights: Weights = {
    words: read("embeddings.word_embeddings.weight"),
    positions: tensor(positionsWithType(source, config), [config.positions, config.hidden]),
    norm: norm("embeddings"),
    layers: Array.from({ length: config.layers }, (_, layer) => `encoder.layer.${layer}`).map((at) => ({
      queryKeyValue: queryKeyValue(`${at}.attention.self`),
      output: linear(`${at}.attention.output.dense`),
      attentionNorm: norm(`${at}.attention.output`),
      up: linear(`${at}.intermediate.dense`),
      down: linear(`${at}.output.dense`),
      norm: norm(`${at}.output`),
    })),
  }
  const forward = backend.jit("sentence", (ops, input: Input) => encoded(ops, config, input))
  return {
    config,
    encode: (ids) =>
      backend.scope(() => {
        const positions = Int32Array.from(ids, (_, at) => config.firstPosition + at)
        return forward({
          weights,
          ids: backend.tensor(Int32Array.from(ids), [ids.length]),
          positions: backend.tensor(positions, [ids.length]),
        })
      }),
    free: () => backend.free(...loaded),
  }
}

/** A text is of one type: its row is part of every position's. */
const positionsWithType = (source: WeightSource, { hidden }: BertConfig): Float32Array => {
  const type = source.tensor("embeddings.token_type_embeddings.weight").data
  return source
    .tensor("embeddings.position_embeddings.weight")
    .data.map((value, at) => value + type[at % hidden]!)
}

interface Input {
  readonly weights: Weights
  /** [T] */
  readonly ids: Tensor
  /** [T] */
  readonly positions: Tensor
}

const encoded = (ops: Ops, config: BertConfig, { ids, positions, weights }: Input): Tensor => {
  const embedded = ops.add(ops.gather(weights.words, ids), ops.gather(weights.positions, positions))
  let x = layerNorm.forward(ops, weights.norm, config.normEpsilon, embedded)
  weights.layers.forEach((layer, number) => {
    x = ops.label(`layer ${number}`, () => encoderLayer(ops, config, layer, x))
  })
  return x
}

const encoderLayer = (ops: Ops, config: BertConfig, weights: LayerWeights, x: Tensor): Tensor => {
  const epsilon = config.normEpsilon
  const attended = linear(ops, weights.output, attention(ops, config, linear(ops, weights.queryKeyValue, x)))
  const middle = layerNorm.forward(ops, weights.attentionNorm, epsilon, ops.add(x, attended))
  const fed = linear(ops, weights.down, gelu(ops, linear(ops, weights.up, middle)))
  return layerNorm.forward(ops, weights.norm, epsilon, ops.add(middle, fed))
}

/** qkv [T, 3·C] → [T, C] */
const attention = (ops: Ops, { heads, hidden }: BertConfig, qkv: Tensor): Tensor => {
  const [queries, keys, values] = ops
    .split(qkv, [hidden, hidden, hidden], 1)
    .map((part) => ops.transpose(ops.reshape(part, [-1, heads, hidden / heads]), [1, 0, 2])) as [
    Tensor,
    Tensor,
    Tensor,
  ]
  const probabilities = ops.softmax(ops.batchMatMul(queries, keys, false, true)) // [H, T, T]
  const output = ops.batchMatMul(probabilities, values) // [H, T, D]
  return ops.reshape(ops.transpose(output, [1, 0, 2]), [-1, hidden])
}

const linear = (ops: Ops, { bias, weight }: Linear, x: Tensor): Tensor =>
  ops.add(ops.matMul(x, weight, false, true), bias)

const gelu = (ops: Ops, x: Tensor): Tensor =>
  ops.mul(ops.mul(x, ops.scalar(0.5)), ops.add(ops.erf(ops.mul(x, ops.scalar(Math.SQRT1_2))), ops.scalar(1)))
