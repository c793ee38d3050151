/**
 * Content-addressed bytes: a blob's name is the SHA-256 of its content.
 *
 * A blob appears under its name whole or not at all: it is written to a temporary file of the same file system, flushed
 * to disk, made read-only and renamed. Its bytes are verified when they are first read in a process; a blob that is
 * found damaged is removed, so that its producer can write it again. Where the disk is full or the folder may not be
 * written, a `StoreError` says so and nothing stands under a good name.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Errors from "./Errors.ts"
import { make as makeFileStore } from "./internal/fileStore.ts"
import type { FileStoreOptions } from "./internal/fileStore.ts"
import type { Blob } from "./internal/manifest.ts"
import { make as makeMemoryStore } from "./internal/memoryStore.ts"

export type { FileStoreOptions } from "./internal/fileStore.ts"
export type { Blob } from "./internal/manifest.ts"

export interface Service {
  /** Stores bytes, unless a sound blob of theirs is there. */
  readonly putBytes: (bytes: Uint8Array) => Effect.Effect<Blob, Errors.StoreError>
  /** Stores a copy of a file, by reflink where the file system can. The file itself is left alone. */
  readonly putFile: (path: string) => Effect.Effect<Blob, Errors.StoreError>
  /** Whether the blob is there with that size. Does not read it. */
  readonly has: (digest: string, sizeBytes: number) => boolean
  /** The path of a read-only file with the blob's verified bytes. */
  readonly path: (digest: string) => Effect.Effect<string, Errors.StoreError>
  /** The blob's verified bytes. */
  readonly read: (digest: string) => Effect.Effect<Uint8Array, Errors.StoreError>
  /** Reads the blob again, whatever was verified before. False where it is missing or damaged (and then removed). */
  readonly verify: (digest: string) => Effect.Effect<boolean, Errors.StoreError>
  /** Every blob, in no order. */
  readonly list: Effect.Effect<ReadonlyArray<Blob>, Errors.StoreError>
  /** Removes a blob; succeeds where there is none. */
  readonly remove: (digest: string) => Effect.Effect<void, Errors.StoreError>
}

export class ArtifactStore extends Context.Service<ArtifactStore, Service>()("@sluice/core/ArtifactStore") {}

/** Blobs under `root/blobs`, temporary files under `root/tmp`. Reclaims what dead processes left in `root/tmp`. */
export const layerFile = (
  root: string,
  options: FileStoreOptions = {},
): Layer.Layer<ArtifactStore, Errors.StoreError> =>
  Layer.effect(ArtifactStore, Effect.map(makeFileStore(root, options), ArtifactStore.of))

/** Blobs in this process's memory; `path` writes a file of its own into a folder that goes when the layer closes. */
export const layerMemory: Layer.Layer<ArtifactStore> = Layer.effect(
  ArtifactStore,
  Effect.map(makeMemoryStore, ArtifactStore.of),
)
