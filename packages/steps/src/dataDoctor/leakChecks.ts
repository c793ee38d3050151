/** Checks for answers that can be read off their prompts. */
import { type Finding, found, type Hit } from "./Finding.ts"
import { cues } from "./leakedCues.ts"
import { type Example, type LabelField, labelsOf, longestLabel, normalised } from "./Subject.ts"

const fewest = 5

/** What introduces an answer that was left in its prompt. */
const marker =
  "(?:the |correct |right |expected |true |gold |final |ground[ -]truth )*(?:answer|label|solution|output|target|gold|hint|ground[ _-]?truth|class|category|expected|completion|response|result|(?:correct|right|true|expected|gold) [\\p{L}-]+"

/**
 * Answers that can be read off the prompt. A label is leaked where something announces it (`label: positive`), or
 * where it stands alone at the start or end of the prompt, and no other label stands beside it, which would make it
 * a list of choices, or an example. A longer answer is leaked where the prompt repeats it, unless it is a short piece
 * of a long text (a question about a document), or half of all rows are so (a task of copying or correcting). Where a
 * prompt names one field of several with its value, reading that off may be the task, which is never refused.
 */
export const leakedAnswers = (
  examples: ReadonlyArray<Example>,
  fields: ReadonlyArray<LabelField>,
): ReadonlyArray<Finding> => {
  const valuesOf = new Map(fields.map(({ field, values }) => [field, values.map(([value]) => value)]))
  const certain: Array<Hit> = []
  const stated: Array<Hit> = []
  const repeated: Array<Hit> = []
  const told = new Set<string>()
  const tell = (hits: Array<Hit>, { id, prompt }: Example, at: number): void => {
    told.add(id)
    hits.push({ id, excerpt: prompt.slice(Math.max(0, at - 40), at + 120) })
  }
  for (const example of examples) {
    const trimmed = example.answer.trim()
    if (trimmed === "" || example.prompt === "") continue
    const leak = announced(example.prompt, trimmed, valuesOf)
    const place = leak?.isCertain === true ? -1 : repeatedAt(example.prompt, trimmed)
    if (leak?.isCertain === true) tell(certain, example, leak.index)
    else if (place >= 0) tell(repeated, example, place)
    else if (leak !== undefined) tell(stated, example, leak.index)
  }
  const others = examples.filter(({ id }) => !told.has(id))
  const marks = cues(others, fields)
  for (const { example, index } of marks.filter(({ isLabel }) => isLabel)) tell(certain, example, index)
  const coded: Array<Hit> = []
  for (const { example, index } of marks.filter(({ isLabel }) => !isLabel)) tell(coded, example, index)
  const fix = "Take the answer out of the prompt: it will not be there when the model is used."
  const isTask = repeated.length * 2 >= examples.length && repeated.length > 1
  return [
    ...found(
      "leakedAnswers",
      certain.length >= fewest && certain.length * 10 >= examples.length ? "refuse" : "warn",
      certain,
      "The prompt gives its own answer away.",
      fix,
    ),
    ...found(
      "leakedAnswers",
      "warn",
      coded,
      "A mark in the prompt goes with one answer in every row: a number, a code or a name that stands for the label.",
      "Take the mark out, unless it will be there when the model is used: the text beside it is not learnt.",
    ),
    ...found(
      "leakedAnswers",
      "warn",
      stated,
      "The prompt names a field of its answer with the value: right where it is to be read off, else a leak.",
      `${fix} Where reading it off is the task, allow: ["leakedAnswers"] takes it as known.`,
    ),
    ...found(
      "leakedAnswers",
      isTask ? "note" : "warn",
      repeated,
      isTask
        ? "Most prompts hold their answer word for word: is copying the task?"
        : "The prompt repeats the whole answer.",
      fix,
    ),
  ]
}

interface Leak {
  readonly index: number
  /** Not only by a field's own name among several, as in a document that is to be read. */
  readonly isCertain: boolean
}

const announced = (
  prompt: string,
  answer: string,
  valuesOf: ReadonlyMap<string, ReadonlyArray<string>>,
): Leak | undefined => {
  const values = labelsOf(answer)
  for (const [field, value] of values) {
    const label = value.trim()
    if (label === "" || label.length > longestLabel) continue
    const others = (valuesOf.get(field) ?? []).filter((other) => other !== value)
    const byMarker = announcedBy(`${marker})`, prompt, label, others)
    if (byMarker !== undefined) return { index: byMarker, isCertain: true }
    // A value of many (an amount, a name) beside its field's name is what extracting is about.
    if (field !== "" && valuesOf.has(field)) {
      const byName = announcedBy(escaped(field), prompt, label, others)
      if (byName !== undefined) return { index: byName, isCertain: values.length === 1 }
    }
    // Alone at an end: only labels of a known set, since a word may end a prompt by chance.
    if (others.length === 0 || others.some((other) => hasWord(prompt, other))) continue
    const alone = new RegExp(
      `(?:^|\\n)[ \\t]*[\\[(#<"'*_]{0,3}${escaped(label)}[\\])>"'*_]{0,3}[ \\t]*(?:\\n|$)|[\\[(<#]${escaped(label)}[\\])>]?[ \\t]*$|^[ \\t]*[\\[(<]${escaped(label)}[\\])>]|<!--\\s*${escaped(label)}\\s*-->|^[\\w./-]*(?<![\\w-])${escaped(label)}/[\\w.-]+\\s|(?:^|\\n)[ \\t]*${escaped(label)}(?:[ \\t]*[:|\\t]|[ \\t]+-)|[|;\\t][ \\t]*${escaped(label)}[ \\t]*$`,
      "iu",
    ).exec(prompt)
    if (alone !== null && prompt.trim().toLowerCase() !== label.toLowerCase())
      return { index: alone.index, isCertain: true }
  }
  return undefined
}

/** Where the prompt announces the label; not in a list of choices, nor in examples that announce other labels too. */
const announcedBy = (
  name: string,
  prompt: string,
  label: string,
  others: ReadonlyArray<string>,
): number | undefined => {
  const said = announcement(name, label).exec(prompt)
  if (said === null) return undefined
  const following = prompt
    .slice(said.index + said[0].length)
    .split("\n", 1)[0]!
    .slice(0, 60)
  const isChoice = others.some((other) => hasWord(following, other) || announcement(name, other).test(prompt))
  return isChoice ? undefined : said.index
}

const announcement = (name: string, label: string): RegExp =>
  new RegExp(
    `(?<![\\p{L}\\p{N}])${name}["'*_]{0,3} ?(?:is|was|:|=|->|=>|→)[ \\n]*["'*_(\\[{]{0,3} ?(?:it(?: is|['’]s) )?${escaped(label)}(?![\\p{L}\\p{N}])`,
    "iu",
  )

/** Where a prompt repeats an answer that is too long to be there by chance. */
const repeatedAt = (prompt: string, answer: string): number => {
  const isObject = answer.startsWith("{") && answer.length >= 8
  const size = answer.split(/\s+/).length
  if (!isObject && (answer.length < 20 || size < 4)) return -1
  const place = prompt.indexOf(answer)
  if (place < 0) {
    // A copy with other spaces or marks is a copy; where it stands is not told then.
    const plain = normalised(answer)
    return size >= 4 && plain.length >= 20 && isMostOf(plain, normalised(prompt)) ? 0 : -1
  }
  if (isObject) return place
  return isLargePart(answer, prompt) ? place : -1
}

const isMostOf = (answer: string, prompt: string): boolean =>
  isLargePart(answer, prompt) && ` ${prompt} `.includes(` ${answer} `)

const isLargePart = (answer: string, prompt: string): boolean =>
  prompt.length <= 200 || answer.length * 5 >= prompt.length

export const hasWord = (text: string, word: string): boolean =>
  new RegExp(`(?<![\\p{L}\\p{N}])${escaped(word)}(?![\\p{L}\\p{N}])`, "iu").test(text)

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
