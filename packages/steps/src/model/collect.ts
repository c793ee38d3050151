import { Errors, type Source, type Step } from "@sluice/core"
import { FormatError, ModelFiles } from "@sluice/llm"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { sized } from "../counted.ts"

/** A model that Sluice knows where to get; the digest in the config is the one that the file must have. */
export const known = Effect.fnUntraced(function* (
  context: Step.Context<{ readonly name: string; readonly sha256: string }>,
) {
  const model = ModelFiles.smolLM2
  if (model.name !== context.config.name || model.sha256 !== context.config.sha256) {
    return yield* Effect.die(
      new Error(`No model ${context.config.name} with digest ${context.config.sha256} is known.`),
    )
  }
  const file = yield* ModelFiles.ensure(model, {
    onProgress: ({ done, total }) => context.progress({ done, total, unit: "byte" }),
  })
  context.summarize(`${model.name}, ${sized(model.sizeBytes)}, ${model.licence}`)
  return { [model.file]: { path: file } }
})

/** One GGUF file, checked to be one that can be opened. */
export const file = Effect.fnUntraced(function* (
  context: Step.Context<unknown, { readonly files: ReadonlyArray<Source.SourceFile> }>,
) {
  const { files } = context.inputs
  if (files.length !== 1) return yield* new NotOneFile({ names: files.map(({ name }) => name) })
  return yield* copied(context)
})

/** The files of a model's folder that decide what the model is. */
export const folder = Effect.fnUntraced(function* (
  context: Step.Context<unknown, { readonly files: ReadonlyArray<Source.SourceFile> }>,
) {
  return yield* copied(context)
})

/** Copies the files into the step's folder, each read once under its planned digest, and opens them as a model. */
const copied = Effect.fnUntraced(function* (
  context: Step.Context<unknown, { readonly files: ReadonlyArray<Source.SourceFile> }>,
) {
  const { files } = context.inputs
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  let done = 0
  for (const source of files) {
    const target = path.join(context.scratch, path.posix.basename(source.name))
    const written = <A>(write: () => Promise<A>) =>
      Effect.tryPromise({ try: write, catch: (error) => notWritten(target, error as NodeJS.ErrnoException) })
    yield* Effect.acquireUseRelease(
      // sluice: not in the result
      written(() => fs.open(target, "wx")),
      (handle) =>
        Stream.runForEach(source.stream, (bytes) =>
          Effect.map(
            written(() => handle.writeFile(bytes)),
            () => {
              done += bytes.length
              context.progress({ done, total, unit: "byte" })
            },
          ),
        ),
      (handle) => Effect.promise(() => handle.close()),
    )
  }
  const single = files.length === 1 ? path.posix.basename(files[0]!.name) : undefined
  // The copies are nobody's files: an error names the originals.
  const inOriginals = (error: unknown): unknown =>
    error instanceof FormatError && error.file.startsWith(context.scratch)
      ? new FormatError({
          file: path.posix.join(
            path.posix.dirname(files[0]!.name),
            path.relative(context.scratch, error.file),
          ),
          reason: error.reason,
          facts: error.facts,
          hint: error.hint,
        })
      : error
  const found = yield* Effect.try({
    try: () =>
      ModelFiles.filesOf(single === undefined ? context.scratch : path.join(context.scratch, single)),
    catch: inOriginals,
  })
  const opened = yield* Effect.scoped(
    Effect.map(ModelFiles.open(found), ({ weights }) => String(weights.config["model_type"])),
  ).pipe(Effect.mapError(inOriginals))
  context.summarize(`${opened}, ${sized(total)}`)
  return Object.fromEntries(Array.from(found, ([name, place]) => [name, { path: place }]))
})

const notWritten = (place: string, error: NodeJS.ErrnoException): Errors.StoreError =>
  new Errors.StoreError({
    operation: "write",
    place,
    kind: error.code === "ENOSPC" || error.code === "EDQUOT" ? "full" : "failed",
    reason: error.message,
    hint: "The model is copied before it is stored. Free some space and run again.",
  })

/** A pattern that names no file, or several. */
export class NotOneFile extends Data.TaggedError("NotOneFile")<{ readonly names: ReadonlyArray<string> }> {
  override get message(): string {
    return Errors.structured(
      "A model is one GGUF file.",
      { Found: this.names.length === 0 ? "none" : this.names.join(", ") },
      "Name one file.",
    )
  }
}
