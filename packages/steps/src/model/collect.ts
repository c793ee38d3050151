import { Errors, type Source, type Step } from "@sluice/core"
import { FormatError, ModelFiles } from "@sluice/llm"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { sized } from "../counted.ts"

/** A language model that Sluice knows where to get. */
export const known = (context: Known) => fetched(ModelFiles.smolLM2, context)

/** A step that has a known model's name and the digest that its weights must have in its config. */
export type Known = Step.Context<{ readonly name: string; readonly sha256: string }>

/** A known model's files, fetched where they are not there yet. */
export const fetched = Effect.fnUntraced(function* (model: ModelFiles.KnownModel, context: Known) {
  if (model.name !== context.config.name || model.sha256 !== context.config.sha256) {
    return yield* Effect.die(
      new Error(`No model ${context.config.name} with digest ${context.config.sha256} is known.`),
    )
  }
  yield* ModelFiles.ensure(model, {
    onProgress: ({ done, total }) => context.progress({ done, total, unit: "byte" }),
  })
  context.summarize(`${model.name}, ${sized(model.sizeBytes)}, ${model.licence}`)
  return asFiles(ModelFiles.placesOf(model))
})

const asFiles = (places: ReadonlyMap<string, string>): Readonly<Record<string, { readonly path: string }>> =>
  Object.fromEntries(Array.from(places, ([name, place]) => [name, { path: place }]))

/** One GGUF file, checked to be one that can be opened. */
export const file = Effect.fnUntraced(function* (
  context: Step.Context<unknown, { readonly files: ReadonlyArray<Source.SourceFile> }>,
) {
  const { files } = context.inputs
  if (files.length !== 1) return yield* new NotOneFile({ names: files.map(({ name }) => name) })
  return yield* copied(context, languageModel(path.posix.basename(files[0]!.name)))
})

/** The files of a model's folder that decide what the model is. */
export const folder = (context: Files) => copied(context, languageModel())

/** A step that reads files. */
export type Files = Step.Context<unknown, { readonly files: ReadonlyArray<Source.SourceFile> }>

/** How files that lie in a folder are known to be a model. */
export interface Checked {
  readonly filesOf: (folder: string) => ReadonlyMap<string, string>
  /** Opens them, and says what they are. */
  readonly open: (
    files: ReadonlyMap<string, string>,
    folder: string,
  ) => Effect.Effect<string, unknown, Scope.Scope>
}

const languageModel = (file = ""): Checked => ({
  filesOf: (inFolder) => ModelFiles.filesOf(path.join(inFolder, file)),
  open: (files) => Effect.map(ModelFiles.open(files), ({ weights }) => String(weights.config["model_type"])),
})

/** Copies the files into the step's folder, each read once under its planned digest, and opens them as a model. */
export const copied = Effect.fnUntraced(function* (context: Files, { filesOf, open }: Checked) {
  const { files } = context.inputs
  const above = commonFolder(files.map(({ name }) => name))
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  let done = 0
  for (const source of files) {
    const target = path.join(context.scratch, source.name.slice(above.length))
    const written = <A>(write: () => Promise<A>) =>
      Effect.tryPromise({ try: write, catch: (error) => notWritten(target, error as NodeJS.ErrnoException) })
    yield* Effect.acquireUseRelease(
      written(async () => {
        await fs.mkdir(path.dirname(target), { recursive: true })
        // sluice: not in the result
        return fs.open(target, "wx")
      }),
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
  // The copies are nobody's files: an error names the originals.
  const inOriginals = (error: unknown): unknown =>
    error instanceof FormatError && error.file.startsWith(context.scratch)
      ? new FormatError({
          file: path.posix.join(above, path.relative(context.scratch, error.file)).replace(/\/$/, ""),
          reason: error.reason,
          facts: error.facts,
          hint: error.hint,
        })
      : error
  const found = yield* Effect.try({
    try: () => filesOf(context.scratch),
    catch: inOriginals,
  })
  const opened = yield* Effect.scoped(open(found, context.scratch)).pipe(Effect.mapError(inOriginals))
  context.summarize(`${opened}, ${sized(total)}`)
  return asFiles(found)
})

/** What all names begin with, up to a slash. */
const commonFolder = (names: ReadonlyArray<string>): string => {
  const folders = names.map((name) => name.slice(0, name.lastIndexOf("/") + 1))
  return folders.reduce((shortest, one) => (one.length < shortest.length ? one : shortest))
}

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
