/**
 * Sluice's packages as files, where no registry has them.
 */
import { Errors } from "@sluice/core"
import * as Data from "effect/Data"
import { readdirSync } from "node:fs"

/** What a project needs; most of it through other packages. */
export const needed: ReadonlyArray<string> = ["cli", "code", "core", "llm", "steps", "tensorflow"]

/** A folder that does not hold one tarball of each package. */
export class TarballsMissing extends Data.TaggedError("TarballsMissing")<{
  readonly folder: string
  readonly missing: ReadonlyArray<string>
  readonly several: ReadonlyArray<string>
}> {
  override get message(): string {
    const facts: Array<[string, string]> = []
    if (this.missing.length > 0) facts.push(["Missing", this.missing.join(", ")])
    if (this.several.length > 0) facts.push(["Several", this.several.join(", ")])
    return Errors.structured(
      `${this.folder} does not hold one tarball of each package of Sluice.`,
      facts,
      "pnpm tarballs, in a checkout of Sluice, writes them to dist/tarballs.",
    )
  }
}

/** Package name -> file name. Throws TarballsMissing. */
export const find = (folder: string, shown: string): ReadonlyMap<string, string> => {
  let names: ReadonlyArray<string>
  try {
    names = readdirSync(folder)
  } catch {
    names = []
  }
  const of = (name: string): ReadonlyArray<string> =>
    names.filter((file) => new RegExp(`^sluice-${name}-\\d.*\\.tgz$`).test(file))
  const missing = needed.filter((name) => of(name).length === 0)
  const several = needed.flatMap((name) => (of(name).length > 1 ? of(name) : []))
  if (missing.length > 0 || several.length > 0)
    throw new TarballsMissing({
      folder: shown,
      missing: missing.map((name) => `sluice-${name}-VERSION.tgz`),
      several,
    })
  return new Map(needed.map((name) => [`@sluice/${name}`, of(name)[0]!]))
}
