/** What a training is asked for in groups, checked where the compiler could not: their names, and held-out tokens. */
import { Errors, Step, Table } from "@sluice/core"
import { Tokens } from "../Tokens.ts"
import type { LoraOptions } from "../Train.ts"
import { WiringRefused } from "../WiringRefused.ts"

const groups = {
  heldOut: ["tokens", "every", "patience", "minImprovement", "keep"],
  samples: ["prompts", "every", "maxNewTokens"],
  snapshots: ["every"],
} as const

/** Throws WiringRefused with everything that is wrong. Other options are checked as the step's config. */
export const checkOptions = (options: LoraOptions): void => {
  const facts: Array<[string, string]> = []
  for (const [group, names] of Object.entries(groups)) {
    const given: object = options[group as keyof typeof groups] ?? {}
    for (const name of Object.keys(given)) {
      if (!(names as ReadonlyArray<string>).includes(name))
        facts.push([`${group}.${name}`, `no such option; it takes ${names.join(", ")}`])
    }
  }
  facts.push(
    ...tokenProblems(options.heldOut?.tokens).map(
      (problem) => ["heldOut.tokens", problem] as [string, string],
    ),
  )
  if (facts.length === 0) return
  throw new WiringRefused(
    Errors.structured(
      "Train.lora is given options that it cannot take.",
      facts,
      "Correct them where the step is used.",
    ),
  )
}

/** Held-out tokens are no input that the step declares, since most trainings have none: planning cannot check them. */
const tokenProblems = (tokens: unknown): ReadonlyArray<string> => {
  if (!Step.isRef(tokens)) return []
  const { kind } = tokens
  if (kind.kind !== "table") return [`what ${tokens.node} wrote is no table; Tokenize writes one`]
  return Table.mismatches(Tokens.type, kind.type).map((problem) => `${problem} in what ${tokens.node} wrote`)
}
