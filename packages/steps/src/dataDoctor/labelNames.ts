/** When two ways to write a label are one label: letters that look alike, other case and marks, slips of the pen. */
import { Errors } from "@sluice/core"
import { hasWord } from "./leakChecks.ts"
import type { LabelField } from "./Subject.ts"

/** Cyrillic and Greek letters that look like Latin ones, and these. */
const lookalikes = "аеорсухіјѕԁһαοеνρτυκι"
const latin = "aeopcyxijsdhaoevptuki"

/** What two ways to write one label have in common. */
export const folded = (label: string): string =>
  Array.from(label.normalize("NFKC").toLowerCase(), (letter) => latin[lookalikes.indexOf(letter)] ?? letter)
    .join("")
    .replace(/[^\p{L}\p{N}+#%<>=-]+/gu, " ")
    .trim()

/** A label in so few rows may be a slip of one that is ten times as frequent. */
const fewest = 5
const timesRarer = 10

/** Rare values with the label that each is a slip of. */
export const slipsOf = ({ values }: LabelField): ReadonlyMap<string, string> => {
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
  const isAnnounced = /^\d+[.)] |^\W*(?:the )?(?:label|answer|class|category|output|result)\W/i.test(value)
  return isJoined || isAnnounced || rest.length >= 3 ? longest : undefined
}

/** One letter more, less, other or swapped, or two in words of eight; not the first, nor a digit. */
const isSlip = (a: string, b: string): boolean => {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()]
  if (left.replace(/[\s_-]/g, "") === right.replace(/[\s_-]/g, "")) return true
  const shorter = Math.min(left.length, right.length)
  if (shorter < 5 || left[0] !== right[0] || /\p{N}/u.test(left + right)) return false
  // Names of one scheme, such as class-a and class-b, differ in a word of one letter.
  if (/(?<!\p{L})\p{L}(?!\p{L})/u.test(left + " " + right)) return false
  const most = shorter >= 8 ? 2 : 1
  return Errors.editDistance(left, right, most + 1) <= most
}
