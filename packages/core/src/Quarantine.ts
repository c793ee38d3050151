/**
 * Steps that an audit caught answering differently: while one is here, its results are no hits.
 *
 * An entry names a definition together with its code (functions in its config included) and packages, so that another
 * edit of the code leaves the quarantine by itself. Values that the code captured do not count as another code.
 */
import { hash } from "node:crypto"
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { CodeReading } from "./CodeReading.ts"
import { readJson } from "./Database.ts"
import { temporaryPath } from "./internal/atomicFile.ts"

export interface Entry {
  readonly version: 1
  readonly id: string
  /** The definition's name. */
  readonly definition: string
  /** Where it was caught. */
  readonly pipeline: string
  readonly step: string
  readonly key: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** The first differences, one a line. */
  readonly differences: ReadonlyArray<string>
}

/** What identifies a definition and its code. */
export const idOf = (
  facts: { readonly name: string; readonly version: string | undefined },
  code: Readonly<Record<string, Pick<CodeReading, "parts" | "packages">>>,
): string => {
  const roles = Object.keys(code)
    .toSorted()
    .map((role) => [
      role,
      code[role]!.parts.map(({ file, symbol, digest }) => [file, symbol, digest]),
      code[role]!.packages.map(({ name, version, integrity }) => [name, version, integrity]),
    ])
  const text = JSON.stringify([facts.name, facts.version ?? "", roles])
  return hash("sha256", `sluice/quarantine\n${text}`, "hex")
}

const folderOf = (store: string): string => join(store, "quarantine")

/** Every entry of the store, by id. */
export const read = (store: string): ReadonlyMap<string, Entry> => {
  const entries = new Map<string, Entry>()
  let names: ReadonlyArray<string>
  try {
    names = readdirSync(folderOf(store))
  } catch {
    return entries
  }
  for (const name of names.toSorted()) {
    const entry = name.endsWith(".json")
      ? (readJson(join(folderOf(store), name)) as Entry | undefined)
      : undefined
    if (entry?.version === 1) entries.set(entry.id, entry)
  }
  return entries
}

export const add = (store: string, entry: Entry): void => {
  mkdirSync(folderOf(store), { recursive: true })
  mkdirSync(join(store, "tmp"), { recursive: true })
  const temporary = temporaryPath(join(store, "tmp"))
  writeFileSync(temporary, JSON.stringify(entry))
  renameSync(temporary, join(folderOf(store), `${entry.id}.json`))
}

export const release = (store: string, id: string): void =>
  rmSync(join(folderOf(store), `${id}.json`), { force: true })
