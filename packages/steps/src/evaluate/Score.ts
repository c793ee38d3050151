/**
 * How one answer compares with the expected one: as JSON where the task has a schema (JsonAnswer), else as text, white
 * space at both ends aside.
 */
import * as ExactMatch from "../scores/ExactMatch.ts"
import * as JsonAnswer from "../scores/JsonAnswer.ts"
import * as Json from "../scores/jsonValue.ts"
import type { Fits } from "../scores/JsonSchema.ts"

export interface Score {
  readonly exact: boolean
  /** null where the task is text. */
  readonly json: JsonAnswer.JsonScore | null
  /** The class that the answer names; null when it cannot be one, or does not fit the schema. */
  readonly label: string | null
}

/** Scores `answer` against `expected`; `fits` is null where the task is text. */
export const score = (answer: JsonAnswer.Given, expected: string, fits: Fits | null): Score => {
  if (fits === null) {
    const exact = ExactMatch.matches(answer.text, expected)
    return { exact, json: null, label: textLabel(answer.text) }
  }
  const json = JsonAnswer.score(answer, Json.parsed(expected), fits)
  return { exact: json.exact, json, label: json.schemaValid ? valueLabel(Json.parsed(answer.text)) : null }
}

/** The class that an expected answer names; null when it cannot be one. */
export const label = (expected: string, fits: Fits | null): string | null =>
  fits === null ? textLabel(expected) : valueLabel(Json.parsed(expected))

/** Longer texts name no class. */
const longestLabel = 40

const textLabel = (text: string): string | null => {
  const trimmed = text.trim()
  return trimmed !== "" && trimmed.length <= longestLabel && !trimmed.includes("\n") ? trimmed : null
}

/** The value of a value's only field, or the value itself, when that is short text, a number or a boolean. */
const valueLabel = (value: unknown): string | null => {
  if (Json.isRecord(value)) {
    const values = Object.values(value)
    return values.length === 1 ? valueLabel(values[0]) : null
  }
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? `${value}`.length <= longestLabel
      ? `${value}`
      : null
    : null
}
