/**
 * `sluice curve`: what more rows would bring, from runs on fewer.
 */
import { Engine, Errors, Pipeline } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Arguments from "../Arguments.ts"
import { CurveRefused } from "../curve/CurveRefused.ts"
import { draw, type Point } from "../curve/LearningCurve.ts"
import * as Scores from "../curve/Scores.ts"
import * as Shares from "../curve/Shares.ts"
import * as view from "../curve/view.ts"
import * as Engines from "../Engines.ts"
import type { Context } from "../main.ts"
import { pipelineOf } from "../pipelineOf.ts"
import * as Project from "../Project.ts"
import { count } from "../quantities.ts"
import * as RunReporter from "../RunReporter.ts"
import * as RunView from "../RunView.ts"

const now = (): number => performance.now()

/** The param that `--seeds` counts. */
const seedParam = "seed"

export const curve = (context: Context) => {
  const { invocation, json, screen } = context
  let reporter = RunReporter.make(screen, json, now)
  return Effect.gen(function* () {
    const pipeline = yield* pipelineOf(context.loaded!, context.cwd)
    const options = Engines.options(context)
    const over = Arguments.one(invocation, "over") ?? "trainRows"
    const seeds = Arguments.integer(invocation, "seeds") ?? 1
    let metric = Arguments.one(invocation, "metric")
    const { outputs, shares } = yield* refusing(() => {
      const percents = Shares.parse(Arguments.one(invocation, "shares") ?? "25,50,100")
      const graph = Pipeline.toGraph(pipeline, options.params ?? {})
      checkSeeds(seeds, graph.params)
      return {
        shares: Shares.rowsOf(percents, over, graph.params),
        outputs: Scores.outputsOf(graph.outputs, metric),
      }
    })
    Project.remember(context.cwd, context.loaded!.file)
    const only = [...new Set(Object.values(outputs).map(({ node }) => node))]
    let before: string | undefined
    const points: Array<Point> = []
    for (const { percent, rows } of shares) {
      const scores: Array<Scores.Score> = []
      for (let seed = 1; seed <= seeds; seed++) {
        const startedAt = now()
        const set = { [over]: rows, ...(seeds === 1 ? {} : { [seedParam]: seed }) }
        if (!json) screen.write(screen.paint("bold", `${heading(set)} (${percent} %)\n`))
        reporter = RunReporter.make(screen, json, now)
        context.onInterrupt.say = reporter.notice
        const run = yield* Engine.run(pipeline, {
          ...options,
          only,
          params: { ...options.params, ...set },
        }).pipe(
          Effect.ensuring(
            Effect.sync(() => {
              reporter.close()
              if (!json && reporter.rows.size > 0)
                screen.write(`${RunView.footer(reporter.rows, now() - startedAt)}\n\n`)
            }),
          ),
        )
        const found = yield* Scores.read(run, outputs)
        // The smallest share is the first: what is asked wrongly shows before the long runs.
        metric = yield* Scores.choose(found, metric)
        const score = found.get(metric)!
        scores.push(score)
        const keys = Scores.keysOf(run, outputs)
        if (keys === before) return yield* unmoved(seed > 1 ? seedParam : over)
        before = keys
      }
      points.push({ percent, rows, scores })
    }
    const shown: view.View = {
      pipeline: pipeline.name,
      over,
      metric: metric!,
      points,
      drawn: draw(points, metric!),
    }
    screen.write(
      json
        ? `${JSON.stringify(view.toJson(shown), undefined, 2)}\n`
        : `${view.lines(shown, screen.columns(), screen.paint).join("\n")}\n`,
    )
    return 0
  }).pipe(Effect.provide(Engines.layer(context, (event) => reporter.emit(event))))
}

/** `trainRows 75, seed 2`. */
const heading = (set: Readonly<Record<string, number>>): string =>
  Object.entries(set)
    .map(([name, value]) => `${name} ${count(value)}`)
    .join(", ")

/** Refusals are thrown by plain code, as are the engine's own errors of a pipeline that cannot be built. */
const refusing = <A>(check: () => A) =>
  Effect.try({
    try: check,
    catch: (error) => {
      if (
        error instanceof CurveRefused ||
        error instanceof Errors.PipelineError ||
        error instanceof Errors.UnknownParam ||
        error instanceof Errors.InvalidParam
      )
        return error
      throw error
    },
  })

const checkSeeds = (seeds: number, params: Readonly<Record<string, unknown>>): void => {
  if (seeds === 1 || Number.isInteger(params[seedParam])) return
  throw new CurveRefused({
    headline: `--seeds ${seeds} needs a param ${seedParam} that is a whole number.`,
    facts: { Params: Object.keys(params).join(", ") || "none" },
    hint: `Give the pipeline one and let it decide which rows are learnt from: Split.sample({ …, seed: \`draw \${params.${seedParam}}\` }).`,
  })
}

const unmoved = (param: string) =>
  Effect.fail(
    new CurveRefused({
      headline: `Scores do not depend on ${param}: two runs that differ in nothing else have the same ones.`,
      facts: {},
      hint: "Hand the param to the step that chooses the rows to learn from: Split.sample({ count }).",
    }),
  )
