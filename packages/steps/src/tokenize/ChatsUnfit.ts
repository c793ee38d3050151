import { Errors } from "@sluice/core"
import * as Data from "effect/Data"
import { counted, thousands } from "../counted.ts"

/** Chats that cannot be learnt from as they are, up to 20 of them listed. */
export class ChatsUnfit extends Data.TaggedError("ChatsUnfit")<{
  readonly rows: number
  readonly unfit: ReadonlyArray<{ readonly id: string; readonly reason: string }>
  readonly hint: string
}> {
  override get message(): string {
    const more = this.unfit.length - 20
    return Errors.structured(
      `${counted(this.unfit.length, "chat")} of ${thousands(this.rows)} cannot be learnt from.`,
      [
        ...this.unfit.slice(0, 20).map(({ id, reason }): [string, string] => [`Row ${id}`, reason]),
        ...(more > 0 ? [["and", `${counted(more, "row")} more`] as [string, string]] : []),
      ],
      this.hint,
    )
  }
}
