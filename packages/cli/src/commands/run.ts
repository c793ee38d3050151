/**
 * `sluice run`: executes what changed, and shows it while it happens.
 */
import { Engine } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Engines from "../Engines.ts"
import type { Context } from "../main.ts"
import { pipelineOf } from "../pipelineOf.ts"
import * as Project from "../Project.ts"
import * as RunReporter from "../RunReporter.ts"
import * as RunView from "../RunView.ts"
import { toJson } from "./runs.ts"

const now = (): number => performance.now()

export const run = (context: Context) =>
  Effect.gen(function* () {
    const pipeline = yield* pipelineOf(context.loaded!, context.cwd)
    Project.remember(context.cwd, context.loaded!.file)
    const startedAt = now()
    const reporter = RunReporter.make(context.screen, context.json, now)
    const finished = yield* Engine.run(pipeline, Engines.options(context)).pipe(
      Effect.provide(Engines.layer(context, reporter.emit)),
      Effect.ensuring(
        Effect.sync(() => {
          reporter.close()
          if (!context.json && reporter.rows.size > 0) {
            context.screen.write(`${RunView.footer(reporter.rows, now() - startedAt)}\n`)
          }
        }),
      ),
    )
    if (context.json) context.screen.write(`${JSON.stringify(toJson(finished), undefined, 2)}\n`)
    return finished.state === "done" ? 0 : 1
  })
