/**
 * Answers that are one of several classes: accuracy, F1 for each class, confusion matrix.
 *
 * An answer that is none of the expected classes counts as a class of its own, `null`: it is always wrong, it costs
 * the expected class recall, and no class precision.
 */
import * as Wilson from "../stats/Wilson.ts"
import * as Overlap from "./Overlap.ts"

export interface Labelled {
  readonly expected: string
  /** null where the answer names no class at all. */
  readonly answered: string | null
}

export interface ClassResult extends Overlap.Overlap {
  readonly name: string
  /** Rows that expect it. */
  readonly support: number
}

export interface Classification {
  readonly rows: number
  readonly right: number
  readonly accuracy: number
  /** Wilson's 95 % interval of the accuracy. */
  readonly interval: Wilson.Interval
  /** Mean of the classes' F1, each class the same weight: as scikit-learn's f1_score with labels, average="macro". */
  readonly macroF1: number
  /** Sorted by name. */
  readonly classes: ReadonlyArray<ClassResult>
  /** Answers that are none of the classes. */
  readonly unknown: number
  /** `counts[i][j]`: rows that expect class i and were answered class j; the last column is unknown answers. */
  readonly counts: ReadonlyArray<ReadonlyArray<number>>
}

/** `classes`: all that may be expected, where rows may lack some; by default those that rows expect. */
export const make = (rows: ReadonlyArray<Labelled>, classes?: ReadonlyArray<string>): Classification => {
  const names = [...new Set([...(classes ?? []), ...rows.map((row) => row.expected)])].toSorted()
  const places = new Map(names.map((name, place) => [name, place]))
  const counts = names.map(() => Array.from({ length: names.length + 1 }, () => 0))
  for (const { expected, answered } of rows) {
    const column = answered === null ? undefined : places.get(answered)
    counts[places.get(expected)!]![column ?? names.length]!++
  }
  const results = names.map((name, place) => {
    const support = counts[place]!.reduce((sum, count) => sum + count, 0)
    const given = counts.reduce((sum, row) => sum + row[place]!, 0)
    return { name, support, ...Overlap.make(counts[place]![place]!, given, support) }
  })
  const right = names.reduce((sum, _, place) => sum + counts[place]![place]!, 0)
  return {
    rows: rows.length,
    right,
    accuracy: rows.length === 0 ? 0 : right / rows.length,
    interval: Wilson.interval(right, rows.length),
    macroF1: names.length === 0 ? 0 : results.reduce((sum, { f1 }) => sum + f1, 0) / names.length,
    classes: results,
    unknown: counts.reduce((sum, row) => sum + row[names.length]!, 0),
    counts,
  }
}

/** Each row's class by its place, expected and answered; an answer that is no class has the place behind the last. */
export interface Places {
  readonly expected: Uint32Array
  readonly answered: Uint32Array
}

export const places = (rows: ReadonlyArray<Labelled>, classes: ReadonlyArray<string>): Places => {
  const placeOf = new Map(classes.map((name, place) => [name, place]))
  const place = (name: string | null) => (name === null ? undefined : placeOf.get(name)) ?? classes.length
  return {
    expected: Uint32Array.from(rows, ({ expected }) => place(expected)),
    answered: Uint32Array.from(rows, ({ answered }) => place(answered)),
  }
}

/** Macro-F1 over some rows, over the classes that they expect: what a bootstrap asks for thousands of times. */
export const macroF1 = ({ answered, expected }: Places, classes: number, rows: Iterable<number>): number => {
  const right = new Uint32Array(classes + 1)
  const wanted = new Uint32Array(classes + 1)
  const given = new Uint32Array(classes + 1)
  for (const row of rows) {
    const want = expected[row]!
    const have = answered[row]!
    wanted[want]!++
    given[have]!++
    if (want === have) right[want]!++
  }
  let sum = 0
  let expectedClasses = 0
  for (let place = 0; place < classes; place++) {
    if (wanted[place] === 0) continue
    expectedClasses++
    sum += (2 * right[place]!) / (wanted[place]! + given[place]!)
  }
  return expectedClasses === 0 ? 0 : sum / expectedClasses
}
