/** A comparison as the report that its step writes. */
import type { Aside, Report, Score } from "../report/Report.ts"
import type * as Comparison from "./Comparison.ts"
import type { OwnScore } from "./OwnScores.ts"
import * as Tables from "./tables.ts"

export interface Compared {
  readonly title: string
  readonly arms: ReadonlyArray<Comparison.Arm & { readonly endpoint: string | null }>
  readonly comparison: Comparison.Comparison
  readonly answered: ReadonlyArray<Comparison.Answered>
  /** The score that the verdict goes by. */
  readonly decidedBy: string
  readonly own: ReadonlyArray<OwnScore>
  readonly asides: ReadonlyArray<Aside>
  readonly provenance: ReadonlyArray<readonly [string, string]>
}

export const toReport = (compared: Compared): Report => {
  const { answered, arms, asides, comparison, decidedBy, own, provenance, title } = compared
  return {
    version: 1,
    title,
    verdict: comparison.verdict,
    arms: comparison.arms.map(({ cut, name, newTokens, promptTokens, tuned }) => ({
      name,
      tuned,
      endpoint: arms.find((arm) => arm.name === name)!.endpoint,
      cut,
      promptTokens,
      newTokens,
    })),
    decidedBy,
    scores: [...taskScores(comparison), ...own.flatMap(ownScores)],
    differences: differences(comparison, own),
    confusions: comparison.confusions,
    asides,
    rows: answered.map(({ answers, expected, id, prompt }, at) => ({
      id,
      prompt,
      expected,
      answers: Object.fromEntries(
        Object.entries(answers).map(([arm, answer]) => [
          arm,
          {
            text: answer.text,
            exact: answer.score.exact,
            stopped: answer.stopped,
            promptTokens: answer.promptTokens,
            newTokens: answer.newTokens,
            scores: { ...scoresOf(answer), ...ownOf(own, arm, at) },
          },
        ]),
      ),
    })),
    provenance: provenance.map(([label, value]) => [label, value]),
  }
}

/** Scores of the task of which less is better. */
const burdens: ReadonlyArray<string> = ["leaking", "cut"]

const taskScores = (comparison: Comparison.Comparison): ReadonlyArray<Score> =>
  Tables.scores(comparison).map(({ high, low, rate, ...score }) => ({
    ...score,
    ...ends(low, high),
    kind: score.count === null ? "mean" : "rate",
    higherIsBetter: !burdens.includes(score.metric),
    value: rate,
  }))

const ownScores = (own: OwnScore): ReadonlyArray<Score> =>
  Tables.ownScores(own).map(({ high, low, rate, ...score }) => ({
    ...score,
    ...ends(low, high),
    kind: own.kind,
    higherIsBetter: own.higherIsBetter,
    value: rate,
  }))

const differences = (
  comparison: Comparison.Comparison,
  own: ReadonlyArray<OwnScore>,
): Report["differences"] =>
  [
    ...Tables.differences(comparison).map((pair) => ({ ...pair, kind: "rate" as const })),
    ...own.flatMap((each) => Tables.ownDifferences(each).map((pair) => ({ ...pair, kind: each.kind }))),
  ].map(({ bootstrapHigh, bootstrapLow, detectable, high, low, ...pair }) => {
    const bootstrap = ends(bootstrapLow, bootstrapHigh)
    return {
      ...pair,
      ...ends(low, high),
      bootstrapLow: bootstrap.low,
      bootstrapHigh: bootstrap.high,
      // A row or two show no difference however large: that is infinite, which JSON has not.
      detectable: Number.isFinite(detectable) ? detectable : null,
    }
  })

/** An interval without a width comes of draws that are all equal: no width was seen, which is not to say that it is 0. */
const ends = (low: number, high: number): { readonly low: number | null; readonly high: number | null } =>
  low === high ? { low: null, high: null } : { low, high }

/** Those of one answer that a sum over rows is made of; F1s over all rows are not among them. */
const scoresOf = ({
  score: { exact, json },
  stopped,
}: Comparison.Answer): Readonly<Record<string, number>> => ({
  exact: Number(exact),
  cut: Number(!stopped),
  ...(json === null
    ? {}
    : {
        validJson: Number(json.parses),
        schemaValid: Number(json.schemaValid),
        leaking: Number(json.leakage !== null && json.leakage !== "none"),
        exactUnwrapped: Number(json.exactUnwrapped),
        ...Object.fromEntries(
          Object.entries(json.fields)
            .filter(([, found]) => found !== "extra")
            .map(([field, found]) => [`field ${field}`, Number(found === "right")]),
        ),
      }),
})

const ownOf = (
  own: ReadonlyArray<OwnScore>,
  arm: string,
  row: number,
): Readonly<Record<string, number | null>> =>
  Object.fromEntries(
    own.map(({ arms, name }) => [name, arms.find((scored) => scored.arm === arm)!.values[row] ?? null]),
  )
