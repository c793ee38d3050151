/**
 * `sluice run`: executes what changed, and shows it while it happens.
 */
import { Engine } from "@sluice/core"
import type { Run } from "@sluice/core"
import * as Effect from "effect/Effect"
import { relative } from "node:path"
import * as Arguments from "../Arguments.ts"
import * as Engines from "../Engines.ts"
import * as Failure from "../Failure.ts"
import type { Context } from "../main.ts"
import { pipelineOf } from "../pipelineOf.ts"
import * as Project from "../Project.ts"
import type { Ended } from "../report/afterRun.ts"
import * as RunReporter from "../RunReporter.ts"
import * as RunView from "../RunView.ts"
import * as lock from "./lock.ts"
import { toJson } from "./runs.ts"
import * as strictView from "./strictView.ts"

const now = (): number => performance.now()

export const run = (context: Context) =>
  Effect.gen(function* () {
    const { json, screen } = context
    const pipeline = yield* pipelineOf(context.loaded!, context.cwd)
    Project.remember(context.cwd, context.loaded!.file)
    const startedAt = now()
    const strict: Engines.StrictSteps | undefined = Arguments.has(context.invocation, "strict")
      ? new Map()
      : undefined
    const reporter = RunReporter.make(screen, json, now)
    context.onInterrupt.say = reporter.notice
    let reports: ReadonlyArray<Ended> = []
    const settle = Effect.sync(() => {
      reporter.close()
      if (!json && reporter.rows.size > 0) {
        screen.write(`${RunView.footer(reporter.rows, now() - startedAt)}\n`)
        if (strict !== undefined) screen.write(`${strictView.line(strict, reporter.rows.size)}\n`)
        for (const { page, verdict } of reports)
          screen.write(`${screen.paint("bold", verdict)}\nReport: ${relative(context.cwd, page)}\n`)
      }
    })
    const frozen = Arguments.has(context.invocation, "frozen")
    const locks = Arguments.has(context.invocation, "lock")
    const steps = Engine.run(pipeline, Engines.options(context)).pipe(
      Effect.tap(() => (locks ? lock.write(context, pipeline) : Effect.void)),
      Effect.map((done) => ({ finished: done, failure: undefined })),
      Effect.catchTag("RunFailed", (error) =>
        Effect.succeed({ finished: error.run, failure: Failure.shown(error, context.root) }),
      ),
      Effect.tap(({ finished }) =>
        Effect.map(reportsOf(context, finished, reporter), (found) => void (reports = found)),
      ),
    )
    const { finished, failure } = yield* (
      frozen ? Effect.andThen(lock.check(context, pipeline), steps) : steps
    ).pipe(Effect.provide(Engines.layer(context, reporter.emit, strict)), Effect.ensuring(settle))
    if (json) {
      const error = failure === undefined ? {} : { error: { kind: failure.kind, message: failure.message } }
      const document = {
        ...toJson(finished),
        ...(strict === undefined ? {} : { strict: strictView.toJson(strict, finished) }),
        warnings: reporter.warnings,
        ...(reports.length === 0 ? {} : { reports }),
        ...error,
      }
      screen.write(`${JSON.stringify(document, undefined, 2)}\n`)
    } else if (failure !== undefined) screen.error(`${failure.message}\n`)
    return finished.state === "done" ? 0 : 1
  })

/** The reports of the run's comparisons. Nothing is loaded where it has none; what cannot be written is a warning. */
const reportsOf = (context: Context, finished: Run.Run, reporter: RunReporter.RunReporter) =>
  finished.steps.some(({ name }) => name.endsWith("/report"))
    ? Effect.flatMap(
        Effect.promise(() => import("../report/afterRun.ts")),
        ({ afterRun }) => afterRun(context.root, finished),
      ).pipe(
        Effect.catch((error: Error) =>
          Effect.sync((): ReadonlyArray<Ended> => {
            const message = `The report was not written: ${error.message}`
            reporter.emit({ type: "warning", name: undefined, message })
            return []
          }),
        ),
      )
    : Effect.succeed<ReadonlyArray<Ended>>([])
