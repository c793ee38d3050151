/** Of the packages that reached code calls: which files a bundle's record watches beside those in the bundle. */
import * as fs from "node:fs"
import { type PackageEntry, settledMs } from "./BundleRecord.ts"
import type { Module } from "./Module.ts"
import { contentsOf, stampOf } from "./PackageFiles.ts"
import type { Project } from "./Project.ts"

/** A package of so few files is watched file by file. */
const few = 12

/**
 * How many files of larger packages are watched, the smaller packages first. A stat takes 3 µs, so this many take
 * 40 ms of every command; all that tuning a model reaches, TensorFlow and Arrow among it, has 7,600.
 */
const most = 12_000

/** The modules that the user's own import, the engine's where they do; not what the command loads for itself. */
export const modulesOfUser = (project: Project): ReadonlySet<Module> => {
  const stubs = new Set(project.entries.map((file) => project.module(file)))
  const imported = (module: Module): ReadonlyArray<Module> =>
    [
      ...project.evaluated(module).map((request) => request.module),
      ...module.later.map((specifier) => project.moduleAt(specifier, module.file)),
    ].filter((one) => one !== undefined)
  const everything = closureOf(stubs, imported)
  const isUsers = (module: Module): boolean => {
    const { folder, name } = project.package(module.file)
    return !stubs.has(module) && (folder === project.root || !name.startsWith("@sluice/"))
  }
  return closureOf(new Set([...everything].filter(isUsers)), imported)
}

const closureOf = <T>(start: ReadonlySet<T>, next: (item: T) => ReadonlyArray<T>): ReadonlySet<T> => {
  const found = new Set(start)
  // The set grows while it is walked.
  for (const item of found) for (const one of next(item)) found.add(one)
  return found
}

export const watchedIn = (
  reached: ReadonlyArray<{
    readonly folder: string
    readonly names: ReadonlyArray<string>
    readonly digest: (name: string) => string | undefined
  }>,
  bundled: ReadonlySet<string>,
  atMs: number,
): { readonly files: ReadonlyArray<string>; readonly packages: ReadonlyArray<PackageEntry> } => {
  const files: Array<string> = []
  const packages: Array<PackageEntry> = []
  let left = most
  for (const { folder, names, digest } of reached.toSorted((a, b) => a.names.length - b.names.length)) {
    const inFolder = (name: string): string => `${folder}/${name}`
    const others = names.filter((name) => !bundled.has(inFolder(name)))
    if (names.length <= few) {
      files.push(...others.map(inFolder))
      continue
    }
    left -= others.length
    if (left < 0) break
    const young = others.filter((name) => fs.statSync(inFolder(name)).mtimeMs > atMs - settledMs)
    files.push(...young.map(inFolder))
    const settled = others.filter((name) => !young.includes(name))
    // A folder's times tell of files that come and go.
    const watched = [...settled, ...foldersOf(names)]
    packages.push([folder, watched, stampOf(folder, watched), contentsOf(folder, watched, digest)])
  }
  return { files, packages }
}

const foldersOf = (names: ReadonlyArray<string>): ReadonlyArray<string> => [
  ...new Set(names.map((name) => (name.includes("/") ? name.slice(0, name.lastIndexOf("/")) : "."))),
]
