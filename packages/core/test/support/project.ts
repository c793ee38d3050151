/**
 * A throw-away project in a temporary folder, and ways to run pipelines in it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { onTestFinished } from "vitest"
import { Engine, type Pipeline, type Plan, type Reporter, type Run } from "../../src/index.ts"

export interface Project {
  readonly root: string
  readonly store: string
  /** Every event since it was last emptied. */
  readonly events: Array<Reporter.Event>
  /** Writes a file whose last change lies in the past, as a file has that nobody is editing. */
  readonly write: (name: string, content: string) => void
  readonly run: (pipeline: Pipeline.Pipeline<any, any>, options?: Engine.RunOptions) => Promise<Run.Run>
  readonly plan: (pipeline: Pipeline.Pipeline<any, any>, options?: Engine.PlanOptions) => Promise<Plan.Plan>
  /** The error of a run that fails. */
  readonly failure: (pipeline: Pipeline.Pipeline<any, any>, options?: Engine.RunOptions) => Promise<Error>
  readonly provide: <A, E>(effect: Effect.Effect<A, E, Engine.Services>) => Promise<A>
}

export const project = (layer: Partial<Engine.LayerOptions> = {}): Project => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "sluice-core-")))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const events: Array<Reporter.Event> = []
  const services = () => Engine.layer({ root, reporter: (event) => events.push(event), ...layer })
  const provide: Project["provide"] = (effect) => Effect.runPromise(Effect.provide(effect, services()))
  return {
    root,
    store: join(root, ".sluice"),
    events,
    write: (name, content) => {
      const path = join(root, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
      const past = Date.now() / 1000 - 60
      utimesSync(path, past, past)
    },
    run: (pipeline, options) => provide(Engine.run(pipeline, options)),
    plan: (pipeline, options) => provide(Engine.plan(pipeline, options)),
    failure: async (pipeline, options) => {
      const exit = await Effect.runPromiseExit(Effect.provide(Engine.run(pipeline, options), services()))
      if (Exit.isSuccess(exit)) throw new Error("the run was expected to fail")
      return Cause.squash(exit.cause) as Error
    },
    provide,
  }
}

/** Decisions of a plan or a run by step. */
export const decisions = (
  steps: ReadonlyArray<{ readonly name: string; readonly decision: string }>,
): Record<string, string> => Object.fromEntries(steps.map((step) => [step.name, step.decision]))
