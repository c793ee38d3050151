import { Errors } from "@sluice/core"
import * as Data from "effect/Data"

/** A curve that cannot be drawn as asked. */
export class CurveRefused extends Data.TaggedError("CurveRefused")<{
  readonly headline: string
  readonly facts: Readonly<Record<string, string>>
  readonly hint: string
}> {
  override get message(): string {
    return Errors.structured(this.headline, this.facts, this.hint)
  }
}
