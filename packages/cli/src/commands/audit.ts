/**
 * `sluice audit`: hits executed again, their answers compared.
 */
import { Audit } from "@sluice/core"
import type { Quarantine } from "@sluice/core"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Arguments from "../Arguments.ts"
import * as Engines from "../Engines.ts"
import type { Context } from "../main.ts"
import { pipelineOf } from "../pipelineOf.ts"
import { count, duration, plural } from "../quantities.ts"
import * as RunView from "../RunView.ts"
import * as Text from "../Text.ts"

export const audit = (context: Context) =>
  Effect.gen(function* () {
    const { invocation, json, screen } = context
    const pipeline = yield* pipelineOf(context.loaded!, context.cwd)
    const options = Engines.options(context)
    const released = Arguments.one(invocation, "release")
    if (released !== undefined) {
      const entries = yield* Audit.release(pipeline, options, released)
      screen.write(json ? `${JSON.stringify({ released: entries }, undefined, 2)}\n` : releasedText(entries))
      return 0
    }
    const now = yield* Clock.currentTimeMillis
    const sample = Arguments.one(invocation, "sample")
    const report = yield* Audit.audit(pipeline, {
      ...options,
      seed: Arguments.one(invocation, "seed") ?? new Date(now).toISOString(),
      steps: Arguments.many(invocation, "step"),
      ...(sample === undefined ? {} : { sample: Number(sample) }),
      onStep: (step, outcome) => {
        if (!json && outcome === undefined && screen.live) screen.error(`executing ${step} …\n`)
      },
    })
    screen.write(
      json
        ? `${JSON.stringify(report, undefined, 2)}\n`
        : `${lines(report, screen.columns(), screen.paint).join("\n")}\n`,
    )
    return report.outcomes.some(({ result }) => result === "differs" || result === "failed") ? 1 : 0
  }).pipe(Effect.provide(Engines.layer(context)))

const releasedText = (entries: ReadonlyArray<Quarantine.Entry>): string =>
  entries.map(({ step }) => `${step} is released: its results are hits again.\n`).join("")

const styles = { same: "green", within: "green", differs: "red", failed: "red" } as const

const lines = (report: Audit.Report, columns: number, paint: Text.Paint): Array<string> => {
  const names = [...report.outcomes.map(({ step }) => step), ...report.notHits]
  const width = RunView.nameColumns(names, columns)
  const indent = " ".repeat(width + 10)
  const row = (name: string, word: string, rest: string): string =>
    `${Text.padEnd(Text.truncate(name, width - 2), width)}${word}${rest}`.trimEnd()
  const quarantined = report.outcomes.filter(({ result }) => result === "differs").map(({ step }) => step)
  return [
    ...report.outcomes.flatMap(({ step, key, result, differences, ms }) => [
      row(step, paint(styles[result], result.padEnd(10)), `${key.slice(0, 8)}   ${duration(ms)}`),
      ...differences.map((difference) => `${indent}${difference}`),
    ]),
    ...report.notHits.map((name) => row(name, "no hit", "")),
    total(report),
    ...quarantined.map(
      (step) =>
        `${step} is quarantined: its results are no hits until its code changes, or sluice audit --release ${step}.`,
    ),
  ]
}

/** `2 of 14 hits executed again, 1 same, 1 differs (seed 7)`. */
const total = ({ outcomes, hits, seed }: Audit.Report): string => {
  const of = (result: Audit.Outcome["result"]): number =>
    outcomes.filter((outcome) => outcome.result === result).length
  const parts = [
    `${count(of("same"))} same`,
    ...(of("within") > 0 ? [`${count(of("within"))} within its tolerance`] : []),
    ...(of("differs") > 0 ? [`${count(of("differs"))} ${of("differs") === 1 ? "differs" : "differ"}`] : []),
    ...(of("failed") > 0 ? [`${count(of("failed"))} failed`] : []),
  ]
  return `${count(outcomes.length)} of ${plural(hits, "hit")} executed again: ${parts.join(", ")} (seed ${seed})`
}
