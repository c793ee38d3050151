/**
 * The identity of npm packages: name, version, the lockfile's integrity and a digest of the files as they lie there,
 * for a package and all that it depends on.
 *
 * The digest of files is what notices a patch or an edit under node_modules. It is remembered with each file's stat,
 * so that only files whose stat differs are read again.
 */
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Files } from "./Files.ts"
import type { PackageIdentity } from "./Identity.ts"
import { type Lockfile, nearest } from "./Lockfile.ts"
import { digestOfBytes, listFiles } from "./PackageFiles.ts"
import type { PackageJson, Resolver } from "./Resolver.ts"

type Entry = readonly [stat: string, digest: string]

export class Packages {
  readonly #files: Files
  readonly #resolver: Resolver
  readonly #folder: string | undefined
  readonly #own = new Map<string, PackageIdentity>()
  readonly #digests = new Map<string, Readonly<Record<string, Entry>>>()
  readonly #closures = new Map<string, ReadonlyArray<PackageIdentity>>()
  readonly #locks = new Map<string, Lockfile | undefined>()

  /** `folder` keeps the manifests of files; without it they are made anew. */
  constructor(files: Files, resolver: Resolver, folder?: string) {
    this.#files = files
    this.#resolver = resolver
    this.#folder = folder
  }

  /** The package in a folder and everything that it depends on, by name. */
  closure(folder: string): ReadonlyArray<PackageIdentity> {
    const known = this.#closures.get(folder)
    if (known !== undefined) return known
    const folders = new Set([folder])
    for (const at of folders) {
      const json = this.#json(at)
      const names = { ...json.peerDependencies, ...json.optionalDependencies, ...json.dependencies }
      for (const name of Object.keys(names)) {
        // Types run nowhere.
        if (name.startsWith("@types/")) continue
        const dependency = this.#resolver.installed(name, at)
        if (dependency !== undefined) folders.add(dependency)
      }
    }
    const all = [...folders].map((at) => this.#identity(at))
    all.sort((a, b) => (a.name === b.name ? compare(a.version, b.version) : compare(a.name, b.name)))
    this.#closures.set(folder, all)
    return all
  }

  /** Every package that was asked for, with the files whose edit would change what it does. */
  reached(): ReadonlyArray<{
    readonly folder: string
    readonly identity: PackageIdentity
    readonly names: ReadonlyArray<string>
    /** The digest of a file's bytes, where it is at hand. */
    readonly digest: (name: string) => string | undefined
  }> {
    return [...this.#own].map(([folder, identity]) => ({
      folder,
      identity,
      names: listFiles(folder, this.#json(folder)),
      // Of package.json only a part was digested.
      digest: (name) => (name === "package.json" ? undefined : this.#digests.get(folder)?.[name]?.[1]),
    }))
  }

  #json(folder: string): PackageJson {
    return this.#files.json(path.join(folder, "package.json")) ?? {}
  }

  #identity(folder: string): PackageIdentity {
    let identity = this.#own.get(folder)
    if (identity === undefined) {
      const json = this.#json(folder)
      const name = json.name ?? path.basename(folder)
      const version = json.version ?? ""
      const locked = this.#lock(folder)?.integrity.get(`${name}@${version}`) ?? ""
      const contents = this.#contents(folder, `${name}@${version}`)
      identity = { name, version, integrity: `${locked === "" ? "" : `${locked} `}files:${contents}` }
      this.#own.set(folder, identity)
    }
    return identity
  }

  #lock(folder: string): Lockfile | undefined {
    // The project's lockfile, not one that happens to be shipped inside a package.
    const marker = `${path.sep}node_modules${path.sep}`
    const at = folder.indexOf(marker)
    const from = at === -1 ? this.#resolver.root : folder.slice(0, at)
    if (!this.#locks.has(from)) this.#locks.set(from, nearest(this.#files, from))
    return this.#locks.get(from)
  }

  #contents(folder: string, label: string): string {
    const manifestFile =
      this.#folder === undefined
        ? undefined
        : path.join(this.#folder, `${createHash("sha256").update(folder).digest("hex").slice(0, 24)}.json`)
    const before = manifestFile === undefined ? {} : readManifest(manifestFile)
    const after: Record<string, Entry> = {}
    let changed = false
    const now = BigInt(Date.now()) * 1_000_000n
    for (const name of listFiles(folder, this.#json(folder))) {
      const file = path.join(folder, name)
      const stat = fs.statSync(file, { bigint: true })
      const key = `${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}:${stat.ino}`
      const known = before[name]
      if (known !== undefined && known[0] === key) {
        after[name] = known
        continue
      }
      changed = true
      const digest = digestOf(file, name)
      // A file younger than its entry by less than two seconds may change again under the same stat.
      after[name] = [now - stat.mtimeNs > 2_000_000_000n ? key : "young", digest]
    }
    if (manifestFile !== undefined && (changed || Object.keys(before).length !== Object.keys(after).length)) {
      writeManifest(manifestFile, { package: label, files: after })
    }
    this.#digests.set(folder, after)
    const hash = createHash("sha256")
    for (const name of Object.keys(after).toSorted()) hash.update(`${name}\0${after[name]![1]}\n`)
    return hash.digest("hex").slice(0, 32)
  }
}

/** The parts of package.json that decide what is loaded; installers add to the rest. */
const decisive = [
  "name",
  "version",
  "type",
  "main",
  "module",
  "browser",
  "exports",
  "imports",
  "dependencies",
]

const digestOf = (file: string, name: string): string => {
  const bytes = fs.readFileSync(file)
  if (name === "package.json") {
    try {
      const json = JSON.parse(bytes.toString("utf8")) as Record<string, unknown>
      const kept = JSON.stringify(decisive.map((key) => json[key] ?? null))
      return createHash("sha256").update(kept).digest("hex").slice(0, 32)
    } catch {
      // Not JSON: its bytes will do.
    }
  }
  return digestOfBytes(bytes)
}

const readManifest = (file: string): Record<string, Entry> => {
  try {
    return (JSON.parse(fs.readFileSync(file, "utf8")) as { readonly files: Record<string, Entry> }).files
  } catch {
    return {}
  }
}

const writeManifest = (file: string, manifest: unknown): void => {
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true })
    const temporary = `${file}.${process.pid}`
    fs.writeFileSync(temporary, JSON.stringify(manifest))
    fs.renameSync(temporary, file)
  } catch {
    // Only a cache: a folder that cannot be written costs time, not rightness.
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
