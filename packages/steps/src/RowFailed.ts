import { Errors } from "@sluice/core"
import * as Data from "effect/Data"
import * as RowId from "./RowId.ts"

type AnyRow = Readonly<Record<string, unknown>>

/** A function of the user's that threw on a row. Its stack is that of what was thrown: it leads to the function. */
export class RowFailed extends Data.TaggedError("RowFailed")<{
  /** `The function given as messages`. */
  readonly what: string
  /** Id and content, as `shown` gives them. */
  readonly row: string
  readonly thrown: unknown
}> {
  override get message(): string {
    return Errors.structured(
      `${this.what} threw.`,
      { Row: this.row, Problem: String(this.thrown) },
      "Correct the function, or leave such rows out before.",
    )
  }
}

/** What the function gives for the row; what it throws names the row. */
export const during = <A>(what: string, row: AnyRow, id: () => string, call: () => A): A => {
  try {
    return call()
  } catch (thrown) {
    const failed = new RowFailed({ what, row: shown(row, id()), thrown })
    if (thrown instanceof Error && thrown.stack !== undefined) failed.stack = thrown.stack
    throw failed
  }
}

/** `0f3a… {"text":"good","class":1}`: the row's id and its content, cut after 200 characters. */
export const shown = (row: AnyRow, id = RowId.of(row)): string => {
  const text = JSON.stringify(row, (_, value: unknown) => (typeof value === "bigint" ? `${value}` : value))
  return `${id} ${text.length > 200 ? `${text.slice(0, 199)}…` : text}`
}
