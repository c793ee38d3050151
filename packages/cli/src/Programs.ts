/**
 * Bundled programs in a folder of them: those that still fit their sources, and those that nothing will load again.
 *
 * A record names a program and the files that it was made from (see BundleRecord in packages/code). A program without a
 * record, or with a file that is gone or has another size, is never loaded again.
 */
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { folderSize } from "./folderSize.ts"

export interface Program {
  /** Of the folder, or of a record that leads nowhere. */
  readonly name: string
  readonly sizeBytes: number
  readonly current: boolean
}

/** Programs younger than `restMs` count as current: one may be in the making, or running. */
export const list = (folder: string, restMs: number, now: number): ReadonlyArray<Program> => {
  const names = namesIn(folder)
  const rests = (name: string): boolean => now - (statOf(join(folder, name))?.mtimeMs ?? now) > restMs
  const records = names
    .filter((name) => name.endsWith(".json"))
    .map((name) => ({ name, program: fitting(join(folder, name)) }))
  const current = new Set(records.map(({ program }) => program))
  return [
    ...names
      .filter((name) => /^[0-9a-f]{32}$|^tmp-/.test(name))
      .map((name) => ({
        name,
        sizeBytes: folderSize(join(folder, name)).sizeBytes,
        current: current.has(name) || !rests(name),
      })),
    ...records.map(({ name, program }) => ({
      name,
      sizeBytes: statOf(join(folder, name))?.size ?? 0,
      current: program !== undefined || !rests(name),
    })),
  ]
}

export const remove = (folder: string, programs: ReadonlyArray<Pick<Program, "name">>): void => {
  for (const { name } of programs) rmSync(join(folder, name), { recursive: true, force: true })
}

/** The program that a record leads to, if all files are there with their sizes. */
const fitting = (file: string): string | undefined => {
  try {
    const { digest, files } = JSON.parse(readFileSync(file, "utf8")) as {
      readonly digest: string
      readonly files: ReadonlyArray<readonly [path: string, sizeBytes: number]>
    }
    return files.every(([path, size]) => statOf(path)?.size === size) ? digest : undefined
  } catch {
    return undefined
  }
}

const namesIn = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const statOf = (path: string) => statSync(path, { throwIfNoEntry: false })
