/**
 * How a failure reaches the user: its own message where it was foreseen, else one line and a log file.
 *
 * Plain code without Effect: the launcher reports with it what goes wrong while a pipeline loads.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { SourceMap } from "node:module"
import { tmpdir } from "node:os"
import { dirname, isAbsolute, join, relative, resolve } from "node:path"
import { fileURLToPath } from "node:url"

/** A failure as it is shown. */
export interface Shown {
  /** The error's tag, or `usage`, `load`, `defect`. */
  readonly kind: string
  readonly message: string
  readonly exitCode: number
}

/** Tags of what is wrong with the command or the pipeline, before any step ran. */
const invalid = new Set([
  "PipelineError",
  "UnknownParam",
  "InvalidParam",
  "CodeRefused",
  "CheckpointRefused",
  "NoSuchStep",
  "NoSuchRun",
  "NoSuchOutput",
  "NotQuarantined",
  "LockMissing",
  "LockDiffers",
  "NotAPipeline",
  "SyntaxProblem",
  "BundleProblem",
  "UsageError",
  "ConditionRefused",
  "InitRefused",
  "TarballsMissing",
  "CurveRefused",
  // Of a step's wiring, where the compiler was not asked.
  "UnknownColumn",
  "WiringRefused",
  // Of planning: files that vanish while a step runs fail that step.
  "SourceMissing",
])

/** Of them those that a package throws where the pipeline's own file called it. */
const ofWiring = new Set(["UnknownColumn", "WiringRefused"])

export const isForeseen = (error: unknown): error is Error & { readonly _tag: string } =>
  error instanceof Error && typeof (error as { _tag?: unknown })._tag === "string" && error.message !== ""

/**
 * Shows an error that the program knows, by its own message; writes a log for one that it does not. Places in a bundle
 * become places in the user's own files.
 */
export const shown = (error: unknown, root: string): Shown => {
  if (isForeseen(error)) {
    const at = ofWiring.has(error._tag) ? place(error, root, true) : undefined
    const message = isBundleProblem(error) ? bundleProblem(error, root) : inSources(error.message, root)
    return {
      kind: error._tag,
      message: at === undefined ? message : `${message}\n${excerpt(at, root)}`,
      exitCode: invalid.has(error._tag) ? 2 : 1,
    }
  }
  const at = place(error, root)
  return at === undefined
    ? unexpected(error, join(root, ".sluice", "logs"))
    : { kind: "pipeline", message: thrown("The pipeline threw an error.", error, at, root), exitCode: 2 }
}

/** What the bundler complained about. It may have seen the file after a transform, so the line is read anew. */
interface BundleProblem extends Error {
  readonly file: string
  readonly line: number
  readonly column: number
}

const isBundleProblem = (error: Error): error is BundleProblem =>
  (error as { _tag?: unknown })._tag === "BundleProblem" && (error as { file?: unknown }).file !== ""

const bundleProblem = (error: BundleProblem, root: string): string => {
  const what = firstLine(error.message).replace(/^\S+:\d+:\d+ /, "")
  const file = resolve(root, error.file)
  const text = lineOf(file, error.line)
  const isOriginal = text !== undefined && error.message.includes(` | ${text}\n`)
  const quoted = [...what.matchAll(/["`]([^"`]+)["`]/g)].map((match) => text?.lastIndexOf(match[1]!) ?? -1)
  const column = isOriginal ? error.column : (quoted.findLast((place) => place >= 0) ?? 0) + 1
  const at = { file, line: error.line, column }
  return `${what}\n${excerpt(at, root)}`
}

const bundled = /(\n +Place: +)?(\.sluice\/bundles\/[^\s:]+\.js):(\d+):(\d+)/g

/** A place in a package's own code says nothing to the user: that line goes. */
const inSources = (message: string, root: string): string =>
  message.replaceAll(
    bundled,
    (text, label: string | undefined, file: string, line: string, column: string) => {
      const at = original({ file: join(root, file), line: Number(line), column: Number(column) })
      if (label !== undefined && (at === undefined || !isInside(root, at.file))) return ""
      return at === undefined ? text : `${label ?? ""}${shortPlace(at, root)}`
    },
  )

const firstLine = (text: string): string => text.split("\n", 1)[0]!

const unexpected = (error: unknown, logFolder: string): Shown => {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const details = error instanceof Error ? withCauses(error) : String(error)
  const log = writeLog(`${new Date().toISOString()} node ${process.versions.node}\n${details}\n`, logFolder)
  return {
    kind: "defect",
    message: `Sluice failed unexpectedly: ${firstLine(said)}\n${log === undefined ? "No log could be written." : `The full log was written to ${log}`}`,
    exitCode: 1,
  }
}

const withCauses = (error: Error): string =>
  `${error.stack ?? error.message}${error.cause instanceof Error ? `\ncaused by ${withCauses(error.cause)}` : ""}`

const writeLog = (text: string, folder: string): string | undefined => {
  for (const place of [folder, tmpdir()]) {
    try {
      mkdirSync(place, { recursive: true })
      const path = join(place, `sluice-${Date.now()}-${process.pid}.log`)
      writeFileSync(path, text)
      return path
    } catch {
      continue
    }
  }
  return undefined
}

/** A place in a source file, with the line itself. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

const frame = /(?:\(|at )(?:async )?((?:file:\/\/)?\/[^():]+):(\d+):(\d+)\)?$/

/**
 * Where the user's own code threw an error: the first frame, read through the bundle's source map, if it lies in a
 * file of the project. An error that the engine or a package threw has no such place, unless that of the `caller` is
 * asked for: the first frame that lies in one.
 */
const place = (error: unknown, root: string, caller = false): Place | undefined => {
  if (!(error instanceof Error) || error.stack === undefined) return undefined
  for (const line of error.stack.split("\n")) {
    const match = frame.exec(line.trim())
    if (match === null || line.includes("(node:") || line.includes("at node:")) continue
    const generated = match[1]!.startsWith("file://") ? fileURLToPath(match[1]!) : match[1]!
    const found = original({ file: generated, line: Number(match[2]), column: Number(match[3]) })
    if (found !== undefined && isInside(root, found.file)) return found
    if (!caller) return undefined
  }
  return undefined
}

const isInside = (root: string, file: string): boolean => {
  const path = relative(root, file)
  return (
    !path.startsWith("..") &&
    !isAbsolute(path) &&
    !path.includes("node_modules") &&
    !path.startsWith(".sluice")
  )
}

const original = (at: Place): Place | undefined => {
  let text: string
  try {
    text = readFileSync(`${at.file}.map`, "utf8")
  } catch {
    return at
  }
  const map = new SourceMap(JSON.parse(text))
  const entry = map.findEntry(at.line - 1, at.column - 1)
  if (!("originalSource" in entry) || entry.originalSource === "") return undefined
  const source = entry.originalSource
  return {
    file: source.startsWith("file://") ? fileURLToPath(source) : resolve(dirname(at.file), source),
    line: entry.originalLine + 1,
    column: entry.originalColumn + 1,
  }
}

const shortPlace = (at: Place, root: string): string => `${relative(root, at.file)}:${at.line}:${at.column}`

/** `lib/text.ts:12:3` with the line and a caret under the column. */
const excerpt = (at: Place, root: string): string => {
  const name = shortPlace(at, root)
  const line = lineOf(at.file, at.line)
  if (line === undefined) return name
  const indent = line.slice(0, at.column - 1).replaceAll(/[^\t]/g, " ")
  return `${name}\n  ${line}\n  ${indent}^`
}

const lineOf = (file: string, line: number): string | undefined => {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/)[line - 1]
  } catch {
    return undefined
  }
}

const thrown = (headline: string, error: unknown, at: Place | undefined, root: string): string => {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return [headline, asWritten(said), ...(at === undefined ? [] : [excerpt(at, root)])].join("\n")
}

/** A bundle calls the namespace of a module `Model_exports` where the user wrote `Model`. */
const asWritten = (message: string): string => message.replaceAll(/\b(\w+)_exports\b/g, "$1")

/** What a pipeline's file threw while it was loaded: the user's own code, so no log and no stack. */
export const whileLoading = (error: unknown, file: string, root: string, cwd: string): Shown => ({
  kind: "load",
  message: thrown(`${relative(cwd, file)} could not be loaded.`, error, place(error, root), root),
  exitCode: 2,
})

/** What the file system said when something was to be written, or `undefined` for any other error. */
export const whileWriting = (error: unknown, folder: string): Shown | undefined => {
  const { code: given, message, syscall } = error as NodeJS.ErrnoException
  // Node says ENOENT where a read-only file system keeps it from making a folder with its parents.
  const code = given === "ENOENT" && syscall === "mkdir" ? "EROFS" : given
  const reasons: Record<string, readonly [reason: string, hint: string]> = {
    ENOSPC: ["the disk is full", "Free some space: sluice gc removes what no kept run uses."],
    EDQUOT: ["the disk quota is used up", "Free some space: sluice gc removes what no kept run uses."],
    EFBIG: ["a file would be larger than this process may write", "Raise the limit: ulimit -f."],
    EACCES: ["the folder may not be written", "Make it writable, or run in a copy of the project."],
    EPERM: ["the folder may not be written", "Make it writable, or run in a copy of the project."],
    EROFS: ["the file system is read-only", "Run in a copy of the project that can be written."],
    ENOTDIR: ["a file stands where a folder is needed", "Move that file away."],
    EEXIST: ["a file stands where a folder is needed", "Move that file away."],
  }
  const found = code === undefined ? undefined : reasons[code]
  if (found === undefined) return undefined
  const [reason, hint] = found
  const at = /'([^']+)'/.exec(message)?.[1] ?? folder
  const holder = at.startsWith(folder) ? folder : dirname(at)
  return {
    kind: "store",
    message: `Sluice cannot keep anything in ${holder}.\n  Place:   ${at}\n  Reason:  ${reason}\n${hint}`,
    exitCode: 1,
  }
}
