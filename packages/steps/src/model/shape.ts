import type { Artifact } from "@sluice/core"
import { Gguf, GgufWeights, LlamaConfig } from "@sluice/llm"
import * as Effect from "effect/Effect"

/** A stored model's shape, without its tokenizer and its weights. */
export const shapeOf = Effect.fnUntraced(function* (files: Artifact.FilesReader) {
  const [only] = files.names
  if (files.names.length > 1) {
    const text = new TextDecoder().decode(yield* files.bytes("config.json"))
    return LlamaConfig.fromHuggingFace(JSON.parse(text) as Record<string, unknown>, "config.json")
  }
  const gguf = Gguf.openSync(yield* files.path(only!))
  try {
    return LlamaConfig.fromHuggingFace(GgufWeights.fromGguf(gguf).config, only!)
  } finally {
    gguf.close()
  }
})
