/**
 * What a person would see: a small terminal that understands what the command line writes (line ends, carriage
 * returns, cursor up, clear to the end of line, clear below, colours).
 */
export interface Terminal {
  readonly write: (text: string) => void
  /** Every line, scrolled ones too, without colours; empty lines at the end are left out. */
  readonly lines: () => ReadonlyArray<string>
}

export const make = (columns: number): Terminal => {
  const lines: Array<string> = [""]
  let row = 0
  let column = 0
  const put = (letter: string): void => {
    if (column === columns) {
      column = 0
      row++
    }
    while (lines.length <= row) lines.push("")
    const line = lines[row]!.padEnd(column)
    lines[row] = line.slice(0, column) + letter + line.slice(column + 1)
    column++
  }
  const escape = (parameters: string, command: string): void => {
    switch (command) {
      case "A":
        row = Math.max(0, row - Number(parameters || 1))
        return
      case "K":
        lines[row] = lines[row]!.slice(0, column)
        return
      case "J":
        lines[row] = lines[row]!.slice(0, column)
        lines.length = row + 1
        return
      default:
        return
    }
  }
  return {
    write: (text) => {
      for (let i = 0; i < text.length; i++) {
        // oxlint-disable-next-line no-control-regex -- escape sequences begin with a control character
        const sequence = /^\u001b\[([?0-9;]*)([A-Za-z])/.exec(text.slice(i, i + 16))
        if (sequence !== null) {
          escape(sequence[1]!, sequence[2]!)
          i += sequence[0].length - 1
        } else if (text[i] === "\n") {
          row++
          // A terminal's driver turns a line end into both.
          column = 0
          while (lines.length <= row) lines.push("")
        } else if (text[i] === "\r") column = 0
        else put(text[i]!)
      }
    },
    lines: () => {
      const all = lines.map((line) => line.trimEnd())
      while (all.at(-1) === "") all.pop()
      return all
    },
  }
}
