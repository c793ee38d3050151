import { percent, type ArmResult } from "../evaluate/Comparison.ts"
import { escape } from "./Html.ts"

/** Exact match of each arm as a point with its interval, on one axis from 0 to 100 %. An SVG element, themed by CSS. */
export const intervals = (arms: ReadonlyArray<ArmResult>): string => {
  const x = (share: number) => (left + share * width).toFixed(1)
  const height = top + arms.length * rowHeight + bottom
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<line class="grid" x1="${x(share)}" x2="${x(share)}" y1="${top}" y2="${height - bottom}"/>` +
      `<text class="tick" x="${x(share)}" y="${height - 8}" text-anchor="middle">${share * 100} %</text>`,
  )
  const marks = arms.map((arm, index) => {
    const y = top + (index + 0.5) * rowHeight
    const { low, high, rate } = arm.exact
    return (
      `<g class="${arm.tuned ? "tuned" : "untuned"}">` +
      `<text x="${left - 12}" y="${y + 5}" text-anchor="end">${escape(arm.name)}</text>` +
      `<line class="interval" x1="${x(low)}" x2="${x(high)}" y1="${y}" y2="${y}"/>` +
      `<line class="interval" x1="${x(low)}" x2="${x(low)}" y1="${y - 6}" y2="${y + 6}"/>` +
      `<line class="interval" x1="${x(high)}" x2="${x(high)}" y1="${y - 6}" y2="${y + 6}"/>` +
      `<circle cx="${x(rate)}" cy="${y}" r="6"/>` +
      `<text x="${left + width + 12}" y="${y + 5}">${percent(rate)}</text></g>`
    )
  })
  const said = arms.map(
    (arm) =>
      `${arm.name} ${percent(arm.exact.rate)}, interval ${percent(arm.exact.low)} to ${percent(arm.exact.high)}`,
  )
  return (
    `<svg viewBox="0 0 ${left + width + right} ${height}" role="img" aria-labelledby="plot-title plot-text">` +
    `<title id="plot-title">Exact match by arm with 95 % intervals</title>` +
    `<desc id="plot-text">${escape(said.join("; "))}</desc>${grid.join("")}${marks.join("")}</svg>`
  )
}

const left = 150
const width = 460
const right = 90
const top = 12
const rowHeight = 44
const bottom = 30
