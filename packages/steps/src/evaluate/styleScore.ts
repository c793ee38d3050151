import type { Table } from "@sluice/core"
import type { Chat } from "../Chat.ts"
import type { Aside } from "../report/Report.ts"
import type * as Scorer from "../scores/Scorer.ts"
import * as Style from "../scores/Style.ts"
import type { Answers } from "./Answers.ts"
import type { Answered, Arm } from "./Comparison.ts"
import { expectedOf } from "./prompt.ts"

/** One row in five is kept from the classifier, to see whether it can tell the styles apart. */
const keptEvery = 5

/**
 * A classifier of the style: expected answers of rows to learn from against the model's own answers to the same
 * prompts. Gives a scorer for answers, and a table of how well each arm's answers can be told from expected ones.
 */
export const make = (
  chats: ReadonlyArray<Table.Row<typeof Chat>>,
  answers: ReadonlyArray<Table.Row<typeof Answers>>,
  arms: ReadonlyArray<Arm>,
  rows: ReadonlyArray<Answered>,
): { readonly scorer: Scorer.RateScorer<Scorer.Answered>; readonly aside: Aside } => {
  const byId = new Map(answers.map(({ answer, id }) => [id, answer]))
  const pairs = chats.map(({ id, messages }) => ({ style: expectedOf(messages), own: byId.get(id)! }))
  const learnt = pairs.filter((_, index) => index % keptEvery !== keptEvery - 1)
  const kept = pairs.filter((_, index) => index % keptEvery === keptEvery - 1)
  const classifier = Style.train(
    learnt.map(({ style }) => style),
    learnt.map(({ own }) => own),
  )
  const told = Style.auc(
    classifier,
    kept.map(({ style }) => style),
    kept.map(({ own }) => own),
  )
  const line = (what: string, { auc, high, low }: typeof told) => [
    what,
    auc.toFixed(3),
    `${low.toFixed(3)} to ${high.toFixed(3)}`,
  ]
  return {
    scorer: {
      name: "in style",
      kind: "rate",
      higherIsBetter: true,
      score: ({ answer }) => classifier.probability(answer) >= 0.5,
    },
    aside: {
      title: "Style: how well a classifier tells answers from expected ones (AUC; 0.5: not at all)",
      head: ["Answers", "AUC", "95 % interval"],
      rows: [
        line(`the model's own to ${kept.length} rows kept apart`, told),
        ...arms.map(({ name }) =>
          line(
            name,
            Style.auc(
              classifier,
              rows.map(({ expected }) => expected),
              rows.map((row) => row.answers[name]!.text),
            ),
          ),
        ),
      ],
    },
  }
}
