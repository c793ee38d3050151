/**
 * What was bundled, from which files, and whether that still holds.
 *
 * The check is made of stat calls: it loads neither bundler nor parser. A file counts as unchanged while size, both
 * times and inode are as recorded; where they are not, its bytes decide. Paths that were looked for in vain are part
 * of the record, since a file that appears there may come before one that was found; so are symbolic links, which may
 * come to lead elsewhere.
 */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Files } from "./Files.ts"
import { contentsOf, stampOf } from "./PackageFiles.ts"

/** The program to bundle: a stub that imports the command's main, the engine and the user's pipeline. */
export interface BundleOptions {
  /** Folder of the user's nearest package.json. */
  readonly root: string
  /** The entry stub's text; it may import absolute paths. */
  readonly entry: { readonly contents: string; readonly resolveDir: string }
  /** Where bundles are kept; `<root>/.sluice/bundles` by default. */
  readonly folder?: string
  /** Packages left outside the bundle and loaded by absolute file URL, beside the built-in list. */
  readonly external?: ReadonlyArray<string>
}

export interface Bundle {
  /** Absolute path of the program's first module. */
  readonly main: string
  readonly folder: string
  readonly digest: string
}

type FileEntry = readonly [
  path: string,
  sizeBytes: number,
  mtimeMs: number,
  ctimeMs: number,
  inode: number,
  digest: string,
]

/**
 * An installed package that reached code calls: the files that are watched although the bundle does not hold them, by
 * one digest of their stats and one of their contents.
 */
export type PackageEntry = readonly [
  folder: string,
  names: ReadonlyArray<string>,
  stamp: string,
  contents: string,
]

export interface BundleRecord {
  readonly format: 3
  readonly digest: string
  /** When the files were looked at. */
  readonly atMs: number
  readonly files: ReadonlyArray<FileEntry>
  readonly packages: ReadonlyArray<PackageEntry>
  readonly absent: ReadonlyArray<string>
  /** Paths with the place that they led to. */
  readonly links: ReadonlyArray<readonly [path: string, real: string]>
}

/** A file this much younger than the record may have changed again under the same times. */
export const settledMs = 2_000

export const folderOf = (options: BundleOptions): string =>
  options.folder ?? path.join(options.root, ".sluice", "bundles")

export const recordFile = (options: BundleOptions): string => {
  const key = createHash("sha256")
    .update(JSON.stringify([3, options.root, options.entry, options.external ?? [], process.version]))
    .digest("hex")
  return path.join(folderOf(options), `${key.slice(0, 24)}.json`)
}

/** The cached bundle if every file it was made from is as it was; undefined if it must be made again. */
export const checkBundle = (options: BundleOptions): Bundle | undefined => {
  const atMs = Date.now()
  const file = recordFile(options)
  let record: BundleRecord
  try {
    record = JSON.parse(fs.readFileSync(file, "utf8")) as BundleRecord
  } catch {
    return undefined
  }
  if (record.format !== 3) return undefined
  const folder = path.join(folderOf(options), record.digest)
  const main = path.join(folder, "main.js")
  const quiet = { throwIfNoEntry: false } as const
  if (fs.statSync(main, quiet) === undefined) return undefined
  let touched = false
  const entries: Array<FileEntry> = []
  for (const [name, size, mtime, ctime, inode, digest] of record.files) {
    const stat = fs.statSync(name, quiet)
    if (stat === undefined || stat.size !== size) return undefined
    const same = stat.mtimeMs === mtime && stat.ctimeMs === ctime && stat.ino === inode
    entries.push([name, stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino, digest])
    if (same && mtime < record.atMs - settledMs) continue
    if (digestOf(name) !== digest) return undefined
    touched = true
  }
  for (const name of record.absent) if (fs.statSync(name, quiet) !== undefined) return undefined
  for (const [name, real] of record.links) if (placeOf(name) !== real) return undefined
  const packages: Array<PackageEntry> = []
  for (const entry of record.packages) {
    const [folder, names, before, contents] = entry
    const stamp = stampOf(folder, names)
    packages.push(stamp === before ? entry : [folder, names, stamp, contents])
    if (stamp === before) continue
    if (contentsOf(folder, names) !== contents) return undefined
    touched = true
  }
  if (touched) write(options, { ...record, atMs, files: entries, packages })
  return { main, folder, digest: record.digest }
}

/**
 * Records a bundle's files as they lie now, each with the digest of what was read of it. `atMs` is when the first of
 * them was read.
 */
export const writeRecord = (
  options: BundleOptions,
  digest: string,
  files: Iterable<string>,
  packages: ReadonlyArray<PackageEntry>,
  read: Pick<Files, "absent" | "links" | "digestRead">,
  atMs: number,
): void => {
  const entries: Array<FileEntry> = []
  for (const name of files) {
    const stat = fs.statSync(name)
    const before = read.digestRead(name)
    const changedMs = Math.max(stat.mtimeMs, stat.ctimeMs)
    // What was read stands for the file unless it may have been edited since; the file system's clock lags behind.
    const now = before !== undefined && changedMs < atMs - settledMs ? before : digestOf(name)
    // Edited while the bundle was made: nobody knows which text went into it, so no text will match.
    const isEdited = changedMs >= atMs + 1 || (before !== undefined && now !== before)
    entries.push([name, stat.size, stat.mtimeMs, stat.ctimeMs, stat.ino, isEdited ? "" : now])
  }
  write(options, {
    format: 3,
    digest,
    atMs,
    files: entries,
    packages,
    absent: [...read.absent],
    links: [...read.links],
  })
}

const write = (options: BundleOptions, record: BundleRecord): void => {
  const file = recordFile(options)
  const temporary = `${file}.${process.pid}`
  try {
    fs.writeFileSync(temporary, JSON.stringify(record))
    fs.renameSync(temporary, file)
  } catch {
    // Without a record the next command bundles again.
  }
}

const placeOf = (name: string): string | undefined => {
  try {
    return fs.realpathSync.native(name)
  } catch {
    return undefined
  }
}

const digestOf = (file: string): string => createHash("sha256").update(fs.readFileSync(file)).digest("hex")
