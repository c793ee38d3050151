import { type Artifact, Errors } from "@sluice/core"
import { Adapter, ModelFiles } from "@sluice/llm"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/** Opens a stored model within a scope. Its files lie in the store under their digests, so each is named here. */
export const open = Effect.fnUntraced(function* (files: Artifact.FilesReader) {
  const places = new Map<string, string>()
  for (const name of files.names) places.set(name, yield* files.path(name))
  return yield* ModelFiles.open(places)
})

/** As `open`, for work that needs chats in the model's own form. */
export const openForChat = Effect.fnUntraced(function* (files: Artifact.FilesReader) {
  const model = yield* open(files)
  if (model.chatTemplate === null) return yield* new NoChatTemplate({ model: nameOf(files) })
  return { ...model, chatTemplate: model.chatTemplate }
})

/** Reads a stored adapter; `folder` stands before its files' names where several are stored together. */
export const adapter = Effect.fnUntraced(function* (files: Artifact.FilesReader, folder = "") {
  const config = yield* files.path(`${folder}${Adapter.configFile}`)
  const weights = yield* files.path(`${folder}${Adapter.weightsFile}`)
  return yield* Effect.try({
    try: () => Adapter.readSync(config, weights, "adapter"),
    catch: (error) => error,
  })
})

/**
 * What to say of an adapter that was trained on a model of another name: where the shapes are equal it can be used, and
 * only makes answers worse. Another quantization of a model is no other model.
 */
export const otherBase = (
  trained: Adapter.AdapterWeights,
  model: Artifact.FilesReader,
): string | undefined => {
  const [base, asked] = [trained.config.baseModel, nameOf(model)]
  const known = [base, asked].map(plainName)
  if (known.some((name) => name === "" || name === "model") || known[0] === known[1]) return undefined
  return `the adapter was trained on ${base} and is used with ${asked}: if those are different models, it makes answers worse`
}

const plainName = (name: string): string =>
  name
    .replace(/^.*\//, "")
    .replace(/(?:[-._](?:I?Q\d\w*|B?F16|F32|GGUF))+$/i, "")
    .toLowerCase()

/** What a model is called: its one file without the ending, or what its folder's files are. */
export const nameOf = (files: Artifact.FilesReader): string =>
  files.names.length === 1 ? files.names[0]!.replace(/(\.[QFB]\w*)?\.gguf$/i, "") : "model"

/** A model that was never taught to chat. */
export class NoChatTemplate extends Data.TaggedError("NoChatTemplate")<{ readonly model: string }> {
  override get message(): string {
    return Errors.structured(
      "The model has no chat template.",
      { Model: this.model },
      "Take the instruct (chat) form of the model.",
    )
  }
}
