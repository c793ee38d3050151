/** Models of which only the shape matters: weights drawn on the spot, under Hugging Face's names. */
import { LlamaConfig, type WeightSource } from "@sluice/llm"

interface Shape {
  readonly hidden_size: number
  readonly intermediate_size: number
  readonly num_hidden_layers: number
  readonly num_attention_heads: number
  readonly num_key_value_heads: number
  readonly vocab_size: number
  readonly tie_word_embeddings: boolean
}

/** As their authors publish them, by what they are called; and one for backends without native code. */
export const shapes = {
  tiny: {
    hidden_size: 64,
    intermediate_size: 160,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    vocab_size: 512,
    tie_word_embeddings: true,
  },
  "SmolLM2-135M": {
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    vocab_size: 49_152,
    tie_word_embeddings: true,
  },
  "SmolLM2-360M": {
    hidden_size: 960,
    intermediate_size: 2560,
    num_hidden_layers: 32,
    num_attention_heads: 15,
    num_key_value_heads: 5,
    vocab_size: 49_152,
    tie_word_embeddings: true,
  },
  "Llama-3.2-1B": {
    hidden_size: 2048,
    intermediate_size: 8192,
    num_hidden_layers: 16,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    vocab_size: 128_256,
    tie_word_embeddings: true,
  },
} satisfies Readonly<Record<string, Shape>>

export type ShapeName = keyof typeof shapes

/** A weight source whose numbers are small, and the same at every reading. */
export const source = (name: ShapeName): WeightSource.WeightSource => {
  const shape = shapes[name]
  const config = { model_type: "llama", rms_norm_eps: 1e-5, max_position_embeddings: 2048, ...shape }
  const { headSize, heads, hidden, intermediate, keyValueHeads, vocabulary } = LlamaConfig.fromHuggingFace(
    config,
    name,
  )
  const sizes: Readonly<Record<string, ReadonlyArray<number>>> = {
    embed_tokens: [vocabulary, hidden],
    q_proj: [heads * headSize, hidden],
    k_proj: [keyValueHeads * headSize, hidden],
    v_proj: [keyValueHeads * headSize, hidden],
    o_proj: [hidden, heads * headSize],
    gate_proj: [intermediate, hidden],
    up_proj: [intermediate, hidden],
    down_proj: [hidden, intermediate],
  }
  const shapeOf = (weight: string) => sizes[weight.split(".").at(-2)!] ?? [hidden]
  return {
    file: name,
    config,
    names: [],
    has: () => true,
    shape: shapeOf,
    tensor: (weight) => {
      const size = shapeOf(weight)
      const data = new Float32Array(size.reduce((product, n) => product * n, 1))
      if (size.length === 1) data.fill(1)
      else {
        const scale = 1 / Math.sqrt(size[1]!)
        // A linear congruential generator: what is drawn matters less here than how fast.
        let state = weight.length
        for (let i = 0; i < data.length; i++) {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
          data[i] = (state / 2 ** 31) * scale
        }
      }
      return { shape: size, data }
    },
  }
}
