/**
 * How one answer compares with the expected one.
 *
 * Where a schema is given the task is to answer in JSON: the whole answer must parse (prose or a fence around
 * it makes it invalid), fit the schema, and equal the expected value field for field; the order of fields and
 * white space do not matter. Without a schema the answer is text and must equal the expected text, white space
 * at both ends aside.
 */
export interface Score {
  /** null where the task is text. */
  readonly validJson: boolean | null
  readonly schemaValid: boolean | null
  readonly exact: boolean
  /** For each field of the expected value, whether the answer has the same; empty where the task is text. */
  readonly fields: Readonly<Record<string, boolean>>
  /** The answer's value as a class for a confusion matrix; null when it cannot be one. */
  readonly label: string | null
}

/** Tells whether a parsed value fits the answer's schema. */
export type Fits = (value: unknown) => boolean

/** Scores `answer` against `expected`; `fits` is null where the task is text. */
export const score = (answer: string, expected: string, fits: Fits | null): Score => {
  if (fits === null) {
    const exact = answer.trim() === expected.trim()
    return { validJson: null, schemaValid: null, exact, fields: {}, label: null }
  }
  const wanted = parsed(expected)
  const given = parsed(answer)
  const schemaValid = given !== undefined && fits(given)
  return {
    validJson: given !== undefined,
    schemaValid,
    exact: schemaValid && equal(given, wanted),
    fields: Object.fromEntries(
      Object.entries(isRecord(wanted) ? wanted : {}).map(([field, value]) => [
        field,
        schemaValid && isRecord(given) && equal(given[field], value),
      ]),
    ),
    label: schemaValid ? label(given) : null,
  }
}

/** The class that a value stands for: the value of its only field, or the value itself, when that is short text, a number or a boolean. */
export const label = (value: unknown): string | null => {
  if (isRecord(value)) {
    const values = Object.values(value)
    return values.length === 1 ? label(values[0]) : null
  }
  const text =
    typeof value === "string"
      ? value
      : typeof value === "number" || typeof value === "boolean"
        ? `${value}`
        : null
  return text !== null && text.length <= 40 ? text : null
}

/** The value of a JSON text; undefined when it is not JSON (which has no undefined). */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Equality of JSON values, whatever the order of fields. */
const equal = (first: unknown, second: unknown): boolean => {
  if (Array.isArray(first) && Array.isArray(second)) {
    return first.length === second.length && first.every((item, index) => equal(item, second[index]))
  }
  if (isRecord(first) && isRecord(second)) {
    const names = Object.keys(first)
    return (
      names.length === Object.keys(second).length &&
      names.every((name) => Object.hasOwn(second, name) && equal(first[name], second[name]))
    )
  }
  return first === second
}
