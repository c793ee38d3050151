/** Text with insertions and replacements, and the source map from the result to the original. */

export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

export interface SourceMap {
  readonly version: 3
  readonly sources: ReadonlyArray<string>
  readonly sourcesContent: ReadonlyArray<string>
  readonly names: ReadonlyArray<string>
  readonly mappings: string
}

/** Applies edits that are ordered by `start` and do not overlap. */
export const apply = (text: string, edits: ReadonlyArray<Edit>): string => {
  const pieces: Array<string> = []
  let at = 0
  for (const edit of edits) {
    pieces.push(text.slice(at, edit.start), edit.text)
    at = edit.end
  }
  pieces.push(text.slice(at))
  return pieces.join("")
}

/** The map of `apply(text, edits)`; no edit's text may hold a line break, and none may span one. */
export const map = (
  source: string,
  text: string,
  lines: ReadonlyArray<number>,
  edits: ReadonlyArray<Edit>,
): SourceMap => {
  const mappings: Array<string> = []
  let next = 0
  let lastLine = 0
  let lastColumn = 0
  for (let line = 0; line < lines.length; line += 1) {
    const start = lines[line]!
    const end = lines[line + 1] ?? text.length + 1
    const segments: Array<string> = []
    let lastOut = 0
    const segment = (out: number, column: number): void => {
      segments.push(vlq(out - lastOut) + vlq(0) + vlq(line - lastLine) + vlq(column - lastColumn))
      lastOut = out
      lastLine = line
      lastColumn = column
    }
    let shift = 0
    segment(0, 0)
    // A reader of maps takes the nearest segment before a column and no offset from it: one for each word.
    words.lastIndex = start
    let word = words.exec(text)
    const wordsUpTo = (limit: number): void => {
      while (word !== null && word.index < limit) {
        segment(word.index - start + shift, word.index - start)
        word = words.exec(text)
      }
    }
    while (next < edits.length && edits[next]!.start < end) {
      const edit = edits[next]!
      wordsUpTo(edit.start)
      shift += edit.text.length - (edit.end - edit.start)
      segment(edit.end - start + shift, edit.end - start)
      while (word !== null && word.index <= edit.end) word = words.exec(text)
      next += 1
    }
    wordsUpTo(end)
    mappings.push(segments.join(","))
  }
  return { version: 3, sources: [source], sourcesContent: [text], names: [], mappings: mappings.join(";") }
}

/** A `sourceMappingURL` comment that holds the map. */
export const comment = (sourceMap: SourceMap): string =>
  `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(sourceMap)).toString("base64")}`

const words = /[\w$]+/g

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

const vlq = (value: number): string => {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1
  let out = ""
  do {
    const digit = rest & 31
    rest >>>= 5
    out += digits[rest > 0 ? digit | 32 : digit]!
  } while (rest > 0)
  return out
}
