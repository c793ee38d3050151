/**
 * `sluice runs`: what this project remembers having run.
 */
import { RunLog } from "@sluice/core"
import type { Run } from "@sluice/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Arguments from "../Arguments.ts"
import type { Context } from "../main.ts"
import { ago, count, duration } from "../quantities.ts"
import * as Store from "../Store.ts"
import * as Text from "../Text.ts"

const defaultLimit = 20

export const runs = (context: Context) => {
  if (!Store.exists(context.root)) return Effect.sync(() => print(context, [], 0))
  return Effect.gen(function* () {
    const log = yield* RunLog.RunLog
    const limit = Arguments.integer(context.invocation, "limit") ?? defaultLimit
    const heads = log.runs({ limit })
    const listed = heads.map((head) => ({ ...head, steps: log.steps(head.id) }))
    return print(context, listed, yield* Clock.currentTimeMillis)
  }).pipe(Effect.provide(Store.layer(context.root)))
}

const print = (context: Context, listed: ReadonlyArray<Run.Run>, now: number): number => {
  if (context.json) {
    context.screen.write(
      `${JSON.stringify({ root: context.root, runs: listed.map(toJson) }, undefined, 2)}\n`,
    )
  } else if (listed.length === 0) {
    context.screen.write(`Nothing was run in ${context.root} yet.\n`)
  } else {
    context.screen.write(`${lines(listed, now, context.screen.paint).join("\n")}\n`)
  }
  return 0
}

/** A run as `--json` prints it. */
export const toJson = (run: Run.Run): Record<string, unknown> => ({
  ...headJson(run),
  steps: run.steps.map(({ name, decision, key, ms }) => ({ name, decision, key: key ?? null, ms })),
})

/** A run without its steps; times are ISO 8601. */
export const headJson = (run: Store.RunHead): Record<string, unknown> => ({
  id: run.id,
  pipeline: run.pipeline,
  state: run.state,
  startedAt: new Date(run.startedAt).toISOString(),
  endedAt: run.endedAt === undefined ? null : new Date(run.endedAt).toISOString(),
  ms: run.endedAt === undefined ? null : run.endedAt - run.startedAt,
  params: run.params,
})

/** `2 run, 6 hit`: what became of the steps, the rare first. */
export const outcomes = (steps: ReadonlyArray<Run.RunStep>): string => {
  const counts = new Map<string, number>()
  for (const step of steps) counts.set(step.decision, (counts.get(step.decision) ?? 0) + 1)
  return ["failed", "interrupted", "skipped", "run", "uncached", "hit"]
    .flatMap((decision) => (counts.has(decision) ? [`${count(counts.get(decision)!)} ${decision}`] : []))
    .join(", ")
}

const stateStyle: Record<Run.RunState, Text.Style> = {
  done: "green",
  running: "yellow",
  failed: "red",
  interrupted: "yellow",
}

const lines = (listed: ReadonlyArray<Run.Run>, now: number, paint: Text.Paint): Array<string> => {
  const rows = listed.map((run) => [
    run.id,
    run.pipeline,
    paint(stateStyle[run.state], run.state),
    ago(now - run.startedAt),
    run.endedAt === undefined ? "" : duration(run.endedAt - run.startedAt),
    outcomes(run.steps),
    Object.entries(run.params)
      .map(([name, text]) => `${name}=${text}`)
      .join(" "),
  ])
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => Text.width(row[i]!))))
  return rows.map((row) =>
    row
      .map((text, i) => Text.padEnd(text, widths[i]!))
      .join("  ")
      .trimEnd(),
  )
}
