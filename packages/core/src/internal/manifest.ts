/**
 * Manifests: what stands in the store under an artifact's fingerprint.
 *
 * A manifest is canonical JSON that names its kind, so the fingerprint (SHA-256 of its bytes) of a table never equals
 * that of a set of files. It lists the digests of the blobs that hold the content; a value stands in the manifest itself.
 */
import * as Canonical from "../Canonical.ts"
import type { NamedColumn } from "../table/columnType.ts"

/** Bytes in the store. `digest` is their SHA-256, hex. */
export interface Blob {
  readonly digest: string
  readonly sizeBytes: number
}

export interface TableChunk extends Blob {
  readonly rowCount: number
}

export interface FileEntry extends Blob {
  readonly name: string
}

export interface TableManifest {
  readonly kind: "table"
  readonly columns: ReadonlyArray<NamedColumn>
  readonly rowCount: number
  readonly chunks: ReadonlyArray<TableChunk>
}

export interface FilesManifest {
  readonly kind: "files"
  /** Sorted by name. */
  readonly files: ReadonlyArray<FileEntry>
}

export interface ValueManifest {
  readonly kind: "value"
  readonly value: unknown
}

export type Manifest = TableManifest | FilesManifest | ValueManifest

/** What the cache records of an artifact. */
export interface ArtifactRef {
  readonly kind: Manifest["kind"]
  /** SHA-256, hex, of the manifest's bytes: also the name of its blob. */
  readonly fingerprint: string
  /** Of the manifest alone, which is what a hit checks without reading it. */
  readonly manifestBytes: number
  /** Of the content, manifest included. */
  readonly sizeBytes: number
  /** Tables only. */
  readonly rowCount?: number
}

export const encode = (manifest: Manifest): Uint8Array => Buffer.from(Canonical.encode(manifest))

/** The manifest, or `undefined` where the bytes are none of the expected kind. */
export const decode = <K extends Manifest["kind"]>(
  kind: K,
  bytes: Uint8Array,
): Extract<Manifest, { readonly kind: K }> | undefined => {
  try {
    const manifest = JSON.parse(Buffer.from(bytes).toString()) as Manifest
    return manifest.kind === kind ? (manifest as Extract<Manifest, { readonly kind: K }>) : undefined
  } catch {
    return undefined
  }
}

/** The blobs that hold the content. */
export const blobs = (manifest: Manifest): ReadonlyArray<Blob> => {
  switch (manifest.kind) {
    case "table":
      return manifest.chunks
    case "files":
      return manifest.files
    case "value":
      return []
  }
}

export const contentBytes = (manifest: Manifest): number =>
  blobs(manifest).reduce((sum, blob) => sum + blob.sizeBytes, 0)
