/** A LoRA adapter in PEFT's directory form: adapter_config.json and adapter_model.safetensors. */
import type { Weight } from "./formats/WeightSource.ts"

export interface AdapterConfig {
  readonly baseModel: string
  readonly rank: number
  readonly alpha: number
  readonly rsLora: boolean
  /** Module names or path suffixes: `q_proj`, … */
  readonly targetModules: ReadonlyArray<string>
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
