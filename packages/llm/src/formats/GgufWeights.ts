/**
 * A GGUF file's weights under Hugging Face's names, and its settings as a `config.json`.
 *
 * llama.cpp reorders the rows of the Llama architecture's query and key projections, because its rotary embedding
 * turns neighbours (2j, 2j + 1) where Hugging Face's turns halves (j, j + D/2); here the rows are put back.
 *
 * @see `permute` in llama.cpp's `convert_hf_to_gguf.py`
 */
import { FormatError } from "./FormatError.ts"
import type { Gguf } from "./Gguf.ts"
import type { ModelConfig, WeightSource } from "./WeightSource.ts"

/** Architectures whose tensors these names fit; `llama` stands for Mistral's too. */
const architectures = ["llama", "qwen2", "qwen3"]

const outside: Readonly<Record<string, string>> = {
  "token_embd.weight": "model.embed_tokens.weight",
  "output_norm.weight": "model.norm.weight",
  "output.weight": "lm_head.weight",
}

const inBlock: Readonly<Record<string, string>> = {
  attn_norm: "input_layernorm",
  ffn_norm: "post_attention_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  attn_q_norm: "self_attn.q_norm",
  attn_k_norm: "self_attn.k_norm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
}

/** Factors by which Llama 3's long context divides its frequencies: read into the settings, not a weight. */
const ropeFactors = "rope_freqs.weight"

/** The Hugging Face name of a tensor in a GGUF file, or undefined. */
export const huggingFaceName = (name: string): string | undefined => {
  const block = /^blk\.(\d+)\.([a-z_]+)\.(weight|bias)$/.exec(name)
  if (block === null) return outside[name]
  const module = inBlock[block[2]!]
  return module === undefined ? undefined : `model.layers.${block[1]}.${module}.${block[3]}`
}

/** Throws FormatError for another architecture, missing settings or tensors that belong to none. */
export const fromGguf = (gguf: Gguf): WeightSource => {
  const architecture = gguf.metadata.get("general.architecture")
  if (typeof architecture !== "string" || !architectures.includes(architecture)) {
    throw new FormatError({
      file: gguf.file,
      reason: "The GGUF file holds a model of another architecture.",
      facts: [
        ["Architecture", String(architecture ?? "none named")],
        ["Known", architectures.join(", ")],
      ],
    })
  }
  const inFile = new Map<string, string>()
  const unknown: Array<string> = []
  for (const name of gguf.tensors.keys()) {
    const hf = huggingFaceName(name)
    if (hf !== undefined) inFile.set(hf, name)
    else if (name !== ropeFactors) unknown.push(name)
  }
  if (unknown.length > 0) {
    throw new FormatError({
      file: gguf.file,
      reason: `The GGUF file has tensors that no ${architecture} model has.`,
      facts: [
        ["Tensors", `${unknown.length}: ${unknown.slice(0, 5).join(", ")}${unknown.length > 5 ? ", …" : ""}`],
      ],
      hint: "Mixtures of experts and multimodal models are not read.",
    })
  }
  const config = configOf(gguf, architecture)
  const heads: Readonly<Record<string, number>> = {
    q_proj: config["num_attention_heads"] as number,
    k_proj: config["num_key_value_heads"] as number,
  }
  const placeOf = (name: string): string => {
    const found = inFile.get(name)
    if (found !== undefined) return found
    throw new FormatError({
      file: gguf.file,
      reason: "The model lacks a weight.",
      facts: [
        ["Weight", name],
        ["Weights", `${inFile.size}`],
      ],
    })
  }
  return {
    file: gguf.file,
    config,
    names: [...inFile.keys()],
    has: (name) => inFile.has(name),
    shape: (name) => gguf.tensors.get(placeOf(name))!.shape,
    tensor: (name) => {
      const place = placeOf(name)
      const { shape } = gguf.tensors.get(place)!
      const data = gguf.values(place)
      const projection = /\.([qk]_proj)\./.exec(name)?.[1]
      if (architecture !== "llama" || projection === undefined) return { shape, data }
      return { shape, data: unpermute(data, shape, heads[projection]!) }
    },
  }
}

/** Rows h·D + 2j + t of the file become rows h·D + t·D/2 + j. */
export const unpermute = (data: Float32Array, shape: ReadonlyArray<number>, heads: number): Float32Array => {
  const rows = shape[0]!
  const columns = data.length / rows
  const half = rows / heads / 2
  const out = new Float32Array(data.length)
  for (let row = 0; row < rows; row++) {
    const head = Math.floor(row / (2 * half))
    const within = row % (2 * half)
    const to = head * 2 * half + (within % 2) * half + (within >> 1)
    out.set(data.subarray(row * columns, (row + 1) * columns), to * columns)
  }
  return out
}

const configOf = (gguf: Gguf, architecture: string): ModelConfig => {
  const missing: Array<string> = []
  const read = (key: string): number | undefined => {
    const value = gguf.metadata.get(`${architecture}.${key}`)
    return typeof value === "number" ? value : undefined
  }
  const need = (key: string): number => {
    const value = read(key)
    if (value === undefined) missing.push(`${architecture}.${key}`)
    return value ?? 0
  }
  const id = (role: string): unknown => gguf.metadata.get(`tokenizer.ggml.${role}_token_id`) ?? null
  const hidden = need("embedding_length")
  const heads = need("attention.head_count")
  const headSize = read("attention.key_length") ?? hidden / heads
  const rotated = read("rope.dimension_count") ?? headSize
  const config: ModelConfig = {
    model_type: architecture,
    vocab_size: gguf.tensors.get("token_embd.weight")?.shape[0] ?? read("vocab_size"),
    hidden_size: hidden,
    intermediate_size: need("feed_forward_length"),
    num_hidden_layers: need("block_count"),
    num_attention_heads: heads,
    num_key_value_heads: read("attention.head_count_kv") ?? heads,
    head_dim: headSize,
    hidden_act: "silu",
    max_position_embeddings: need("context_length"),
    rms_norm_eps: need("attention.layer_norm_rms_epsilon"),
    tie_word_embeddings: !gguf.tensors.has("output.weight"),
    bos_token_id: id("bos"),
    eos_token_id: id("eos"),
    pad_token_id: id("padding"),
    rope_parameters: ropeParameters(gguf, read("rope.freq_base") ?? 10_000, architecture, rotated),
    ...(rotated === headSize ? {} : { partial_rotary_factor: rotated / headSize }),
  }
  if (missing.length > 0) {
    throw new FormatError({
      file: gguf.file,
      reason: "The GGUF file's metadata lack settings of the model.",
      facts: [["Keys", missing.join(", ")]],
    })
  }
  return config
}

const ropeParameters = (gguf: Gguf, theta: number, architecture: string, headSize: number): ModelConfig => {
  const scaling = gguf.metadata.get(`${architecture}.rope.scaling.type`)
  if (typeof scaling === "string" && scaling !== "none") {
    const factor = gguf.metadata.get(`${architecture}.rope.scaling.factor`)
    return { rope_type: scaling, rope_theta: theta, ...(typeof factor === "number" ? { factor } : {}) }
  }
  if (!gguf.tensors.has(ropeFactors)) return { rope_type: "default", rope_theta: theta }
  const factors = gguf.values(ropeFactors)
  const parameters = {
    rope_type: "llama3",
    rope_theta: theta,
    factor: factors.reduce((a, b) => Math.max(a, b), 1),
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 8192,
  }
  const expected = llama3Factors(parameters, headSize)
  const wrong = factors.findIndex((factor, i) => !(Math.abs(factor - expected[i]!) <= 1e-3 * expected[i]!))
  if (wrong >= 0 || factors.length !== expected.length) {
    throw new FormatError({
      file: gguf.file,
      reason: "The rotary embedding's factors are not those of Llama 3.",
      facts: [
        ["Tensor", ropeFactors],
        ["Entry", String(wrong)],
        ["Found", String(factors[wrong])],
        ["Expected", String(expected[wrong])],
      ],
    })
  }
  return parameters
}

/** By what Llama 3.1 divides each of its D/2 frequencies. */
const llama3Factors = (
  rope: { rope_theta: number; factor: number; original_max_position_embeddings: number },
  headSize: number,
): Array<number> =>
  Array.from({ length: headSize / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * rope.rope_theta ** ((2 * i) / headSize)
    const turns = rope.original_max_position_embeddings / wavelength
    if (turns > 4) return 1
    if (turns < 1) return rope.factor
    const smooth = (turns - 1) / (4 - 1)
    return 1 / ((1 - smooth) / rope.factor + smooth)
  })
