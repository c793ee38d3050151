/** What ends a training, or keeps a saved one from going on. */
import * as Data from "effect/Data"
import { structured } from "./formats/structured.ts"

/** No row of a batch has a supervised token: there is nothing to learn from it. */
export class NothingSupervised extends Data.TaggedError("NothingSupervised")<{ readonly rows: number }> {
  override get message(): string {
    return structured(
      "No token of the batch is supervised.",
      [["Rows", String(this.rows)]],
      "Every label is -100: check the mask that tokenizing gave.",
    )
  }
}

/** Something became infinite or not a number: nothing learnt from there on would be of use. */
export class TrainingDiverged extends Data.TaggedError("TrainingDiverged")<{
  readonly optimizerStep: number
  /** What did, and what it is: `Loss`, `NaN`. */
  readonly found: readonly [what: string, value: string]
  readonly learningRate: number
}> {
  override get message(): string {
    return structured(
      "Training diverged.",
      [
        ["Optimizer step", String(this.optimizerStep)],
        this.found,
        ["Learning rate", String(this.learningRate)],
      ],
      "Try a smaller learning rate.",
    )
  }
}

/** A state that was saved for another adapter: every part that is missing, unknown or of another size. */
export class StateUnfit extends Data.TaggedError("StateUnfit")<{
  readonly facts: ReadonlyArray<readonly [part: string, difference: string]>
}> {
  override get message(): string {
    return structured("The saved state does not fit this training.", this.facts, "Start from the beginning.")
  }
}
