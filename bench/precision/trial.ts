/** One edit on a cached copy: what Sluice says before, does, says after, and whether any result is stale. */
import * as fs from "node:fs"
import * as path from "node:path"
import type { Edit } from "./Edit.ts"
import { at, copy, json, sluice } from "./Project.ts"

/** What was seen of one edit, by commands or in one process. */
export interface Observed {
  readonly plan: ReadonlyArray<{
    readonly name: string
    readonly decision: string
    readonly causes: ReadonlyArray<{ readonly headline: string }>
  }>
  readonly run: ReadonlyArray<{
    readonly name: string
    readonly decision: string
    readonly key: string | null
  }>
  /** After the run, the first line of `why` for the first and the last step that had to execute. */
  readonly why: Readonly<Record<string, string>>
  /** Steps whose outputs differ once everything is executed again. */
  readonly stale: ReadonlyArray<string>
  readonly error?: string
}

export interface Trial {
  readonly title: string
  /** Steps that had to execute and did not. */
  readonly missed: ReadonlyArray<string>
  /** Steps that executed and did not have to. */
  readonly needless: ReadonlyArray<string>
  /** Steps whose result differs from that of a forced run, although they were hits. */
  readonly stale: ReadonlyArray<string>
  /** Steps that executed though the plan called them hits. */
  readonly unplanned: ReadonlyArray<string>
  /** First lines of `why` that do not name the root cause. */
  readonly misnamed: ReadonlyArray<string>
  readonly error: string | undefined
}

export const judge = (edit: Edit, seen: Observed): Trial => {
  const ran = seen.run.filter((step) => step.decision !== "hit").map((step) => step.name)
  const listed = new Map(seen.plan.map((step) => [step.name, step]))
  const misnamed: Array<string> = []
  const check = (when: string, name: string, line: string): void => {
    if (edit.root !== undefined && !edit.root.test(line.replaceAll("()", "")))
      misnamed.push(`${when} ${name}: ${line}`)
  }
  if (seen.error === undefined) {
    for (const name of edit.runs) check("plan", name, listed.get(name)?.causes[0]?.headline ?? "(nothing)")
    for (const [name, line] of Object.entries(seen.why)) if (ran.includes(name)) check("why", name, line)
  }
  return {
    title: edit.title,
    missed: edit.runs.filter((name) => !ran.includes(name)),
    needless: ran.filter((name) => !edit.runs.includes(name)),
    stale: seen.stale,
    unplanned: ran.filter(
      (name) => !["run", "waiting", "uncached"].includes(listed.get(name)?.decision ?? ""),
    ),
    misnamed,
    error: edit.refused === undefined ? seen.error : notRefused(edit.refused, seen.error),
  }
}

const notRefused = (refusal: RegExp, error: string | undefined): string | undefined =>
  error !== undefined && refusal.test(error) ? undefined : `was not refused so, but: ${error ?? "ran"}`

export const isRight = (trial: Trial): boolean =>
  [trial.missed, trial.needless, trial.stale, trial.unplanned, trial.misnamed].every(
    (list) => list.length === 0,
  ) && trial.error === undefined

/** The steps of which `why` is asked after the run: the first and the last that had to execute. */
export const asked = (edit: Edit): ReadonlyArray<string> => [
  ...new Set([edit.runs[0], edit.runs.at(-1)].filter((name) => name !== undefined)),
]

/** Edits a copy of the cached project at `folder`, then asks and runs by the real commands. */
export const byCommands = async (edit: Edit, cached: string, folder: string): Promise<Trial> => {
  copy(cached, folder)
  edit.apply(at(folder))
  const ask = (...args: ReadonlyArray<string>) => sluice(folder, [...args, ...(edit.args ?? [])], edit.env)
  const seen = { plan: [], run: [], why: {}, stale: [] }
  try {
    const { steps: plan } = json<{ readonly steps: Observed["plan"] }>(
      await ask("plan", "pipeline.ts", "--json"),
    )
    const run = json<Ran>(await ask("run", "pipeline.ts", "--json"))
    if (run.error !== undefined) return judge(edit, { ...seen, error: run.error.message })
    const why: Record<string, string> = {}
    for (const name of asked(edit)) {
      const said = await sluice(folder, ["why", name, "pipeline.ts"], edit.env)
      why[name] = said.stdout.split("\n")[0] ?? ""
    }
    const before = outputs(folder, run.steps)
    const force = run.steps.flatMap((step) => ["--force", step.name])
    const forced = json<Ran>(await ask("run", "pipeline.ts", "--json", ...force))
    return judge(edit, { plan, run: run.steps, why, stale: differing(before, outputs(folder, forced.steps)) })
  } catch (error) {
    return judge(edit, { ...seen, error: (error as Error).message })
  }
}

interface Ran {
  readonly steps: Observed["run"]
  readonly error?: { readonly message: string }
}

/** The outputs of every step of a run, as recorded beside its key. */
export const outputs = (folder: string, steps: Observed["run"]): ReadonlyMap<string, string> =>
  new Map(
    steps.map(({ name, key }) => {
      if (key === null) return [name, "none"]
      const file = path.join(folder, ".sluice/actions", key.slice(0, 2), `${key}.json`)
      const stored = JSON.parse(fs.readFileSync(file, "utf8")) as { readonly outputs: unknown }
      return [name, JSON.stringify(stored.outputs)]
    }),
  )

export const differing = (
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): ReadonlyArray<string> => [...before.keys()].filter((name) => before.get(name) !== after.get(name))
