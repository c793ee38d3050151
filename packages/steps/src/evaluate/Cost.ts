/**
 * What each arm costs: tokens, which follow from the answers, joined with seconds and memory, which only the log of
 * the runs that computed them knows.
 */
import type { RunLog, Table } from "@sluice/core"
import type { Costs } from "../Evaluate.ts"

export interface Cost extends Table.Row<typeof Costs> {
  /** Seconds of generation for one prompt that was asked; null where no run's log has it. */
  readonly secondsPerPrompt: number | null
  /** The most memory that the answering process used. */
  readonly peakBytes: number | null
}

/**
 * Joins costs with measurements. `logs` are the lines of runs, newest first: an arm that was a hit lately was
 * measured in an earlier run. `scope` is the comparison's name.
 */
export const join = (
  costs: ReadonlyArray<Table.Row<typeof Costs>>,
  logs: Iterable<ReadonlyArray<RunLog.Line>>,
  scope = "evaluate",
): ReadonlyArray<Cost> => {
  const found = new Map<string, Map<string, number>>()
  const wanted = new Set(costs.map(({ arm }) => `${scope}/${arm}`))
  for (const lines of logs) {
    const measured = new Map<string, Map<string, number>>()
    for (const line of lines) {
      if (line.type !== "measure" || !wanted.has(line.name) || found.has(line.name)) continue
      const ofStep = measured.get(line.name) ?? new Map<string, number>()
      measured.set(line.name, ofStep.set(line.measure, line.value))
    }
    // A run that only remembered answers says nothing of what they cost.
    for (const [name, values] of measured) if (values.has("generation seconds")) found.set(name, values)
    if (found.size === wanted.size) break
  }
  return costs.map((cost) => {
    const values = found.get(`${scope}/${cost.arm}`)
    const seconds = values?.get("generation seconds")
    const asked = values?.get("prompts asked")
    return {
      ...cost,
      secondsPerPrompt: seconds === undefined || asked === undefined || asked === 0 ? null : seconds / asked,
      peakBytes: values?.get("peak memory") ?? null,
    }
  })
}
