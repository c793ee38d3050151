/**
 * `sluice show STEP`: what a step produced in a run, with what was measured while it did.
 */
import { ActionCache, Artifact, RunLog } from "@sluice/core"
import type { Run } from "@sluice/core"
import * as Effect from "effect/Effect"
import { copyFileSync, mkdirSync } from "node:fs"
import { basename, join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Arguments from "../Arguments.ts"
import type { Context } from "../main.ts"
import { nearMiss } from "../nearMiss.ts"
import { NoSuchOutput, NothingToShow, nothingWasRun } from "../NothingToShow.ts"
import * as Project from "../Project.ts"
import { bytes, count, duration } from "../quantities.ts"
import * as Show from "../show/artifact.ts"
import { decoder } from "../show/decoder.ts"
import * as Store from "../Store.ts"

const defaultRows = 10

export const show = (context: Context) => {
  if (!Store.exists(context.root)) return Effect.fail(nothingWasRun(context.root))
  return showStep(context).pipe(Effect.provide(Store.layer(context.root)))
}

const showStep = Effect.fnUntraced(function* (context: Context) {
  const { invocation, screen } = context
  const log = yield* RunLog.RunLog
  const cache = yield* ActionCache.ActionCache
  const typed = invocation.arguments[0]!
  const runs = log.runs()
  const chosen = Arguments.one(invocation, "run")
  const isThere = (run: Store.RunHead, name: string): boolean =>
    log.steps(run.id).some((step) => step.name === name)
  // `evaluate` is no step where its steps nest: its report is what one wants to see.
  const names = [typed, `${typed}/report`]
  // A project may have several pipelines: without --run, the newest run that has such a step counts.
  const run =
    (chosen === undefined ? runs.find((one) => names.some((name) => isThere(one, name))) : undefined) ??
    (yield* Store.findRun(runs, chosen ?? "1"))
  const steps = log.steps(run.id)
  const name = names.find((candidate) => isThere(run, candidate)) ?? typed
  const unreached = chosen === undefined ? "No run has reached" : `Run ${run.id} has not reached`
  const step = yield* Store.findStep(run.pipeline, steps, name, unreached)
  const entry = step.key === undefined ? undefined : cache.get(step.key)
  if (step.key === undefined || entry === undefined) return yield* nothing(run, step)
  const outputs = yield* selected(entry.outputs, Arguments.one(invocation, "output"), name)
  const decode = yield* decoder(cache.stored(step.key)?.record)
  const rows = Arguments.integer(invocation, "rows") ?? defaultRows
  const options: Show.Options = { columns: screen.columns(), paint: screen.paint, rows, decode }
  const shown = yield* Effect.forEach(outputs, ([output, ref]) =>
    Effect.map(Show.show(ref, `${name}.${output}`, options), (artifact) => ({ output, ref, artifact })),
  )
  const opened = Arguments.has(invocation, "open")
    ? yield* Effect.forEach(shown, ({ output, ref }) => writePages(context.root, name, output, ref))
    : shown.map(() => [])
  const measured = measurements(log, runs, run, step)
  if (context.json) {
    const json = {
      step: name,
      run: run.id,
      key: step.key,
      decision: step.decision,
      summary: entry.summary ?? null,
      ms: entry.ms,
      measurements: measured,
      outputs: Object.fromEntries(
        shown.map(({ output, artifact }, i) => [
          output,
          opened[i]!.length > 0 ? { ...artifact.json, pages: opened[i] } : artifact.json,
        ]),
      ),
    }
    screen.write(`${JSON.stringify(json, undefined, 2)}\n`)
    return 0
  }
  const head = [name, step.key.slice(0, 8), entry.summary, duration(entry.ms)].filter(
    (part) => part !== undefined,
  )
  const lines = [
    screen.paint("bold", head.join("   ")),
    ...(measured.length === 0 ? [] : [screen.paint("dim", measured.map(measurementText).join(", "))]),
    ...shown.flatMap(({ output, artifact }, i) => [
      ...(shown.length > 1 ? ["", screen.paint("bold", output)] : []),
      ...artifact.lines,
      ...opened[i]!.map((page) => `Report: ${page}`),
    ]),
  ]
  screen.write(`${lines.join("\n")}\n`)
  return 0
})

const nothing = (run: Store.RunHead, step: Run.RunStep) =>
  Effect.fail(
    step.key === undefined ||
      step.decision === "failed" ||
      step.decision === "skipped" ||
      step.decision === "interrupted"
      ? new NothingToShow({
          headline: `Step "${step.name}" has no result in run ${run.id}: ${step.decision === "uncached" ? "uncached steps keep none" : step.decision}.`,
          hint: "sluice runs lists the runs, and --run ID chooses one.",
        })
      : new NothingToShow({
          headline: `The result of step "${step.name}" in run ${run.id} is no longer in the store.`,
          hint: "Run the pipeline again.",
        }),
  )

type Outputs = ReadonlyArray<readonly [name: string, ref: Artifact.ArtifactRef]>

const selected = (
  outputs: Readonly<Record<string, Artifact.ArtifactRef>>,
  wanted: string | undefined,
  step: string,
): Effect.Effect<Outputs, NoSuchOutput> => {
  const all = Object.entries(outputs)
  if (wanted === undefined) return Effect.succeed(all)
  const found = all.filter(([output]) => output === wanted)
  if (found.length > 0) return Effect.succeed(found)
  const names = all.map(([output]) => output)
  const near = nearMiss(wanted, names)
  return Effect.fail(
    new NoSuchOutput({
      headline: `Step "${step}" has no output "${wanted}".`,
      hint: near === undefined ? `Its outputs: ${names.join(", ")}` : `Did you mean ${near}?`,
    }),
  )
}

/** Copies the HTML pages among an output's files out of the store; returns where they can be opened. */
const writePages = Effect.fnUntraced(function* (
  root: string,
  step: string,
  output: string,
  ref: Artifact.ArtifactRef,
) {
  if (ref.kind !== "files") return []
  const reader = yield* Show.openFiles(ref)
  const folder = join(Project.store(root), "show", ...step.split("/"), output === "output" ? "" : output)
  const pages = reader.names.filter((name) => name.endsWith(".html"))
  return yield* Effect.forEach(pages, (name) =>
    Effect.map(reader.path(name), (path) => {
      const target = join(folder, basename(name))
      mkdirSync(folder, { recursive: true })
      copyFileSync(path, target)
      return pathToFileURL(target).href
    }),
  )
})

interface Measurement {
  readonly measure: string
  readonly value: number
  readonly unit: string | null
  readonly times: number
}

/** The last value of each measure, from the run that executed the step (which may be an earlier one than `run`). */
const measurements = (
  log: RunLog.Service,
  runs: ReadonlyArray<Store.RunHead>,
  run: Store.RunHead,
  step: Run.RunStep,
): ReadonlyArray<Measurement> => {
  for (const candidate of runs.slice(runs.indexOf(run))) {
    const lines = log.lines(candidate.id)
    const executed = lines.some(
      (line) => line.type === "start" && line.name === step.name && line.key === step.key,
    )
    if (!executed) continue
    const found = new Map<string, Measurement>()
    for (const line of lines) {
      if (line.type !== "measure" || line.name !== step.name) continue
      const { measure, value, unit } = line
      found.set(measure, { measure, value, unit: unit ?? null, times: (found.get(measure)?.times ?? 0) + 1 })
    }
    return [...found.values()]
  }
  return []
}

const measurementText = ({ measure, value, unit }: Measurement): string => {
  if (unit === "bytes") return `${measure} ${bytes(value)}`
  const text = Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(4)))
  return `${measure} ${text}${unit === null ? "" : ` ${unit}`}`
}
