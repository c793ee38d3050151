/**
 * `sluice diff RUN RUN`: what two runs differ in.
 */
import { ActionCache, RunLog, Why } from "@sluice/core"
import type { Run } from "@sluice/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { Context } from "../main.ts"
import { ago, plural } from "../quantities.ts"
import * as RunDiff from "../RunDiff.ts"
import * as RunView from "../RunView.ts"
import * as Store from "../Store.ts"
import * as Text from "../Text.ts"
import { nothingWasRun } from "../NothingToShow.ts"
import { plain } from "../show/grid.ts"
import * as Metrics from "../show/metrics.ts"
import { headJson } from "./runs.ts"
import { changeLines } from "./whyView.ts"

export const diff = (context: Context) =>
  Store.exists(context.root)
    ? compare(context).pipe(Effect.provide(Store.layer(context.root)))
    : Effect.fail(nothingWasRun(context.root))

const compare = Effect.fnUntraced(function* (context: Context) {
  const { invocation, screen } = context
  const log = yield* RunLog.RunLog
  const cache = yield* ActionCache.ActionCache
  const runs = log.runs()
  const side = (given: string) =>
    Effect.map(Store.findRun(runs, given), (head): RunDiff.Side => ({
      run: { ...head, steps: log.steps(head.id) },
      stored: cache.stored,
      measures: measuresOf(log.lines(head.id)),
      metrics: new Map(),
    }))
  const one = yield* side(invocation.arguments[0]!)
  const other = yield* side(invocation.arguments[1]!)
  const steps = yield* Why.between(one.run.id, other.run.id)
  const changed = steps.filter(({ change }) => change !== "same").map(({ name }) => name)
  const before = { ...one, metrics: yield* Metrics.ofSteps(one, changed) }
  const after = { ...other, metrics: yield* Metrics.ofSteps(other, changed) }
  const data = yield* Effect.forEach(
    steps.filter(({ causes }) => causes.some(({ kind, path }) => kind === "source" && path.length === 1)),
    ({ name }) =>
      Effect.map(Why.why(after.run.id, name, before.run.id), (found) => [name, found.data] as const),
  )
  const found = RunDiff.diff(
    before,
    after,
    new Map(steps.map((step) => [step.name, step.causes])),
    new Map(data),
  )
  if (context.json) {
    const json = { from: headJson(before.run), to: headJson(after.run), ...found }
    screen.write(`${JSON.stringify(plain(json), undefined, 2)}\n`)
  } else {
    const now = yield* Clock.currentTimeMillis
    screen.write(`${lines(found, before.run, after.run, now, screen.columns(), screen.paint).join("\n")}\n`)
  }
  return 0
})

const measuresOf = (lines: ReadonlyArray<RunLog.Line>): RunDiff.Side["measures"] => {
  const steps = new Map<string, Map<string, number>>()
  for (const line of lines) {
    if (line.type !== "measure") continue
    const measures = steps.get(line.name) ?? new Map<string, number>()
    measures.set(line.measure, line.value)
    steps.set(line.name, measures)
  }
  return steps
}

const headOf = (label: string, run: Run.Run, now: number): string =>
  `${label}   ${run.id}   ${run.pipeline}   ${run.state}   ${ago(now - run.startedAt)}`

const shown = (value: string | number | null): string =>
  value === null ? "(none)" : typeof value === "number" ? String(Number(value.toPrecision(4))) : value

const lines = (
  found: RunDiff.RunDiff,
  before: Run.Run,
  after: Run.Run,
  now: number,
  columns: number,
  paint: Text.Paint,
): Array<string> => {
  const width = RunView.nameColumns([...found.steps.map((step) => step.name), "params"], columns)
  const entry = (name: string, texts: ReadonlyArray<string>): Array<string> =>
    texts.map((text, i) =>
      (Text.padEnd(i === 0 ? Text.truncate(name, width - 2) : "", width) + text).trimEnd(),
    )
  const differing = found.steps.filter((step) => step.change !== "same")
  const same = found.steps.length - differing.length
  return [
    paint("dim", headOf("from", before, now)),
    paint("dim", headOf("to  ", after, now)),
    "",
    ...entry(
      "params",
      found.params.map(({ name, from, to }) => `${name}: ${shown(from)} -> ${shown(to)}`),
    ),
    ...differing.flatMap((step) => entry(step.name, stepLines(step, before.id, after.id))),
    ...(same > 0 ? [`${plural(same, "step")} ${same === 1 ? "is" : "are"} the same.`] : []),
  ]
}

const stepLines = (step: RunDiff.StepDiff, from: string, to: string): Array<string> => {
  if (step.change === "added") return [`only in ${to}`]
  if (step.change === "removed") return [`only in ${from}`]
  const keys = [step.from?.key, step.to?.key].map((key) => key?.slice(0, 8) ?? "(none)").join(" -> ")
  return [
    ...(step.causes.length > 0
      ? step.causes.map((cause) => cause.headline)
      : [`${step.from?.decision} -> ${step.to?.decision}`]),
    `${keys}${step.sameResult ? ", with the same result" : ""}`,
    ...step.data.flatMap(changeLines),
    ...step.metrics.map(({ name, from, to }) => `${name}: ${shown(from)} -> ${shown(to)}`),
    ...step.measures.map(({ name, from, to }) => `${name}: ${shown(from)} -> ${shown(to)}`),
  ]
}
