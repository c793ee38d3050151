/**
 * The artifact store in a folder: `blobs/ab/<sha256>` and `tmp/`.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { createHash, hash } from "node:crypto"
import { createReadStream, statSync } from "node:fs"
import * as fs from "node:fs/promises"
import { join } from "node:path"
import type { Service } from "../ArtifactStore.ts"
import type * as Errors from "../Errors.ts"
import * as AtomicFile from "./atomicFile.ts"
import type { Blob } from "./manifest.ts"
import { damaged, missing, storeError } from "./storeErrors.ts"

export interface FileStoreOptions {
  /** How files are written: a seam for tests. */
  readonly fileSystem?: AtomicFile.FileSystem
}

export const make = Effect.fnUntraced(function* (root: string, options: FileStoreOptions) {
  const system = options.fileSystem ?? AtomicFile.nodeFileSystem
  const blobFolder = join(root, "blobs")
  const temporaryFolder = join(root, "tmp")
  const nowMs = yield* Clock.currentTimeMillis
  yield* attempt("open", root, async () => {
    await system.mkdir(blobFolder)
    await system.mkdir(temporaryFolder)
    await AtomicFile.reclaim(temporaryFolder, nowMs)
  })

  /** Digests whose bytes this process has written or verified. */
  const verified = new Set<string>()
  const place = (digest: string): string => join(blobFolder, digest.slice(0, 2), digest)

  const has = (digest: string, sizeBytes: number): boolean =>
    statSync(place(digest), { throwIfNoEntry: false })?.size === sizeBytes

  const forget = async (digest: string): Promise<void> => {
    verified.delete(digest)
    await fs.rm(place(digest), { force: true })
  }

  /** The digest of the blob's bytes as they are now, or `undefined` where there is no blob. */
  const currentDigest = (digest: string): Promise<string | undefined> =>
    digestFile(place(digest)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined
      throw error
    })

  /** Whether the blob is there and sound. A blob that is not sound is removed. */
  const sound = async (digest: string): Promise<boolean> => {
    const found = await currentDigest(digest)
    if (found === undefined) return false
    if (found !== digest) {
      await forget(digest)
      return false
    }
    verified.add(digest)
    return true
  }

  const isStored = async (blob: Blob): Promise<boolean> =>
    has(blob.digest, blob.sizeBytes) && (verified.has(blob.digest) || (await sound(blob.digest)))

  const putBytes = async (bytes: Uint8Array): Promise<Blob> => {
    const blob = { digest: hash("sha256", bytes, "hex"), sizeBytes: bytes.byteLength }
    if (await isStored(blob)) return blob
    await AtomicFile.writeBytes(place(blob.digest), bytes, AtomicFile.temporaryPath(temporaryFolder), system)
    verified.add(blob.digest)
    return blob
  }

  // The copy is hashed, not the file, so that a file edited meanwhile cannot lend its content another's name.
  const putFile = async (path: string): Promise<Blob> => {
    const temporary = AtomicFile.temporaryPath(temporaryFolder)
    await AtomicFile.copyTo(path, temporary, system)
    try {
      const blob = { digest: await digestFile(temporary), sizeBytes: (await fs.stat(temporary)).size }
      if (!(await isStored(blob))) await AtomicFile.publish(place(blob.digest), temporary, system)
      verified.add(blob.digest)
      return blob
    } finally {
      await AtomicFile.discard(temporary)
    }
  }

  const read = Effect.fnUntraced(
    function* (digest: string) {
      const bytes: Uint8Array = yield* attempt("read", place(digest), () => fs.readFile(place(digest)))
      if (verified.has(digest)) return bytes
      const found = hash("sha256", bytes, "hex")
      if (found !== digest) {
        yield* attempt("write", place(digest), () => forget(digest))
        return yield* damaged(place(digest), found)
      }
      verified.add(digest)
      return bytes
    },
    Effect.catchIf(isMissing, (error) => Effect.fail(missing(error.place))),
  )

  const path = Effect.fnUntraced(function* (digest: string) {
    if (verified.has(digest) && statSync(place(digest), { throwIfNoEntry: false }) !== undefined) {
      return place(digest)
    }
    const found = yield* attempt("read", place(digest), () => currentDigest(digest))
    if (found === undefined) return yield* missing(place(digest))
    if (found !== digest) {
      yield* attempt("write", place(digest), () => forget(digest))
      return yield* damaged(place(digest), found)
    }
    verified.add(digest)
    return place(digest)
  })

  const list = async (): Promise<ReadonlyArray<Blob>> => {
    const folders = await fs.readdir(blobFolder)
    const blobs: Array<Blob> = []
    for (const folder of folders) {
      for (const digest of await fs.readdir(join(blobFolder, folder))) {
        const stat = statSync(join(blobFolder, folder, digest), { throwIfNoEntry: false })
        if (stat !== undefined) blobs.push({ digest, sizeBytes: stat.size })
      }
    }
    return blobs
  }

  const store: Service = {
    putBytes: (bytes) => attempt("write", blobFolder, () => putBytes(bytes)),
    putFile: (file) =>
      Effect.andThen(
        // A file that cannot be read is the step's mistake, and the message must name it, not the store.
        attempt("read", file, () => fs.access(file, fs.constants.R_OK)),
        attempt("write", blobFolder, () => putFile(file)),
      ),
    has,
    path,
    read,
    verify: (digest) => attempt("read", place(digest), () => sound(digest)),
    list: attempt("read", blobFolder, list),
    remove: (digest) => attempt("write", place(digest), () => forget(digest)),
  }
  return store
})

const attempt = <A>(
  operation: Errors.StoreError["operation"],
  place: string,
  run: () => Promise<A>,
): Effect.Effect<A, Errors.StoreError> =>
  Effect.tryPromise({ try: run, catch: (error) => storeError(operation, place, error) })

const isMissing = (error: Errors.StoreError): boolean => error.kind === "missing"

const digestFile = async (path: string): Promise<string> => {
  const digest = createHash("sha256")
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 }))
    digest.update(piece as Uint8Array)
  return digest.digest("hex")
}
