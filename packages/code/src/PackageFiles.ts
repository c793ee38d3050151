/** The files of an installed package that can decide what it does, and cheap ways to tell that none has changed. */
import { createHash, hash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"

/** Files that cannot decide what a package does: documentation, types, maps. Any other may be data that it reads. */
const inert =
  /\.(?:md|markdown|map|flow|tsbuildinfo|d\.[cm]?ts)$|(?:^|\/)(?:licen[cs]e|readme|changelog|history|authors|notice)(?:[.-][^/]*)?$/i
const typeScript = /\.[cm]?tsx?$/

/** The parts of package.json that say which files are loaded. */
export interface Entries {
  readonly main?: unknown
  readonly module?: unknown
  readonly exports?: unknown
  readonly imports?: unknown
}

/** Names relative to the package's folder, folders inside it followed; TypeScript counts where it is what is loaded. */
export const listFiles = (folder: string, entries: Entries): ReadonlyArray<string> => {
  const runsTypeScript = [entries.main, entries.module, entries.exports, entries.imports].some(
    namesTypeScript,
  )
  const list = (prefix: string): Array<string> => {
    const found: Array<string> = []
    let inside: Array<fs.Dirent>
    try {
      inside = fs.readdirSync(path.join(folder, prefix), { withFileTypes: true })
    } catch {
      return found
    }
    for (const entry of inside) {
      if (entry.name === "node_modules" || entry.name.startsWith(".")) continue
      const name = prefix === "" ? entry.name : `${prefix}/${entry.name}`
      if (entry.isDirectory()) found.push(...list(name))
      else if (entry.isFile() && !inert.test(entry.name) && (runsTypeScript || !typeScript.test(entry.name)))
        found.push(name)
    }
    return found
  }
  return list("")
}

/** Conditions for types, and those that only a workspace of the package's own authors sets. */
const notLoaded = /^(?:types|typings|@.*)$/

const namesTypeScript = (target: unknown): boolean => {
  if (typeof target === "string") return typeScript.test(target) && !inert.test(target)
  if (typeof target !== "object" || target === null) return false
  return Object.entries(target).some(
    ([key, value]) => !(notLoaded.test(key) && !key.includes("/")) && namesTypeScript(value),
  )
}

/** One digest over size, times and inode of every file: equal as long as none was written or replaced. */
export const stampOf = (folder: string, names: ReadonlyArray<string>): string => {
  // One text, hashed at once: for thousands of files a third of the time of hashing as they come.
  let text = ""
  for (const name of names) {
    const stat = fs.statSync(`${folder}/${name}`, absentIsQuiet)
    text += stat === undefined ? "-\n" : `${stat.size} ${stat.mtimeMs} ${stat.ctimeMs} ${stat.ino}\n`
  }
  return hash("sha256", text, "hex").slice(0, 32)
}

const absentIsQuiet = { throwIfNoEntry: false } as const

/**
 * One digest over what the files hold, and over what names lie in the folders among them; `known` gives digests of
 * files that need not be read again.
 */
export const contentsOf = (
  folder: string,
  names: ReadonlyArray<string>,
  known: (name: string) => string | undefined = () => undefined,
): string => {
  const all = createHash("sha256")
  for (const name of names) all.update(`${name}\n${known(name) ?? digestAt(`${folder}/${name}`)}\n`)
  return all.digest("hex").slice(0, 32)
}

const digestAt = (place: string): string => {
  const stat = fs.statSync(place, absentIsQuiet)
  if (stat === undefined) return "absent"
  return stat.isDirectory()
    ? fs.readdirSync(place).toSorted().join("/")
    : digestOfBytes(fs.readFileSync(place))
}

/** The digest of one file of a package. */
export const digestOfBytes = (bytes: Uint8Array): string => hash("sha256", bytes, "hex").slice(0, 32)
