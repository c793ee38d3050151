/**
 * Likeness of a text to the expected one: what every comparison of free texts shows beside exact match, which few
 * free texts reach.
 */
import * as Chrf from "../scores/Chrf.ts"
import * as Rouge from "../scores/Rouge.ts"
import type * as Scorer from "../scores/Scorer.ts"
import * as TokenF1 from "../scores/TokenF1.ts"

type TextScorer = Scorer.MeanScorer<Pick<Scorer.Answered, "answer" | "expected">>

const likeness = (name: string, score: TextScorer["score"]): TextScorer => ({
  name,
  kind: "mean",
  higherIsBetter: true,
  score,
})

export const textScorers = (): ReadonlyArray<TextScorer> => [
  likeness("token F1", ({ answer, expected }) => TokenF1.score(answer, expected).f1),
  likeness("ROUGE-L", ({ answer, expected }) => Rouge.rougeL(answer, expected).f1),
  likeness("chrF", ({ answer, expected }) => Chrf.sentence(answer, expected)),
]
