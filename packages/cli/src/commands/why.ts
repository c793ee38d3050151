/**
 * `sluice why STEP`: the cause first, for what would happen now or for what happened.
 */
import { Pipeline, RunLog, Why } from "@sluice/core"
import type { Explain } from "@sluice/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Arguments from "../Arguments.ts"
import * as Engines from "../Engines.ts"
import type { Context } from "../main.ts"
import { pipelineOf } from "../pipelineOf.ts"
import { ago } from "../quantities.ts"
import { plain } from "../show/grid.ts"
import * as Store from "../Store.ts"
import * as codeView from "./codeView.ts"
import { causeLines, changeLines } from "./whyView.ts"

/** What is said of the step, and the causes. */
interface Answer {
  readonly decision: "would run" | "may run" | "ran" | "hit" | "uncached"
  readonly run: string | null
  readonly causes: ReadonlyArray<Explain.Cause>
  readonly data: ReadonlyArray<Why.TableChange>
  readonly sentence: string
}

export const why = (context: Context) =>
  Effect.gen(function* () {
    const { invocation, screen } = context
    const step = invocation.arguments[0]!
    const pipeline = yield* pipelineOf(context.loaded!, context.cwd)
    if (Arguments.has(invocation, "code")) {
      const covered = yield* Why.codeOf(pipeline, Engines.options(context), step)
      screen.write(
        context.json
          ? `${JSON.stringify(codeView.toJson(covered), undefined, 2)}\n`
          : `${codeView.lines(covered, screen.paint).join("\n")}\n`,
      )
      return 0
    }
    const named = Arguments.one(invocation, "run")
    const answer =
      named === undefined ? yield* now(context, pipeline, step) : yield* then(pipeline, step, named)
    if (context.json) {
      const { decision, run, causes } = answer
      const data = answer.data.map((change) => plain(change))
      screen.write(`${JSON.stringify({ step, decision, run, causes, data }, undefined, 2)}\n`)
    } else {
      const lines = [
        ...causeLines(answer.causes, screen.paint),
        ...answer.data.flatMap(changeLines),
        answer.sentence,
      ]
      screen.write(`${lines.join("\n")}\n`)
    }
    return 0
  }).pipe(Effect.provide(Engines.layer(context)))

const runsOf = (log: RunLog.Service, pipeline: Pipeline.Pipeline): ReadonlyArray<Store.RunHead> =>
  log.runs({ pipeline: pipeline.name })

const executed = (log: RunLog.Service, run: Store.RunHead, step: string): boolean =>
  log.stepNamed(run.id, step)?.decision === "run"

/** What would happen now, with the params of the last run where none are set; for a hit, why it last ran. */
const now = Effect.fnUntraced(function* (context: Context, pipeline: Pipeline.Pipeline, step: string) {
  const log = yield* RunLog.RunLog
  const runs = runsOf(log, pipeline)
  const options = Engines.options(context)
  const params =
    Arguments.many(context.invocation, "set").length > 0
      ? (options.params ?? {})
      : paramsOf(runs[0], pipeline)
  const { action, data } = yield* Why.planned(pipeline, { ...options, params }, step)
  if (action === undefined) return yield* Effect.die(new Error(`no action for ${step}`))
  if (action.decision !== "hit") {
    const answer: Answer = {
      decision:
        action.decision === "waiting" ? "may run" : action.decision === "uncached" ? "uncached" : "would run",
      run: null,
      causes: action.causes,
      data,
      sentence:
        action.decision === "waiting"
          ? `${step} waits for ${action.waitingFor.join(", ")}, and is spared if the result comes out the same.`
          : `${step} would run.`,
    }
    return answer
  }
  const ran = runs.find((run) => executed(log, run, step))
  if (ran === undefined) {
    return {
      decision: "hit",
      run: null,
      causes: [],
      data: [],
      sentence: `${step} is a hit: nothing that it depends on changed.`,
    } satisfies Answer
  }
  const when = ago((yield* Clock.currentTimeMillis) - ran.startedAt)
  return {
    decision: "ran",
    run: ran.id,
    ...(yield* reasons(ran.id, step)),
    sentence: `${step} is a hit now; it ran in ${ran.id}, ${when}.`,
  } satisfies Answer
})

const reasons = (run: string, step: string) =>
  Effect.map(Why.why(run, step), ({ causes, data }) => ({ causes, data }))

/** What happened in a run. */
const then = Effect.fnUntraced(function* (pipeline: Pipeline.Pipeline, name: string, named: string) {
  const log = yield* RunLog.RunLog
  const runs = runsOf(log, pipeline)
  const run = yield* Store.findRun(runs, named)
  const step = yield* Store.findStep(pipeline.name, log.steps(run.id), name, `Run ${run.id} has not reached`)
  return {
    decision: step.decision === "hit" ? "hit" : step.decision === "uncached" ? "uncached" : "ran",
    run: run.id,
    ...(step.decision === "hit" ? { causes: [], data: [] } : yield* reasons(run.id, name)),
    sentence:
      step.decision === "hit"
        ? `${name} was a hit in ${run.id}: nothing that it depends on had changed.`
        : `${name} ran in ${run.id}${step.decision === "run" ? "" : ` (${step.decision})`}.`,
  } satisfies Answer
})

/** The last run's params as they would be typed, as far as the pipeline still has them. */
const paramsOf = (run: Store.RunHead | undefined, pipeline: Pipeline.Pipeline): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(run?.params ?? {})
      .filter(([name]) => Object.hasOwn(pipeline.params, name))
      .map(([name, text]) => [name, Pipeline.fromText(text)]),
  )
