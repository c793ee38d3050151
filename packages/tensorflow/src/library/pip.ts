/** Fetches one pinned wheel with `python3 -m pip download`, and says in plain words why it could not. */
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { LibraryFetchFailed } from "../Errors.ts"
import * as Wheel from "../Wheel.ts"

export interface Options {
  readonly python: string
  /** An empty folder of ours: the wheel lands in it, and pip's temporary files too. */
  readonly folder: string
  /** Called a few times a second with the bytes that have arrived. */
  readonly onBytes: (bytes: number) => void
  readonly signal: AbortSignal
}

const downloadArguments = (wheel: Wheel.Wheel, to: string): ReadonlyArray<string> => [
  "-m",
  "pip",
  "download",
  "--no-deps",
  "--only-binary=:all:",
  "--no-cache-dir",
  "--no-input",
  "--progress-bar=off",
  "--disable-pip-version-check",
  `--platform=${wheel.pipPlatform}`,
  `--python-version=${Wheel.pythonVersion}`,
  `--dest=${to}`,
  `${wheel.package}==${Wheel.version}`,
]

/** The path of the downloaded wheel, whose digest was checked. Rejects with LibraryFetchFailed. */
export const download = async (wheel: Wheel.Wheel, options: Options): Promise<string> => {
  const to = path.join(options.folder, "wheel")
  const temporary = path.join(options.folder, "pip")
  fs.mkdirSync(to, { recursive: true })
  fs.mkdirSync(temporary, { recursive: true })

  const { code, output } = await run(options, downloadArguments(wheel, to), temporary)
  if (code !== 0) throw explain(wheel, output, code)
  const name = fs.readdirSync(to).find((each) => each.endsWith(".whl"))
  if (name === undefined) throw explain(wheel, output, code)
  const file = path.join(to, name)
  const digest = await sha256(file, options.signal)
  if (digest !== wheel.sha256) {
    throw new LibraryFetchFailed({
      reason: "wrong-digest",
      headline: "The TensorFlow wheel that arrived is not the pinned one. It was not used.",
      facts: { File: name, Expected: `sha256 ${wheel.sha256}`, Received: `sha256 ${digest}` },
      hint: "Look at pip's index settings (`python3 -m pip config list`): something may serve another file.",
    })
  }
  return file
}

const run = (
  options: Options,
  args: ReadonlyArray<string>,
  temporary: string,
): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(options.python, args, {
      env: { ...process.env, TMPDIR: temporary, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "pipe"],
      signal: options.signal,
    })
    let output = ""
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000)
    }
    child.stdout.on("data", collect)
    child.stderr.on("data", collect)
    // pip writes to its temporary folder and copies at the end: the larger of the two is what has arrived.
    const poll = setInterval(() => {
      options.onBytes(Math.max(sizeOf(temporary), sizeOf(path.join(options.folder, "wheel"))))
    }, 250)
    child.on("error", (cause: NodeJS.ErrnoException) => {
      clearInterval(poll)
      reject(cause.code === "ENOENT" ? noPython(options.python) : cause)
    })
    child.on("close", (code) => {
      clearInterval(poll)
      resolve({ code: code ?? 1, output })
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

const sha256 = async (file: string, signal: AbortSignal): Promise<string> => {
  const hash = createHash("sha256")
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 1 << 20, signal })) {
    hash.update(chunk as Buffer)
  }
  return hash.digest("hex")
}

const noPython = (python: string): LibraryFetchFailed =>
  new LibraryFetchFailed({
    reason: "no-python",
    headline: `${python} was not found, and TensorFlow is fetched with its pip.`,
    facts: { Needed: "Python 3 with pip, for this one download" },
    hint: "Install Python 3 with pip, or set SLUICE_LIBTENSORFLOW to a TensorFlow 2.21 library.",
  })

const networkSigns =
  /NewConnectionError|ConnectTimeout|ReadTimeout|Read timed out|Temporary failure in name resolution|Name or service not known|nodename nor servname|Max retries exceeded|ProxyError|SSLError|Connection (refused|reset|aborted|broken)|Network is unreachable/i

/** What pip's output means. Pure: the tests feed it real outputs. */
const explain = (wheel: Wheel.Wheel, output: string, code: number): LibraryFetchFailed => {
  const wanted = `${wheel.package}==${Wheel.version} for ${wheel.pipPlatform}`
  if (/No module named pip/.test(output)) {
    return new LibraryFetchFailed({
      reason: "no-pip",
      headline: "python3 has no pip, with which TensorFlow is fetched.",
      facts: { Wanted: wanted },
      hint: "Install it (Debian and Ubuntu: apt install python3-pip; elsewhere: python3 -m ensurepip).",
    })
  }
  if (/No space left on device|Disk quota exceeded/.test(output)) return noSpace(undefined)
  if (networkSigns.test(output)) {
    return new LibraryFetchFailed({
      reason: "no-network",
      headline: "The package index could not be reached.",
      facts: { Wanted: wanted, "pip said": lastLine(output) },
      hint: "Check the network and pip's settings, then run the same command again. Nothing was changed.",
    })
  }
  if (/No matching distribution found|Could not find a version/.test(output)) {
    return new LibraryFetchFailed({
      reason: "not-found",
      headline: "The package index has no such TensorFlow wheel.",
      facts: { Wanted: wanted, "pip said": lastLine(output) },
      hint: "Point pip at an index that carries it, or set SLUICE_LIBTENSORFLOW to a library of your own.",
    })
  }
  if (/Permission denied/.test(output)) return noPermission(lastLine(output))
  return new LibraryFetchFailed({
    reason: "pip-failed",
    headline: "pip could not fetch TensorFlow.",
    facts: { Wanted: wanted, "Exit code": String(code), "pip said": lastLine(output) },
    hint: "Run `python3 -m pip download` for that wheel by hand to see more.",
  })
}

export const noSpace = (facts: Readonly<Record<string, string>> | undefined): LibraryFetchFailed =>
  new LibraryFetchFailed({
    reason: "no-space",
    headline: "There is not enough room to install TensorFlow.",
    facts: facts ?? { Needed: "about 1.4 GB while it is installed, 0.9 GB after" },
    hint: "Free some space, or set SLUICE_CACHE to a folder on another disk.",
  })

export const noPermission = (detail: string): LibraryFetchFailed =>
  new LibraryFetchFailed({
    reason: "no-permission",
    headline: "The cache folder cannot be written.",
    facts: { Reason: detail },
    hint: "Give yourself the right to write there, or set SLUICE_CACHE to another folder.",
  })

/** The last thing that pip calls an error, else its last line. */
const lastLine = (output: string): string => {
  const lines = output.split("\n").map((line) => line.trim())
  const errors = lines.filter((line) => line.startsWith("ERROR:"))
  return (errors.at(-1) ?? lines.findLast((line) => line !== "") ?? "nothing").slice(0, 300)
}
