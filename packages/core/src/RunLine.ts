/**
 * Lines of a run's log, and the record of the run that they make up.
 */
import type * as Explain from "./Explain.ts"
import type { Warning } from "./Plan.ts"
import type { Run, RunState, RunStep } from "./Run.ts"

export type Line =
  | {
      readonly type: "run"
      readonly version: 1
      readonly id: string
      readonly pipeline: string
      readonly at: number
      /** Counts the store's runs: clocks go back, and two runs may begin in one millisecond. */
      readonly seq?: number
      readonly owner: string
      /** The processor and its cores: what was measured on another machine predicts nothing here. */
      readonly machine?: string
      readonly params: Readonly<Record<string, string>>
      /** Steps that were hits when the run was planned; of a run that changed nothing, the run that lists them. */
      readonly hits: ReadonlyArray<readonly [name: string, key: string]> | { readonly asIn: string }
    }
  | {
      readonly type: "start"
      readonly at: number
      readonly name: string
      readonly key: string | undefined
      /** Why it ran although its result was known: no record shows that. */
      readonly cause?: Explain.Cause | undefined
    }
  | {
      readonly type: "measure"
      readonly at: number
      readonly name: string
      readonly measure: string
      readonly value: number
      readonly unit: string | undefined
    }
  | ({ readonly type: "warning"; readonly at: number } & Warning)
  | ({ readonly type: "step"; readonly at: number } & RunStep)
  | {
      readonly type: "failed"
      readonly at: number
      readonly name: string
      readonly message: string
      /** Why it ran: there is no result whose record would show it. */
      readonly causes?: ReadonlyArray<Explain.Cause>
    }
  | { readonly type: "end"; readonly at: number; readonly state: RunState }

/** The first line of a run. */
export type Head = Extract<Line, { readonly type: "run" }>

/** The whole lines of a log's bytes. */
export const parse = (text: string): ReadonlyArray<Line> => {
  const lines: Array<Line> = []
  for (const line of text.split("\n")) {
    if (line === "") continue
    try {
      lines.push(JSON.parse(line) as Line)
    } catch {
      // A line that a killed process tore. What was appended after it stands on lines of its own.
    }
  }
  return lines
}

/** A run as its lines tell of it. */
export interface Rebuilt {
  readonly run: Run
  readonly seq: number
  readonly stepsOf: string | undefined
}

/** Runs of before they were counted come first, by their times. */
export const inOrder = (one: Rebuilt, other: Rebuilt): number =>
  one.seq - other.seq || one.run.startedAt - other.run.startedAt || (one.run.id < other.run.id ? -1 : 1)

/** A run's record from its lines; nothing where they tell of none. */
export const rebuild = (lines: ReadonlyArray<Line>): ReadonlyArray<Rebuilt> => {
  const head = lines[0]
  if (head?.type !== "run") return []
  const stepsOf = "asIn" in head.hits ? head.hits.asIn : undefined
  const hits = "asIn" in head.hits ? [] : head.hits
  const end = lines.findLast((line) => line.type === "end")
  const steps: Array<RunStep> = hits.map(([name, key]) => ({ name, key, decision: "hit", ms: 0 }))
  for (const line of lines) {
    if (line.type === "step")
      steps.push({ name: line.name, key: line.key, decision: line.decision, ms: line.ms })
  }
  const run: Run = {
    id: head.id,
    pipeline: head.pipeline,
    startedAt: head.at,
    endedAt: end?.at,
    state: end?.type === "end" ? end.state : "interrupted",
    params: head.params,
    steps,
  }
  return [{ run, seq: head.seq ?? 0, stepsOf }]
}
