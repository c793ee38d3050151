/** An edit of a cached project, with the steps that must execute again after it, exactly these. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { Project, ProjectName } from "./Project.ts"

export interface Edit {
  readonly title: string
  readonly project: ProjectName
  /** Where early cutoff stops is part of the expectation. */
  readonly runs: ReadonlyArray<string>
  /** The first line of `why`, for every step that runs. */
  readonly root: RegExp | undefined
  /** The edit makes code that cannot be identified: what the refusal has to say. */
  readonly refused?: RegExp
  readonly apply: (project: Project) => void
  /** Set for every command after the edit. */
  readonly env?: Readonly<Record<string, string>>
  readonly args?: ReadonlyArray<string>
  /** Part of the short suite among the tests. */
  readonly short: boolean
  /** Changes a global object, so it needs a process of its own. */
  readonly global?: boolean
}

type Change = readonly [file: string, from: string, to: string] | ((project: Project) => void)

const applyAll = (changes: ReadonlyArray<Change>) => (project: Project) => {
  for (const change of changes) {
    if (typeof change === "function") change(project)
    else project.replace(...change)
  }
}

/** The kinds of edits of one project. */
export const of = (project: ProjectName) => ({
  must: (
    title: string,
    runs: ReadonlyArray<string>,
    root: RegExp,
    ...changes: ReadonlyArray<Change>
  ): Edit => ({ title, project, runs, root, apply: applyAll(changes), short: false }),

  mustNot: (title: string, ...changes: ReadonlyArray<Change>): Edit => ({
    title,
    project,
    runs: [],
    root: undefined,
    apply: applyAll(changes),
    short: false,
  }),

  /** Nothing executes: one message says where and why. */
  refused: (title: string, refusal: RegExp, ...changes: ReadonlyArray<Change>): Edit => ({
    title,
    project,
    runs: [],
    root: undefined,
    refused: refusal,
    apply: applyAll(changes),
    short: false,
  }),
})

export const short = (edit: Edit): Edit => ({ ...edit, short: true })
export const given = (edit: Edit, more: Pick<Edit, "env" | "args" | "global">): Edit => ({ ...edit, ...more })

export const rewrite =
  (file: string, change: (text: string) => string): Change =>
  (project) =>
    project.write(file, change(project.read(file)))

export const write =
  (file: string, text: string): Change =>
  (project) =>
    project.write(file, text)

export const inPackage =
  (name: string, file: string, change: (text: string) => string): Change =>
  (project) => {
    const place = `${project.installed(name)}/${file}`
    project.write(place, change(project.read(place)))
  }

export const touch =
  (file: string): Change =>
  ({ folder }) =>
    fs.utimesSync(path.join(folder, file), new Date(), new Date())
