/**
 * Artifacts: immutable outputs of steps, addressed by their fingerprints. Tables, named files, and single values.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { ArtifactStore, type Blob } from "./ArtifactStore.ts"
import * as Errors from "./Errors.ts"
import * as Manifest from "./internal/manifest.ts"
import * as Table from "./Table.ts"

export type { ArtifactRef } from "./internal/manifest.ts"

/** Output kind: a set of named files. Wiring compares the label: an adapter is no report. */
export interface Files<out L extends string = string> {
  readonly kind: "files"
  readonly label: L
}

/** Output kind: one value that an Effect Schema can write as JSON. */
export interface Value<out L extends string = string, T = unknown> {
  readonly kind: "value"
  readonly label: L
  readonly schema: Schema.Codec<T, unknown>
}

export type Output = Table.Any | Files | Value

/** What a step returns for files: contents, or paths of files that the store copies. Names may hold "/". */
export type FilesOut = Readonly<Record<string, Uint8Array | string | { readonly path: string }>>

/** A stored set of files. Bytes are verified when they are first read in a process. */
export interface FilesReader {
  readonly fingerprint: string
  /** Sorted. */
  readonly names: ReadonlyArray<string>
  /** Bytes; throws a RangeError for a name that is not in the set, as the two below fail. */
  readonly size: (name: string) => number
  /** A read-only file, named by its digest. */
  readonly path: (name: string) => Effect.Effect<string, Errors.StoreError>
  readonly bytes: (name: string) => Effect.Effect<Uint8Array, Errors.StoreError>
}

export const files = <const L extends string>(label: L): Files<L> => ({ kind: "files", label })

export const value = <const L extends string, T>(
  label: L,
  schema: Schema.Codec<T, unknown>,
): Value<L, T> => ({
  kind: "value",
  label,
  schema,
})

/** What can go wrong while an output is stored. */
export type WriteError = Errors.StoreError | Errors.RowInvalid | Errors.OutputInvalid

/**
 * Stores what a step returned for an output. Nothing of a table or a set of files can be found until all of it is
 * stored. An error of the rows' own iterator or stream is passed on as it is.
 */
export const write = (
  output: Output,
  content: unknown,
): Effect.Effect<Manifest.ArtifactRef, unknown, ArtifactStore> => {
  if (Table.isTable(output)) {
    return Effect.flatMap(
      Effect.promise(() => import("./table/writer.ts")),
      (writer) => writer.write(output, content as Table.Rows<Table.Any> | Table.Reader<Table.Any>),
    )
  }
  return output.kind === "files" ? writeFiles(output, content as FilesOut) : writeValue(output, content)
}

/** Opens a stored artifact for a step that declared it as `output`: a table's reader, a files reader, or the value. */
export const open = (
  output: Output,
  ref: Manifest.ArtifactRef,
  /** Who asks, for messages: `clean.rows`. */
  place: string,
): Effect.Effect<unknown, Errors.StoreError | Errors.SchemaMismatch, ArtifactStore> => {
  if (Table.isTable(output)) return openTable(output, ref, place)
  return output.kind === "files" ? openFiles(ref) : openValue(output, ref, place)
}

/** Opens a stored table. Without `table`, with the columns that it was stored with. */
export const openTable = <T extends Table.Any>(
  table: T | undefined,
  ref: Manifest.ArtifactRef,
  place: string,
): Effect.Effect<Table.Reader<T>, Errors.StoreError | Errors.SchemaMismatch, ArtifactStore> =>
  Effect.flatMap(
    Effect.promise(() => import("./table/reader.ts")),
    (reader) => reader.open(table, ref, place),
  )

/** The blobs of a stored artifact, manifest first: what must be there for a hit, and what `gc` keeps. */
export const blobs = (
  ref: Manifest.ArtifactRef,
): Effect.Effect<ReadonlyArray<Blob>, Errors.StoreError, ArtifactStore> =>
  Effect.map(readManifest(ref.kind, ref.fingerprint), (manifest) => [
    { digest: ref.fingerprint, sizeBytes: ref.manifestBytes },
    ...Manifest.blobs(manifest),
  ])

/** The manifest under a fingerprint. Bytes that are no manifest of that kind are `damaged`. */
export const readManifest = Effect.fnUntraced(function* <K extends Manifest.Manifest["kind"]>(
  kind: K,
  fingerprint: string,
) {
  const store = yield* ArtifactStore
  const manifest = Manifest.decode(kind, yield* store.read(fingerprint))
  if (manifest !== undefined) return manifest
  return yield* new Errors.StoreError({
    operation: "read",
    place: fingerprint,
    kind: "damaged",
    reason: `the blob is not the manifest of a ${kind} artifact`,
    hint: "Run again with --force for the step that made it.",
  })
})

/** Stores a manifest, which makes the artifact exist. */
export const writeManifest = Effect.fnUntraced(function* (manifest: Manifest.Manifest) {
  const store = yield* ArtifactStore
  const { digest, sizeBytes } = yield* store.putBytes(Manifest.encode(manifest))
  const ref: Manifest.ArtifactRef = {
    kind: manifest.kind,
    fingerprint: digest,
    manifestBytes: sizeBytes,
    sizeBytes: sizeBytes + Manifest.contentBytes(manifest),
    ...(manifest.kind === "table" ? { rowCount: manifest.rowCount } : {}),
  }
  return ref
})

const writeFiles = Effect.fnUntraced(function* (output: Files, content: FilesOut) {
  const problems = fileProblems(content)
  if (problems.length > 0) return yield* new Errors.OutputInvalid({ output: output.label, problems })
  const store = yield* ArtifactStore
  const entries = Object.entries(content).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const stored = yield* Effect.forEach(entries, ([name, source]) =>
    Effect.map(
      typeof source === "string"
        ? store.putBytes(Buffer.from(source))
        : source instanceof Uint8Array
          ? store.putBytes(source)
          : store.putFile(source.path),
      (blob): Manifest.FileEntry => ({ name, ...blob }),
    ),
  )
  return yield* writeManifest({ kind: "files", files: stored })
})

const fileProblems = (content: unknown): ReadonlyArray<string> => {
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    return ["not a record of files by name"]
  }
  const entries = Object.entries(content)
  if (entries.length === 0) return ["no file"]
  return entries.flatMap(([name, source]: [string, unknown]) => {
    const segments = name.split("/")
    if (segments.some((part) => part === "" || part === "." || part === "..") || /[\\\0:]/.test(name)) {
      return [`${JSON.stringify(name)} is not a relative name with forward slashes`]
    }
    if (typeof source === "string") {
      return source.isWellFormed() ? [] : [`${name}: the text is not well-formed Unicode`]
    }
    const isPath = typeof (source as { readonly path?: unknown } | null)?.path === "string"
    return source instanceof Uint8Array || isPath ? [] : [`${name}: neither text, a Uint8Array nor { path }`]
  })
}

const openFiles = Effect.fnUntraced(function* (ref: Manifest.ArtifactRef) {
  const store = yield* ArtifactStore
  const manifest = yield* readManifest("files", ref.fingerprint)
  const entries = new Map(manifest.files.map((entry) => [entry.name, entry]))
  const entry = (name: string): Manifest.FileEntry => {
    const found = entries.get(name)
    if (found !== undefined) return found
    throw new RangeError(
      `There is no file "${name}" in this artifact, only ${[...entries.keys()].join(", ")}`,
    )
  }
  const reader: FilesReader = {
    fingerprint: ref.fingerprint,
    names: [...entries.keys()],
    size: (name) => entry(name).sizeBytes,
    path: (name) => Effect.suspend(() => store.path(entry(name).digest)),
    bytes: (name) => Effect.suspend(() => store.read(entry(name).digest)),
  }
  return reader
})

const writeValue = Effect.fnUntraced(function* (output: Value, content: unknown) {
  const encoded = Schema.encodeUnknownResult(jsonCodec(output), { errors: "all" })(content)
  if (Result.isFailure(encoded)) {
    return yield* new Errors.OutputInvalid({
      output: output.label,
      problems: encoded.failure.message.split("\n").map((line) => line.trim()),
    })
  }
  return yield* writeManifest({ kind: "value", value: encoded.success })
})

const openValue = Effect.fnUntraced(function* (output: Value, ref: Manifest.ArtifactRef, place: string) {
  const manifest = yield* readManifest("value", ref.fingerprint)
  const decoded = Schema.decodeUnknownResult(jsonCodec(output), { errors: "all" })(manifest.value)
  if (Result.isSuccess(decoded)) return decoded.success
  return yield* new Errors.SchemaMismatch({ place, problems: decoded.failure.message.split("\n") })
})

const jsonCodec = (output: Value) => Schema.toCodecJson(output.schema)
