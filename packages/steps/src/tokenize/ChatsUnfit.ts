import { Errors } from "@sluice/core"
import * as Data from "effect/Data"
import { counted, thousands } from "../counted.ts"

/** How many are listed. */
export const listed = 20

/** Chats that cannot be learnt from as they are, the first of them listed. */
export class ChatsUnfit extends Data.TaggedError("ChatsUnfit")<{
  readonly rows: number
  readonly unfitRows: number
  /** At least the first ones. */
  readonly unfit: ReadonlyArray<{ readonly id: string; readonly reason: string }>
  readonly hint: string
}> {
  override get message(): string {
    const more = this.unfitRows - listed
    return Errors.structured(
      `${counted(this.unfitRows, "chat")} of ${thousands(this.rows)} cannot be learnt from.`,
      [
        ...this.unfit.slice(0, listed).map(({ id, reason }): [string, string] => [`Row ${id}`, reason]),
        ...(more > 0 ? [["and", `${counted(more, "row")} more`] as [string, string]] : []),
      ],
      this.hint,
    )
  }
}
