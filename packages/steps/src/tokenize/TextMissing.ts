import { Errors } from "@sluice/core"
import * as Data from "effect/Data"

/** A row whose text column holds no text. */
export class TextMissing extends Data.TaggedError("TextMissing")<{
  readonly column: string
  readonly row: Readonly<Record<string, unknown>>
}> {
  override get message(): string {
    const row = JSON.stringify(this.row, (_, value: unknown) =>
      typeof value === "bigint" ? `${value}` : value,
    )
    return Errors.structured(
      "A row has no text to learn from.",
      {
        Column: Object.hasOwn(this.row, this.column)
          ? this.column
          : `${this.column}, which the rows do not have`,
        Row: row.length > 200 ? `${row.slice(0, 199)}…` : row,
      },
      "Name the column that holds the text, or leave such rows out before.",
    )
  }
}
