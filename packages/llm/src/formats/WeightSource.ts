/** Where a model's weights come from, whatever the file format: Hugging Face names, float32 values. */

/** A model's settings in the form of a Hugging Face `config.json`. */
export type ModelConfig = Readonly<Record<string, unknown>>

/** One weight: row-major values; a linear layer's is [out, in], as in PyTorch. */
export interface Weight {
  readonly shape: ReadonlyArray<number>
  readonly data: Float32Array
}

/**
 * Weights by Hugging Face name (`model.layers.0.self_attn.q_proj.weight`), read from the file when asked for.
 * `tensor` throws a FormatError that names the file for an unknown name or damaged bytes. The returned array is
 * the caller's own.
 */
export interface WeightSource {
  /** The file or folder, for messages. */
  readonly file: string
  readonly config: ModelConfig
  readonly names: ReadonlyArray<string>
  readonly has: (name: string) => boolean
  readonly shape: (name: string) => ReadonlyArray<number>
  readonly tensor: (name: string) => Weight
}
