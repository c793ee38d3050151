/**
 * What a run ends with where it compared arms: the verdict, and where the report stands. A run that changed nothing says
 * again what the run wrote whose steps it found.
 */
import { RunLog } from "@sluice/core"
import type { Run } from "@sluice/core"
import * as Effect from "effect/Effect"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { folderOf, pageFile, verdictFile } from "./folder.ts"
import * as Source from "./Source.ts"

export interface Ended {
  readonly comparison: string
  readonly verdict: string
  readonly page: string
}

/** A comparison's report for the run, rendered unless one is there. Those of steps that did not come to an end are left out. */
export const afterRun = Effect.fnUntraced(function* (root: string, run: Run.Run) {
  const ended = new Set(
    run.steps.filter(({ decision }) => decision === "hit" || decision === "run").map(({ name }) => name),
  )
  const names = Source.candidates(run.steps).filter((name) => ended.has(name))
  const log = yield* RunLog.RunLog
  const written = log.stepsOf(run.id)
  const known = names.map((name) => said(root, written, name.slice(0, name.lastIndexOf("/"))))
  if (known.every((each) => each !== undefined)) return known
  const comparisons = (yield* Source.comparisons(run)).filter(({ report }) => ended.has(report.step))
  const found: Array<Ended> = []
  if (comparisons.length === 0) return found
  // Only here: no run without a comparison loads what renders one.
  const { usual, write } = yield* Effect.promise(() => import("./write.ts"))
  const { gather } = yield* Effect.promise(() => import("./gather.ts"))
  for (const compared of comparisons) {
    const gathered = yield* gather(compared)
    const folder = folderOf(root, written, compared.name)
    yield* Effect.try({ try: () => write(folder, gathered, usual), catch: (error) => error as Error })
    found.push({ comparison: compared.name, verdict: gathered.report.verdict, page: join(folder, pageFile) })
  }
  return found
})

/** What a run wrote of a comparison. */
const said = (root: string, run: string, comparison: string): Ended | undefined => {
  const folder = folderOf(root, run, comparison)
  const page = join(folder, pageFile)
  try {
    const verdict = readFileSync(join(folder, verdictFile), "utf8").trim()
    return existsSync(page) ? { comparison, verdict, page } : undefined
  } catch {
    return undefined
  }
}
