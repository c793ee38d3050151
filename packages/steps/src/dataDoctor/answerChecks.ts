/** Checks of answers against each other: those in another form than nearly all, and those that end too early. */
import * as Json from "../scores/jsonValue.ts"
import { type Finding, found, type Hit } from "./Finding.ts"
import type { Example } from "./Subject.ts"

/** Under so many rows no form is the usual one. */
const fewestRows = 20

const isUsual = (count: number, of: number, share = 0.9): boolean => of >= fewestRows && count >= of * share

/**
 * Where nine of ten answers are JSON, the others are at fault: in a fence, with words around, plain text, or without a
 * field that nearly all have. An answer that begins as JSON and does not end so is cut off (`cutAnswers`).
 */
export const answerForm = (examples: ReadonlyArray<Example>): ReadonlyArray<Finding> => {
  const values = examples.map(({ answer }) => Json.parsed(answer))
  const isObject = values.filter((value) => Json.isRecord(value) || Array.isArray(value))
  if (!isUsual(isObject.length, examples.length)) return []
  const fields = new Map<string, number>()
  const records = values.filter(Json.isRecord)
  for (const value of records)
    for (const field of Object.keys(value)) fields.set(field, (fields.get(field) ?? 0) + 1)
  const usual = [...fields].filter(([, count]) => isUsual(count, records.length)).map(([field]) => field)
  const others: Array<Hit> = []
  const lacking: Array<Hit> = []
  examples.forEach(({ answer, id }, at) => {
    const value = values[at]
    if (answer.trim() === "") return
    if (Json.isRecord(value)) {
      const missing = usual.find((field) => !Object.hasOwn(value, field))
      if (missing !== undefined) lacking.push({ id, excerpt: `${answer} has no field "${missing}"` })
    } else if (!Array.isArray(value) && !isCutJson(answer)) others.push({ id, excerpt: answer })
  })
  return [
    ...found(
      "answerForm",
      "warn",
      others,
      "Nearly all answers are JSON as a whole; these are not: a fence, words around it, or plain text.",
      "Write JSON.stringify of the value and nothing else, or leave these rows out.",
    ),
    ...found(
      "answerForm",
      "warn",
      lacking,
      `These answers lack a field that nearly all have (${usual.join(", ")}), or have it by another name.`,
      "Give every answer the same fields, with null where there is no value.",
    ),
  ]
}

const isCutJson = (answer: string): boolean => /^\s*[[{]/.test(answer) && Json.parsed(answer) === undefined

/** Long enough to be a sentence. */
const sentenceLength = 60

/** What a finished text ends with: a mark, or what closes one. */
const ending = /[\p{Po}\p{Pe}\p{Pf}"'`*|~>$=]\s*$|[\p{So}\p{Emoji_Presentation}]\ufe0f?\s*$/u
/** Marks that nothing ends with. */
const opening = /[,;&(\-–—/]\s*$/u

/**
 * Answers that stop in the middle: JSON that is not closed among JSON that is, a code block that is not closed, a text
 * without an end where 95 of 100 long ones have one.
 */
export const cutAnswers = (examples: ReadonlyArray<Example>): ReadonlyArray<Finding> => {
  const json = examples.filter(({ answer }) => /^\s*[[{]/.test(answer))
  const broken = json.filter(({ answer }) => isCutJson(answer))
  const isJsonCut = isUsual(json.length - broken.length, json.length)
  const long = examples.filter(({ answer }) => answer.length >= sentenceLength && !/^\s*[[{]/.test(answer))
  const isEnded = ({ answer }: Example) => ending.test(answer) && !opening.test(answer)
  // Lists and headings end without a mark, so that one text in ten without an end would say little.
  const isTextCut = isUsual(long.filter(isEnded).length, long.length, 0.95)
  const hits = examples.flatMap((example): ReadonlyArray<Hit> => {
    const { answer, id } = example
    const isFenceOpen = (answer.match(/^```/gm)?.length ?? 0) % 2 === 1
    const isCut =
      isFenceOpen ||
      (isJsonCut && isCutJson(answer)) ||
      (isTextCut && answer.length >= sentenceLength && !/^\s*[[{]/.test(answer) && !isEnded(example))
    return isCut ? [{ id, excerpt: `…${answer.slice(-120)}` }] : []
  })
  return found(
    "cutAnswers",
    "warn",
    hits,
    "Answers stop in the middle: a model tuned on them learns to break off.",
    "Find where they were cut (a length limit, a split at a line end), or leave these rows out.",
  )
}
