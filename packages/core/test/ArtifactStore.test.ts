import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { spawnSync } from "node:child_process"
import { hash } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { ArtifactStore, layerFile, layerMemory } from "../src/ArtifactStore.ts"
import type * as Errors from "../src/Errors.ts"
import * as AtomicFile from "../src/internal/atomicFile.ts"

const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(join(os.tmpdir(), "sluice-store-"))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true })),
)

const layerFresh = Layer.unwrap(Effect.map(temporaryFolder, (folder) => layerFile(folder)))

const bytes = Buffer.from("some bytes")
const digest = hash("sha256", bytes, "hex")
const blobPath = (root: string, name = digest): string => join(root, "blobs", name.slice(0, 2), name)

/** Every file under the store's folders for blobs and temporary files. */
const filesOf = (root: string): ReadonlyArray<string> =>
  ["blobs", "tmp"].flatMap((folder) =>
    fs
      .readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name),
  )

const stores: ReadonlyArray<readonly [string, typeof layerFresh]> = [
  ["the file store", layerFresh],
  ["the memory store", layerMemory],
]

describe.each(stores)("%s", (_, layer) => {
  it.effect("gives back the bytes that it was given, under their SHA-256", () =>
    Effect.gen(function* () {
      const store = yield* ArtifactStore
      expect(yield* store.putBytes(bytes)).toEqual({ digest, sizeBytes: 10 })
      expect(Buffer.from(yield* store.read(digest))).toEqual(bytes)
      expect(store.has(digest, 10)).toBe(true)
      expect(store.has(digest, 11)).toBe(false)
      expect(store.has("0".repeat(64), 10)).toBe(false)
    }).pipe(Effect.provide(layer)),
  )

  it.effect("keeps one blob however often it is put", () =>
    Effect.gen(function* () {
      const store = yield* ArtifactStore
      yield* Effect.all(
        [store.putBytes(bytes), store.putBytes(bytes), store.putBytes(Buffer.from("other"))],
        {
          concurrency: "unbounded",
        },
      )
      expect((yield* store.list).map((blob) => blob.sizeBytes).toSorted((a, b) => a - b)).toEqual([5, 10])
    }).pipe(Effect.provide(layer)),
  )

  it.effect("keeps empty bytes", () =>
    Effect.gen(function* () {
      const store = yield* ArtifactStore
      const empty = yield* store.putBytes(new Uint8Array())
      expect(empty.digest).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
      expect((yield* store.read(empty.digest)).byteLength).toBe(0)
    }).pipe(Effect.provide(layer)),
  )

  it.effect("copies a file and leaves the file alone", () =>
    Effect.gen(function* () {
      const store = yield* ArtifactStore
      const folder = yield* temporaryFolder
      const file = join(folder, "model.bin")
      fs.writeFileSync(file, bytes, { mode: 0o640 })
      expect(yield* store.putFile(file)).toEqual({ digest, sizeBytes: 10 })
      fs.writeFileSync(file, "edited")
      expect(Buffer.from(yield* store.read(digest)).toString()).toBe("some bytes")
      expect(fs.statSync(file).mode & 0o777).toBe(0o640)
    }).pipe(Effect.provide(layer)),
  )

  it.effect("gives a path of a read-only file with the bytes", () =>
    Effect.gen(function* () {
      const store = yield* ArtifactStore
      yield* store.putBytes(bytes)
      const path = yield* store.path(digest)
      expect(fs.readFileSync(path)).toEqual(bytes)
      expect(fs.statSync(path).mode & 0o777).toBe(0o444)
      expect(yield* store.path(digest)).toBe(path)
    }).pipe(Effect.provide(layer)),
  )

  it.effect("says that a blob is missing, also after it was removed", () =>
    Effect.gen(function* () {
      const store = yield* ArtifactStore
      yield* store.putBytes(bytes)
      yield* store.remove(digest)
      yield* store.remove(digest)
      expect((yield* Effect.flip(store.read(digest))).kind).toBe("missing")
      expect((yield* Effect.flip(store.path(digest))).kind).toBe("missing")
      expect(yield* store.verify(digest)).toBe(false)
      expect(yield* store.list).toEqual([])
    }).pipe(Effect.provide(layer)),
  )

  it.effect("names the file that cannot be copied", () =>
    Effect.gen(function* () {
      const store = yield* ArtifactStore
      const error = yield* Effect.flip(store.putFile("/nowhere/adapter.bin"))
      expect(error).toMatchObject({ operation: "read", kind: "missing", place: "/nowhere/adapter.bin" })
    }).pipe(Effect.provide(layer)),
  )
})

describe("the file store", () => {
  it.effect("writes read-only files named by their digests and leaves no temporary file", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder
      yield* put(root)
      expect(fs.statSync(blobPath(root)).mode & 0o777).toBe(0o444)
      expect(filesOf(root)).toEqual([digest])
    }),
  )

  it.effect.each(["read", "path"] as const)("finds a damaged blob at the first %s of a process", (access) =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder
      yield* put(root)
      damage(root)
      const error = yield* Effect.flip(
        Effect.flatMap(ArtifactStore, (store): Effect.Effect<unknown, Errors.StoreError> =>
          store[access](digest),
        ).pipe(Effect.provide(layerFile(root))),
      )
      expect(error).toMatchObject({ kind: "damaged", operation: "read", place: blobPath(root) })
      expect(error.message).toContain("the blob was removed")
      expect(fs.existsSync(blobPath(root))).toBe(false)
      yield* put(root)
      const read = Effect.flatMap(ArtifactStore, (store) => store.read(digest))
      expect(Buffer.from(yield* Effect.provide(read, layerFile(root)))).toEqual(bytes)
    }),
  )

  it.effect("replaces a damaged blob of the right size when its bytes are put again", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder
      yield* put(root)
      damage(root)
      yield* put(root)
      expect(fs.readFileSync(blobPath(root))).toEqual(bytes)
    }),
  )

  it.effect("tells sound blobs from damaged ones whatever was verified before", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder
      yield* Effect.gen(function* () {
        const store = yield* ArtifactStore
        yield* store.putBytes(bytes)
        expect(yield* store.verify(digest)).toBe(true)
        damage(root)
        expect(yield* store.verify(digest)).toBe(false)
        expect(fs.existsSync(blobPath(root))).toBe(false)
      }).pipe(Effect.provide(layerFile(root)))
    }),
  )

  it.effect("leaves nothing behind and says so when the disk is full", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder
      // Every byte written to /dev/full is refused by the kernel with ENOSPC, as on a disk without space.
      const full: AtomicFile.FileSystem = {
        ...AtomicFile.nodeFileSystem,
        open: async (path, flags, mode) => {
          await (await AtomicFile.nodeFileSystem.open(path, flags, mode)).close()
          return AtomicFile.nodeFileSystem.open("/dev/full", "r+", mode)
        },
      }
      const error = yield* Effect.flip(put(root, full))
      expect(error.message).toBe(
        [
          "The store could not write.",
          `  Place:   ${join(root, "blobs")}`,
          "  Reason:  no space is left on the disk (ENOSPC)",
          "Free some space (`sluice gc` removes what no run needs) and run again. Nothing partial was kept.",
        ].join("\n"),
      )
      expect(filesOf(root)).toEqual([])
    }),
  )

  it.effect.each(["open", "copyFile", "rename"] as const)(
    "leaves nothing behind when %s is refused",
    (operation) =>
      Effect.gen(function* () {
        const root = yield* temporaryFolder
        yield* put(root)
        const refusing: AtomicFile.FileSystem = {
          ...AtomicFile.nodeFileSystem,
          [operation]: () => Promise.reject(Object.assign(new Error("refused"), { code: "EACCES" })),
        }
        const file = join(root, "file")
        fs.writeFileSync(file, "a file")
        const store = ArtifactStore.pipe(Effect.provide(layerFile(root, { fileSystem: refusing })))
        const error = yield* Effect.flip(Effect.flatMap(store, ({ putFile }) => putFile(file)))
        expect(error).toMatchObject({
          kind: "denied",
          operation: "write",
          reason: "permission denied (EACCES)",
        })
        expect(filesOf(root)).toEqual([digest])
      }),
  )

  it.effect("says that it may not write a folder of somebody else's", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder
      fs.chmodSync(root, 0o555)
      const error = yield* Effect.flip(asOrdinaryUser(put(root)))
      fs.chmodSync(root, 0o755)
      expect(error.message).toBe(
        [
          "The store could not open.",
          `  Place:   ${root}`,
          "  Reason:  permission denied (EACCES)",
          "Make the folder writable for this user, or run in a copy of the project. Nothing partial was kept.",
        ].join("\n"),
      )
      expect(fs.readdirSync(root)).toEqual([])
    }),
  )

  it("leaves nothing behind when the kernel stops a file from growing", () => {
    const root = fs.mkdtempSync(join(os.tmpdir(), "sluice-store-"))
    const fixture = fileURLToPath(new URL("fixtures/putLarge.ts", import.meta.url))
    const child = spawnSync("bash", [
      "-c",
      `ulimit -f 8; exec "$0" "$1" "$2"`,
      process.execPath,
      fixture,
      root,
    ])
    expect(child.stderr.toString()).toBe("")
    expect(JSON.parse(child.stdout.toString())).toEqual({ tag: "StoreError", kind: "full", small: 10 })
    expect(filesOf(root)).toEqual([digest])
    fs.rmSync(root, { recursive: true })
  })

  it.effect("refuses a folder that is a file", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder
      fs.writeFileSync(join(root, "store"), "a file where the folder should be")
      const error = yield* Effect.flip(put(join(root, "store")))
      expect(error).toMatchObject({ operation: "open", kind: "failed", place: join(root, "store") })
    }),
  )

  it.effect("reclaims what dead processes of this host left, and nothing else", () =>
    Effect.gen(function* () {
      const root = yield* temporaryFolder
      const folder = join(root, "tmp")
      fs.mkdirSync(folder)
      const own = AtomicFile.temporaryPath(folder)
      // Larger than any process id that Linux gives.
      const dead = own.replace(`.${process.pid}.`, ".4194305.")
      const elsewhere = join(folder, "another-host.4194305.abc")
      const old = join(folder, "another-host.4194305.old")
      for (const path of [own, dead, elsewhere, old]) fs.writeFileSync(path, "part")
      fs.utimesSync(old, 0, 0)
      const now = Date.now()
      expect(yield* Effect.promise(() => AtomicFile.reclaim(folder, now))).toBe(2)
      expect([own, dead, elsewhere, old].map((path) => fs.existsSync(path))).toEqual([
        true,
        false,
        true,
        false,
      ])
      fs.writeFileSync(dead, "part")
      yield* put(root)
      expect(fs.existsSync(dead)).toBe(false)
    }),
  )
})

const put = (root: string, fileSystem: AtomicFile.FileSystem = AtomicFile.nodeFileSystem) =>
  Effect.flatMap(ArtifactStore, (store) => store.putBytes(bytes)).pipe(
    Effect.provide(layerFile(root, { fileSystem })),
  )

/** Permissions do not hold for root, under whom tests often run in containers. */
const asOrdinaryUser = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  process.getuid?.() === 0
    ? Effect.acquireUseRelease(
        Effect.sync(() => process.seteuid?.(65_534)),
        () => effect,
        () => Effect.sync(() => process.seteuid?.(0)),
      )
    : effect

const damage = (root: string): void => {
  fs.chmodSync(blobPath(root), 0o600)
  fs.writeFileSync(blobPath(root), "some bytez")
}
