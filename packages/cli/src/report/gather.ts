/**
 * A comparison's report, and what its run knows beyond it.
 */
import { Artifact, RunLog } from "@sluice/core"
import { Cost, type Facts, Report } from "@sluice/steps/report"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import { NothingToShow } from "../NothingToShow.ts"
import { lineage } from "./Lineage.ts"
import * as Source from "./Source.ts"
import { stages } from "./Stages.ts"

export interface Gathered {
  readonly report: Report.Report
  readonly facts: Facts.Facts
}

export const gather = Effect.fnUntraced(function* (compared: Source.Compared) {
  const report = yield* readReport(compared)
  const { name, run } = compared
  const facts: Facts.Facts = {
    run: {
      id: run.id,
      pipeline: run.pipeline,
      startedAt: new Date(run.startedAt).toISOString(),
      params: run.params,
    },
    comparison: name,
    versions: versions(),
    costs: yield* costs(compared),
    curves: yield* curves(compared),
    stages: yield* stages(compared),
    steps: compared.made.map(stepOf),
    lineage: yield* lineage(compared, report),
  }
  return { report, facts } satisfies Gathered
})

const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Report.Report))

/** The report as its step wrote it. One of another version has other fields, or stands in no file of its own. */
const readReport = Effect.fnUntraced(function* ({ report, run }: Source.Compared) {
  const text = yield* Source.file(report.outputs["report"]!, "report.json")
  const found = text === undefined ? undefined : yield* Effect.option(decode(text))
  if (found?._tag === "Some") return found.value
  return yield* new NothingToShow({
    headline: `The report of step "${report.step}" in run ${run.id} was written by another version of Sluice.`,
    hint: "Run the pipeline again.",
  })
})

/** Of the program that renders; what computed stands in each step's record. */
const versions = (): Readonly<Record<string, string>> => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    readonly version: string
  }
  return { "Rendered by": `sluice ${version}, Node ${process.versions.node}` }
}

/** What was a hit lately was measured earlier: so many runs are asked. */
const mostLogs = 50

const costs = Effect.fnUntraced(function* ({ name, report, run }: Source.Compared) {
  const ref = report.outputs["costs"]
  if (ref === undefined) return []
  const log = yield* RunLog.RunLog
  const table = yield* Artifact.openTable(undefined, ref, `${report.step}.costs`)
  const rows: Array<Parameters<typeof Cost.join>[0][number]> = []
  yield* Source.eachRow(table, (row) => void rows.push(row as (typeof rows)[number]))
  const runs = log.runs({ pipeline: run.pipeline })
  const from = runs.findIndex(({ id }) => id === run.id)
  const logs = runs.slice(from, from + mostLogs).map(({ id }) => log.lines(id))
  const trained = Object.fromEntries(
    rows.flatMap(({ arm }) => {
      const step = report.wiring[`adapter ${arm}`]
      return step === undefined ? [] : [[arm, step] as const]
    }),
  )
  return Cost.join(rows, logs, { scope: name, trained }).map((cost) => ({
    ...cost,
    promptTokens: Number(cost.promptTokens),
    newTokens: Number(cost.newTokens),
  }))
})

/** What each training measured, by its tables. */
const curves = Effect.fnUntraced(function* ({ made }: Source.Compared) {
  const found: Array<Facts.Curve> = []
  for (const each of made) {
    const metrics = yield* Source.tableWith(each, ["optimizerStep", "loss", "learningRate"])
    if (metrics === undefined) continue
    const training: Array<Facts.Curve["training"][number]> = []
    const heldOut: Array<Facts.Curve["heldOut"][number]> = []
    const point = (row: Source.Row) => ({
      optimizerStep: Number(row["optimizerStep"]),
      loss: Number(row["loss"]),
    })
    yield* Source.eachRow(metrics, (row) => void training.push(point(row)))
    const looks = yield* Source.tableWith(each, ["optimizerStep", "loss", "best"])
    if (looks !== undefined)
      yield* Source.eachRow(looks, (row) => void heldOut.push({ ...point(row), best: row["best"] === true }))
    const isFinite = ({ loss }: { readonly loss: number }): boolean => Number.isFinite(loss)
    found.push({ step: each.step, training: training.filter(isFinite), heldOut: heldOut.filter(isFinite) })
  }
  return found
})

const stepOf = ({ key, outputs, record, step, wiring }: Source.Made): Facts.Step => ({
  name: step,
  definition: record.step,
  key,
  outputs: Object.entries(outputs).map(([name, { fingerprint, rowCount }]) => ({
    name,
    fingerprint,
    rows: rowCount ?? null,
  })),
  inputs: Object.entries(record.inputs).map(([name, input]) => ({
    name,
    from: wiring[name] ?? null,
    fingerprints: typeof input === "string" ? [input] : input.map(([file, digest]) => `${file} ${digest}`),
  })),
  config: record.config,
  seed: record.seed,
  code: record.version === "" ? record.code : `version ${record.version}`,
  packages: record.packages,
  numeric: record.numeric,
  runtime: record.runtime,
})
