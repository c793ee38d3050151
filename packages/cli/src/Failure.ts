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
  "NoSuchStep",
  "NoSuchRun",
  "NoSuchOutput",
  "NotAPipeline",
  "SyntaxProblem",
  "BundleProblem",
  "UsageError",
])

export const isForeseen = (error: unknown): error is Error & { readonly _tag: string } =>
  error instanceof Error && typeof (error as { _tag?: unknown })._tag === "string" && error.message !== ""

/**
 * Shows an error that the program knows, by its own message; writes a log for one that it does not. Places in a bundle
 * become places in the user's own files.
 */
export const shown = (error: unknown, root: string): Shown =>
  isForeseen(error)
    ? { kind: error._tag, message: inSources(error.message, root), exitCode: invalid.has(error._tag) ? 2 : 1 }
    : unexpected(error, join(root, ".sluice", "logs"))

const bundled = /\.sluice\/bundles\/[^\s:]+\.js:\d+:\d+/g

const inSources = (message: string, root: string): string =>
  message.replaceAll(bundled, (text) => {
    const [file, line, column] = text.split(":") as [string, string, string]
    const at = original({ file: join(root, file), line: Number(line), column: Number(column) })
    return at === undefined ? text : shortPlace(at, root)
  })

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
 * Where an error was thrown, in the user's own source: the first frame that lies in a file of the project, read
 * through the bundle's source map.
 */
export const place = (error: unknown, root: string): Place | undefined => {
  if (!(error instanceof Error) || error.stack === undefined) return undefined
  for (const line of error.stack.split("\n")) {
    const match = frame.exec(line.trim())
    if (match === null) continue
    const generated = match[1]!.startsWith("file://") ? fileURLToPath(match[1]!) : match[1]!
    const found = original({ file: generated, line: Number(match[2]), column: Number(match[3]) })
    if (found !== undefined && isInside(root, found.file)) return found
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
export const excerpt = (at: Place, root: string): string => {
  const name = shortPlace(at, root)
  try {
    const line = readFileSync(at.file, "utf8").split("\n")[at.line - 1]
    if (line === undefined) return name
    const indent = line.slice(0, at.column - 1).replaceAll(/[^\t]/g, " ")
    return `${name}\n  ${line}\n  ${indent}^`
  } catch {
    return name
  }
}

/** What a pipeline's file threw while it was loaded: the user's own code, so no log and no stack. */
export const whileLoading = (error: unknown, file: string, root: string, cwd: string): Shown => {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const at = place(error, root)
  return {
    kind: "load",
    message: [
      `${relative(cwd, file)} could not be loaded.`,
      said,
      ...(at === undefined ? [] : [excerpt(at, root)]),
    ].join("\n"),
    exitCode: 2,
  }
}
