/**
 * The quickstart as a user runs it, in a fresh store: seconds per step, tokens per second, peak memory, held-out
 * results; then the same command again (nothing may run), then another learning rate (train and what follows it).
 * The TensorFlow library and the model are fetched before the clock starts.
 *
 *   pnpm bench quickstart
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Measured } from "./lib/processTree.ts"
import { measure, median } from "./lib/processTree.ts"
import { launcher } from "./lib/project.ts"

const repository = path.resolve(import.meta.dirname, "..")
const store = path.join(repository, "pipelines/.sluice")

interface StepRow {
  readonly name: string
  readonly decision: string
  readonly ms: number
}

const sluice = (...args: ReadonlyArray<string>): Promise<Measured> =>
  measure({
    command: process.execPath,
    args: [launcher, ...args],
    cwd: repository,
  })

const runOf = (measured: Measured): { readonly id: string; readonly steps: ReadonlyArray<StepRow> } => {
  if (measured.exitCode !== 0) throw new Error(`sluice failed:\n${measured.stdout}${measured.stderr}`)
  return JSON.parse(measured.stdout) as { id: string; steps: ReadonlyArray<StepRow> }
}

const executed = (steps: ReadonlyArray<StepRow>) =>
  steps.filter((step) => step.decision !== "hit").map((step) => step.name)

/** The measurements that the run's steps sent to its log, by step. */
const measurements = (run: string): Record<string, Record<string, number>> => {
  const found: Record<string, Record<string, number>> = {}
  for (const line of fs.readFileSync(path.join(store, "runs", `${run}.jsonl`), "utf8").split("\n")) {
    if (line === "") continue
    const event = JSON.parse(line) as { type: string; name: string; measure: string; value: number }
    if (event.type === "measure") (found[event.name] ??= {})[event.measure] = event.value
  }
  return found
}

/** Rates of every arm on the held-out rows, with their intervals. */
const scoresOf = (report: Measured): unknown => {
  if (report.exitCode !== 0) throw new Error(`sluice show failed:\n${report.stderr}`)
  const shown = JSON.parse(report.stdout) as {
    outputs: { scores: { rows: ReadonlyArray<unknown> }; differences: { rows: ReadonlyArray<unknown> } }
  }
  return { scores: shown.outputs.scores.rows, differences: shown.outputs.differences.rows }
}

const benchmark = {
  title: "The quickstart: reviews to a tuned model",
  run: async () => {
    execFileSync(process.execPath, [path.join(repository, "scripts/setup.ts")], { stdio: ["ignore", 2, 2] })
    fs.rmSync(store, { recursive: true, force: true })
    const pipeline = "pipelines/reviews.ts"
    const first = await sluice("run", pipeline, "--json")
    const firstRun = runOf(first)
    const again: Array<Measured> = []
    for (let round = 0; round < 5; round++) again.push(await sluice("run", pipeline, "--json"))
    // Before the other rate: `show` looks at the last run.
    const report = await sluice("show", "evaluate/report", "--rows", "1000", "--json")
    const otherRate = await sluice("run", pipeline, "--set", "learningRate=1e-4", "--json")
    return {
      firstRun: {
        seconds: round2(first.wallSeconds),
        cpuSeconds: round2(first.cpuSeconds),
        peakMemoryMB: Math.round(first.peakMemoryMB),
        stepSeconds: Object.fromEntries(firstRun.steps.map((step) => [step.name, round2(step.ms / 1000)])),
        measurements: measurements(firstRun.id),
      },
      nothingChanged: {
        seconds: round2(median(again.map((one) => one.wallSeconds))),
        cpuSeconds: round2(median(again.map((one) => one.cpuSeconds))),
        executed: again.flatMap((one) => executed(runOf(one).steps)),
      },
      otherLearningRate: {
        seconds: round2(otherRate.wallSeconds),
        executed: executed(runOf(otherRate).steps),
      },
      heldOut: scoresOf(report),
    }
  },
}

const round2 = (value: number): number => Math.round(value * 100) / 100

export default benchmark
