/**
 * A block of lines at the foot of the terminal, redrawn in place.
 *
 * Only lines that differ are written, inside a synchronised update where the terminal knows those, so that
 * nothing flickers; finished lines are printed above the block once and scroll away with the rest.
 */
import type { Screen } from "./Screen.ts"
import * as Text from "./Text.ts"

export interface Live {
  /** Prints lines above the block for good, then draws the block. */
  readonly draw: (finished: ReadonlyArray<string>, block: ReadonlyArray<string>) => void
  /** Leaves the block as it stands, or removes it, and gives the cursor back. */
  readonly close: (keep: boolean) => void
}

const hideCursor = "\u001b[?25l"
const showCursor = "\u001b[?25h"
const beginUpdate = "\u001b[?2026h"
const endUpdate = "\u001b[?2026l"
const clearLine = "\u001b[K"
const clearBelow = "\u001b[J"

const up = (lines: number): string => (lines > 0 ? `\u001b[${lines}A` : "")

export const make = (screen: Pick<Screen, "write" | "columns" | "rows">): Live => {
  let drawn: ReadonlyArray<string> = []
  let drawnColumns = 0
  let hidden = false
  return {
    draw: (finished, block) => {
      const columns = screen.columns()
      // The last column stays free: some terminals wrap as soon as it is written.
      const cut = (line: string): string => Text.truncate(line, columns - 1)
      const next = block.slice(0, Math.max(1, screen.rows() - 1)).map(cut)
      const unchanged =
        finished.length === 0 &&
        columns === drawnColumns &&
        next.length === drawn.length &&
        next.every((line, i) => line === drawn[i])
      if (unchanged) return
      let text = beginUpdate
      if (!hidden) text += hideCursor
      hidden = true
      // What a person typed meanwhile (`^C`) has moved the cursor within its line.
      text += `\r${up(drawn.length)}`
      if (finished.length > 0 || columns !== drawnColumns) {
        // After a change of width the old lines may have been wrapped: clear from the top of the block.
        text += clearBelow
        for (const line of finished) text += `${line}\n`
        for (const line of next) text += `${line}\n`
      } else {
        for (const [i, line] of next.entries()) {
          text += line === drawn[i] ? "\n" : `${line}${clearLine}\n`
        }
        if (next.length < drawn.length) text += clearBelow
      }
      screen.write(text + endUpdate)
      drawn = next
      drawnColumns = columns
    },
    close: (keep) => {
      let text = keep ? "" : up(drawn.length) + (drawn.length > 0 ? clearBelow : "")
      if (hidden) text += showCursor
      if (text !== "") screen.write(text)
      drawn = []
      hidden = false
    },
  }
}
