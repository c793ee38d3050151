/**
 * A plan as lines: every step with its decision, cause and predicted time, then what it adds up to.
 */
import type { Explain, Forecast, Plan } from "@sluice/core"
import { clock, count, duration } from "../quantities.ts"
import * as RunView from "../RunView.ts"
import * as Text from "../Text.ts"

/** What steps say of themselves, by name. */
export type Forecasts = ReadonlyMap<string, Forecast.Outcome>

export const lines = (
  planned: Plan.Plan,
  forecasts: Forecasts,
  columns: number,
  paint: Text.Paint,
): Array<string> => {
  const plan = withForecasts(planned, forecasts)
  const isForecast = (name: string): boolean => forecastMs(forecasts, name) !== undefined
  const rows = new Map<string, RunView.Row>()
  RunView.update(rows, { type: "plan", plan, runId: undefined }, 0)
  const layout = { columns, paint, nameColumns: RunView.nameColumns(rows.keys(), columns) }
  const gathered = RunView.gatherHits(rows, paint)
  return [
    ...(gathered === undefined ? [] : [gathered]),
    ...plan.actions
      .filter((action) => rows.has(action.name))
      .flatMap((action) => {
        const line = RunView.renderRow(rows.get(action.name)!, 0, layout).join("\n")
        const timed =
          action.decision === "hit" || action.predictedMs === undefined
            ? line
            : `${line}   ${paint("dim", `${isForecast(action.name) || isPrediction(action) ? "about" : "last time"} ${duration(action.predictedMs)}`)}`
        const forecast = forecasts.get(action.name)
        if (forecast === undefined || "problem" in forecast) return [timed]
        const indent = " ".repeat(RunView.indentOf(layout))
        const facts = Text.wrap(forecast.facts.join(", "), Math.max(30, columns - 1 - indent.length))
        return [timed, ...facts.map((fact) => indent + fact)]
      }),
    total(plan, isForecast),
    ...plan.warnings.map((warning) => RunView.warningText(warning, paint)),
    ...[...forecasts].flatMap(([name, forecast]) =>
      "problem" in forecast
        ? [
            `${paint("yellow", "warning:")} ${name} would fail as it is set up`,
            ...forecast.problem.split("\n"),
          ]
        : [],
    ),
    ...noteLines(plan),
  ]
}

/** What a step expects of itself goes before what it took last time: it may have more to do now. */
const withForecasts = (plan: Plan.Plan, forecasts: Forecasts): Plan.Plan => ({
  ...plan,
  actions: plan.actions.map((action) => {
    const ms = forecastMs(forecasts, action.name)
    return ms === undefined ? action : { ...action, predictedMs: ms }
  }),
})

const forecastMs = (forecasts: Forecasts, name: string): number | undefined => {
  const forecast = forecasts.get(name)
  return forecast === undefined || "problem" in forecast ? undefined : forecast.ms
}

/** Causes that leave a step's inputs and config as they were. */
const sameWork: ReadonlySet<Explain.CauseKind> = new Set([
  "code",
  "package",
  "env",
  "numeric",
  "seed",
  "runtime",
  "damaged",
  "forced",
  "quarantined",
])

/** Whether what a step took last time says what it will take: not where it may have more or fewer rows to do now. */
export const isPrediction = ({ causes, decision, name }: Plan.Action): boolean =>
  decision === "hit" ||
  (decision === "run" &&
    causes.every(({ kind, path }) => path.at(-1) === name && path.length === 1 && sameWork.has(kind)))

/** Places in reached code that may give another result elsewhere: each once, with the steps that reach it. */
const noteLines = (plan: Plan.Plan): Array<string> => {
  const places = new Map<string, Array<string>>()
  for (const { step, file, line, what } of plan.notes) {
    const place = `${file}:${line} ${what}`
    const steps = places.get(place) ?? []
    if (!steps.includes(step)) steps.push(step)
    places.set(place, steps)
  }
  return places.size === 0
    ? []
    : [
        "Reached code that may give another result on another day or machine:",
        ...[...places].map(([place, steps]) => `  ${place} (${steps.join(", ")})`),
      ]
}

/**
 * `8 steps: 6 hit, 1 to run, 1 waiting, about 1:20, 1 took 22.0 s last time`. What waits is counted as if it ran; times of
 * other inputs are not added to what is predicted.
 */
const total = ({ actions }: Plan.Plan, isForecast: (name: string) => boolean): string => {
  const of = (...decisions: ReadonlyArray<Plan.Decision>): ReadonlyArray<Plan.Action> =>
    actions.filter((action) => decisions.includes(action.decision))
  const running = of("run", "uncached")
  const waiting = of("waiting")
  const unhit = [...running, ...waiting]
  const timed = unhit.filter((action) => action.predictedMs !== undefined)
  const predicted = timed.filter((action) => isForecast(action.name) || isPrediction(action))
  const others = timed.filter((action) => !isForecast(action.name) && !isPrediction(action))
  const unknown = unhit.length - timed.length
  const parts = [
    `${count(of("hit").length)} hit`,
    `${count(running.length)} to run`,
    ...(waiting.length > 0 ? [`${count(waiting.length)} waiting`] : []),
    ...(predicted.length > 0 ? [`about ${sumOf(predicted)}`] : []),
    ...(others.length > 0 ? [`${count(others.length)} took ${sumOf(others)} last time`] : []),
    ...(timed.length > 0 && unknown > 0 ? [`${count(unknown)} never timed`] : []),
  ]
  return `${count(actions.length)} ${actions.length === 1 ? "step" : "steps"}: ${parts.join(", ")}`
}

const sumOf = (actions: ReadonlyArray<Plan.Action>): string => {
  const ms = actions.reduce((sum, action) => sum + action.predictedMs!, 0)
  return ms < 60_000 ? duration(ms) : clock(ms)
}
