/** Checks of what is to be answered: labels that crowd out the others, and answers that stand in their prompts. */
import { type Finding, found, type Hit } from "./Finding.ts"
import { type Example, type LabelField, labelsOf, normalised } from "./Subject.ts"

/** Cyrillic and Greek letters that look like Latin ones, and these. */
const lookalikes = "аеорсухіјѕԁһαοеνρτυκι"
const latin = "aeopcyxijsdhaoevptuki"

/** What two ways to write one label have in common. */
const folded = (label: string): string =>
  Array.from(label.normalize("NFKC").toLowerCase(), (letter) => latin[lookalikes.indexOf(letter)] ?? letter)
    .join("")
    .replace(/[^\p{L}\p{N}+#%<>=-]+/gu, " ")
    .trim()

/** Labels without those that are only another way to write a more frequent one: these are labelVariants' to tell. */
const distinctValues = ({ values }: LabelField): LabelField["values"] => {
  const seen = new Set<string>()
  return values.filter(([value]) => {
    // Of marks alone, such as :) and :(, nothing is left to compare by.
    const name = folded(value) === "" ? value : folded(value)
    const isNew = !seen.has(name)
    seen.add(name)
    return isNew
  })
}

const fewest = 5

export const labelImbalance = (
  examples: ReadonlyArray<Example>,
  fields: ReadonlyArray<LabelField>,
): ReadonlyArray<Finding> => {
  const about = (field: string) => (field === "" ? "" : ` of "${field}"`)
  const findings = fields.flatMap((of): ReadonlyArray<Finding> => {
    const { field, rows } = of
    const values = distinctValues(of)
    const [top, times] = values[0]!
    const [rarest, rarestTimes] = values.at(-1)!
    const listed = values
      .slice(0, 6)
      .map(([value, count]) => `${value} ${count}`)
      .join(", ")
    const share = times / rows
    const isConstant = values.length === 1
    // A JSON answer may well have a field that is always the same; an answer that is always the same is a fault.
    if (isConstant && fields.some(({ values: others }) => others.length > 1)) return []
    if (!isConstant && share < 0.8 && !(rarestTimes < fewest && rows >= 10 * values.length)) return []
    const hits = examples.flatMap(({ answer, id }): ReadonlyArray<Hit> =>
      labelsOf(answer).some(([name, value]) => name === field && value === rarest)
        ? [{ id, excerpt: listed }]
        : [],
    )
    const problem = isConstant
      ? `Every answer${about(field)} is the same: a model learns to give it whatever is asked.`
      : share >= 0.8
        ? `${Math.round(share * 100)} % of the answers${about(field)} are "${top}": always saying so scores as much.`
        : `The answer "${rarest}"${about(field)} is in fewer than ${fewest} rows: too few to learn it from.`
    return found(
      "labelImbalance",
      share >= 0.9 ? "warn" : "note",
      hits,
      problem,
      "Collect more rows of the rare answers, balance the sample (Split.sample with balance), and report macro-F1.",
    )
  })
  return findings
}

/** One label written in several ways: as many classes to a model, of which it is right to give only one. */
export const labelVariants = (
  examples: ReadonlyArray<Example>,
  fields: ReadonlyArray<LabelField>,
): ReadonlyArray<Finding> =>
  fields.flatMap(({ field }): ReadonlyArray<Finding> => {
    const written = examples.map(({ answer }) =>
      // A whole answer with its white space, which is a part of it to a model.
      field === "" ? answer : labelsOf(answer).find(([name]) => name === field)?.[1],
    )
    const ways = new Map<string, Map<string, number>>()
    for (const label of written) {
      if (label === undefined || folded(label) === "") continue
      const counts = ways.get(folded(label)) ?? new Map<string, number>()
      ways.set(folded(label), counts.set(label, (counts.get(label) ?? 0) + 1))
    }
    const hits = examples.flatMap(({ id }, at): ReadonlyArray<Hit> => {
      const label = written[at]
      const counts = label === undefined ? undefined : ways.get(folded(label))
      if (counts === undefined || counts.size < 2) return []
      const [usual, ...others] = [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      if (label === usual![0]) return []
      const listed = [usual!, ...others].map(([way, count]) => `${JSON.stringify(way)} ${count}`)
      return [{ id, excerpt: listed.join(", ") }]
    })
    return found(
      "labelVariants",
      "warn",
      hits,
      `The same answer${field === "" ? "" : ` in "${field}"`} is written in several ways: other case, spaces, marks, or letters that only look alike.`,
      "Write each label in one way where the rows are read, and give the answers a schema of literals.",
    )
  })

const fewestHeldOut = 10

/** Labels that one side of the split lacks: such a class is never measured, or was never learnt. */
export const heldOutLabels = (
  fields: ReadonlyArray<LabelField>,
  heldOut: ReadonlyArray<Example>,
): ReadonlyArray<Finding> =>
  fields.flatMap((of): ReadonlyArray<Finding> => {
    const { field, rows, values } = of
    const about = field === "" ? "" : ` of "${field}"`
    const labelled = heldOut.flatMap(({ answer, id }) =>
      labelsOf(answer).flatMap(([name, value]) => (name === field ? [{ id, value }] : [])),
    )
    if (labelled.length === 0) return []
    const there = new Set(labelled.map(({ value }) => value))
    const known = new Set(values.map(([value]) => value))
    // Of a handful of held-out rows most classes are missing, which needs no saying.
    const absent =
      labelled.length < fewestHeldOut ? [] : distinctValues(of).filter(([value]) => !there.has(value))
    // By chance alone a class of which three rows are to be expected is missing once in twenty times.
    const isChance = absent.every(([, count]) => (count / rows) * labelled.length < 3)
    const shown = absent.map(([value, count]) => `${value}: ${count} of ${rows} training rows`).join(", ")
    const missing: ReadonlyArray<Finding> =
      absent.length === 0
        ? []
        : [
            {
              check: "heldOutLabels",
              severity: isChance ? "note" : "warn",
              count: 0,
              rows: [],
              excerpt: `${shown}; none of ${labelled.length} held-out rows`,
              problem: `No held-out row has the answer${about} ${absent.map(([value]) => `"${value}"`).join(", ")}: how well it is learnt is not measured.`,
              fix: "Hold out more rows, or split so that each answer has its share on both sides.",
            },
          ]
    const strange = labelled.filter(({ value }) => !known.has(value))
    return [
      ...missing,
      ...found(
        "heldOutLabels",
        "warn",
        strange.map(({ id, value }) => ({ id, excerpt: value })),
        `Held-out rows expect an answer${about} that no training row has: it cannot be learnt.`,
        "Add training rows with it, or take it out of the comparison.",
      ),
    ]
  })

/** What introduces an answer that was left in its prompt. */
const marker =
  "(?:the |correct |right |expected |true |gold |final |ground[ -]truth )*(?:answer|label|solution|output|target|gold|ground[ _-]?truth|class|category|expected|completion|response|result"

/**
 * Answers that can be read off the prompt. A label is leaked where something announces it (`label: positive`), or
 * where it stands alone at the start or end of the prompt, and no other label stands beside it, which would make it
 * a list of choices. A longer answer is leaked where the prompt repeats it, unless it is a short piece of a long
 * text (a question about a document), or half of all rows are so (a task of copying or correcting).
 */
export const leakedAnswers = (
  examples: ReadonlyArray<Example>,
  fields: ReadonlyArray<LabelField>,
): ReadonlyArray<Finding> => {
  const valuesOf = new Map(fields.map(({ field, values }) => [field, values.map(([value]) => value)]))
  const certain: Array<Hit> = []
  const repeated: Array<Hit> = []
  for (const { answer, id, prompt } of examples) {
    const trimmed = answer.trim()
    if (trimmed === "" || prompt === "") continue
    const at = announced(prompt, trimmed, valuesOf)
    if (at !== undefined) {
      certain.push({ id, excerpt: prompt.slice(Math.max(0, at - 40), at + 120) })
      continue
    }
    const place = repeatedAt(prompt, trimmed)
    if (place >= 0) repeated.push({ id, excerpt: prompt.slice(Math.max(0, place - 40), place + 120) })
  }
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
      isTask ? "note" : "warn",
      repeated,
      isTask
        ? "Most prompts hold their answer word for word: is copying the task?"
        : "The prompt repeats the whole answer.",
      fix,
    ),
  ]
}

const announced = (
  prompt: string,
  answer: string,
  valuesOf: ReadonlyMap<string, ReadonlyArray<string>>,
): number | undefined => {
  for (const [field, value] of labelsOf(answer)) {
    const label = value.trim()
    if (label === "" || label.length > 60) continue
    const others = (valuesOf.get(field) ?? []).filter((other) => other !== value)
    const isChoice = others.some((other) => hasWord(prompt, other))
    if (isChoice) continue
    const name = field === "" ? "" : `|${escaped(field)}`
    const said = new RegExp(
      `(?<![\\p{L}\\p{N}])${marker}${name})["'*_]{0,3} ?(?:is|was|:|=|->|=>|→)[ \\n]*["'*_(\\[{]{0,3}${escaped(label)}(?![\\p{L}\\p{N}])`,
      "iu",
    ).exec(prompt)
    if (said !== null) return said.index
    // Alone at an end: only labels of a known set, since a word may end a prompt by chance.
    if (others.length === 0) continue
    const alone = new RegExp(
      `(?:^|\\n)[ \\t]*[\\[(#<"'*_]{0,3}${escaped(label)}[\\])>"'*_]{0,3}[ \\t]*(?:\\n|$)|[\\[(<#]${escaped(label)}[\\])>]?[ \\t]*$|^[ \\t]*[\\[(<]${escaped(label)}[\\])>]|(?:^|\\n)[ \\t]*${escaped(label)}[ \\t]*[:|\\t-]|[|\\t][ \\t]*${escaped(label)}[ \\t]*$`,
      "iu",
    ).exec(prompt)
    if (alone !== null && prompt.trim().toLowerCase() !== label.toLowerCase()) return alone.index
  }
  return undefined
}

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
  return prompt.length <= 200 || answer.length * 5 >= prompt.length ? place : -1
}

const isMostOf = (answer: string, prompt: string): boolean =>
  (prompt.length <= 200 || answer.length * 5 >= prompt.length) && ` ${prompt} `.includes(` ${answer} `)

const hasWord = (text: string, word: string): boolean =>
  new RegExp(`(?<![\\p{L}\\p{N}])${escaped(word)}(?![\\p{L}\\p{N}])`, "iu").test(text)

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
