/**
 * Rows of a table as aligned text that fits the terminal.
 */
import * as Text from "../Text.ts"

/** One cell as one line of text. Numbers keep at most six significant digits after a decimal point. */
export const cell = (value: unknown): string => {
  if (value === null || value === undefined) return "-"
  if (typeof value === "string") return Text.oneLine(value)
  if (typeof value === "number") return number(value)
  if (typeof value === "bigint" || typeof value === "boolean") return String(value)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return Text.oneLine(JSON.stringify(plain(value)) ?? typeof value)
}

const number = (value: number): string =>
  Number.isInteger(value) || !Number.isFinite(value) ? String(value) : String(Number(value.toPrecision(6)))

/** The value in JSON's own types: typed arrays become arrays, big integers numbers where that is exact. */
export const plain = (value: unknown): unknown => {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (typeof value === "number" && !Number.isFinite(value)) return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64")
  if (ArrayBuffer.isView(value) && Symbol.iterator in value)
    return Array.from(value as Iterable<unknown>, plain)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]))
  }
  return value
}

const gap = 2
const leastColumns = 6

/**
 * Header and rows, aligned: numbers to the right, all else to the left. Where the line is too narrow the widest
 * columns give way first, none below six columns; what is cut off is marked by "…".
 */
export const grid = (
  names: ReadonlyArray<string>,
  rows: ReadonlyArray<Readonly<Record<string, unknown>>>,
  columns: number,
  paint: Text.Paint,
): Array<string> => {
  const shown = names.slice(0, Math.max(1, Math.floor((columns + gap) / (leastColumns + gap))))
  const cells = rows.map((row) => shown.map((name) => cell(row[name])))
  const wanted = shown.map((name, i) =>
    cells.reduce((most, line) => Math.max(most, Text.width(line[i]!)), Text.width(name)),
  )
  const widths = fit(wanted, columns - gap * (shown.length - 1))
  const right = shown.map(
    (name) => rows.length > 0 && rows.every((row) => ["number", "bigint"].includes(typeof row[name])),
  )
  const line = (texts: ReadonlyArray<string>): string =>
    texts
      .map((text, i) => {
        const cut = Text.truncate(text, widths[i]!)
        return right[i] ? Text.padStart(cut, widths[i]!) : Text.padEnd(cut, widths[i]!)
      })
      .join(" ".repeat(gap))
      .trimEnd()
  const hidden = names.length - shown.length
  return [
    paint("bold", line(shown)),
    ...cells.map(line),
    ...(hidden > 0 ? [paint("dim", `… and columns ${names.slice(shown.length).join(", ")}`)] : []),
  ]
}

/** Widths that add up to at most `total`: those under the common limit keep what they want. */
const fit = (wanted: ReadonlyArray<number>, total: number): Array<number> => {
  const widths = wanted.map(() => 0)
  let free = total
  let open = wanted.map((_, i) => i)
  while (open.length > 0) {
    const share = Math.max(leastColumns, Math.floor(free / open.length))
    const content = open.filter((i) => wanted[i]! <= share)
    const settled = content.length > 0 ? content : open
    for (const i of settled) {
      const taken = Math.min(wanted[i]!, share)
      widths[i] = taken
      free -= taken
    }
    open = open.filter((i) => !settled.includes(i))
  }
  return widths
}
