/**
 * Shows a run while it happens: rows redrawn in place on a terminal, lines elsewhere, nothing for `--json`.
 */
import { Plan } from "@sluice/core"
import type { Reporter } from "@sluice/core"
import * as Live from "./Live.ts"
import * as RunView from "./RunView.ts"
import type { Screen } from "./Screen.ts"

export interface RunReporter {
  readonly emit: (event: Reporter.Event) => void
  /** Says something beside the rows. */
  readonly notice: (text: string) => void
  /** Draws the last state for good; rows that never finished stay as they are. */
  readonly close: () => void
  readonly rows: RunView.Rows
  readonly warnings: ReadonlyArray<string>
}

type Shown = Omit<RunReporter, "warnings">

const drawEveryMs = 100

const live = (screen: Screen, now: () => number): Shown => {
  const rows = new Map<string, RunView.Row>()
  /** The rows that are drawn: all but the hits of a plan that has very many. */
  let drawn: Map<string, RunView.Row> = new Map()
  let gathers = false
  const block = Live.make(screen)
  let printed = 0
  let columns = 0
  const waiting: Array<string> = []
  let timer: NodeJS.Timeout | undefined
  const draw = (): void => {
    columns = screen.columns()
    const layout = { columns, nameColumns: RunView.nameColumns(drawn.keys(), columns), paint: screen.paint }
    const frame = RunView.frame(drawn, printed, now(), layout, screen.rows() - 1)
    printed = frame.printed
    block.draw([...waiting.splice(0), ...frame.finished], frame.block)
  }
  return {
    rows,
    emit: (event) => {
      RunView.update(rows, event, now())
      if (event.type === "plan") {
        drawn = new Map(rows)
        const gathered = RunView.gatherHits(drawn, screen.paint)
        gathers = gathered !== undefined
        if (gathered !== undefined) waiting.push(gathered)
      } else if (gathers && event.type === "step-end" && event.decision === "hit") drawn.delete(event.name)
      else RunView.update(drawn, event, now())
      if (event.type === "warning") waiting.push(RunView.warningText(event, screen.paint))
      if (event.type === "note") waiting.push(RunView.noteText(event, screen.paint))
      if (event.type === "plan" || event.type === "run-end") draw()
      // Clocks and rates move on between events; the timer must never keep the process alive.
      timer ??= setInterval(draw, drawEveryMs).unref()
    },
    notice: (text) => {
      waiting.push(text)
      draw()
    },
    close: () => {
      clearInterval(timer)
      draw()
      block.close(true)
    },
  }
}

const lines = (screen: Screen, now: () => number): Shown => {
  const plain = RunView.plainLines(screen.paint)
  return {
    rows: plain.rows,
    notice: (text) => screen.error(`${text}\n`),
    emit: (event) => {
      const text = plain.next(event, now())
      if (text.length > 0) screen.write(`${text.join("\n")}\n`)
    },
    close: () => {},
  }
}

const silent = (): Shown => {
  const rows = new Map<string, RunView.Row>()
  return { rows, emit: (event) => RunView.update(rows, event, 0), notice: () => {}, close: () => {} }
}

export const make = (screen: Screen, json: boolean, now: () => number): RunReporter => {
  const shown = json ? silent() : screen.live ? live(screen, now) : lines(screen, now)
  const warnings: Array<string> = []
  return {
    ...shown,
    warnings,
    emit: (event) => {
      if (event.type === "warning") warnings.push(Plan.warningText(event))
      shown.emit(event)
    },
  }
}
