import type { Answered, Comparison } from "../evaluate/Comparison.ts"

/** How an arm came to ask what it asks: the prompts it chose from, what its retrieval found. */
export interface Aside {
  readonly title: string
  readonly head: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

/** Everything that a report says. No times, no paths: the same results give the same bytes. */
export interface Report {
  readonly title: string
  readonly comparison: Comparison
  /** Every held-out row with every answer, in the table's order. */
  readonly rows: ReadonlyArray<Answered>
  /** Further tables, after the differences. */
  readonly asides?: ReadonlyArray<Aside>
  /** What the results follow from: labels and values, such as `Learning rate` and `0.0002`. */
  readonly provenance: ReadonlyArray<readonly [label: string, value: string]>
}

/** How the measures are to be read; the same words in both reports. */
export const reading: ReadonlyArray<readonly [term: string, meaning: string]> = [
  ["Exact", "the answer equals the expected one, field for field"],
  ["Valid JSON", "the whole answer parses as JSON; prose or a fence around it does not count"],
  ["Schema", "the answer also fits the declared schema"],
  ["Interval", "95 %: Wilson's for a rate, Tango's for a difference of rates over the same rows"],
  [
    "p",
    "McNemar's test (mid-p) over the rows on which two arms disagree, after Holm's correction over all pairs",
  ],
  ["Cut", "answers that reached the limit of new tokens"],
]
