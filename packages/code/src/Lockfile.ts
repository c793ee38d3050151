/** What lockfiles say of installed packages: the integrity of `name@version`, and patches. */
import * as path from "node:path"
import type { Files } from "./Files.ts"

export interface Lockfile {
  readonly file: string
  /** By `name@version`. */
  readonly integrity: ReadonlyMap<string, string>
}

const lockfileNames = ["pnpm-lock.yaml", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock"]

/** The nearest lockfile from a folder upwards. */
export const nearest = (files: Files, folder: string): Lockfile | undefined => {
  for (let at = folder; ; at = path.dirname(at)) {
    for (const name of lockfileNames) {
      const file = path.join(at, name)
      if (files.isFile(file)) return { file, integrity: read(name, files.text(file) ?? "") }
    }
    if (at === path.dirname(at)) return undefined
  }
}

export const read = (name: string, text: string): ReadonlyMap<string, string> =>
  name === "pnpm-lock.yaml" ? readPnpm(text) : name === "yarn.lock" ? readYarn(text) : readNpm(text)

/**
 * `packages:` holds `name@version:` with a `resolution`; `patchedDependencies:` the hash of each patch, which is
 * appended to the integrity.
 */
const readPnpm = (text: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  const patches = new Map<string, string>()
  let section = ""
  let key = ""
  for (const line of text.split(/\r?\n/)) {
    const top = /^(\w+):/.exec(line)
    if (top) {
      section = top[1]!
      continue
    }
    const entry = /^ {2}(\S.*?):(?:\s+(\S+))?\s*$/.exec(line)
    if (entry) {
      key = entry[1]!.replace(/^['"/]+|['"]$/g, "")
      if (section === "patchedDependencies" && entry[2]) patches.set(key, entry[2])
      continue
    }
    if (section === "packages") {
      const resolution = /^ {4}resolution: \{(.*)\}/.exec(line)
      if (resolution) {
        const integrity = /integrity: ([^,}\s]+)/.exec(resolution[1]!)
        found.set(key.replace(/\(.*$/, ""), integrity ? integrity[1]! : resolution[1]!.trim())
      }
      // An archive or a repository stands under its address, with its version beside it.
      const version = /^ {4}version: (\S+)/.exec(line)
      const known = version === null ? undefined : found.get(key)
      if (known !== undefined) found.set(`${key.slice(0, key.indexOf("@", 1))}@${version![1]!}`, known)
    } else if (section === "patchedDependencies") {
      const hash = /^ {4}hash: (\S+)/.exec(line)
      if (hash) patches.set(key, hash[1]!)
    }
  }
  for (const [patched, hash] of patches) {
    for (const [name, integrity] of found) {
      if (name === patched || name.startsWith(`${patched}@`)) found.set(name, `${integrity} patch:${hash}`)
    }
  }
  return found
}

const readNpm = (text: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  let lock: {
    readonly packages?: Record<
      string,
      {
        readonly name?: string
        readonly version?: string
        readonly integrity?: string
        readonly resolved?: string
      }
    >
  }
  try {
    lock = JSON.parse(text)
  } catch {
    return found
  }
  for (const [place, entry] of Object.entries(lock.packages ?? {})) {
    const name = entry.name ?? /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(place)?.[1]
    const integrity = entry.integrity ?? entry.resolved
    if (name !== undefined && entry.version !== undefined && integrity !== undefined) {
      found.set(`${name}@${entry.version}`, integrity)
    }
  }
  return found
}

/** Version 1 blocks (`integrity`; of an archive and in old files the digest behind the address) and Berry's (`checksum`, with the patch in the resolution). */
const readYarn = (text: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  for (const block of text.split(/\r?\n\r?\n/)) {
    const head = /^"?((?:@[^/@"]+\/)?[^@"\s]+)@/m.exec(block.replace(/^#.*$/gm, "").trimStart())
    const version = /^ {2}version:? "?([^"\s]+)"?/m.exec(block)
    const integrity =
      /^ {2}(?:integrity|checksum):? "?([^"\s]+)"?/m.exec(block) ??
      /^ {2}resolved "[^"]*#([0-9a-f]{40})"/m.exec(block)
    if (head === null || version === null || integrity === null) continue
    // Under another name (`alias@npm:real@^1.0.0`), the package still has its own.
    const real =
      /^ {2}resolution: "((?:@[^/@"]+\/)?[^@"]+)@/m.exec(block) ??
      /^"?(?:@[^/@"]+\/)?[^@"\s]+@npm:((?:@[^/@"]+\/)?[^@"\s]+)@/m.exec(block)
    const key = `${(real ?? head)[1]!}@${version[1]!}`
    const patch = /^ {2}resolution: ".*@patch:.*"/m.test(block) ? ` patch:${integrity[1]!}` : ""
    found.set(key, (found.get(key) ?? integrity[1]!) + patch)
  }
  return found
}
