/**
 * Plots as HTML: bars and points are placed by shares of the width, so that letters keep their size on a telephone.
 */
import { escape } from "./Html.ts"
import type { Score } from "./Report.ts"
import * as words from "./words.ts"

/** Each arm's score as a point with its interval: rates on an axis from 0 to 100 %, means from 0 or below. */
export const intervals = (
  caption: string,
  scores: ReadonlyArray<Score>,
  tuned: ReadonlyArray<string>,
): string => {
  const said = scores.map(
    (score) => `${score.arm} ${words.value(score.kind, score.value)}, ${words.interval(score)}`,
  )
  const isRate = scores.every(({ kind }) => kind === "rate")
  const from = isRate ? 0 : Math.min(0, ...scores.map(({ low, value }) => low ?? value))
  const to = isRate ? 1 : Math.max(...scores.map(({ high, value }) => high ?? value))
  const width = to - from || 1
  const share = (of: number): string => `${((of / width) * 100).toFixed(2)}%`
  const rows = scores.map(({ arm, high, kind, low, value }) => {
    const place = (of: number): string => share(of - from)
    const bar =
      low === null || high === null
        ? ""
        : `<span class="interval" style="left:${place(low)};width:${share(high - low)}"></span>`
    return (
      `<div class="bar${tuned.includes(arm) ? " tuned" : ""}"><span class="name">${escape(arm)}</span>` +
      `<span class="track">${bar}` +
      `<span class="dot" style="left:${place(value)}"></span></span>` +
      `<span class="value">${words.value(kind, value)}</span></div>`
    )
  })
  const ticks = [0, 25, 50, 75, 100].map((tick) => {
    const text = isRate ? tick : Number((from + (width * tick) / 100).toPrecision(2))
    return `<span style="left:${tick}%">${text}</span>`
  })
  return (
    `<figure class="plot"><figcaption>${escape(caption)}</figcaption>` +
    `<div role="img" aria-label="${escape(`${caption}: ${said.join("; ")}`)}">${rows.join("")}` +
    `<div class="bar axis"><span class="name"></span><span class="track">${ticks.join("")}</span><span class="value">${isRate ? "%" : ""}</span></div>` +
    `</div></figure>`
  )
}

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Line {
  readonly name: string
  /** Joined by a line, or points of their own. */
  readonly kind: "line" | "points"
  readonly points: ReadonlyArray<Point>
}

/** Curves over optimizer steps. At most about 600 points of a line are drawn, each the mean of its share. */
export const curves = (caption: string, said: string, lines: ReadonlyArray<Line>): string => {
  const all = lines.flatMap(({ points }) => points)
  if (all.length === 0) return ""
  const xs = all.map(({ x }) => x)
  const [from, to] = [Math.min(...xs), Math.max(...xs)]
  const top = Math.max(...all.map(({ y }) => y)) || 1
  const x = (value: number): number => (to === from ? 50 : ((value - from) / (to - from)) * 100)
  const y = (value: number): number => (1 - value / top) * 100
  const drawn = lines.map(({ kind, points }) => {
    if (kind === "points")
      return points
        .map(
          (point) =>
            `<span class="dot" style="left:${x(point.x).toFixed(2)}%;top:${y(point.y).toFixed(2)}%"></span>`,
        )
        .join("")
    const path = thinned(points).map((point) => `${x(point.x).toFixed(2)},${y(point.y).toFixed(2)}`)
    return `<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true"><polyline points="${path.join(" ")}"/></svg>`
  })
  const keys = lines
    .filter(({ points }) => points.length > 0)
    .map(({ kind, name }) => `<span class="key ${kind}">${escape(name)}</span>`)
  return (
    `<figure class="plot"><figcaption>${escape(caption)} ${keys.join(" ")}</figcaption>` +
    `<div class="curve" role="img" aria-label="${escape(said)}"><span class="top">${top.toPrecision(3)}</span>` +
    `<span class="zero">0</span><div class="area">${drawn.join("")}</div>` +
    `<span class="from">${from}</span><span class="to">${to}</span></div></figure>`
  )
}

const mostPoints = 600

const thinned = (points: ReadonlyArray<Point>): ReadonlyArray<Point> => {
  if (points.length <= mostPoints) return points
  return Array.from({ length: mostPoints }, (_, at) => {
    const share = points.slice(
      Math.floor((at * points.length) / mostPoints),
      Math.floor(((at + 1) * points.length) / mostPoints),
    )
    const mean = (of: (point: Point) => number): number =>
      share.reduce((sum, point) => sum + of(point), 0) / share.length
    return { x: mean(({ x }) => x), y: mean(({ y }) => y) }
  })
}
