/** Answers that are no label among labels: slips of the pen, two in one, words around one, and none of the choices. */
import { type Finding, found, type Hit } from "./Finding.ts"
import { folded } from "./labelChecks.ts"
import { hasWord } from "./leakChecks.ts"
import { type Example, type LabelField, labelsOf, longestLabel } from "./Subject.ts"

/** A label in so few rows may be a slip of one that is ten times as frequent. */
const fewest = 5
const timesRarer = 10

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
        `Answers${about} are nearly a label and none: a letter amiss, two labels in one, words around it.`,
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

/** Rare values with the label that each is a slip of. */
const slipsOf = ({ values }: LabelField): ReadonlyMap<string, string> => {
  const slips = new Map<string, string>()
  for (const [value, rows] of values) {
    if (rows >= fewest) continue
    const usual = values.filter(([label, times]) => times >= timesRarer * rows && folded(label) !== "")
    // Other case and marks are told as another way to write it.
    if (usual.some(([label]) => folded(label) === folded(value))) continue
    const slipOf = usual.find(([label]) => isSlip(value, label)) ?? wrapped(value, usual)
    if (slipOf !== undefined)
      slips.set(value, `${JSON.stringify(value)} ${rows}, ${JSON.stringify(slipOf[0])} ${slipOf[1]}`)
  }
  return slips
}

type Counted = LabelField["values"][number]

/** The label that a value holds beside another label, its own announcement, or three words or more. */
const wrapped = (value: string, usual: ReadonlyArray<Counted>): Counted | undefined => {
  const held = usual.filter(([label]) => hasWord(value, label))
  if (held.length === 0) return undefined
  const [longest] = held.toSorted((a, b) => b[0].length - a[0].length)
  const rest = value.replace(longest![0], " ").match(/[\p{L}\p{N}]+/gu) ?? []
  const isJoined = held.length > 1 && /[,;/|&+\n]| and | or /.test(value)
  const isAnnounced = /^\W*(?:the )?(?:label|answer|class|category|output|result)\W/i.test(value)
  return isJoined || isAnnounced || rest.length >= 3 ? longest : undefined
}

/** One letter more, less, other or swapped, or two in words of eight; not the first, nor a digit. */
const isSlip = (a: string, b: string): boolean => {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()]
  const shorter = Math.min(left.length, right.length)
  if (shorter < 5 || left[0] !== right[0] || /\p{N}/u.test(left + right)) return false
  // Names of one scheme, such as class-a and class-b, differ in a word of one letter.
  if (/(?<!\p{L})\p{L}(?!\p{L})/u.test(left + " " + right)) return false
  return distance(left, right) <= (shorter >= 8 ? 2 : 1)
}

/** Letters to add, take away, change or swap with their neighbour (optimal string alignment). */
const distance = (a: string, b: string): number => {
  let before: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(Math.min(last[j]! + 1, row[j - 1]! + 1, change, isSwap ? before[j - 2]! + 1 : Infinity))
    }
    ;[before, last] = [last, row]
  }
  return last[b.length]!
}

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
