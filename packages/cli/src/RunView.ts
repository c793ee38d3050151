/**
 * What a run looks like: reporter events folded into rows, and rows rendered as aligned lines.
 *
 * Pure: the time is an argument. The live view and the plain lines are both made from it.
 *
 *     collect    hit       3f9a02c1   3,000 rows, 3 dropped
 *     train      run       learningRate: 0.0002 -> 0.0001
 *                          ████████████░░░░  29/38  loss 0.0041  213 tok/s  eta 0:26
 *     evaluate   waiting   for train
 */
import { Plan } from "@sluice/core"
import type { Explain, Reporter } from "@sluice/core"
import { bytes, clock, count, duration, plural } from "./quantities.ts"
import * as Text from "./Text.ts"

type State =
  | "waiting"
  | "ready" /* will run, has not started */
  | "running"
  | "done" /* executed in this run */
  | "hit"
  | "failed"

export interface Row {
  readonly name: string
  readonly state: State
  readonly uncached: boolean
  readonly key: string | undefined
  /** Looked for when they are shown. */
  readonly causes: () => ReadonlyArray<Explain.Cause>
  readonly waitingFor: ReadonlyArray<string>
  readonly summary: string | undefined
  readonly ms: number | undefined
  readonly startedAt: number | undefined
  readonly progress: Reporter.Progress | undefined
  /** First progress of the current count, from which the rate is taken. */
  readonly rateFrom: { readonly at: number; readonly done: number } | undefined
}

export type Rows = ReadonlyMap<string, Row>

/** Folds one event in. The map is changed in place for speed; rows themselves are never changed. */
export const update = (rows: Map<string, Row>, event: Reporter.Event, now: number): void => {
  switch (event.type) {
    case "plan":
      for (const step of event.plan.actions) {
        rows.set(step.name, {
          name: step.name,
          state: step.decision === "hit" ? "hit" : step.decision === "waiting" ? "waiting" : "ready",
          uncached: step.decision === "uncached",
          key: step.key,
          causes: () => step.causes,
          waitingFor: step.waitingFor,
          summary: step.summary,
          ms: undefined,
          startedAt: undefined,
          progress: undefined,
          rateFrom: undefined,
        })
      }
      return
    case "step-start": {
      const row = rows.get(event.name)
      if (row === undefined) return
      const causes = event.causes.length > 0 ? () => event.causes : row.causes
      rows.set(event.name, {
        ...row,
        state: "running",
        key: event.key,
        causes,
        startedAt: now,
        progress: undefined,
        rateFrom: undefined,
      })
      return
    }
    case "step-progress": {
      const row = rows.get(event.name)
      if (row === undefined) return
      const { type: _, name: __, ...progress } = event
      const restarted =
        row.rateFrom === undefined ||
        row.progress?.unit !== progress.unit ||
        row.progress.total !== progress.total ||
        progress.done < row.progress.done
      rows.set(event.name, {
        ...row,
        progress,
        rateFrom: restarted ? { at: now, done: progress.done } : row.rateFrom,
      })
      return
    }
    case "step-end": {
      const row = rows.get(event.name)
      if (row === undefined) return
      rows.set(event.name, {
        ...row,
        state: event.decision === "hit" ? "hit" : "done",
        uncached: event.decision === "uncached",
        key: event.key ?? row.key,
        summary: event.summary ?? row.summary,
        ms: event.ms,
        progress: undefined,
      })
      return
    }
    case "step-failed": {
      const row = rows.get(event.name)
      if (row !== undefined) rows.set(event.name, { ...row, state: "failed", progress: undefined })
      return
    }
    case "step-measure":
    case "note":
    case "warning":
    case "run-end":
      return
  }
}

/** More hits than these are told by their number: nobody reads a thousand rows that say that nothing happened. */
const mostHitRows = 40

/** Takes the rows of a plan's hits away where they are many, and returns the line that stands for them. */
export const gatherHits = (rows: Map<string, Row>, paint: Text.Paint): string | undefined => {
  const hits = [...rows.values()].filter((row) => row.state === "hit")
  if (hits.length <= mostHitRows) return undefined
  for (const row of hits) rows.delete(row.name)
  return `${plural(hits.length, "step")}   ${paint("green", "hit")}`
}

const isFinal = (row: Row): boolean => row.state === "hit" || row.state === "done" || row.state === "failed"

const decisionColumns = 10
const keyColumns = 11
/** A first execution is no news: its row needs no line for the cause. */
const isDull = (causes: ReadonlyArray<Explain.Cause>): boolean =>
  causes.every((cause) => cause.kind === "first" && cause.headline.endsWith("has not run before"))

/** Width of the names' column: the longest name and three spaces, at least 11 and at most a third of the line. */
export const nameColumns = (names: Iterable<string>, columns: number): number => {
  let longest = 8
  for (const name of names) longest = Math.max(longest, Text.width(name))
  return Math.max(11, Math.min(longest + 3, Math.floor(columns / 3)))
}

/** Where causes and what belongs below them begin. */
export const indentOf = (layout: Layout): number => layout.nameColumns + decisionColumns

export interface Layout {
  /** Infinity where lines may be of any length. */
  readonly columns: number
  readonly nameColumns: number
  readonly paint: Text.Paint
}

const decisionStyle: Record<string, Text.Style> = {
  hit: "green",
  run: "yellow",
  waiting: "dim",
  uncached: "yellow",
  failed: "red",
}

const head = (name: string, decision: string, layout: Layout): string => {
  const shown = Text.truncate(name, layout.nameColumns - 2)
  return (
    Text.padEnd(shown, layout.nameColumns) +
    layout.paint(decisionStyle[decision] ?? "dim", decision) +
    " ".repeat(Math.max(1, decisionColumns - decision.length))
  )
}

const shortKey = (key: string | undefined, layout: Layout): string =>
  Text.padEnd(layout.paint("dim", key === undefined ? "" : key.slice(0, 8)), keyColumns)

/** The causes on one line: the first, and how many more there are. */
export const causeText = (causes: ReadonlyArray<Explain.Cause>): string => {
  const [first, ...more] = causes
  if (first === undefined) return ""
  return more.length === 0 ? first.headline : `${first.headline} (and ${count(more.length)} more)`
}

/** Key, summary and time; a long summary goes on below itself, so that nothing of it is lost. */
const result = (row: Row, before: string, layout: Layout): Array<string> => {
  const indent = layout.nameColumns + decisionColumns + keyColumns
  const time = row.ms === undefined || row.state === "hit" ? "" : layout.paint("dim", duration(row.ms))
  const text = [row.summary ?? "", time].filter((part) => part !== "").join("   ")
  const [first, ...more] = Text.wrap(text, Math.max(30, layout.columns - 1 - indent))
  return [
    (before + shortKey(row.key, layout) + first!).trimEnd(),
    ...more.map((line) => " ".repeat(indent) + line),
  ]
}

/** One row as one line or two. */
export const renderRow = (row: Row, now: number, layout: Layout): Array<string> => {
  const indent = " ".repeat(indentOf(layout))
  const word = row.uncached ? "uncached" : "run"
  if (row.state === "hit") return result(row, head(row.name, "hit", layout), layout)
  if (row.state === "waiting")
    return [head(row.name, "waiting", layout) + layout.paint("dim", `for ${row.waitingFor.join(", ")}`)]
  const causes = row.causes()
  const cause = causeText(causes)
  const dull = isDull(causes)
  switch (row.state) {
    case "ready":
      return [(head(row.name, word, layout) + cause).trimEnd()]
    case "failed":
      return [(head(row.name, "failed", layout) + (dull ? "" : cause)).trimEnd()]
    case "done":
      return dull
        ? result(row, head(row.name, word, layout), layout)
        : [head(row.name, word, layout) + cause, ...result(row, indent, layout)]
    case "running": {
      const line = progressText(row, now, layout.columns - indent.length, layout.paint)
      return [(head(row.name, word, layout) + cause).trimEnd(), indent + line]
    }
  }
}

const quantity = (progress: Reporter.Progress): string => {
  if (progress.unit === "bytes") {
    return progress.total === undefined
      ? bytes(progress.done)
      : `${bytes(progress.done)} of ${bytes(progress.total)}`
  }
  const done = count(progress.done)
  return progress.total === undefined
    ? `${done} ${progress.unit}`.trimEnd()
    : `${done}/${count(progress.total)}`
}

/** Bytes per second and milliseconds left, once two seconds' worth of progress can be judged. */
const pace = (
  row: Row,
  now: number,
): { readonly perSecond: number; readonly leftMs: number | undefined } | undefined => {
  const { progress, rateFrom } = row
  if (progress === undefined || rateFrom === undefined) return undefined
  const elapsed = now - rateFrom.at
  const gained = progress.done - rateFrom.done
  if (elapsed < 1_000 || gained <= 0) return undefined
  const perSecond = (gained * 1000) / elapsed
  const leftMs =
    progress.total === undefined ? undefined : ((progress.total - progress.done) * 1000) / perSecond
  return { perSecond, leftMs }
}

const barColumns = 16

/** `████░░░░  29/38  loss 0.0041  eta 0:26`; parts are left out from the right where the line is narrow. */
const progressText = (row: Row, now: number, columns: number, paint: Text.Paint): string => {
  const { progress } = row
  if (progress === undefined)
    return paint("dim", row.startedAt === undefined ? "" : clock(now - row.startedAt))
  const speed = pace(row, now)
  const parts = [
    quantity(progress),
    ...(progress.note === undefined || progress.note === "" ? [] : [progress.note]),
    ...(progress.unit === "bytes" && speed !== undefined ? [`${bytes(speed.perSecond)}/s`] : []),
    ...(speed?.leftMs === undefined || progress.done >= (progress.total ?? 0)
      ? []
      : [`eta ${clock(speed.leftMs)}`]),
  ]
  const text = parts.join("  ")
  const free = columns - Text.width(text) - 3
  const wide = Math.min(barColumns, free)
  return progress.total === undefined || progress.total <= 0 || wide < 6
    ? text
    : `${bar(progress.done / progress.total, wide, paint)}  ${text}`
}

const bar = (fraction: number, columns: number, paint: Text.Paint): string => {
  const full = Math.round(Math.max(0, Math.min(1, fraction)) * columns)
  return paint("green", "█".repeat(full)) + paint("dim", "░".repeat(columns - full))
}

export interface Frame {
  readonly finished: ReadonlyArray<string>
  readonly block: ReadonlyArray<string>
}

/**
 * The rows from `from` on, as lines: those before the first unfinished row are printed for good, the others are
 * the block that is redrawn. Where the block is higher than the terminal, running rows are kept and the rest is
 * counted.
 */
export const frame = (
  rows: Rows,
  from: number,
  now: number,
  layout: Layout,
  height: number,
): Frame & { readonly printed: number } => {
  const list = [...rows.values()].slice(from)
  const split = list.findIndex((row) => !isFinal(row))
  const settled = split < 0 ? list : list.slice(0, split)
  const open = split < 0 ? [] : list.slice(split)
  const finished = settled.flatMap((row) => renderRow(row, now, layout))
  const full = open.map((row) => ({ row, lines: renderRow(row, now, layout) }))
  const total = full.reduce((sum, entry) => sum + entry.lines.length, 0)
  if (total <= height)
    return { finished, block: full.flatMap((entry) => entry.lines), printed: from + settled.length }
  const shown: Array<string> = []
  let hidden = 0
  for (const important of [true, false]) {
    for (const { row, lines } of full) {
      if ((row.state === "running" || row.state === "failed") !== important) continue
      if (shown.length + lines.length <= height - 1) shown.push(...lines)
      else hidden++
    }
  }
  return {
    finished,
    block: [...shown, layout.paint("dim", `… and ${count(hidden)} more`)],
    printed: from + settled.length,
  }
}

/** `8 steps: 6 hit, 2 run, in 1:02`. */
export const footer = (rows: Rows, ms: number): string => {
  const counts = { hit: 0, run: 0, failed: 0, interrupted: 0, notReached: 0 }
  for (const row of rows.values()) {
    if (row.state === "hit") counts.hit++
    else if (row.state === "done") counts.run++
    else if (row.state === "failed") counts.failed++
    else if (row.state === "running") counts.interrupted++
    else counts.notReached++
  }
  const parts = [
    `${count(counts.hit)} hit`,
    `${count(counts.run)} run`,
    ...(counts.failed > 0 ? [`${count(counts.failed)} failed`] : []),
    ...(counts.interrupted > 0 ? [`${count(counts.interrupted)} interrupted`] : []),
    ...(counts.notReached > 0 ? [`${count(counts.notReached)} not reached`] : []),
  ]
  return `${plural(rows.size, "step")}: ${parts.join(", ")}, in ${duration(ms)}`
}

/**
 * Lines for a stream that cannot be drawn over: hits at once, each other step when it starts, about every tenth
 * of its way or ten seconds, and when it ends.
 */
export interface PlainLines {
  readonly next: (event: Reporter.Event, now: number) => ReadonlyArray<string>
  readonly rows: Rows
}

export const plainLines = (paint: Text.Paint = Text.plain): PlainLines => {
  const columns = Infinity
  /** Hits are told by their number, also those that turn out to be hits later. */
  let gathers = false
  const rows = new Map<string, Row>()
  const said = new Map<string, { readonly at: number; readonly tenth: number }>()
  let layout: Layout = { columns, nameColumns: 11, paint }
  return {
    rows,
    next: (event, now) => {
      update(rows, event, now)
      switch (event.type) {
        case "plan": {
          layout = { ...layout, nameColumns: nameColumns(rows.keys(), columns) }
          const gathered = gatherHits(new Map(rows), paint)
          gathers = gathered !== undefined
          if (gathered !== undefined) return [gathered]
          return [...rows.values()]
            .filter((row) => row.state === "hit")
            .flatMap((row) => renderRow(row, now, layout))
        }
        case "warning":
          return [warningText(event, paint)]
        case "note":
          return [noteText(event, paint)]
        case "step-measure":
        case "run-end":
          return []
      }
      const row = rows.get(event.name)
      if (row === undefined) return []
      switch (event.type) {
        case "step-start":
          said.set(event.name, { at: now, tenth: 0 })
          return [
            (head(row.name, row.uncached ? "uncached" : "run", layout) + causeText(row.causes())).trimEnd(),
          ]
        case "step-progress": {
          const { done, total } = event
          const tenth = total === undefined || total <= 0 ? 0 : Math.floor((10 * done) / total)
          const last = said.get(event.name) ?? { at: now, tenth: 0 }
          // A short step would otherwise print ten lines within a second.
          if (now - last.at < 1_000 || (tenth <= last.tenth && now - last.at < 10_000)) return []
          said.set(event.name, { at: now, tenth })
          const name = Text.padEnd(Text.truncate(row.name, layout.nameColumns - 2), layout.nameColumns)
          return [name + " ".repeat(decisionColumns) + progressText(row, now, 0, paint)]
        }
        case "step-end":
          if (row.state === "hit" && gathers) return []
          return row.state === "hit"
            ? renderRow(row, now, layout)
            : result(row, head(row.name, "done", layout), layout)
        case "step-failed":
          return [head(row.name, "failed", layout).trimEnd()]
      }
    },
  }
}

/** What a step says of itself while it runs: `train: 38 optimizer steps, peak memory about 1.4 GB`. */
export const noteText = (
  { name, message }: { readonly message: string; readonly name: string },
  paint: Text.Paint,
): string => paint("dim", `${name}: ${message}`)

export const warningText = (warning: Plan.Warning, paint: Text.Paint): string =>
  `${paint("yellow", "warning:")} ${Plan.warningText(warning)}`
