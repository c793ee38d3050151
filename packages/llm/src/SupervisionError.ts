import * as Data from "effect/Data"
import { structured } from "./formats/structured.ts"

/** A chat or text from which nothing can be learnt as asked, or not all that it holds. */
export class SupervisionError extends Data.TaggedError("SupervisionError")<{
  readonly reason: string
  /** Of the chat's messages; none for a text. */
  readonly roles: ReadonlyArray<string>
  readonly hint: string
}> {
  override get message(): string {
    return structured(
      this.reason,
      this.roles.length === 0 ? [] : [["Roles", this.roles.join(", ")]],
      this.hint,
    )
  }
}
