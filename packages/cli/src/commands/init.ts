/**
 * `sluice init`: a small finished project, with its data, its test and its README.
 */
import { Errors } from "@sluice/core"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import * as Arguments from "../Arguments.ts"
import * as Tarballs from "../init/Tarballs.ts"
import * as Template from "../init/template.ts"
import type { Context } from "../main.ts"

/** Files that a new project would overwrite. */
export class InitRefused extends Data.TaggedError("InitRefused")<{
  readonly folder: string
  readonly existing: ReadonlyArray<string>
}> {
  override get message(): string {
    return this.existing.length === 0
      ? Errors.structured(`${this.folder} is a file, and a project is a folder.`, [], "Name another folder.")
      : Errors.structured(
          `${this.folder} holds files that a new project would overwrite.`,
          [["Files", this.existing.join(", ")]],
          "Name a new folder, or move these away. Nothing was written.",
        )
  }
}

/** A path as one would type it: relative where that is the shorter. */
const short = (cwd: string, path: string): string => {
  const near = relative(cwd, path)
  return near.length < path.length ? near : path
}

/** Where the tarballs lie in the project, so that it may be moved. */
const tarballFolder = "tarballs"

export const init = (context: Context) =>
  Effect.try({
    try: () => {
      const { invocation, cwd, screen } = context
      const folder = resolve(cwd, invocation.arguments[0]!)
      const from = Arguments.one(invocation, "from")
      const written = write(folder, from === undefined ? undefined : resolve(cwd, from), cwd)
      if (context.json) screen.write(`${JSON.stringify({ folder, files: written }, undefined, 2)}\n`)
      else screen.write(`${said(short(cwd, folder), written.length, from !== undefined)}\n`)
      return 0
    },
    catch: (error) => error,
  })

/** Writes the project's files; their names. All or, where one exists, none. */
const write = (folder: string, from: string | undefined, cwd: string): ReadonlyArray<string> => {
  const shown = short(cwd, folder) || "This folder"
  if (statSync(folder, { throwIfNoEntry: false })?.isFile() === true)
    throw new InitRefused({ folder: shown, existing: [] })
  const tarballs = from === undefined ? undefined : Tarballs.find(from, short(cwd, from) || "This folder")
  const files = Template.files({ name: nameOf(folder), sources: sources(tarballs) })
  const copies = [...(tarballs?.values() ?? [])].map((name) => `${tarballFolder}/${name}`)
  const names = [...files.keys(), ...copies].toSorted()
  const existing = names.filter((name) => existsSync(join(folder, name)))
  if (existing.length > 0) throw new InitRefused({ folder: shown, existing })
  for (const name of names) mkdirSync(dirname(join(folder, name)), { recursive: true })
  for (const [name, text] of files) writeFileSync(join(folder, name), text)
  for (const copy of copies) copyFileSync(join(from!, basename(copy)), join(folder, copy))
  return names
}

const sources = (tarballs: ReadonlyMap<string, string> | undefined): Record<string, string> =>
  Object.fromEntries(
    Tarballs.needed.map((short) => {
      const name = `@sluice/${short}`
      const file = tarballs?.get(name)
      return [name, file === undefined ? version() : `file:./${tarballFolder}/${file}`]
    }),
  )

/** All of Sluice's packages carry one version. */
const version = (): string =>
  (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string })
    .version

/** The folder's name, as far as npm allows it. */
const nameOf = (folder: string): string => {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
  return name === "" ? "my-pipeline" : name
}

const said = (folder: string, count: number, hasTarballs: boolean): string =>
  [
    `Wrote ${count} files${folder === "" ? "" : ` to ${folder}`}. Next:`,
    ...(folder === "" ? [] : [`  cd ${Arguments.shellWords([folder])}`]),
    "  npm install                    or pnpm install",
    "  npx sluice run pipeline.ts     or pnpm sluice run pipeline.ts",
    "README.md says what to try after that.",
    ...(hasTarballs
      ? []
      : [
          "Until Sluice's packages are published, npm finds them only as tarballs: sluice init FOLDER --from TARBALLS",
        ]),
  ].join("\n")
