/**
 * `sluice doctor`: what this machine offers, what numeric steps compute with, what is missing and how to get it.
 */
import { ArtifactStore } from "@sluice/core"
import { Library } from "@sluice/tensorflow"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as Arguments from "../Arguments.ts"
import { folderSize } from "../folderSize.ts"
import type { FolderSize } from "../folderSize.ts"
import type { Context } from "../main.ts"
import { machine, python } from "../doctor/machine.ts"
import type { Machine, Python } from "../doctor/machine.ts"
import * as Project from "../Project.ts"
import { bytes, plural } from "../quantities.ts"

/** Something that is wrong, and the fix. */
interface Missing {
  readonly what: string
  readonly fix: string
}

interface StoreCheck {
  readonly blobs: number
  readonly sizeBytes: number
  /** Digests that were missing or damaged. Damaged ones are removed, so that their steps run again. */
  readonly damaged: ReadonlyArray<string>
}

interface Findings {
  readonly machine: Machine
  readonly python: Python
  readonly backend: Backend
  readonly caches: ReadonlyArray<FolderSize>
  readonly store: StoreCheck | null
  readonly missing: ReadonlyArray<Missing>
}

interface Backend {
  readonly name: string
  readonly why: string
  readonly library: string | null
}

export const doctor = (context: Context) =>
  Effect.gen(function* () {
    const findings = yield* examine(context)
    if (context.json) context.screen.write(`${JSON.stringify(findings, undefined, 2)}\n`)
    else context.screen.write(`${lines(findings).join("\n")}\n`)
    return findings.missing.length > 0 || (findings.store?.damaged.length ?? 0) > 0 ? 1 : 0
  })

const examine = Effect.fnUntraced(function* (context: Context) {
  const missing: Array<Missing> = []
  const foundPython = python()
  const backend = yield* chosenBackend(context, missing)
  if (foundPython.version === undefined) {
    missing.push({
      what: "python3 was not found; it fetches TensorFlow and models",
      fix: "install Python 3 with pip",
    })
  } else if (foundPython.pip === undefined) {
    missing.push({
      what: `Python ${foundPython.version} has no pip; it fetches TensorFlow and models`,
      fix: "Debian and Ubuntu: apt install python3-pip; elsewhere: python3 -m ensurepip",
    })
  }
  const findings: Findings = {
    machine: machine(),
    python: foundPython,
    backend,
    caches: [folderSize(Library.cacheFolder()), folderSize(Project.store(context.root))],
    store: Arguments.has(context.invocation, "store") ? yield* checkStore(context.root) : null,
    missing,
  }
  return findings
})

const chosenBackend = Effect.fnUntraced(function* (context: Context, missing: Array<Missing>) {
  const named = Arguments.one(context.invocation, "backend")
  const name = named ?? "tensorflow"
  const why = named === undefined ? "the default" : "named by --backend"
  if (name !== "tensorflow") return { name, why, library: null }
  const located = yield* Effect.exit(Library.locate)
  if (Exit.isSuccess(located)) return { name, why, library: located.value.path }
  const error = yield* Effect.flip(Library.locate)
  missing.push({ what: error.headline, fix: error.hint })
  return { name, why, library: null }
})

/** Reads every stored blob again. */
const checkStore = Effect.fnUntraced(function* (root: string) {
  if (!existsSync(join(Project.store(root), "blobs"))) return { blobs: 0, sizeBytes: 0, damaged: [] }
  return yield* Effect.gen(function* () {
    const store = yield* ArtifactStore.ArtifactStore
    const blobs = yield* store.list
    const sound = yield* Effect.forEach(blobs, (blob) => store.verify(blob.digest))
    return {
      blobs: blobs.length,
      sizeBytes: blobs.reduce((sum, blob) => sum + blob.sizeBytes, 0),
      damaged: blobs.filter((_, i) => !sound[i]).map((blob) => blob.digest),
    }
  }).pipe(Effect.provide(ArtifactStore.layerFile(Project.store(root))))
})

const lines = (found: Findings): Array<string> => {
  const { machine: m, python: py, backend, store } = found
  const rows: Array<readonly [string, string]> = [
    ["machine", `${plural(m.cores, "core")}, ${bytes(m.memoryBytes)} memory, ${m.platform}, ${m.processor}`],
    [
      "features",
      `${m.cpuClass}${m.bfloat16Fast ? "; bfloat16 products are likely faster than float32 here" : ""}`,
    ],
    ["node", m.node],
    ["python", py.version === undefined ? "not found" : `${py.version}, pip ${py.pip ?? "not found"}`],
    ["backend", `${backend.name}, ${backend.why}`],
    ...(backend.library === null ? [] : [["library", backend.library] as const]),
    ...found.caches.map(
      (cache, i) =>
        [
          i === 0 ? "cache" : "store",
          `${bytes(cache.sizeBytes)} in ${plural(cache.files, "file")}, ${cache.path}`,
        ] as const,
    ),
  ]
  if (store !== null) {
    const checked = `${plural(store.blobs, "blob")} read, ${bytes(store.sizeBytes)}`
    rows.push([
      "verified",
      store.damaged.length === 0
        ? `${checked}: all as they were stored`
        : `${checked}: ${plural(store.damaged.length, "was", "were")} damaged; the steps that made them run again`,
    ])
  }
  return [
    ...rows.map(([label, text]) => `${label.padEnd(11)}${text}`),
    ...(found.missing.length === 0
      ? ["", "Nothing is missing."]
      : ["", ...found.missing.flatMap(({ what, fix }) => [`missing    ${what}`, `fix        ${fix}`])]),
  ]
}
