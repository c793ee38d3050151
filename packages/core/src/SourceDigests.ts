/**
 * Digests of files from outside, with a cache that spares re-hashing.
 *
 * An entry spares it only if size, mtime, ctime (both in nanoseconds) and inode are equal, and the file had been quiet
 * for two seconds when it was hashed: file systems with coarse clocks give two edits in one tick one time.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createHash } from "node:crypto"
import { closeSync, globSync, openSync, readSync, realpathSync, statSync, type BigIntStats } from "node:fs"
import { isAbsolute, join, relative, resolve, sep } from "node:path"
import { Database } from "./Database.ts"
import * as Errors from "./Errors.ts"

/** A file as it was planned. */
export interface DigestedFile {
  /** Relative to the project's root, forward slashes; absolute for a file outside it. */
  readonly name: string
  readonly path: string
  readonly sizeBytes: number
  readonly digest: string
}

export interface Service {
  /** The project's root. */
  readonly root: string
  /** The files of a step's patterns, sorted by name. Throws SourceMissing. */
  readonly files: (step: string, patterns: ReadonlyArray<string>) => ReadonlyArray<DigestedFile>
}

export class SourceDigests extends Context.Service<SourceDigests, Service>()("@sluice/core/SourceDigests") {}

interface Row {
  readonly size: string
  readonly mtime: string
  readonly ctime: string
  readonly inode: string
  readonly digest: string
  readonly seen: string
}

const quietNs = 2_000_000_000n

export const layer = (root: string): Layer.Layer<SourceDigests, never, Database> =>
  Layer.effect(
    SourceDigests,
    Effect.gen(function* () {
      const db = yield* Database
      return SourceDigests.of({
        root,
        files: (step, patterns) => {
          const names = new Set<string>()
          for (const pattern of patterns) {
            const matched = match(root, pattern)
            if (matched.length === 0) throw new Errors.SourceMissing({ step, pattern, root })
            for (const name of matched) names.add(name)
          }
          return [...names].toSorted().map((name) => {
            const path = isAbsolute(name) ? name : join(root, name)
            try {
              return { name, path, ...digestOf(db, path) }
            } catch (error) {
              if ((error as NodeJS.ErrnoException).code === "ENOENT") {
                throw new Errors.SourceMissing({ step, pattern: name, root })
              }
              throw error
            }
          })
        },
      })
    }),
  )

const digestOf = (
  db: typeof Database.Service,
  path: string,
): { readonly sizeBytes: number; readonly digest: string } => {
  const stat = statSync(path, { bigint: true })
  const known = db.get<Row>("select * from files where path = ?", path)
  if (known !== undefined && isSame(known, stat))
    return { sizeBytes: Number(stat.size), digest: known.digest }
  // The clock of the file system decides what is recent, and it may differ from the process's: take the later.
  const seen = BigInt(Math.floor(performance.timeOrigin + performance.now())) * 1_000_000n
  const digest = hashFile(path)
  const after = statSync(path, { bigint: true })
  if (sameStat(stat, after)) {
    db.run(
      "insert or replace into files values (?, ?, ?, ?, ?, ?, ?)",
      path,
      String(stat.size),
      String(stat.mtimeNs),
      String(stat.ctimeNs),
      String(stat.ino),
      digest,
      String(seen),
    )
  }
  return { sizeBytes: Number(after.size), digest }
}

const isSame = (known: Row, stat: BigIntStats): boolean =>
  known.size === String(stat.size) &&
  known.mtime === String(stat.mtimeNs) &&
  known.ctime === String(stat.ctimeNs) &&
  known.inode === String(stat.ino) &&
  BigInt(known.seen) - stat.mtimeNs >= quietNs

const sameStat = (a: BigIntStats, b: BigIntStats): boolean =>
  a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino

/** SHA-256 of a file, read in pieces. */
export const hashFile = (path: string): string => {
  const digest = createHash("sha256")
  const file = openSync(path, "r")
  try {
    const piece = Buffer.allocUnsafe(1 << 20)
    for (;;) {
      const count = readSync(file, piece, 0, piece.byteLength, null)
      if (count === 0) return digest.digest("hex")
      digest.update(piece.subarray(0, count))
    }
  } finally {
    closeSync(file)
  }
}

const hasMagic = /[*?[\]{}!]/

/** Names of the files that a pattern matches, relative to the root. A path without magic must be a file. */
const match = (root: string, pattern: string): ReadonlyArray<string> => {
  const literal = resolve(root, pattern)
  if (statSync(literal, { throwIfNoEntry: false })?.isFile() === true) return [nameOf(root, literal)]
  if (!hasMagic.test(pattern)) return []
  return globSync(pattern, { cwd: root })
    .map((found) => resolve(root, found))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .map((path) => nameOf(root, path))
}

const nameOf = (root: string, path: string): string => {
  const name = relative(root, path)
  if (!name.startsWith("..") && !isAbsolute(name)) return name.split(sep).join("/")
  // The root may have been reached through a link.
  const real = relative(realpathSync(root), realpathSync(path))
  return real.startsWith("..") || isAbsolute(real) ? path : real.split(sep).join("/")
}
