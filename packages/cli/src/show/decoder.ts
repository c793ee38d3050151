/**
 * Token ids to text, by the model that the step read.
 */
import { Artifact } from "@sluice/core"
import type { ActionKey, ArtifactStore } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { openFiles } from "./artifact.ts"

type Decode = (ids: ReadonlyArray<number>) => string

/** The decoder of the first input that is a model; none where no input is, or where it cannot be read. */
export const decoder = (
  record: ActionKey.Record | undefined,
): Effect.Effect<Option.Option<Decode>, never, ArtifactStore.ArtifactStore> =>
  Effect.gen(function* () {
    for (const fingerprint of Object.values(record?.inputs ?? {})) {
      if (typeof fingerprint !== "string") continue
      const found = yield* Effect.option(ofFiles(fingerprint))
      if (Option.isSome(found) && found.value !== undefined) return Option.some(found.value)
    }
    return Option.none()
  })

const ofFiles = Effect.fnUntraced(function* (fingerprint: string) {
  yield* Artifact.readManifest("files", fingerprint)
  const files = yield* openFiles({ kind: "files", fingerprint, manifestBytes: 0, sizeBytes: 0 })
  const gguf = files.names.find((name) => name.endsWith(".gguf"))
  const json = files.names.find((name) => /(^|\/)tokenizer\.json$/.test(name))
  if (gguf === undefined && json === undefined) return undefined
  // Loaded only here: the model's code is large and no other command needs it.
  const { Gguf, Tokenizer } = yield* Effect.promise(() => import("@sluice/llm"))
  if (gguf !== undefined) {
    const path = yield* files.path(gguf)
    const tokenizer = yield* Effect.scoped(Effect.map(Gguf.open(path), Tokenizer.fromGguf))
    return (ids: ReadonlyArray<number>) => tokenizer.decode(ids, { skipSpecialTokens: false })
  }
  const config = files.names.find((name) => /(^|\/)tokenizer_config\.json$/.test(name))
  const read = (name: string) =>
    Effect.map(
      files.bytes(name),
      (content) => JSON.parse(Buffer.from(content).toString()) as Record<string, unknown>,
    )
  const tokenizer = Tokenizer.fromJson(yield* read(json!), config === undefined ? {} : yield* read(config))
  return (ids: ReadonlyArray<number>) => tokenizer.decode(ids, { skipSpecialTokens: false })
})
