/**
 * Where output goes: a terminal with its width and colours, or a plain stream.
 */
import * as Text from "./Text.ts"

export interface Screen {
  /** Lines may be drawn over: a terminal that understands cursor movement. */
  readonly live: boolean
  readonly paint: Text.Paint
  readonly columns: () => number
  readonly rows: () => number
  readonly write: (text: string) => void
  readonly error: (text: string) => void
}

interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  readonly write: (text: string) => unknown
}

/** Whether colours are wanted: NO_COLOR and FORCE_COLOR as https://no-color.org has them, else the terminal. */
const wantsColour = (env: NodeJS.ProcessEnv, isTerminal: boolean): boolean => {
  if ((env["NO_COLOR"] ?? "") !== "") return false
  if ((env["FORCE_COLOR"] ?? "") !== "" && env["FORCE_COLOR"] !== "0") return true
  return isTerminal && env["TERM"] !== "dumb"
}

export const make = (
  output: Stream = process.stdout,
  errors: Stream = process.stderr,
  env: NodeJS.ProcessEnv = process.env,
): Screen => {
  const terminal = output.isTTY === true
  return {
    live: terminal && env["TERM"] !== "dumb" && (env["CI"] ?? "") === "",
    paint: wantsColour(env, terminal) ? Text.coloured : Text.plain,
    // A terminal that does not know its size reports 0.
    columns: () => output.columns || Number(env["COLUMNS"]) || (terminal ? 80 : 120),
    rows: () => output.rows || 24,
    write: (text) => void output.write(text),
    error: (text) => void errors.write(text),
  }
}
