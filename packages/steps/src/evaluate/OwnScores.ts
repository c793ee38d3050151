/**
 * Scores of the user's own beside exact match: every scorer over every arm, and every pair of arms judged by it.
 */
import type { Random } from "@sluice/core"
import * as Scorer from "../scores/Scorer.ts"
import * as Verdict from "../stats/Verdict.ts"
import type { Answered, Arm } from "./Comparison.ts"

export interface OwnScore {
  readonly name: string
  readonly kind: "rate" | "mean"
  readonly higherIsBetter: boolean
  readonly arms: ReadonlyArray<Scorer.Scored & { readonly arm: string }>
  /** Every later arm against every earlier one, corrected together. */
  readonly pairs: ReadonlyArray<Verdict.Decided & { readonly first: string; readonly second: string }>
}

/** Runs the scorers in their order; `draws(name)` gives a generator for each arm's or pair's bootstrap. */
export const make = (
  scorers: ReadonlyArray<Scorer.Scorer<Scorer.Answered>>,
  arms: ReadonlyArray<Pick<Arm, "name">>,
  rows: ReadonlyArray<Answered>,
  draws: (name: string) => Random.Random,
): ReadonlyArray<OwnScore> =>
  scorers.map((scorer) => {
    const { higherIsBetter, kind, name } = scorer
    const scored = arms.map(({ name: arm }) => {
      const answers = rows.map(({ answers: given, expected, id, prompt }): Scorer.Answered => {
        const { stopped, text: answer } = given[arm]!
        return { id, prompt, expected, answer, stopped }
      })
      return { arm, ...Scorer.run(scorer, answers, draws(`${name}: ${arm}`)) }
    })
    const named = scored.flatMap((first, index) =>
      scored
        .slice(0, index)
        .map((second) => ({ first: first.arm, second: second.arm, values: [first, second] as const })),
    )
    const measured = named.map(({ first, second, values }) =>
      Scorer.compare(values[0], values[1], draws(`${name}: ${first} - ${second}`)),
    )
    const decided = Verdict.decide(measured, { higherIsBetter })
    return {
      name,
      kind,
      higherIsBetter,
      arms: scored,
      pairs: decided.map((pair, index) => ({
        ...pair,
        first: named[index]!.first,
        second: named[index]!.second,
      })),
    }
  })
