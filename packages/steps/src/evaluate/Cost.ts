/**
 * What each arm costs: tokens, which follow from the answers, joined with seconds and memory, which only the logs of
 * the runs that computed them know. For whoever renders a report; the report's own step never sees a log, so that the
 * same results give the same bytes.
 *
 * ```ts
 * const log = yield* RunLog.RunLog
 * const logs = log.runs({ pipeline }).map(({ id }) => log.lines(id)) // newest first
 * Evaluate.Cost.join(costs, logs, { trained: { tuned: "train" } })
 * ```
 */
import type { RunLog, Table } from "@sluice/core"
import type { Costs } from "../Evaluate.ts"

export interface Cost extends Table.Row<typeof Costs> {
  /** Seconds of generation for one prompt that was asked; null where no run's log has it. */
  readonly secondsPerPrompt: number | null
  /** The most memory that the answering process had used by then, whatever for. */
  readonly peakBytes: number | null
  /** Seconds of the arm's own steps before its answers: trying prompts, searching passages. 0 where it has none. */
  readonly preparationSeconds: number
  /** Seconds that training its adapter took, in the attempt that finished; null where there was none. */
  readonly trainingSeconds: number | null
  readonly trainingPeakBytes: number | null
}

export interface Options {
  /** The comparison's name; "evaluate" by default. */
  readonly scope?: string
  /** The step that trained an arm's adapter, by arm. */
  readonly trained?: Readonly<Record<string, string>>
}

/**
 * Joins costs with measurements. `logs` are the lines of runs, newest first: an arm that was a hit lately was
 * measured in an earlier run.
 */
export const join = (
  costs: ReadonlyArray<Table.Row<typeof Costs>>,
  logs: Iterable<ReadonlyArray<RunLog.Line>>,
  { scope = "evaluate", trained = {} }: Options = {},
): ReadonlyArray<Cost> => {
  const runs = [...logs].map(measuredIn)
  /** What the newest run that measured it has of a step; a run that only remembered answers says nothing. */
  const newest = (step: string, measure: string) =>
    runs.find((run) => run.measures.get(step)?.has(measure))?.measures.get(step)
  return costs.map((cost) => {
    const answers = newest(`${scope}/${cost.arm}`, "generation seconds")
    const asked = answers?.get("prompts asked")
    const seconds = answers?.get("generation seconds")
    const adapter = trained[cost.arm]
    const training = adapter === undefined ? undefined : newest(adapter, "training seconds")
    return {
      ...cost,
      secondsPerPrompt: seconds === undefined || asked === undefined || asked === 0 ? null : seconds / asked,
      peakBytes: answers?.get("peak memory") ?? null,
      preparationSeconds: preparation(`${scope}/${cost.arm}/`, runs),
      trainingSeconds: training?.get("training seconds") ?? null,
      trainingPeakBytes: training?.get("peak memory") ?? null,
    }
  })
}

/** One run's measurements by step, and what its executed steps took. */
interface Measured {
  readonly measures: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly ms: ReadonlyMap<string, number>
}

const measuredIn = (lines: ReadonlyArray<RunLog.Line>): Measured => {
  const measures = new Map<string, Map<string, number>>()
  const ms = new Map<string, number>()
  for (const line of lines) {
    if (line.type === "step" && line.decision === "run") ms.set(line.name, line.ms)
    if (line.type !== "measure") continue
    const ofStep = measures.get(line.name) ?? new Map<string, number>()
    measures.set(line.name, ofStep.set(line.measure, line.value))
  }
  return { measures, ms }
}

/** Each step under a name as it took when it last ran. */
const preparation = (under: string, runs: ReadonlyArray<Measured>): number => {
  const newest = new Map<string, number>()
  for (const { ms } of runs)
    for (const [name, took] of ms) if (name.startsWith(under) && !newest.has(name)) newest.set(name, took)
  return [...newest.values()].reduce((sum, took) => sum + took, 0) / 1000
}
