/**
 * What the readers of JSON, JSON Lines and CSV have in common: the records that they find, each with its
 * place, and what can be wrong with one.
 */

/** One thing wrong with a record. */
export interface Problem {
  /** The column, or "" when the record as a whole is wrong. */
  readonly field: string
  /** The value found, as it would be written in JSON, cut to a readable length; "" when there is none. */
  readonly value: string
  /** What is required of it: `Int32 is required`. */
  readonly rule: string
}

/** A record as it stands in a file, before it is checked against the declared table. */
export interface Found {
  /** Number of the record within its file, from 1; a CSV header is not a record. */
  readonly row: number
  /** Line on which the record starts, from 1. */
  readonly line: number
  /** Its fields, or what kept it from being read. */
  readonly content:
    | { readonly fields: Readonly<Record<string, unknown>> }
    | { readonly problems: ReadonlyArray<Problem> }
}

/** `class is null`, `text is missing`, `the row has 3 cells`: the first half of what is said about a problem. */
export const complaint = (problem: Problem): string =>
  problem.value === ""
    ? `${problem.field} is missing`
    : problem.field === ""
      ? problem.value
      : `${problem.field} is ${problem.value}`

/** A value as JSON, cut after 60 characters. */
export const printed = (value: unknown): string => {
  const text = typeof value === "bigint" ? `${value}` : (JSON.stringify(value) ?? String(value))
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

/** The fields of a parsed value, or the complaint that it is not an object. */
export const fieldsOf = (value: unknown): Found["content"] =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? { fields: value as Record<string, unknown> }
    : {
        problems: [
          { field: "", value: `the row is ${printed(value)}`, rule: "an object of fields is required" },
        ],
      }

/** A file that cannot be read as what it is said to be: no row of it can be trusted. */
export class Unreadable extends Error {
  readonly line: number
  readonly problem: string
  readonly rule: string
  constructor(line: number, problem: string, rule: string) {
    super(`line ${line}: ${problem}; ${rule}`)
    this.line = line
    this.problem = problem
    this.rule = rule
  }
}
