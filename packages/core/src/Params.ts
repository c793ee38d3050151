/**
 * A pipeline's params: from a command line's text, or a program's values, to what the build function sees. Every
 * unknown and every invalid param is reported at once.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as Canonical from "./Canonical.ts"
import * as Errors from "./Errors.ts"
import { nearest } from "./internal/nearest.ts"

/** A value as it was typed. JSON where it parses and the schema takes it, else a string. */
export interface Text {
  readonly "~sluice": "text"
  readonly text: string
}

/** Marks a param's value as typed text: `fromText("1e-4")` decodes as the number 0.0001. */
export const fromText = (text: string): Text => ({ "~sluice": "text", text })

/** Splits `name=value`. The value is all that follows the first `=`; `undefined` where there is none. */
export const parseSetting = (
  setting: string,
): { readonly name: string; readonly value: Text } | undefined => {
  const at = setting.indexOf("=")
  return at <= 0 ? undefined : { name: setting.slice(0, at).trim(), value: fromText(setting.slice(at + 1)) }
}

/** Decodes given params by their schemas. Throws UnknownParam, or InvalidParam with every problem. */
export const decode = (
  pipeline: string,
  fields: { readonly [name: string]: Schema.Top },
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> => {
  const known = Object.keys(fields)
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(fields, name))
  const problems: Array<{ name: string; value: string; rule: string }> = []
  const decoded: Record<string, unknown> = {}
  for (const name of known) {
    const one = Schema.Struct({ [name]: fields[name] as Schema.Codec<unknown> })
    const attempt = (input: object) => Schema.decodeUnknownResult(one)(input, { errors: "all" })
    const value = given[name]
    let result = attempt(value === undefined ? {} : { [name]: plain(value) })
    if (Result.isFailure(result) && isText(value)) {
      const asString = attempt({ [name]: value.text })
      if (Result.isSuccess(asString)) result = asString
    }
    if (Result.isSuccess(result)) {
      const object = result.success as Record<string, unknown>
      if (Object.hasOwn(object, name)) decoded[name] = object[name]
    } else {
      problems.push({
        name,
        value: value === undefined ? "(not given)" : show(value),
        rule: rulesOf(result.failure.issue).join("; "),
      })
    }
  }
  if (problems.length === 0 && unknown.length === 0) return decoded
  const near = Object.fromEntries(
    unknown.flatMap((name) => {
      const candidate = nearest(name, known)
      return candidate === undefined ? [] : [[name, candidate]]
    }),
  )
  if (problems.length === 0) throw new Errors.UnknownParam({ pipeline, names: unknown, known, near })
  for (const name of unknown) {
    const hint = near[name] === undefined ? `params are ${known.join(", ")}` : `did you mean ${near[name]}?`
    problems.push({ name, value: show(given[name]), rule: `the pipeline has no such param; ${hint}` })
  }
  throw new Errors.InvalidParam({ pipeline, problems })
}

/** The sentences of a schema issue, each with its path inside the value when it has one. */
const rulesOf = (issue: SchemaIssue.Issue): ReadonlyArray<string> =>
  SchemaIssue.makeFormatterStandardSchemaV1()(issue).issues.map((problem) => {
    const path = (problem.path ?? []).slice(1).map(String)
    return path.length === 0 ? problem.message : `${problem.message} at ${path.join(".")}`
  })

/** What a schema issue says of each field, with the value that is there; `undefined` for what is no schema issue. */
export const rulesByField = (
  cause: unknown,
  given: unknown,
): ReadonlyArray<readonly [field: string, rule: string]> | undefined => {
  if (!SchemaIssue.isIssue(cause)) return undefined
  return SchemaIssue.makeFormatterStandardSchemaV1()(cause).issues.map((problem) => {
    const path = (problem.path ?? []).map(String)
    const value = path.reduce<unknown>(
      (from, key) => (from as Record<string, unknown> | undefined)?.[key],
      given,
    )
    return [path.join("."), value === undefined ? problem.message : `${show(value)}: ${problem.message}`]
  })
}

/** Canonical text per param: what a run record keeps and `why` compares. */
export const texts = (params: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => {
      try {
        return [name, Canonical.encode(value)]
      } catch {
        return [name, "(no canonical form)"]
      }
    }),
  )

const isText = (value: unknown): value is Text =>
  typeof value === "object" && value !== null && (value as { "~sluice"?: unknown })["~sluice"] === "text"

const plain = (value: unknown): unknown => {
  if (!isText(value)) return value
  try {
    return JSON.parse(value.text)
  } catch {
    return value.text
  }
}

const show = (value: unknown): string => {
  if (isText(value)) return value.text === "" ? '""' : value.text
  try {
    return Canonical.encode(value)
  } catch {
    return String(value)
  }
}
