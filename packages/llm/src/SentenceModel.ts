/**
 * A sentence model: a text's vector, from an encoder of the BERT family in a folder as sentence-transformers lays it out
 * (config.json, tokenizer.json, safetensors, modules.json, 1_Pooling/config.json, …).
 *
 * A text's tokens are encoded, pooled to one vector and, where the model says so, scaled to length 1. Each text is
 * encoded by itself (see Bert): its vector does not depend on what else is asked.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Bert from "./Bert.ts"
import * as BertConfig from "./BertConfig.ts"
import { FormatError } from "./formats/FormatError.ts"
import * as HuggingFaceFolder from "./formats/HuggingFaceFolder.ts"
import { readJson } from "./formats/jsonFile.ts"
import type { WeightSource } from "./formats/WeightSource.ts"
import type { Backend, Ops, Tensor } from "./ops/Ops.ts"
import * as Tokenizer from "./Tokenizer.ts"

/** How tokens' vectors become one: their mean, the first one, the largest of each channel, or Σ / √count. */
export type Pooling = (typeof poolings)[number]
const poolings = ["mean", "cls", "max", "mean_sqrt_len_tokens"] as const

/** What a text is to a search: models may want other words before questions than before what is found. */
export type Role = "query" | "document"

export interface SentenceModel {
  /** The folder, for messages. */
  readonly name: string
  readonly config: BertConfig.BertConfig
  readonly weights: WeightSource
  readonly pooling: Pooling
  /** Vectors are scaled to length 1. */
  readonly normalised: boolean
  /** Tokens of a text that are read, special ones too; further ones are cut off. */
  readonly maxTokens: number
  /** What the model wants before a text; empty for most. */
  readonly prefix: Readonly<Record<Role, string>>
  readonly encode: (text: string) => Encoded
  readonly close: () => void
}

export interface Encoded {
  readonly ids: ReadonlyArray<number>
  /** Tokens that did not fit. */
  readonly cut: number
}

/** Turns texts into vectors. */
export interface Embedder {
  /** The vector [C] of one text's tokens. */
  readonly embed: (ids: ReadonlyArray<number>) => Promise<Float32Array>
  readonly free: () => void
}

const described = [
  "config.json",
  "config_sentence_transformers.json",
  "modules.json",
  "sentence_bert_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
]
const poolingFile = "1_Pooling/config.json"

/** Paths of the files in a folder that make a sentence model, by name; some may be missing (see `openSync`). */
export const filesOf = (folder: string): ReadonlyMap<string, string> => {
  const files = new Map(HuggingFaceFolder.present(folder, described))
  const pooling = path.join(folder, poolingFile)
  if (fs.existsSync(pooling)) files.set(poolingFile, pooling)
  return files
}

/** Opens a sentence model within a scope, from the paths of its files by name. */
export const open = (
  files: ReadonlyMap<string, string>,
  name: string,
): Effect.Effect<SentenceModel, FormatError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({ try: () => openSync(files, name), catch: (error) => error as FormatError }),
    (model) => Effect.sync(model.close),
  )

/** As `open`, for plain code: the caller closes. Throws a FormatError with everything that does not fit. */
export const openSync = (files: ReadonlyMap<string, string>, name: string): SentenceModel => {
  const missing = HuggingFaceFolder.missing(files)
  const problems: Array<BertConfig.Problem> = missing.map((file) => [file, "is missing"])
  const read = (file: string): Readonly<Record<string, any>> => {
    const value = files.has(file) ? readJson(files.get(file)!) : {}
    return typeof value === "object" && value !== null ? value : {}
  }
  const modules = modulesOf(files, problems)
  const pooling = poolingOf(read(poolingFile), files.has("modules.json") && !files.has(poolingFile), problems)
  const config = files.has("config.json")
    ? BertConfig.fromHuggingFace(read("config.json"), problems)
    : undefined
  if (missing.length > 0) throw unfit(name, problems)
  const folder = HuggingFaceFolder.openSync(files, name)
  try {
    const weights = unprefixed(folder.weights)
    // Without a shape that can be computed, what its tensors lack says nothing.
    if (problems.length === 0) checkTensors(config!, weights, problems)
    const tokenizer = Tokenizer.fromJson(folder.tokenizerJson, folder.tokenizerConfig, name)
    if (problems.length === 0 && tokenizer.vocabularySize > config!.vocabulary) {
      problems.push([
        "tokenizer.json",
        `has ids up to ${tokenizer.vocabularySize - 1}, vocab_size is ${config!.vocabulary}`,
      ])
    }
    if (problems.length > 0) throw unfit(name, problems)
    const sentence = read("sentence_bert_config.json")
    const maxTokens = Math.min(
      BertConfig.contextTokens(config!),
      sentence["max_seq_length"] ?? folder.tokenizerConfig["model_max_length"] ?? Infinity,
    )
    const { default_prompt_name: byDefault, prompts = {} } = read("config_sentence_transformers.json")
    const prefixOf = (...names: ReadonlyArray<string>): string =>
      [...names, byDefault].map((one) => prompts[one]).find((one) => typeof one === "string") ?? ""
    return {
      name,
      config: config!,
      weights,
      pooling,
      normalised: modules.includes("Normalize"),
      maxTokens,
      prefix: { query: prefixOf("query"), document: prefixOf("document", "passage", "corpus") },
      encode: encoder(tokenizer, maxTokens, sentence["do_lower_case"] === true),
      close: folder.close,
    }
  } catch (error) {
    folder.close()
    throw error
  }
}

/** Loads the model onto a backend; `embed` may be called once at a time. */
export const load = (backend: Backend, model: SentenceModel): Embedder => {
  const bert = Bert.load(backend, model.config, model.weights)
  return {
    embed: async (ids) => {
      const vector = backend.scope(() => {
        const tokens = bert.encode(ids)
        const pooled = pool(backend.ops, model.pooling, tokens, ids.length)
        return model.normalised ? unit(backend.ops, pooled) : pooled
      })
      try {
        return (await backend.read(vector)) as Float32Array
      } finally {
        backend.free(vector)
      }
    },
    free: bert.free,
  }
}

/** [T, C] → [1, C] */
const pool = (ops: Ops, pooling: Pooling, tokens: Tensor, count: number): Tensor => {
  switch (pooling) {
    case "cls":
      return ops.slice(tokens, [0, 0], [1, -1])
    case "mean":
      return ops.mean(tokens, [0], true)
    case "max":
      return ops.max(tokens, [0], true)
    case "mean_sqrt_len_tokens":
      return ops.div(ops.sum(tokens, [0], true), ops.scalar(Math.sqrt(count)))
  }
}

/** Divided by the length; zeros stay zeros. */
const unit = (ops: Ops, vector: Tensor): Tensor =>
  ops.div(vector, ops.maximum(ops.sqrt(ops.sumOfSquares(vector)), ops.scalar(1e-12)))

const encoder = (
  tokenizer: Tokenizer.Tokenizer,
  maxTokens: number,
  lowerCase: boolean,
): SentenceModel["encode"] => {
  // Special tokens stay in a text that is cut, as in every text that the model learnt from.
  const after = specialAfter(tokenizer)
  return (text) => {
    const ids = tokenizer.encode(lowerCase ? text.toLowerCase() : text, { addSpecialTokens: true })
    const cut = Math.max(0, ids.length - maxTokens)
    return {
      ids: cut === 0 ? ids : [...ids.slice(0, maxTokens - after), ...ids.slice(ids.length - after)],
      cut,
    }
  }
}

/** How many special tokens stand after a text. */
const specialAfter = (tokenizer: Tokenizer.Tokenizer): number => {
  const own = tokenizer.encode("a")
  const whole = tokenizer.encode("a", { addSpecialTokens: true })
  const before = whole.findIndex((_, at) => own.every((id, n) => id === whole[at + n]))
  return before < 0 ? 0 : whole.length - own.length - before
}

/** The names of a model's modules after the encoder, in the old form or the new. */
const modulesOf = (
  files: ReadonlyMap<string, string>,
  problems: Array<BertConfig.Problem>,
): ReadonlyArray<string> => {
  const file = files.get("modules.json")
  if (file === undefined) return []
  const listed = readJson(file) as ReadonlyArray<{ readonly type?: unknown } | null>
  const names = (Array.isArray(listed) ? listed : []).map((one) => String(one?.type).split(".").at(-1)!)
  if (names[0] !== "Transformer" || names[1] !== "Pooling" || (names[2] ?? "Normalize") !== "Normalize") {
    problems.push([
      "modules.json",
      `has ${names.join(", ") || "no modules"}, not Transformer, Pooling and perhaps Normalize`,
    ])
  }
  return names
}

/** A model without sentence-transformers' files is pooled as that library does it: by the mean. */
const poolingOf = (
  config: Readonly<Record<string, unknown>>,
  missing: boolean,
  problems: Array<BertConfig.Problem>,
): Pooling => {
  if (missing) problems.push([poolingFile, "is missing"])
  const flagged = Object.entries({
    pooling_mode_cls_token: "cls",
    pooling_mode_mean_tokens: "mean",
    pooling_mode_max_tokens: "max",
    pooling_mode_mean_sqrt_len_tokens: "mean_sqrt_len_tokens",
    pooling_mode_weightedmean_tokens: "weightedmean",
    pooling_mode_lasttoken: "lasttoken",
  }).flatMap(([key, mode]) => (config[key] === true ? [mode] : []))
  const modes = [config["pooling_mode"] ?? (flagged.length === 0 ? "mean" : flagged)].flat().map(String)
  const mode = modes[0] as Pooling
  if (modes.length !== 1 || !poolings.includes(mode)) {
    problems.push([poolingFile, `pools by ${modes.join(" and ")}, not by one of ${poolings.join(", ")}`])
  }
  if (config["include_prompt"] === false) problems.push([poolingFile, "leaves the prompt out of the pooling"])
  return mode
}

/** The weights under the encoder's own names, whatever the file puts before them or calls a norm's gain. */
const unprefixed = (source: WeightSource): WeightSource => {
  const known = "embeddings.word_embeddings.weight"
  const prefix = source.names.find((name) => name.endsWith(known))?.slice(0, -known.length) ?? ""
  const stored = (name: string): string => {
    const plain = `${prefix}${name}`
    if (source.has(plain)) return plain
    return plain
      .replace(/LayerNorm\.weight$/, "LayerNorm.gamma")
      .replace(/LayerNorm\.bias$/, "LayerNorm.beta")
  }
  return {
    ...source,
    has: (name) => source.has(stored(name)),
    shape: (name) => source.shape(stored(name)),
    tensor: (name) => source.tensor(stored(name)),
  }
}

const checkTensors = (
  config: BertConfig.BertConfig,
  weights: WeightSource,
  problems: Array<BertConfig.Problem>,
): void => {
  for (const [name, shape] of BertConfig.tensors(config)) {
    if (!weights.has(name)) problems.push([name, "is missing"])
    else if (weights.shape(name).join() !== shape.join())
      problems.push([name, `is [${weights.shape(name).join(", ")}], not [${shape.join(", ")}]`])
  }
}

/** Of many problems the first are named. */
const mostNamed = 12

const unfit = (name: string, problems: ReadonlyArray<BertConfig.Problem>): FormatError =>
  new FormatError({
    file: name,
    reason: "The folder holds no sentence model that Sluice can use.",
    facts: [
      ...problems.slice(0, mostNamed),
      ...(problems.length > mostNamed ? [["and", `${problems.length - mostNamed} more`] as const] : []),
    ],
    hint: "Encoders of the BERT family work (BERT, MiniLM, E5, BGE, GTE, RoBERTa, XLM-RoBERTa), saved by sentence-transformers as safetensors.",
  })
