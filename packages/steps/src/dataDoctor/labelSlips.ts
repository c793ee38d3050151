/** Answers that are no label among labels: slips of the pen, two in one, words around one, and none of the choices. */
import { type Finding, found, type Hit } from "./Finding.ts"
import { folded, slipsOf } from "./labelNames.ts"
import { hasWord } from "./leakChecks.ts"
import { type Example, type LabelField, labelsOf, longestLabel } from "./Subject.ts"

/** A label stands in so many rows. */
const fewest = 5

export const labelSlips = (
  examples: ReadonlyArray<Example>,
  fields: ReadonlyArray<LabelField>,
): ReadonlyArray<Finding> =>
  fields.flatMap((of): ReadonlyArray<Finding> => {
    const slips = slipsOf(of)
    const listed = listedLabels(examples, of)
    const near: Array<Hit> = []
    const unlisted: Array<Hit> = []
    for (const { answer, id, wholePrompt } of examples) {
      const value = labelsOf(answer).find(([name]) => name === of.field)?.[1]
      if (value === undefined || value.trim() === "") continue
      const slip = slips.get(value)
      // What the prompt says itself is read off it, and no slip.
      if (slip !== undefined && !hasWord(wholePrompt, value.trim())) near.push({ id, excerpt: slip })
      else if (value.length > longestLabel) near.push({ id, excerpt: `no label: ${value}` })
      else if (
        listed.length > 1 &&
        !listed.some((label) => folded(label) === folded(value)) &&
        !hasWord(wholePrompt, value.trim()) &&
        listed.every((label) => hasWord(wholePrompt, label))
      )
        unlisted.push({ id, excerpt: `${value}, of ${listed.join(", ")}` })
    }
    const about = of.field === "" ? "" : ` in "${of.field}"`
    return [
      ...found(
        "labelVariants",
        "warn",
        near,
        `Answers${about} are nearly a label, and none: a letter amiss, two labels in one, or words around one.`,
        "Write the label alone where the rows are read, and give the answers a schema of literals.",
      ),
      ...found(
        "labelVariants",
        "warn",
        unlisted,
        `Answers${about} are none of the choices that their prompts list.`,
        "Name the choice in the prompt, or give the row one of those that are named.",
      ),
    ]
  })

/** Labels that nearly all prompts with them name; none where fewer than nine of ten rows' labels are so. */
const listedLabels = (
  examples: ReadonlyArray<Example>,
  { field, rows, values }: LabelField,
): ReadonlyArray<string> => {
  const named = new Map<string, number>()
  const known = new Map(values)
  for (const { answer, wholePrompt } of examples) {
    const value = labelsOf(answer).find(([name]) => name === field)?.[1]
    if (value !== undefined && (known.get(value) ?? 0) >= fewest && hasWord(wholePrompt, value))
      named.set(value, (named.get(value) ?? 0) + 1)
  }
  const listed = values.filter(([value, times]) => (named.get(value) ?? 0) * 10 >= times * 9)
  const covered = listed.reduce((sum, [, times]) => sum + times, 0)
  return covered * 10 >= rows * 9 ? listed.map(([value]) => value) : []
}
