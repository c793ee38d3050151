import { Errors, type Step, type Table } from "@sluice/core"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type { Harm, Held } from "../Forgetting.ts"

interface Config {
  readonly lossRise: number | null
  readonly accuracyDrop: number | null
}

type HarmRow = Table.Row<typeof Harm>
type HeldRow = Table.Row<typeof Held>

/** Holds the last model measured against the limits. */
export const gate = Effect.fnUntraced(function* (
  context: Step.Context<Config, { readonly harm: Table.Reader<typeof Harm> }>,
) {
  const harm = yield* context.inputs.harm.all
  const held = heldOf(harm.at(-1)!, context.config)
  const over = held.filter(isOver)
  if (over.length > 0) {
    const within = harm
      .slice(1)
      .findLast(
        (row) => row.optimizerStep !== null && heldOf(row, context.config).every((each) => !isOver(each)),
      )
    return yield* new ForgottenTooMuch({ over, harm, within: within?.optimizerStep ?? null })
  }
  context.summarize(held.map((row) => `${row.checkpoint}: ${said(row)}`).join(", "))
  return held
})

const heldOf = (row: HarmRow, { accuracyDrop, lossRise }: Config): ReadonlyArray<HeldRow> => [
  ...(lossRise === null
    ? []
    : [{ checkpoint: row.checkpoint, measure: "loss rise" as const, value: row.lossRise, limit: lossRise }]),
  ...(accuracyDrop === null
    ? []
    : [
        {
          checkpoint: row.checkpoint,
          measure: "accuracy drop" as const,
          value: -row.accuracyChange,
          limit: accuracyDrop,
        },
      ]),
]

const isOver = ({ limit, value }: HeldRow): boolean => value > limit

const said = ({ limit, measure, value }: HeldRow): string =>
  measure === "loss rise"
    ? `loss rise ${value.toFixed(4)} of ${limit} allowed`
    : `accuracy drop ${points(value)} of ${points(limit)} points allowed`

const points = (share: number): string => (100 * share).toFixed(1)

/** A model that has unlearnt more than the run allows. What was measured is kept: it is an earlier step's result. */
export class ForgottenTooMuch extends Data.TaggedError("ForgottenTooMuch")<{
  readonly over: ReadonlyArray<HeldRow>
  /** All that was measured, the base model first. */
  readonly harm: ReadonlyArray<HarmRow>
  /** The latest optimizer step at which all limits were kept. */
  readonly within: number | null
}> {
  override get message(): string {
    const fixes = "Train for fewer epochs, at a lower learning rate, or on general rows as well"
    return Errors.structured(
      "The model has forgotten more than the limit allows.",
      [
        ...this.over.map((row): [string, string] => ["Checkpoint", `${row.checkpoint}: ${said(row)}`]),
        ...this.harm.map((row): [string, string] => [
          "Measured",
          `${row.checkpoint}: loss ${row.loss.toFixed(4)} (rise ${row.lossRise.toFixed(4)}, ${row.lossRiseLow.toFixed(4)} to ${row.lossRiseHigh.toFixed(4)}), ${row.right} of ${row.questions} right`,
        ]),
      ],
      this.within === null
        ? `${fixes}; or allow more.`
        : `${fixes}; or stop where the limits were kept: maxOptimizerSteps: ${this.within}.`,
    )
  }
}
