/**
 * Many edited copies in one process, under the module hook instead of the bundler: seconds instead of minutes, and
 * the other entrance. Started as `node --import @sluice/code/register inProcess.ts WORK.json`; prints one JSON array.
 *
 * A copy that changes a global would change it for all, so such edits are left to the commands.
 */
import { Engine, Pipeline, Why } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { pathToFileURL } from "node:url"
import { Live } from "../../packages/code/src/live.ts"
import { state } from "../../packages/code/src/runtime.ts"
import { differing, type Observed, outputs } from "./trial.ts"

export interface Work {
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly args: ReadonlyArray<string>
  readonly asked: ReadonlyArray<string>
}

const observe = async (work: Work): Promise<Observed> => {
  const { folder } = work
  const before = { ...process.env }
  Object.assign(process.env, work.env)
  try {
    const loaded = (await import(pathToFileURL(`${folder}/pipeline.ts`).href)) as {
      readonly default: Pipeline.Pipeline<any, any>
    }
    const live = new Live(folder)
    for (const file of state.modules.keys()) {
      if (file.startsWith(`${folder}/`)) live.project.addEntry(file)
    }
    state.provide = (key) => live.identityIn(key)
    const settings = work.args.filter((word) => word !== "--set").map((word) => Pipeline.parseSetting(word)!)
    const params = Object.fromEntries(settings.map(({ name, value }) => [name, value]))
    return await Effect.runPromise(
      Effect.gen(function* () {
        const plan = yield* Engine.plan(loaded.default, { params })
        const run = yield* Engine.run(loaded.default, { params })
        const steps = run.steps.map(({ name, decision, key }) => ({ name, decision, key: key ?? null }))
        const why: Record<string, string> = {}
        for (const name of work.asked) why[name] = (yield* Why.why(run.id, name)).causes[0]?.headline ?? ""
        const kept = outputs(folder, steps)
        const forced = yield* Engine.run(loaded.default, { params, force: steps.map((step) => step.name) })
        const again = forced.steps.map(({ name, decision, key }) => ({ name, decision, key: key ?? null }))
        return { plan: plan.actions, run: steps, why, stale: differing(kept, outputs(folder, again)) }
      }).pipe(Effect.provide(Engine.layer({ root: folder }))),
    )
  } catch (error) {
    return {
      plan: [],
      run: [],
      why: {},
      stale: [],
      error: error instanceof Error ? error.message : String(error),
    }
  } finally {
    for (const name of Object.keys(work.env)) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
}

const [list, answer] = process.argv.slice(2) as [string, string]
const all = JSON.parse(fs.readFileSync(list, "utf8")) as ReadonlyArray<Work>
const seen: Array<Observed> = []
for (const work of all) seen.push(await observe(work))
fs.writeFileSync(answer, JSON.stringify(seen))
