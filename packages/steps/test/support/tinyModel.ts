import { Random } from "@sluice/core"
import { Safetensors } from "@sluice/llm"
import * as fs from "node:fs"
import * as path from "node:path"

/**
 * Writes a model in Hugging Face's layout that is small enough for any backend: a Llama of two layers, C 32, H 2,
 * I 64, whose tokens are the 256 bytes and ChatML's two marks. Its weights are drawn from a seed.
 */
export const writeTinyModel = (folder: string, seed = "tiny"): void => {
  fs.mkdirSync(folder, { recursive: true })
  const json = (name: string, value: unknown) =>
    fs.writeFileSync(path.join(folder, name), JSON.stringify(value))
  json("config.json", {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_size: hidden,
    intermediate_size: intermediate,
    num_hidden_layers: layers,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    head_dim: headSize,
    hidden_act: "silu",
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    max_position_embeddings: 1024,
    vocab_size: vocabulary,
    tie_word_embeddings: true,
    bos_token_id: 256,
    eos_token_id: 257,
  })
  const marks = ["<|im_start|>", "<|im_end|>"].map((content, at) => ({
    id: 256 + at,
    content,
    special: true,
  }))
  json("tokenizer.json", {
    version: "1.0",
    added_tokens: marks.map((mark) => ({
      ...mark,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries([
        ...byteCharacters().map((character, byte) => [character, byte] as const),
        ...marks.map(({ content, id }) => [content, id] as const),
      ]),
      merges: [],
    },
  })
  json("tokenizer_config.json", {
    bos_token: "<|im_start|>",
    eos_token: "<|im_end|>",
    chat_template:
      "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}" +
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
  })
  fs.writeFileSync(path.join(folder, "model.safetensors"), Safetensors.encode(weights(seed)))
}

const hidden = 32
const headSize = 16
const intermediate = 64
const layers = 2
const vocabulary = 258

const weights = (seed: string) => {
  const drawn = (name: string, ...shape: ReadonlyArray<number>) => {
    const random = Random.make(Random.derive(seed, name))
    const size = shape.reduce((product, length) => product * length, 1)
    return [name, { shape, data: Float32Array.from({ length: size }, () => 0.1 * random.normal()) }] as const
  }
  const ones = (name: string) => [name, { shape: [hidden], data: new Float32Array(hidden).fill(1) }] as const
  return new Map([
    drawn("model.embed_tokens.weight", vocabulary, hidden),
    ...Array.from({ length: layers }, (_, layer) => `model.layers.${layer}.`).flatMap((at) => [
      ones(`${at}input_layernorm.weight`),
      drawn(`${at}self_attn.q_proj.weight`, 2 * headSize, hidden),
      drawn(`${at}self_attn.k_proj.weight`, headSize, hidden),
      drawn(`${at}self_attn.v_proj.weight`, headSize, hidden),
      drawn(`${at}self_attn.o_proj.weight`, hidden, 2 * headSize),
      ones(`${at}post_attention_layernorm.weight`),
      drawn(`${at}mlp.gate_proj.weight`, intermediate, hidden),
      drawn(`${at}mlp.up_proj.weight`, intermediate, hidden),
      drawn(`${at}mlp.down_proj.weight`, hidden, intermediate),
    ]),
    ones("model.norm.weight"),
  ])
}

/** The characters by which byte-level tokenizers write the bytes 0 to 255 (GPT-2's table). */
const byteCharacters = (): ReadonlyArray<string> => {
  let other = 256
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
    return String.fromCodePoint(printable ? byte : other++)
  })
}
