/** What a comparison found, as rows of its tables. */
import { rate } from "./armFigures.ts"
import type * as Comparison from "./Comparison.ts"
import type * as OwnScores from "./OwnScores.ts"

/** An own scorer's lines of Scores. */
export const ownScores = ({ arms, kind, name }: OwnScores.OwnScore) =>
  arms.map(({ arm, high, low, rows, value, values }) => ({
    arm,
    metric: name,
    count: kind === "rate" ? values.filter((each) => each === 1).length : null,
    rows,
    rate: value,
    low,
    high,
  }))

/** An own scorer's lines of Differences. */
export const ownDifferences = ({ name, pairs }: OwnScores.OwnScore) =>
  pairs.map(({ bootstrap, firstHigher, outcome, secondHigher, ...pair }) => ({
    metric: name,
    first: pair.first,
    second: pair.second,
    onlyFirst: firstHigher,
    onlySecond: secondHigher,
    difference: pair.difference,
    low: pair.low,
    high: pair.high,
    bootstrapLow: bootstrap.low,
    bootstrapHigh: bootstrap.high,
    p: pair.p,
    pExact: pair.pExact,
    pAdjusted: pair.pAdjusted,
    verdict: outcome,
    moreRows: pair.moreRows,
    detectable: pair.detectable,
  }))

/** Lines of Predictions. */
export const predictions = (
  arms: ReadonlyArray<Comparison.Arm>,
  answered: ReadonlyArray<Comparison.Answered>,
) =>
  answered.flatMap(({ id, prompt, expected, answers }) =>
    arms.map(({ name: arm }) => {
      const { text: answer, stopped, promptTokens, newTokens, score } = answers[arm]!
      const { exact, json } = score
      return {
        id,
        arm,
        prompt,
        expected,
        answer,
        exact,
        validJson: json?.parses ?? null,
        schemaValid: json?.schemaValid ?? null,
        stopped,
        promptTokens,
        newTokens,
      }
    }),
  )

/** Lines of Scores that follow from the task. */
export const scores = (comparison: Comparison.Comparison) =>
  comparison.arms.flatMap((arm) => {
    const share = (metric: string, found: Comparison.Rate | null | undefined) =>
      found === null || found === undefined ? [] : [{ arm: arm.name, metric, ...found }]
    const figure = (metric: string, found: Comparison.Figure | null | undefined) => {
      if (found === null || found === undefined) return []
      const { high, low, rows, value } = found
      return [{ arm: arm.name, metric, count: null, rows, rate: value, low, high }]
    }
    return [
      ...share("exact", arm.exact),
      ...share("validJson", arm.validJson),
      ...share("schemaValid", arm.schemaValid),
      ...share("leaking", arm.json?.leaking),
      ...share("exactUnwrapped", arm.json?.exactUnwrapped),
      ...share("cut", rate(arm.cut, comparison.rows)),
      ...share("accuracy", arm.classes?.accuracy),
      ...figure("macroF1", arm.classes?.macroF1),
      ...figure("fieldsF1", arm.json?.f1),
      ...arm.fields.flatMap(({ f1, field, rate }) => [
        ...share(`field ${field}`, rate),
        ...figure(`field ${field} F1`, f1),
      ]),
    ]
  })

/** Lines of Differences by exact match. */
export const differences = ({ pairs }: Comparison.Comparison) =>
  pairs.map(({ bootstrap, ...pair }) => ({
    metric: "exact",
    ...pair,
    bootstrapLow: bootstrap.low,
    bootstrapHigh: bootstrap.high,
  }))

/** Lines of Costs. */
export const costs = ({ arms }: Comparison.Comparison) =>
  arms.map(({ exact, name, newTokens, promptTokens }) => ({
    arm: name,
    rows: exact.rows,
    promptTokens: BigInt(promptTokens),
    newTokens: BigInt(newTokens),
  }))
