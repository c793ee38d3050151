/**
 * What a model has unlearnt while it was tuned: its loss on general text and its answers to general questions, before
 * and after, checkpoint by checkpoint; and a gate that ends a run where that is too much.
 */
import { Step, Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Question } from "./forgetting/generalQuestions.ts"
import { AdapterFiles, AdapterSnapshots, ModelFiles } from "./kinds.ts"
import { WiringRefused } from "./WiringRefused.ts"

export type { Question } from "./forgetting/generalQuestions.ts"

/** One row for the base model, then one for each adapter measured. Intervals are of 95 %. */
export class Harm extends Table.make({
  /** `base`, `step 10`, `adapter`. */
  checkpoint: Table.utf8,
  /** 0 for the base model; null for an adapter of which it is not known. */
  optimizerStep: Table.nullable(Table.int32),
  /** Mean of −ln p over the text's tokens, in nats. */
  loss: Table.float64,
  /** e to the loss. */
  perplexity: Table.float64,
  /** Less the base model's loss: above 0 the text has become less likely. Its interval draws passages again. */
  lossRise: Table.float64,
  lossRiseLow: Table.float64,
  lossRiseHigh: Table.float64,
  /** Tokens that the loss is a mean of. */
  tokens: Table.int32,
  /** Questions answered rightly, and asked. */
  right: Table.int32,
  questions: Table.int32,
  /** With Wilson's interval. */
  accuracy: Table.float64,
  accuracyLow: Table.float64,
  accuracyHigh: Table.float64,
  /** Less the base model's accuracy, with Tango's interval for pairs. */
  accuracyChange: Table.float64,
  accuracyChangeLow: Table.float64,
  accuracyChangeHigh: Table.float64,
}) {}

/** Every question's answer by every model measured. */
export class Choices extends Table.make({
  checkpoint: Table.utf8,
  question: Table.utf8,
  /** The option that is likeliest for its length. */
  chosen: Table.utf8,
  expected: Table.utf8,
  right: Table.bool,
}) {}

export interface MeasureOptions {
  readonly model: Step.Ref<typeof ModelFiles>
  /** A trained adapter. */
  readonly adapter?: Step.Ref<typeof AdapterFiles>
  /** Adapters on the way: the output `snapshots` of Train.lora. */
  readonly snapshots?: Step.Ref<typeof AdapterSnapshots>
  /** Passages of text instead of the 23 that are shipped. Long ones are measured in pieces of 512 tokens. */
  readonly text?: ReadonlyArray<string>
  /** Questions instead of the 60 that are shipped. */
  readonly questions?: ReadonlyArray<Question>
}

/**
 * Measures the base model, each snapshot and the adapter on the same text and questions. Outputs: `harm`, a row for
 * each, and `choices`, every answer.
 *
 * A question's answer is the option with the highest log-likelihood for each of its characters, which models answer
 * that are too small to name a letter.
 *
 * @see Gao 2021, "Multiple Choice Normalization in LM Evaluation", and `acc_norm` in lm-evaluation-harness
 */
export const measure = (
  options: MeasureOptions,
): Step.Use<{ readonly harm: typeof Harm; readonly choices: typeof Choices }, "measureForgetting"> => {
  const { adapter, model, questions, snapshots, text } = options
  if (adapter === undefined && snapshots === undefined) {
    throw new WiringRefused(
      "Forgetting.measure needs something that was trained: give adapter, or snapshots (of Train.lora), or both.",
    )
  }
  const wrong = (questions ?? []).filter(({ answer, options }) => options[answer] === undefined)
  if (wrong.length > 0) {
    throw new WiringRefused(
      `Forgetting.measure is given questions whose answer is none of their options: ${wrong
        .map(({ answer, options, question }) => `"${question}" (answer ${answer} of ${options.length})`)
        .join(", ")}.`,
    )
  }
  return Step.use(measureForgetting, {
    inputs: {
      model,
      ...(adapter === undefined ? {} : { adapter }),
      ...(snapshots === undefined ? {} : { snapshots }),
    },
    config: { text: text ?? null, questions: questions ?? null },
    outputs: { harm: Harm, choices: Choices },
  })
}

/** A use adds the inputs `adapter` and `snapshots`, or one of them. */
const measureForgetting = Step.make({
  name: "measureForgetting",
  inputs: { model: ModelFiles },
  config: {
    text: Schema.NullOr(Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(1))),
    questions: Schema.NullOr(
      Schema.Array(
        Schema.Struct({
          question: Schema.NonEmptyString,
          options: Schema.Array(Schema.NonEmptyString).check(Schema.isMinLength(2)),
          answer: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
        }),
      ).check(Schema.isMinLength(1)),
    ),
  },
  outputs: { harm: Harm, choices: Choices },
  seed: true,
  numeric: true,
  accelerator: true,
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./forgetting/run.ts")),
      (forgetting) => forgetting.measure(context),
    ),
})

/** What was held against what. */
export class Held extends Table.make({
  checkpoint: Table.utf8,
  measure: Table.dictionary(["loss rise", "accuracy drop"]),
  value: Table.float64,
  limit: Table.float64,
}) {}

export interface GateOptions {
  readonly harm: Step.Ref<typeof Harm>
  /** Most by which the loss on the general text may rise, in nats: 0.1 makes the text's tokens a tenth less likely. */
  readonly lossRise?: number
  /** Most by which the share of right answers may fall: 0.1 is ten points. */
  readonly accuracyDrop?: number
}

/**
 * Fails where the last model measured (the adapter where one is given, else the last snapshot) has forgotten more than
 * the limits allow. It is a step of its own, so that what was measured is kept, and another limit costs nothing.
 */
export const gate = (options: GateOptions): Step.Use<typeof Held, "gateForgetting"> => {
  const { accuracyDrop, harm, lossRise } = options
  if (accuracyDrop === undefined && lossRise === undefined) {
    throw new WiringRefused("Forgetting.gate needs a limit: lossRise, accuracyDrop, or both.")
  }
  return gateForgetting({ harm, lossRise: lossRise ?? null, accuracyDrop: accuracyDrop ?? null })
}

const Limit = Schema.NullOr(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)))

const gateForgetting = Step.make({
  name: "gateForgetting",
  inputs: { harm: Harm },
  config: { lossRise: Limit, accuracyDrop: Limit },
  output: Held,
  run: (context) =>
    Effect.flatMap(
      Effect.promise(() => import("./forgetting/gate.ts")),
      (forgetting) => forgetting.gate(context),
    ),
})
