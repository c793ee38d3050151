import { Errors } from "@sluice/core"
import * as Data from "effect/Data"

/** There is nothing to look at, and why. */
export class NothingToShow extends Data.TaggedError("NothingToShow")<{
  readonly headline: string
  readonly hint: string
}> {
  override get message(): string {
    return Errors.structured(this.headline, [], this.hint)
  }
}

/** A name that is no output of the step. */
export class NoSuchOutput extends Data.TaggedError("NoSuchOutput")<{
  readonly headline: string
  readonly hint: string
}> {
  override get message(): string {
    return Errors.structured(this.headline, [], this.hint)
  }
}

export const nothingWasRun = (root: string): NothingToShow =>
  new NothingToShow({
    headline: `Nothing was run in ${root} yet.`,
    hint: "Run a pipeline first: sluice run FILE",
  })
