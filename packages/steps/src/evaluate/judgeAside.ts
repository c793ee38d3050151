import { thousands } from "../counted.ts"
import type { Aside } from "../report/Report.ts"
import * as Judge from "../scores/Judge.ts"
import * as Holm from "../stats/Holm.ts"
import * as words from "../report/words.ts"
import { percent } from "./wording.ts"

/** Two arms, and which of their answers was preferred in each row. */
export interface JudgedPair {
  readonly first: string
  readonly second: string
  readonly preferred: ReadonlyArray<Judge.Preferred>
}

/** What a judge preferred, as a table of the report: sign tests, corrected over the pairs. */
export const judgeAside = (judge: string, pairs: ReadonlyArray<JudgedPair>): Aside => {
  const judged = pairs.map(({ preferred }) => Judge.summarize(preferred))
  const adjusted = Holm.adjust(judged.map(({ p }) => p))
  return {
    title: `Preferred by ${judge}, asked twice with the answers exchanged`,
    head: [
      "Arms",
      "Win rate of the first",
      "95 % interval",
      "First",
      "Second",
      "Tie",
      "Contradiction",
      "Unclear",
      "p",
      "Verdict",
    ],
    rows: judged.map(({ contradictions, high, losses, low, ties, unclear, winRate, wins }, at) => [
      `${pairs[at]!.first} against ${pairs[at]!.second}`,
      percent(winRate),
      `${percent(low)} to ${percent(high)}`,
      ...[wins, losses, ties - contradictions.count, contradictions.count, unclear].map(thousands),
      words.p(adjusted[at]!),
      adjusted[at]! >= 0.05 ? "undecided" : wins > losses ? "better" : "worse",
    ]),
  }
}
