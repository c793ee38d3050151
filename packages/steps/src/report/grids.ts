/** The tables that both forms of the report show: the same cells, worded and escaped by each. */
import { thousands } from "../counted.ts"
import { type Comparison, percent, type Rate } from "../evaluate/Comparison.ts"

export interface Grid {
  readonly head: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

export interface Cells {
  /** Text as the form shows it. */
  readonly text: (text: string) => string
  readonly share: (rate: Rate | null) => string
}

/** One row for each arm. */
export const arms = (comparison: Comparison, { share, text }: Cells): Grid => {
  const json = comparison.arms.some((arm) => arm.validJson !== null)
  return {
    head: [
      "Arm",
      "Exact",
      "95 % interval",
      ...(json ? ["Valid JSON", "Schema"] : []),
      "Cut",
      "Tokens in",
      "Tokens out",
    ],
    rows: comparison.arms.map((arm) => [
      text(arm.name),
      share(arm.exact),
      `${percent(arm.exact.low)} to ${percent(arm.exact.high)}`,
      ...(json ? [share(arm.validJson), share(arm.schemaValid)] : []),
      thousands(arm.cut),
      thousands(arm.promptTokens),
      thousands(arm.newTokens),
    ]),
  }
}

/** Field by field, where there is more than one. */
export const fields = (comparison: Comparison, { share, text }: Cells): Grid | undefined => {
  const names = [...new Set(comparison.arms.flatMap((arm) => arm.fields.map((each) => each.field)))]
  if (names.length < 2) return undefined
  return {
    head: ["Field", ...comparison.arms.map((arm) => text(arm.name))],
    rows: names.map((field) => [
      text(field),
      ...comparison.arms.map((arm) => share(arm.fields.find((each) => each.field === field)?.rate ?? null)),
    ]),
  }
}
