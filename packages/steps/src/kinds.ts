import { Artifact, Table } from "@sluice/core"

/** A base model: one GGUF file, or the files of a Hugging Face folder. */
export const ModelFiles = Artifact.files("model")

/** A sentence model: the files of a folder as sentence-transformers writes it. */
export const SentenceModelFiles = Artifact.files("sentenceModel")

/** A LoRA adapter as PEFT writes it: adapter_config.json and adapter_model.safetensors. */
export const AdapterFiles = Artifact.files("adapter")

/** Adapters of one training on the way, each in a folder by its optimizer step: `step-000010/adapter_config.json`. */
export const AdapterSnapshots = Artifact.files("adapterSnapshots")

/** Stands in the definition of a generic step for the table that each of its uses decides. */
export const DecidedAtUse = Table.make({ decidedAtUse: Table.utf8 })
