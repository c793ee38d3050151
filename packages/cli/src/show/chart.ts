/**
 * A curve in a terminal: one series of numbers drawn with braille dots, two across and four down in each letter.
 */
import type * as Text from "../Text.ts"

const dots = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const

const label = (value: number): string =>
  value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
    ? value.toExponential(1)
    : value.toPrecision(3)

/**
 * Values from first to last, as `height` lines with an axis of values at the left. Where there are more values than
 * dots across, each dot shows the mean of its share; where there are fewer, neighbours are joined by straight lines.
 */
export const chart = (
  values: ReadonlyArray<number>,
  columns: number,
  height: number,
  paint: Text.Paint,
): Array<string> => {
  const finite = values.filter((value) => Number.isFinite(value))
  if (finite.length === 0) return []
  const low = Math.min(...finite)
  const high = Math.max(...finite)
  const labels = [label(high), label(low)]
  const margin = Math.max(...labels.map((text) => text.length)) + 2
  const across = Math.max(2, (columns - margin) * 2)
  const down = height * 4
  const points = resample(finite, Math.min(across, Math.max(2, finite.length * 4)))
  const cells = Array.from({ length: height }, () => new Uint8Array(Math.ceil(points.length / 2)))
  const y = (value: number): number =>
    high === low ? down >> 1 : Math.round(((high - value) / (high - low)) * (down - 1))
  let before = y(points[0]!)
  for (const [x, value] of points.entries()) {
    const at = y(value)
    // The whole way from the last height is drawn, so that a steep curve stays a line.
    const step = Math.sign(at - before) || 1
    for (let row = at === before ? at : before + step; ; row += step) {
      cells[row >> 2]![x >> 1]! |= dots[x & 1]![row & 3]!
      if (row === at) break
    }
    before = at
  }
  return cells.map((row, i) => {
    // An empty braille letter is a space to the eye; a plain space copies better.
    const curve = Array.from(row, (bits) => (bits === 0 ? " " : String.fromCodePoint(0x2800 + bits)))
      .join("")
      .trimEnd()
    const text = i === 0 ? labels[0]! : i === height - 1 ? labels[1]! : ""

    return `${paint("dim", text.padStart(margin - 2))} ${paint("dim", "┤")}${paint("cyan", curve)}`
  })
}

const resample = (values: ReadonlyArray<number>, points: number): Array<number> =>
  Array.from({ length: points }, (_, i) => {
    if (values.length > points) {
      const from = Math.floor((i * values.length) / points)
      const to = Math.max(from + 1, Math.floor(((i + 1) * values.length) / points))
      let sum = 0
      for (let at = from; at < to; at++) sum += values[at]!
      return sum / (to - from)
    }
    const place = points === 1 ? 0 : (i * (values.length - 1)) / (points - 1)
    const left = Math.floor(place)
    const right = Math.min(values.length - 1, left + 1)
    return values[left]! + (values[right]! - values[left]!) * (place - left)
  })
