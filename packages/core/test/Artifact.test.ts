import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Artifact from "../src/Artifact.ts"
import { ArtifactStore, layerMemory } from "../src/ArtifactStore.ts"
import type * as Errors from "../src/Errors.ts"
import * as Table from "../src/Table.ts"

const Report = Artifact.files("report")
const Summary = Artifact.value(
  "summary",
  Schema.Struct({ rows: Schema.Int, when: Schema.Date, note: Schema.optionalKey(Schema.String) }),
)

describe("files artifacts", () => {
  it.effect("keep names and bytes, whatever the order and the form in which they were given", () =>
    Effect.gen(function* () {
      const folder = fs.mkdtempSync(join(tmpdir(), "sluice-artifact-"))
      fs.writeFileSync(join(folder, "model.bin"), "weights")
      const ref = yield* Artifact.write(Report, {
        "b/model.bin": { path: join(folder, "model.bin") },
        "a.md": "# Grüße",
      })
      const again = yield* Artifact.write(Report, {
        "a.md": Buffer.from("# Grüße"),
        "b/model.bin": Buffer.from("weights"),
      })
      fs.rmSync(folder, { recursive: true })
      expect(again).toEqual(ref)
      const reader = (yield* Artifact.open(Report, ref, "show.report")) as Artifact.FilesReader
      expect(reader.names).toEqual(["a.md", "b/model.bin"])
      expect(reader.size("a.md")).toBe(9)
      expect(Buffer.from(yield* reader.bytes("b/model.bin")).toString()).toBe("weights")
      expect(fs.readFileSync(yield* reader.path("a.md"), "utf8")).toBe("# Grüße")
      expect(() => reader.size("c")).toThrow('There is no file "c" in this artifact, only a.md, b/model.bin')
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("pin their fingerprint", () =>
    Effect.gen(function* () {
      const ref = yield* Artifact.write(Report, { "a.txt": "a" })
      const store = yield* ArtifactStore
      expect(Buffer.from(yield* store.read(ref.fingerprint)).toString()).toBe(
        '{"files":[{"digest":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",' +
          '"name":"a.txt","sizeBytes":1}],"kind":"files"}',
      )
      expect(ref).toEqual({
        kind: "files",
        fingerprint: "b6494c95cee5f23d243031935b85535275e7c97d37b9fc90aa577f49da723ed2",
        manifestBytes: 133,
        sizeBytes: 134,
      })
      expect((yield* Artifact.blobs(ref)).map((blob) => blob.sizeBytes)).toEqual([133, 1])
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("refuse names and contents that no file can have, all at once", () =>
    Effect.gen(function* () {
      const content = { "../up": "x", "/root": "x", "a\\b": "x", ok: "x", n: 3, "half.txt": "\ud800" }
      const error = (yield* Effect.flip(Artifact.write(Report, content))) as Errors.OutputInvalid
      expect(error.message).toBe(
        [
          "What the step returned is not report.",
          '  Problems:  "../up" is not a relative name with forward slashes',
          '             "/root" is not a relative name with forward slashes',
          String.raw`             "a\\b" is not a relative name with forward slashes`,
          "             n: neither text, a Uint8Array nor { path }",
          "             half.txt: the text is not well-formed Unicode",
          "Return what the step's definition declares, or change the declaration.",
        ].join("\n"),
      )
      for (const wrong of [{}, null, ["a"], "a"]) {
        expect(yield* Effect.flip(Artifact.write(Report, wrong))).toMatchObject({ _tag: "OutputInvalid" })
      }
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("name a file that is not there", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Artifact.write(Report, { a: { path: "/nowhere/a" } }))
      expect(error).toMatchObject({ _tag: "StoreError", place: "/nowhere/a", kind: "missing" })
    }).pipe(Effect.provide(layerMemory)),
  )
})

describe("value artifacts", () => {
  it.effect("come back through their schema", () =>
    Effect.gen(function* () {
      const value = { rows: 3, when: new Date(0) }
      const ref = yield* Artifact.write(Summary, value)
      expect(ref).toMatchObject({ kind: "value", manifestBytes: ref.sizeBytes })
      expect(yield* Artifact.open(Summary, ref, "show.summary")).toEqual(value)
      const other = yield* Artifact.write(Summary, { when: new Date(0), rows: 3 })
      expect(other.fingerprint).toBe(ref.fingerprint)
    }).pipe(Effect.provide(layerMemory)),
  )

  it.effect("are checked when written and when read", () =>
    Effect.gen(function* () {
      const error = (yield* Effect.flip(Artifact.write(Summary, { rows: 1.5 }))) as Errors.OutputInvalid
      expect(error.problems.join("\n")).toContain('at ["rows"]')
      expect(error.problems.join("\n")).toContain('at ["when"]')
      const ref = yield* Artifact.write(Artifact.value("summary", Schema.String), "text")
      expect(yield* Effect.flip(Artifact.open(Summary, ref, "show.summary"))).toMatchObject({
        _tag: "SchemaMismatch",
        place: "show.summary",
      })
    }).pipe(Effect.provide(layerMemory)),
  )
})

describe("artifacts", () => {
  it.effect("of different kinds never share a fingerprint", () =>
    Effect.gen(function* () {
      const store = yield* ArtifactStore
      const table = yield* Artifact.write(Table.make({ a: Table.int32 }), [{ a: 1 }])
      const manifest = yield* store.read(table.fingerprint)
      const files = yield* Artifact.write(Report, { a: manifest })
      const value = yield* Artifact.write(
        Artifact.value("v", Schema.Unknown),
        JSON.parse(Buffer.from(manifest).toString()),
      )
      expect(new Set([table, files, value].map((ref) => ref.fingerprint)).size).toBe(3)
      expect(yield* Artifact.blobs(table)).toHaveLength(2)
    }).pipe(Effect.provide(layerMemory)),
  )

  it("are declared, opened and stored without loading Arrow until a table is", () => {
    const fixture = fileURLToPath(new URL("fixtures/loadedModules.ts", import.meta.url))
    const child = spawnSync(process.execPath, [fixture])
    expect(child.stderr.toString()).toBe("")
    expect(JSON.parse(child.stdout.toString())).toEqual({ beforeTable: false, afterTable: true })
  })
})
