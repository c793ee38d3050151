/**
 * The artifact store in memory, for tests and for pipelines that keep nothing.
 */
import * as Effect from "effect/Effect"
import { hash } from "node:crypto"
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Service } from "../ArtifactStore.ts"
import * as Errors from "../Errors.ts"
import { missing, storeError } from "./storeErrors.ts"

export const make = Effect.gen(function* () {
  const blobs = new Map<string, Uint8Array>()
  let folder: string | undefined
  yield* Effect.addFinalizer(() =>
    Effect.promise(async () => {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    }),
  )

  const put = (bytes: Uint8Array) => {
    const digest = hash("sha256", bytes, "hex")
    if (!blobs.has(digest)) blobs.set(digest, Uint8Array.from(bytes))
    return { digest, sizeBytes: bytes.byteLength }
  }
  const read = (digest: string) =>
    Effect.suspend(() => {
      const bytes = blobs.get(digest)
      return bytes === undefined ? Effect.fail(missing(digest)) : Effect.succeed(Uint8Array.from(bytes))
    })
  const file = async (digest: string, bytes: Uint8Array) => {
    folder ??= await mkdtemp(join(tmpdir(), "sluice-"))
    const path = join(folder, digest)
    await writeFile(path, bytes, { flag: "wx", mode: 0o444 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error
    })
    await chmod(path, 0o444)
    return path
  }

  const store: Service = {
    putBytes: (bytes) => Effect.sync(() => put(bytes)),
    putFile: (path) =>
      Effect.tryPromise({
        try: () => readFile(path),
        catch: (error) => storeError("read", path, error),
      }).pipe(Effect.map(put)),
    has: (digest, sizeBytes) => blobs.get(digest)?.byteLength === sizeBytes,
    path: (digest) =>
      Effect.flatMap(read(digest), (bytes) =>
        Effect.tryPromise({
          try: () => file(digest, bytes),
          catch: (error): Errors.StoreError => storeError("write", digest, error),
        }),
      ),
    read,
    verify: (digest) => Effect.sync(() => blobs.has(digest)),
    list: Effect.sync(() =>
      Array.from(blobs, ([digest, bytes]) => ({ digest, sizeBytes: bytes.byteLength })),
    ),
    remove: (digest) => Effect.sync(() => void blobs.delete(digest)),
  }
  return store
})
