/**
 * From a stack in a bundle to the place in the user's own file, through the source maps beside the bundle.
 */
import { existsSync, readFileSync } from "node:fs"
import { SourceMap } from "node:module"
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"

/** The first frame in a file of the project that is neither a package's nor the engine's: `lib/text.ts:12:3`. */
export const ofStack = (stack: string, root: string): string | undefined => {
  for (const line of stack.split("\n")) {
    const match = frame.exec(line)
    if (match === null) continue
    const at = original(
      match[1]!.startsWith("file:") ? fileURLToPath(match[1]!.replace(/\?.*$/, "")) : match[1]!,
      Number(match[2]),
      Number(match[3]),
    )
    if (at === undefined) continue
    const name = relative(root, at.file)
    if (name.startsWith("..") || isAbsolute(name) || name.split(sep).includes("node_modules")) continue
    if (name.startsWith(`.sluice${sep}`) || isEngine(at.file)) continue
    return `${name.split(sep).join("/")}:${at.line}:${at.column}`
  }
  return undefined
}

const frame = /(?:\(|at (?:async )?)((?:file:\/\/|\/|[A-Za-z]:[\\/])[^()]*?):(\d+):(\d+)\)?$/

const maps = new Map<string, SourceMap | undefined>()

const original = (
  file: string,
  line: number,
  column: number,
): { readonly file: string; readonly line: number; readonly column: number } | undefined => {
  if (!maps.has(file)) maps.set(file, read(`${file}.map`))
  const map = maps.get(file)
  if (map === undefined) return { file, line, column }
  const entry = map.findEntry(line - 1, column - 1)
  if (!("originalSource" in entry) || entry.originalSource === "") return undefined
  const source = entry.originalSource
  return {
    file: source.startsWith("file:") ? fileURLToPath(source) : resolve(dirname(file), source),
    line: entry.originalLine + 1,
    column: entry.originalColumn + 1,
  }
}

const read = (path: string): SourceMap | undefined => {
  try {
    return new SourceMap(JSON.parse(readFileSync(path, "utf8")))
  } catch {
    return undefined
  }
}

/** Whether a file belongs to one of Sluice's own packages: where these are linked, they lie outside node_modules. */
const isEngine = (file: string): boolean => {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json")
    if (existsSync(manifest)) {
      try {
        const { name } = JSON.parse(readFileSync(manifest, "utf8")) as { readonly name?: string }
        return name?.startsWith("@sluice/") === true
      } catch {
        return false
      }
    }
    if (folder === dirname(folder)) return false
  }
}
