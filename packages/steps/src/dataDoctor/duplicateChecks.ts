/** Checks of rows against each other: copies, near-copies, copies across the split, and copies that disagree. */
import { thousands } from "../counted.ts"
import { type Finding, found, type Hit } from "./Finding.ts"
import { clusters, nearPairs, type Pair } from "./Similar.ts"
import { type Example, labelsOf, normalised } from "./Subject.ts"

/** What is known of the training rows' likeness to each other, for the checks and the effective size. */
export interface Likeness {
  /** Rows with prompt and answer exactly as in an earlier one: the earlier one's place, else −1. */
  readonly exact: Int32Array
  /** Pairs of rows whose prompts are nearly or exactly alike, exact copies apart. */
  readonly pairs: ReadonlyArray<Pair>
  readonly distinctRows: number
  /** Without near-duplicates that have the same answer. */
  readonly effectiveRows: number
}

export const likenessOf = (examples: ReadonlyArray<Example>): Likeness => {
  const exact = new Int32Array(examples.length).fill(-1)
  const first = new Map<string, number>()
  examples.forEach(({ answer, wholePrompt }, at) => {
    const key = JSON.stringify([wholePrompt, answer])
    const before = first.get(key)
    if (before === undefined) first.set(key, at)
    else exact[at] = before
  })
  const places = [...first.values()]
  const pairs = nearPairs(places.map((at) => examples[at]!.prompt)).map((pair) => ({
    ...pair,
    first: places[pair.first]!,
    second: places[pair.second]!,
  }))
  const same = pairs.filter(({ first: a, second: b }) => sameAnswer(examples[a]!.answer, examples[b]!.answer))
  const heads = clusters(examples.length, same)
  const effective = places.filter((at) => heads[at] === at).length
  return { exact, pairs, distinctRows: places.length, effectiveRows: effective }
}

const sameAnswer = (a: string, b: string): boolean => a === b || normalised(a) === normalised(b)

export const duplicates = (examples: ReadonlyArray<Example>, likeness: Likeness): ReadonlyArray<Finding> => {
  const hits = examples.flatMap(({ id, prompt }, at): ReadonlyArray<Hit> => {
    const before = likeness.exact[at]!
    return before < 0 ? [] : [{ id, excerpt: `as row ${examples[before]!.id}: ${prompt}` }]
  })
  return found(
    "duplicates",
    hits.length === 0 || hits.length * 100 < examples.length ? "note" : "warn",
    hits,
    "Rows repeat earlier ones word for word: they are learnt more often, and add nothing to the data's size.",
    "Keep one of each (Split.byHash drops rows with the same key).",
  )
}

/** A near-duplicate says the same again: its prompt is nearly another's, and its answer is the same. */
export const nearDuplicates = (
  examples: ReadonlyArray<Example>,
  { pairs }: Likeness,
): ReadonlyArray<Finding> => {
  const seen = new Set<number>()
  const hits = pairs.flatMap(({ first, second, similarity }): ReadonlyArray<Hit> => {
    const [a, b] = [examples[first]!, examples[second]!]
    if (seen.has(second) || !sameAnswer(a.answer, b.answer)) return []
    seen.add(second)
    return [{ id: b.id, excerpt: `${percent(similarity)} as row ${a.id}: ${a.prompt} | ${b.prompt}` }]
  })
  return found(
    "nearDuplicates",
    hits.length * 50 < examples.length ? "note" : "warn",
    hits,
    "Rows are nearly copies of others, with the same answer.",
    "Keep one of each, or vary them: copies add little, and make rare cases look common.",
  )
}

/** Prompts of held-out rows that were also trained on: what is measured on them is memory. */
export const acrossSplit = (
  examples: ReadonlyArray<Example>,
  heldOut: ReadonlyArray<Example>,
): ReadonlyArray<Finding> => {
  if (heldOut.length === 0) return []
  const trained = new Map<string, string>()
  for (const { id, prompt } of examples) if (!trained.has(prompt)) trained.set(prompt, id)
  const exact = heldOut.flatMap(({ id, prompt }): ReadonlyArray<Hit> => {
    const before = prompt === "" ? undefined : trained.get(prompt)
    return before === undefined ? [] : [{ id, excerpt: `as training row ${before}: ${prompt}` }]
  })
  const sides = [...trained.keys()]
  const others = heldOut.filter(({ prompt }) => prompt !== "" && !trained.has(prompt))
  const seen = new Set<number>()
  const near = nearPairs([...sides, ...others.map(({ prompt }) => prompt)], { contained: true }).flatMap(
    ({ first, second, similarity }): ReadonlyArray<Hit> => {
      if (first >= sides.length || second < sides.length || seen.has(second)) return []
      seen.add(second)
      const { id, prompt } = others[second - sides.length]!
      return [
        {
          id,
          excerpt: `${percent(similarity)} as training row ${trained.get(sides[first]!)!}: ${sides[first]!} | ${prompt}`,
        },
      ]
    },
  )
  return [
    ...found(
      "splitDuplicates",
      "refuse",
      exact,
      "Held-out prompts are also in the training rows: scores on them measure memory.",
      "Split by the prompt (Split.byHash with by: the prompt's column), before any row is copied.",
    ),
    ...found(
      "splitNearDuplicates",
      near.length * 20 >= heldOut.length ? "warn" : "note",
      near,
      "Held-out prompts are nearly copies of training prompts: scores on them are partly memory.",
      "Drop them from one side, or split by what they share: a source, a document, an author.",
    ),
  ]
}

/**
 * The same prompt with different answers. Prompts count as the same when they are equal but for letter case,
 * punctuation, filler words and slips of the pen; free text may well be answered in two ways, which is a note.
 */
export const contradictions = (
  examples: ReadonlyArray<Example>,
  { pairs }: Likeness,
): ReadonlyArray<Finding> => {
  const short: Array<Hit> = []
  const long: Array<Hit> = []
  const prompts = new Set(examples.map(({ prompt }) => prompt))
  // One prompt for all rows asks for variety.
  if (prompts.size * 10 < examples.length && prompts.size < 20 && isFreeText(examples)) return []
  const seen = new Set<number>()
  for (const { first, second } of pairs) {
    const [a, b] = [examples[first]!, examples[second]!]
    if (seen.has(second) || a.prompt.trim() === "" || sameAnswer(a.answer, b.answer)) continue
    if (!sameQuestion(a.prompt, b.prompt)) continue
    const excerpt = `row ${a.id}: ${cut(a.prompt, 60)} -> ${cut(a.answer, 40)} | ${cut(b.prompt, 60)} -> ${cut(b.answer, 40)}`
    seen.add(second)
    ;(isLabel(a.answer) && isLabel(b.answer) ? short : long).push({ id: b.id, excerpt })
  }
  const fix =
    "Decide which answer is right and drop the other, or add to the prompt what tells the two apart."
  return [
    ...found(
      "contradictions",
      short.length >= 5 && short.length * 10 >= examples.length ? "refuse" : "warn",
      short,
      "The same prompt has different answers: what is learnt of it is chance.",
      fix,
    ),
    ...found("contradictions", "note", long, "The same prompt is answered in different words.", fix),
  ]
}

const isLabel = (answer: string): boolean =>
  answer.length <= 60 || labelsOf(answer).some(([field, value]) => field !== "" && value.length <= 60)

const isFreeText = (examples: ReadonlyArray<Example>): boolean =>
  examples.filter(({ answer }) => isLabel(answer)).length * 2 < examples.length

const fillers = new Set(
  "a an the this that please kindly just really very so quite also too oh well hey hi hello ok okay now then of".split(
    " ",
  ),
)

/** Equal but for fillers and for words that are one or two letters apart, at most two of these. */
export const sameQuestion = (a: string, b: string): boolean => {
  const [left, right] = [words(a), words(b)]
  if (left.join(" ") === right.join(" ")) return true
  if (left.length !== right.length || left.length < 3) return false
  const differing = left.flatMap((word, at) => (word === right[at] ? [] : [[word, right[at]!] as const]))
  return differing.length <= 2 && differing.every(([one, other]) => isSlip(one, other))
}

const words = (text: string): ReadonlyArray<string> =>
  normalised(text)
    .split(" ")
    .filter((word) => !fillers.has(word))

/** A doubled, missing, changed or swapped letter within a word of five or more, not at its start or end. */
const isSlip = (a: string, b: string): boolean => {
  if (/\p{N}/u.test(a + b) || Math.min(a.length, b.length) < 5 || a[0] !== b[0] || a.at(-1) !== b.at(-1)) {
    return false
  }
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  let end = 0
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const left = a.slice(start, a.length - end)
  const right = b.slice(start, b.length - end)
  const isSwap = left.length === 2 && right.length === 2 && left[0] === right[1] && left[1] === right[0]
  return isSwap || (left.length <= 1 && right.length <= 1)
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text

/** What stays of the data when copies are taken out, and how much is learnt from it. */
export interface Size {
  readonly rows: number
  readonly exactDuplicates: number
  readonly nearDuplicates: number
  readonly effectiveRows: number
  readonly supervisedTokens: number
  readonly trainableParameters: number
  /** Supervised tokens for each trainable parameter. */
  readonly tokensPerParameter: number
}

export const sizeOf = (likeness: Likeness, supervisedTokens: number, trainableParameters: number): Size => ({
  rows: likeness.exact.length,
  exactDuplicates: likeness.exact.length - likeness.distinctRows,
  nearDuplicates: likeness.distinctRows - likeness.effectiveRows,
  effectiveRows: likeness.effectiveRows,
  supervisedTokens,
  trainableParameters,
  tokensPerParameter: trainableParameters === 0 ? 0 : supervisedTokens / trainableParameters,
})

/** Effective rows under which a result is worth little. */
const comfortableRows = 200

export const fewRows = (size: Size, minimumRows: number): ReadonlyArray<Finding> => {
  const { effectiveRows, rows } = size
  const isRefused = effectiveRows < minimumRows
  if (!isRefused && effectiveRows >= comfortableRows) return []
  const copies =
    rows === effectiveRows ? "" : ` of ${thousands(rows)}, the others being copies or near-copies`
  return [
    {
      check: "fewRows",
      severity: isRefused ? "refuse" : "warn",
      count: effectiveRows,
      rows: [],
      excerpt: `${thousands(effectiveRows)} distinct rows${copies}; ${thousands(size.supervisedTokens)} supervised tokens`,
      problem: isRefused
        ? `There are fewer than ${thousands(minimumRows)} distinct rows: a model learns them by heart, and what it scores elsewhere is chance.`
        : `There are fewer than ${comfortableRows} distinct rows: gains are small, and few held-out rows leave wide intervals.`,
      fix: isRefused
        ? "Collect more rows, or use these as examples in the prompt; a lower minimumRows takes so few."
        : 'Collect more rows, and compare with examples in the prompt; allow: ["fewRows"] takes it as known.',
    },
  ]
}
