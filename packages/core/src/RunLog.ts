/**
 * What happened: one append-only file of JSON lines a run, and an index of them.
 *
 * A reader takes every whole line; a torn last line, as a killed process or a full disk leaves it, is left out. Rates
 * and durations stand here and never in an output.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { cpus } from "node:os"
import { join } from "node:path"
import { Database } from "./Database.ts"
import { Owner } from "./Owner.ts"
import type { Run, RunState, RunStep } from "./Run.ts"
import { inOrder, parse, rebuild, type Head, type Line } from "./RunLine.ts"

export { type Line, parse } from "./RunLine.ts"

export interface Service {
  readonly append: (run: string, line: Line) => void
  /** First line and index rows of a run that begins: every run that began before it is older. */
  readonly begin: (run: Run, hits: Head["hits"]) => void
  readonly end: (run: Pick<Run, "id" | "endedAt" | "state">) => void
  /** Newest first. */
  readonly runs: (filter?: {
    readonly pipeline?: string
    readonly limit?: number
  }) => ReadonlyArray<Omit<Run, "steps">>
  readonly steps: (run: string) => ReadonlyArray<RunStep>
  /** The run whose steps these are: an earlier one where nothing had changed, else itself. */
  readonly stepsOf: (run: string) => string
  /** One of them. */
  readonly stepNamed: (run: string, name: string) => RunStep | undefined
  /** Every whole line of a run's file. */
  readonly lines: (run: string) => ReadonlyArray<Line>
  /** The newest run of a pipeline that got as far as storing something, and whose steps are known. */
  readonly last: (pipeline: string) => string | undefined
  /** The key under which a step last had a result, not later than the run given. */
  readonly lastKey: (
    pipeline: string,
    step: string,
    run?: string,
  ) =>
    | { readonly run: string; readonly key: string; readonly params: Readonly<Record<string, string>> }
    | undefined
  /** What each step took when it last ran, by name. */
  readonly durations: (pipeline: string) => ReadonlyMap<string, number>
  /** What the newest runs on this machine that executed something measured under a name, newest first. */
  readonly measured: (name: string) => ReadonlyArray<number>
  /** Adds or replaces one step of a run that is under way. */
  readonly step: (run: string, seq: number, step: RunStep) => void
  readonly forget: (run: string) => void
}

export class RunLog extends Context.Service<RunLog, Service>()("@sluice/core/RunLog") {}

/** Runs whose measurements are looked at. */
const remembered = 20

/** What `machine` of a run's first line says here. */
const machine = (): string => {
  const all = cpus()
  return `${all[0]?.model ?? "unknown"} × ${all.length}`
}

interface RunRow {
  readonly id: string
  readonly pipeline: string
  readonly started: number
  readonly ended: number | null
  readonly state: RunState
  readonly params: string
}

interface StepRow {
  readonly run: string
  readonly name: string
  readonly key: string | null
  readonly decision: RunStep["decision"]
  readonly ms: number
}

/** A run that changed nothing lists another run's steps, of which every one was a hit for it. */
const toStep = (row: StepRow, run: string): RunStep => ({
  name: row.name,
  key: row.key ?? undefined,
  decision: row.run === run ? row.decision : "hit",
  ms: row.run === run ? row.ms : 0,
})

export const layer: Layer.Layer<RunLog, never, Database | Owner> = Layer.effect(
  RunLog,
  Effect.gen(function* () {
    const db = yield* Database
    const owner = yield* Owner
    const folder = join(db.root, "runs")
    const fileOf = (run: string): string => join(folder, `${run}.jsonl`)

    const lines = (run: string): ReadonlyArray<Line> => {
      try {
        return parse(readFileSync(fileOf(run), "utf8"))
      } catch {
        return []
      }
    }

    // A run that changed nothing may follow another one: both point at the run whose steps are listed.
    const insertRun = (run: Run, seq: number, stepsOf: string): void => {
      db.run(
        "insert or replace into runs values (?, ?, ?, ?, ?, ?, ?, coalesce((select steps_of from runs where id = ?), ?))",
        run.id,
        seq,
        run.pipeline,
        run.startedAt,
        run.endedAt ?? null,
        run.state,
        JSON.stringify(run.params),
        stepsOf,
        stepsOf,
      )
    }
    const insertSteps = (run: Run): void => {
      db.run("delete from run_steps where run = ?", run.id)
      run.steps.forEach((step, seq) => {
        if (step.decision === "skipped") return
        db.run(
          "insert into run_steps values (?, ?, ?, ?, ?, ?)",
          run.id,
          seq,
          step.name,
          step.key ?? null,
          step.decision,
          step.ms,
        )
      })
    }

    const nextSeq = (): number =>
      db.get<{ next: number }>("select coalesce(max(seq), 0) + 1 as next from runs")!.next

    if (db.fresh) {
      const found = readIfThere(folder).flatMap((name) => rebuild(lines(name.slice(0, -".jsonl".length))))
      for (const { run, stepsOf } of found.toSorted(inOrder)) {
        db.transaction(() => {
          insertRun(run, nextSeq(), stepsOf ?? run.id)
          if (stepsOf === undefined) insertSteps(run)
        })
      }
    }

    const stateOf = (row: RunRow): RunState => {
      if (row.state !== "running") return row.state
      const head = lines(row.id)[0]
      return head?.type === "run" && owner.isAlive(head.owner) ? "running" : "interrupted"
    }
    const toRun = (row: RunRow): Omit<Run, "steps"> => ({
      id: row.id,
      pipeline: row.pipeline,
      startedAt: row.started,
      endedAt: row.ended ?? undefined,
      state: stateOf(row),
      params: JSON.parse(row.params) as Run["params"],
    })

    const append: Service["append"] = (run, line) => {
      const text = `${JSON.stringify(line)}\n`
      try {
        appendFileSync(fileOf(run), text)
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === "ENOENT") {
          mkdirSync(folder, { recursive: true })
          appendFileSync(fileOf(run), text)
        } else if (code !== "ENOSPC" && code !== "EDQUOT") throw error
        // A full disk fails the step that stores something, with a message; the log does without a line.
      }
    }

    return RunLog.of({
      append,
      begin: (run, hits) => {
        const { id, params, pipeline } = run
        db.transaction(() => {
          const seq = nextSeq()
          const at = run.startedAt
          const head = { version: 1, id, pipeline, at, seq, owner: owner.id, machine: machine() } as const
          append(id, { type: "run", ...head, params, hits })
          insertRun(run, seq, "asIn" in hits ? hits.asIn : id)
          if (!("asIn" in hits)) insertSteps(run)
        })
      },
      end: (run) => {
        db.run("update runs set ended = ?, state = ? where id = ?", run.endedAt ?? null, run.state, run.id)
      },
      runs: (filter = {}) =>
        db
          .all<RunRow>(
            "select * from runs where ? is null or pipeline = ? order by seq desc limit ?",
            filter.pipeline ?? null,
            filter.pipeline ?? null,
            filter.limit ?? -1,
          )
          .map(toRun),
      steps: (run) =>
        db
          .all<StepRow>(
            `select run, name, key, decision, ms from run_steps
             where run = (select steps_of from runs where id = ?) order by seq`,
            run,
          )
          .map((row) => toStep(row, run)),
      stepsOf: (run) =>
        db.get<{ steps_of: string }>("select steps_of from runs where id = ?", run)?.steps_of ?? run,
      stepNamed: (run, name) => {
        const row = db.get<StepRow>(
          `select run, name, key, decision, ms from run_steps
           where name = ? and run = (select steps_of from runs where id = ?)`,
          name,
          run,
        )
        return row === undefined ? undefined : toStep(row, run)
      },
      lines,
      last: (pipeline) =>
        db.get<{ id: string }>("select id from runs where pipeline = ? order by seq desc limit 1", pipeline)
          ?.id,
      lastKey: (pipeline, step, run) => {
        const row = db.get<{ id: string; key: string; params: string }>(
          `select r.id, s.key, r.params from run_steps s join runs r on r.steps_of = s.run
           where r.pipeline = ? and s.name = ? and s.key is not null and s.decision in ('hit', 'run')
             and r.seq <= coalesce((select seq from runs where id = ?), r.seq)
           order by r.seq desc limit 1`,
          pipeline,
          step,
          run ?? null,
        )
        return row === undefined
          ? undefined
          : { run: row.id, key: row.key, params: JSON.parse(row.params) as Run["params"] }
      },
      durations: (pipeline) => {
        const rows = db.all<{ name: string; ms: number }>(
          `select s.name, s.ms from run_steps s join runs r on r.id = s.run
           where r.pipeline = ? and s.decision = 'run' order by r.seq`,
          pipeline,
        )
        return new Map(rows.map((row) => [row.name, row.ms]))
      },
      measured: (name) => {
        const here = machine()
        return db
          .all<{ id: string }>(
            `select id from runs r
             where exists (select 1 from run_steps s where s.run = r.id and s.decision = 'run')
             order by seq desc limit ?`,
            remembered,
          )
          .flatMap(({ id }) => {
            const [head, ...rest] = lines(id)
            if (head?.type !== "run" || head.machine !== here) return []
            return rest.flatMap((line) =>
              line.type === "measure" && line.measure === name ? [line.value] : [],
            )
          })
      },
      step: (run, seq, step) => {
        db.run(
          "insert or replace into run_steps values (?, ?, ?, ?, ?, ?)",
          run,
          seq,
          step.name,
          step.key ?? null,
          step.decision,
          step.ms,
        )
      },
      forget: (run) => {
        db.transaction(() => {
          db.run("delete from runs where id = ?", run)
          db.run(
            "delete from run_steps where run = ? and not exists (select 1 from runs where steps_of = ?)",
            run,
            run,
          )
        })
        rmSync(fileOf(run), { force: true })
      },
    })
  }),
)

const readIfThere = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(".jsonl"))
  } catch {
    return []
  }
}
