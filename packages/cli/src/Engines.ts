/**
 * The engine as the command line sets it up: the project's store, and the flags' numerics.
 */
import { ChildProcess, Engine, Numerics, Pipeline } from "@sluice/core"
import type { Errors, Reporter } from "@sluice/core"
import * as Allocator from "@sluice/tensorflow/Allocator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Arguments from "./Arguments.ts"
import { realpathSync } from "node:fs"
import { fileURLToPath } from "node:url"
import type { Context } from "./main.ts"

/** What `--set`, `--only`, `--force` and `--jobs` ask for. */
export const options = ({ invocation }: Context): Engine.RunOptions => {
  const jobs = Arguments.integer(invocation, "jobs")
  const resumeFrom = Arguments.one(invocation, "resume-from")
  return {
    params: Object.fromEntries(
      Object.entries(Arguments.settings(invocation)).map(([name, text]) => [name, Pipeline.fromText(text)]),
    ),
    only: Arguments.many(invocation, "only"),
    force: Arguments.many(invocation, "force"),
    ...(jobs === undefined ? {} : { jobs }),
    ...(resumeFrom === undefined ? {} : { resumeFrom }),
  }
}

/** Asked only by a plan with a numeric step, so that no other pays for loading what answers. */
const numerics = (context: Context): Layer.Layer<Numerics.Numerics> =>
  Layer.succeed(
    Numerics.Numerics,
    Numerics.Numerics.of({
      settings: Effect.flatMap(
        Effect.promise(() => import("./numerics.ts")),
        ({ settings }) =>
          Effect.map(settings(context.invocation), (found): Numerics.Settings => ({ ...found })),
      ),
    }),
  )

/** Sluice's own packages: links lead to them from node_modules. */
const ownFolders = (): ReadonlyArray<string> => {
  const packages = fileURLToPath(new URL("../..", import.meta.url))
  return [realpathSync(packages)]
}

/** Steps that a strict run executed: `undefined` for one that was checked, else why not. */
export type StrictSteps = Map<string, string | undefined>

/** With `strict`, steps run where what they do not declare is refused. */
export const layer = (
  context: Context,
  reporter?: (event: Reporter.Event) => void,
  strict?: StrictSteps,
): Layer.Layer<Engine.Services, Errors.StoreError> =>
  Engine.layer({
    root: context.root,
    numerics: numerics(context),
    executor: ChildProcess.layer({
      entry: context.loaded!.entry,
      env: Object.fromEntries(
        Object.entries(Allocator.environment).filter(([name]) => process.env[name] === undefined),
      ),
      ...(strict === undefined
        ? {}
        : {
            strict: {
              preload: fileURLToPath(new URL("../bin/strict.js", import.meta.url)),
              readable: ownFolders(),
              onStep: (step, unchecked) => void strict.set(step, unchecked),
            },
          }),
    }),
    ...(reporter === undefined ? {} : { reporter }),
  })
