/** What is wrong with a comparison before anything of it has run: hours of training may stand before its report. */
import { Errors } from "@sluice/core"
import type { JudgeOptions } from "./Preferences.ts"
import { WiringRefused } from "../WiringRefused.ts"

interface Given {
  readonly arms: Readonly<Record<string, object>>
  /** Whether the answers are JSON. */
  readonly schema: boolean
  readonly style: boolean
  readonly scorers: ReadonlyArray<{ readonly name: string }>
  readonly decidedBy: string | undefined
  readonly judge: JudgeOptions | undefined
}

/** Steps of the comparison itself. */
const stepNames = new Set(["rows", "chats", "report", "style"])

/** What an arm is made of (arms.ts); in plain JavaScript a misspelt one would be the base model unnoticed. */
const armFields = new Set(["shots", "nearest", "prompts", "retrieval", "adapter", "endpoint"])

/** Scores that comparisons have by themselves, beside one for each field. Those of free texts may be replaced. */
const ownNames = new Set([
  "exact",
  "cut",
  "validJson",
  "schemaValid",
  "leaking",
  "exactUnwrapped",
  "fieldsF1",
  "accuracy",
  "macroF1",
])
const ofFreeText = ["token F1", "ROUGE-L", "chrF"]

/** Throws WiringRefused with all that is wrong. */
export const checkComparison = ({ arms, decidedBy, judge, schema, scorers, style }: Given): void => {
  const problems: Array<readonly [string, string]> = []
  const names = Object.keys(arms)
  if (names.length === 0) problems.push(["arms", "there is none: give one at least, such as base: {}"])
  for (const [name, arm] of Object.entries(arms)) {
    if (!/^[a-z0-9][\w-]*$/.test(name))
      problems.push([
        `arm ${JSON.stringify(name)}`,
        "names steps: it starts with a small letter or a digit and goes on with letters, digits, _ and -",
      ])
    if (stepNames.has(name) || (name === "judge" && judge !== undefined))
      problems.push([`arm ${name}`, "a step of the comparison itself has this name"])
    const unknown = Object.keys(arm).filter((field) => !armFields.has(field))
    if (unknown.length > 0)
      problems.push([`arm ${name}`, `has no ${unknown.join(", ")}; it takes ${[...armFields].join(", ")}`])
  }
  const seen = new Set<string>()
  for (const { name } of scorers) {
    const label = `scorer ${JSON.stringify(name)}`
    if (name === "") problems.push([label, "needs a name"])
    else if (ownNames.has(name) || name.startsWith("field ") || (style && name === "in style"))
      problems.push([label, "has the name of a score that the comparison makes itself"])
    else if (seen.has(name)) problems.push([label, "is there twice: scores are told apart by their names"])
    seen.add(name)
  }
  if (judge !== undefined && names.length === 1)
    problems.push(["judge", "there is one arm: two are judged against each other"])
  for (const pair of judge?.pairs ?? [])
    if (pair[0] === pair[1] || pair.some((name) => !names.includes(name)))
      problems.push([`judge ${pair.join(" ")}`, `are not two of the arms: ${names.join(", ")}`])
  const known = [
    "exact",
    ...scorers.map(({ name }) => name),
    ...(style ? ["in style"] : []),
    ...(schema ? [] : ofFreeText),
  ]
  if (decidedBy !== undefined && !known.includes(decidedBy))
    problems.push([
      "decidedBy",
      `${JSON.stringify(decidedBy)} is no score to decide by: ${[...new Set(known)].join(", ")}`,
    ])
  if (problems.length > 0)
    throw new WiringRefused(
      Errors.structured(
        "Evaluate.compare is given what cannot be compared.",
        problems,
        "Correct the options.",
      ),
    )
}
