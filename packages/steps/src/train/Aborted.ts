import * as Data from "effect/Data"

/** The run was interrupted within a look: nothing of the look counts. */
export class Aborted extends Data.TaggedError("Aborted")<{}> {}

export const isAborted = (error: unknown): error is Aborted => error instanceof Aborted
