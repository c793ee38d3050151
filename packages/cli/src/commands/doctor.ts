/**
 * `sluice doctor`: what this machine offers, what numeric steps compute with, what is missing and how to get it.
 */
import { ArtifactStore } from "@sluice/core"
import { ModelFiles } from "@sluice/llm"
import { Doctor, Library } from "@sluice/tensorflow"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as Arguments from "../Arguments.ts"
import { machine, python } from "../doctor/machine.ts"
import type { Machine, Python } from "../doctor/machine.ts"
import { folderSize } from "../folderSize.ts"
import type { FolderSize } from "../folderSize.ts"
import type { Context } from "../main.ts"
import * as numerics from "../numerics.ts"
import { progressLine } from "../progressLine.ts"
import * as Project from "../Project.ts"
import { bytes, plural } from "../quantities.ts"
import * as Text from "../Text.ts"

/** Something that is wrong, and the fix. */
interface Missing {
  readonly what: string
  readonly fix: string
}

interface StoreCheck {
  readonly blobs: number
  readonly sizeBytes: number
  /** Digests of damaged blobs. Those are removed, so that their steps run again. */
  readonly damaged: ReadonlyArray<string>
}

interface Findings {
  readonly machine: Machine
  readonly python: Python
  /** Null where the backend cannot be used. */
  readonly backend: Doctor.Facts | null
  /** The model of the quickstart, or null where it was not fetched yet. */
  readonly model: string | null
  readonly cache: FolderSize
  readonly store: FolderSize
  readonly verified: StoreCheck | null
  readonly missing: ReadonlyArray<Missing>
}

export const doctor = (context: Context) =>
  Effect.gen(function* () {
    if (Arguments.has(context.invocation, "fix")) yield* fetchMissing(context)
    const findings = yield* examine(context)
    if (context.json) context.screen.write(`${JSON.stringify(findings, undefined, 2)}\n`)
    else context.screen.write(`${lines(findings, context.screen.paint).join("\n")}\n`)
    return findings.missing.length > 0 || (findings.verified?.damaged.length ?? 0) > 0 ? 1 : 0
  })

/** Fetches the TensorFlow library, the one thing that Sluice needs and npm does not carry. */
const fetchMissing = (context: Context) => {
  const line = progressLine("TensorFlow", context.screen, context.json)
  return Effect.ensuring(Library.ensure({ onProgress: line.show }), Effect.sync(line.end))
}

const examine = Effect.fnUntraced(function* (context: Context) {
  const missing: Array<Missing> = []
  const backend = yield* Effect.result(Doctor.facts(numerics.options(context.invocation)))
  if (Result.isFailure(backend)) missing.push({ what: backend.failure.headline, fix: backend.failure.hint })
  const found = python()
  if (found.version === undefined) {
    missing.push({
      what: "python3 was not found; it fetches TensorFlow and models.",
      fix: "Install Python 3 with pip.",
    })
  } else if (found.pip === undefined) {
    missing.push({
      what: `Python ${found.version} has no pip; it fetches TensorFlow and models.`,
      fix: "Debian and Ubuntu: apt install python3-pip; elsewhere: python3 -m ensurepip.",
    })
  }
  const model = ModelFiles.placeOf(ModelFiles.smolLM2)
  const findings: Findings = {
    machine: machine(),
    python: found,
    backend: Result.isSuccess(backend) ? backend.success : null,
    model: existsSync(model) ? model : null,
    cache: folderSize(Library.cacheFolder()),
    store: folderSize(Project.store(context.root)),
    verified: Arguments.has(context.invocation, "store") ? yield* verify(context.root) : null,
    missing,
  }
  return findings
})

/** Reads every stored blob again. */
const verify = Effect.fnUntraced(function* (root: string) {
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

const backendRows = (facts: Doctor.Facts): Array<readonly [string, string]> => [
  ["backend", `${facts.backend} ${facts.libraryVersion}: ${facts.why}`],
  ...(facts.libraryPath === undefined ? [] : [["library", facts.libraryPath] as const]),
  [
    "computes",
    `on ${facts.device}, ${plural(facts.threads, "thread")}, ${facts.kernel} kernels, class ${facts.cpuClass}`,
  ],
  ...(facts.gigaflops === undefined
    ? []
    : [
        [
          "speed",
          `${facts.gigaflops} GFLOP/s in float32 matrix products${facts.bfloat16Gigaflops === undefined ? "" : `, ${facts.bfloat16Gigaflops} in bfloat16`}`,
        ] as const,
      ]),
  ["advice", facts.advice],
]

const lines = (found: Findings, paint: Text.Paint): Array<string> => {
  const { machine: m, python: py, verified } = found
  const folder = (size: FolderSize): string =>
    `${bytes(size.sizeBytes)} in ${plural(size.files, "file")}, ${size.path}`
  const rows: Array<readonly [string, string]> = [
    ["machine", `${plural(m.cores, "core")}, ${bytes(m.memoryBytes)} memory, ${m.platform}, ${m.processor}`],
    ["node", m.node],
    ["python", py.version === undefined ? "not found" : `${py.version}, pip ${py.pip ?? "not found"}`],
    ...(found.backend === null ? [] : backendRows(found.backend)),
    ["model", found.model ?? "SmolLM2-135M was not fetched yet; the first run that needs it does"],
    ["cache", folder(found.cache)],
    ["store", folder(found.store)],
    ...(verified === null ? [] : [["verified", verifiedText(verified)] as const]),
  ]
  return [
    ...rows.map(([label, text]) => `${label.padEnd(11)}${text}`),
    "",
    ...(found.missing.length === 0
      ? [paint("green", "Nothing is missing.")]
      : found.missing.flatMap(({ what, fix }) => [
          `${paint("red", "missing")}    ${what}`,
          `fix        ${fix}`,
        ])),
  ]
}

const verifiedText = ({ blobs, sizeBytes, damaged }: StoreCheck): string =>
  `${plural(blobs, "blob")}, ${bytes(sizeBytes)}: ${
    damaged.length === 0
      ? "all as they were stored"
      : `${plural(damaged.length, "was", "were")} damaged; ${damaged.length === 1 ? "the step that made it runs" : "the steps that made them run"} again`
  }`
