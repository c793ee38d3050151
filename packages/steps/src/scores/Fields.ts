/**
 * JSON answers field by field.
 *
 * A value's fields are its leaves: `address.city` for a field inside an object; an array is one leaf, equal as a
 * whole; a value that is no object is one leaf named "". Each leaf of the expected value is right, wrong or missing in
 * the answer, and each further leaf of the answer is extra.
 */
import * as Overlap from "./Overlap.ts"
import * as Json from "./jsonValue.ts"

export type FieldOutcome = "right" | "wrong" | "missing" | "extra"

/** Every leaf of both values, those of the expected one first; `undefined` is an answer without a value. */
export const compare = (answer: unknown, expected: unknown): Readonly<Record<string, FieldOutcome>> => {
  const wanted = leaves(expected)
  const given = answer === undefined ? new Map<string, unknown>() : leaves(answer)
  const outcomes: Array<[string, FieldOutcome]> = []
  for (const [field, value] of wanted) {
    const outcome = !given.has(field) ? "missing" : Json.equal(given.get(field), value) ? "right" : "wrong"
    outcomes.push([field, outcome])
  }
  for (const field of given.keys()) if (!wanted.has(field)) outcomes.push([field, "extra"])
  return Object.fromEntries(outcomes)
}

/** One field over all rows. */
export interface FieldResult extends Overlap.Overlap {
  readonly field: string
  readonly right: number
  /** Rows whose expected value has the field. */
  readonly wanted: number
  /** Rows whose answer has it. */
  readonly given: number
}

/**
 * Precision (right of those given), recall (right of those wanted) and F1 for each field, in order of first use.
 * A wrong value counts against both. These are micro-averages over the values of a field.
 */
export const summarize = (
  rows: ReadonlyArray<Readonly<Record<string, FieldOutcome>>>,
): ReadonlyArray<FieldResult> => {
  const counts = new Map<string, Record<FieldOutcome, number>>()
  for (const row of rows) {
    for (const [field, outcome] of Object.entries(row)) {
      const count = counts.get(field) ?? { right: 0, wrong: 0, missing: 0, extra: 0 }
      count[outcome]++
      counts.set(field, count)
    }
  }
  return [...counts].map(([field, { right, wrong, missing, extra }]) => {
    const given = right + wrong + extra
    const wanted = right + wrong + missing
    return { field, right, wanted, given, ...Overlap.make(right, given, wanted) }
  })
}

const leaves = (value: unknown): ReadonlyMap<string, unknown> => {
  const found = new Map<string, unknown>()
  const visit = (at: string, each: unknown): void => {
    const entries = Json.isRecord(each) ? Object.entries(each) : []
    if (entries.length === 0) found.set(at, each)
    // A dot inside a name is escaped, so that {"a.b": 1} and {"a": {"b": 1}} differ.
    for (const [name, inner] of entries) {
      const step = name.replaceAll("\\", "\\\\").replaceAll(".", "\\.")
      visit(at === "" ? step : `${at}.${step}`, inner)
    }
  }
  visit("", value)
  return found
}
