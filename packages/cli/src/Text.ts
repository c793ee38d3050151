/**
 * Text on a terminal: width in columns, truncation, padding, colour.
 */

export type Style = "red" | "green" | "yellow" | "blue" | "cyan" | "bold" | "dim" | "greenBackground"

const codes: Record<Style, readonly [number, number]> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  cyan: [36, 39],
  bold: [1, 22],
  dim: [2, 22],
  greenBackground: [42, 49],
}

export type Paint = (style: Style, text: string) => string

export const plain: Paint = (_, text) => text

export const coloured: Paint = (style, text) =>
  text === "" ? "" : `\u001b[${codes[style][0]}m${text}\u001b[${codes[style][1]}m`

// oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
const escapes = /\u001b\[[0-9;?]*[A-Za-z]/g

const withoutEscapes = (text: string): string => text.replaceAll(escapes, "")

/** Letters of East Asian scripts and most pictographs take two columns; marks that combine take none. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u
const zero = /[\p{Mn}\p{Me}\p{Cf}]/u
// oxlint-disable-next-line no-control-regex -- plain letters take the short way
const simple = /^[\u0020-\u007e]*$/

const columnsOfLetter = (letter: string): number => (zero.test(letter) ? 0 : wide.test(letter) ? 2 : 1)

/** Columns that the text takes, escape sequences apart. */
export const width = (text: string): number => {
  if (simple.test(text)) return text.length
  let columns = 0
  for (const letter of withoutEscapes(text)) columns += columnsOfLetter(letter)
  return columns
}

/** At most `columns` wide; what is cut off is marked by "…". Escape sequences are kept whole. */
export const truncate = (text: string, columns: number): string => {
  if (width(text) <= columns) return text
  if (columns <= 0) return ""
  let taken = 0
  let result = ""
  let styled = false
  let rest = text
  while (rest.length > 0) {
    escapes.lastIndex = 0
    const escape = escapes.exec(rest)
    if (escape?.index === 0) {
      result += escape[0]
      styled = true
      rest = rest.slice(escape[0].length)
      continue
    }
    const letter = String.fromCodePoint(rest.codePointAt(0)!)
    const w = columnsOfLetter(letter)
    if (taken + w > columns - 1) break
    result += letter
    taken += w
    rest = rest.slice(letter.length)
  }
  return `${result}…${styled ? "\u001b[0m" : ""}`
}

export const padEnd = (text: string, columns: number): string =>
  text + " ".repeat(Math.max(0, columns - width(text)))

export const padStart = (text: string, columns: number): string =>
  " ".repeat(Math.max(0, columns - width(text))) + text

/** One line: control characters made visible, so that no cell can break a layout or steer a terminal. */
export const oneLine = (text: string): string =>
  text
    .replaceAll("\\", "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\t", "\\t")
    // oxlint-disable-next-line no-control-regex -- exactly these are meant
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`)

/** Words broken into lines of at most `columns`. */
export const wrap = (text: string, columns: number): Array<string> => {
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && width(line) + 1 + width(word) > columns) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines
}
