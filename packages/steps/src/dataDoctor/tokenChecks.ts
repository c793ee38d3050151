/** Checks of token rows: what a model would learn from them, and whether it could. */
import { thousands } from "../counted.ts"
import { type Finding, found, type Hit } from "./Finding.ts"
import type { Subject, TokenRow } from "./Subject.ts"

const isLearnt = (label: number): boolean => label !== -100

/** Supervised tokens of a row; the first position has nothing before it to be predicted from. */
export const supervisedTokens = ({ labels }: TokenRow): number => {
  let count = 0
  for (let at = 1; at < labels.length; at++) if (isLearnt(labels[at]!)) count++
  return count
}

/** A token's text, and its id where it has none. */
const shown = ({ model }: Subject, id: number): string => model.tokenText(id) ?? `#${id}`

const shownStart = (subject: Subject, { ids }: TokenRow, from = 0): string =>
  Array.from({ length: Math.max(0, Math.min(12, ids.length - from)) }, (_, at) =>
    shown(subject, ids[from + at]!),
  ).join(" ")

/** The last stretch of supervised tokens: start inclusive, end exclusive. */
const lastStretch = ({ labels }: TokenRow): readonly [number, number] => {
  let end = labels.length
  while (end > 0 && !isLearnt(labels[end - 1]!)) end--
  let start = end
  while (start > 0 && isLearnt(labels[start - 1]!)) start--
  return [start, end]
}

/**
 * Padding with the end token is harmless while the end token is learnt (a note), and the commonest reason for a
 * model that never stops where a mask took it out with the padding.
 */
export const padIsEos = (subject: Subject): ReadonlyArray<Finding> => {
  const { eosId, padId, stopIds } = subject.model
  if (padId === null || (padId !== eosId && !stopIds.includes(padId))) return []
  const unlearnt = subject.tokens.filter(
    ({ ids, labels }) =>
      Array.prototype.includes.call(ids, padId) && !Array.prototype.includes.call(labels, padId),
  )
  return [
    {
      check: "padIsEos",
      severity: unlearnt.length === 0 ? "note" : "warn",
      count: unlearnt.length,
      rows: unlearnt.slice(0, 5).map(({ id }) => id),
      excerpt: `pad ${shown(subject, padId)} (${padId}), end ${shown(subject, eosId ?? padId)} (${eosId ?? padId})`,
      problem:
        unlearnt.length === 0
          ? "The tokenizer pads with the token that ends an answer; here that token is learnt all the same."
          : "The tokenizer pads with the token that ends an answer, and in these rows that token is masked.",
      fix: "Mask padding by position and not by token, or give the tokenizer a pad token of its own.",
    },
  ]
}

export const doubledBos = (subject: Subject): ReadonlyArray<Finding> => {
  const { bosId, padId } = subject.model
  if (bosId === null) return []
  const hits = subject.tokens.flatMap((row): ReadonlyArray<Hit> => {
    let start = 0
    if (padId !== null && padId !== bosId) while (row.ids[start] === padId) start++
    let times = 0
    while (row.ids[start + times] === bosId) times++
    // A long run of it is padding, where one token stands for both.
    const isDoubled = bosId === padId ? times === 2 : times >= 2
    return isDoubled ? [{ id: row.id, excerpt: shownStart(subject, row, start) }] : []
  })
  return found(
    "doubledBos",
    "refuse",
    hits,
    "The token that begins a text stands twice: the model never saw that.",
    "Let either the chat template or the tokenizer add it: tokenize the rendered chat without special tokens.",
  )
}

export const outsideVocabulary = (subject: Subject): ReadonlyArray<Finding> => {
  const { vocabularySize } = subject.model
  const isOutside = (id: number): boolean => !(Number.isInteger(id) && id >= 0 && id < vocabularySize)
  const hits = subject.tokens.flatMap(({ id, ids, labels }): ReadonlyArray<Hit> => {
    for (let at = 0; at < Math.max(ids.length, labels.length); at++) {
      const token = ids[at]
      if (token !== undefined && isOutside(token)) return [{ id, excerpt: `token ${token} at ${at}` }]
      const label = labels[at]
      if (label !== undefined && isLearnt(label) && isOutside(label))
        return [{ id, excerpt: `label ${label} at ${at}` }]
    }
    return []
  })
  return found(
    "outsideVocabulary",
    "refuse",
    hits,
    `The model has ${thousands(vocabularySize)} tokens, 0 to ${thousands(vocabularySize - 1)}; these rows hold others.`,
    "Tokenize with the model's own tokenizer, or resize the model's embeddings where tokens were added.",
  )
}

/** Labels are the ids themselves; the trainer shifts them by one. */
export const labelsDiffer = (subject: Subject): ReadonlyArray<Finding> => {
  const hits = subject.tokens.flatMap(({ id, ids, labels }): ReadonlyArray<Hit> => {
    if (ids.length !== labels.length) return [{ id, excerpt: `${ids.length} ids, ${labels.length} labels` }]
    for (let at = 0; at < ids.length; at++)
      if (isLearnt(labels[at]!) && labels[at] !== ids[at])
        return [
          {
            id,
            excerpt: `at ${at}: token ${shown(subject, ids[at]!)}, label ${shown(subject, labels[at]!)}`,
          },
        ]
    return []
  })
  return found(
    "labelsDiffer",
    "refuse",
    hits,
    "Labels are not the tokens at their own places, so that something else would be learnt than what is shown.",
    "Give −100 or the token's own id at each position; shifting by one is the trainer's work.",
  )
}

export const allMasked = (subject: Subject): ReadonlyArray<Finding> => {
  const hits = subject.tokens
    .filter((row) => supervisedTokens(row) === 0)
    .map((row) => ({ id: row.id, excerpt: shownStart(subject, row) }))
  return found(
    "allMasked",
    hits.length * 10 >= subject.tokens.length ? "refuse" : "warn",
    hits,
    "Nothing of these rows is learnt: every label is −100.",
    "Look at the mask: the answer may have been cut off, or its turn not been found in the template.",
  )
}

/** The last thing learnt of a row has to hold the token that ends the turn, or the model does not learn to stop. */
export const missingEndOfTurn = (subject: Subject): ReadonlyArray<Finding> => {
  const stops = new Set(subject.model.stopIds)
  let learnable = 0
  const hits = subject.tokens.flatMap((row): ReadonlyArray<Hit> => {
    const [start, end] = lastStretch(row)
    if (start === end) return []
    learnable++
    for (let at = start; at < end; at++) if (stops.has(row.labels[at]!)) return []
    return [{ id: row.id, excerpt: shownStart(subject, row, Math.max(start, end - 12)) }]
  })
  return found(
    "missingEndOfTurn",
    hits.length * 2 >= learnable ? "refuse" : "warn",
    hits,
    "No token that ends the answer is learnt: a model tuned on these rows may not stop.",
    "Let the mask cover the end-of-turn token, and check that the chat template writes one after every answer.",
  )
}

export const longPrompts = (subject: Subject): ReadonlyArray<Finding> => {
  const { maxTokens } = subject
  const tooLong: Array<Hit> = []
  const promptTooLong: Array<Hit> = []
  for (const row of subject.tokens) {
    if (row.ids.length <= maxTokens) continue
    let prompt = 0
    while (prompt < row.labels.length && !isLearnt(row.labels[prompt]!)) prompt++
    const excerpt = `${thousands(row.ids.length)} tokens, ${thousands(prompt)} before the answer`
    ;(prompt >= maxTokens ? promptTooLong : tooLong).push({ id: row.id, excerpt })
  }
  const fix =
    "Raise maxTokens, shorten the prompts, or drop these rows (onTooLong of Tokenize) and see them counted."
  return [
    ...found(
      "longPrompts",
      "refuse",
      promptTooLong,
      `The prompt alone is longer than the limit of ${thousands(maxTokens)} tokens: cut there, no answer is left.`,
      fix,
    ),
    ...found(
      "longPrompts",
      "warn",
      tooLong,
      `Rows are longer than the limit of ${thousands(maxTokens)} tokens, and part of them would be cut.`,
      fix,
    ),
  ]
}

/** A row at the limit that does not begin as nearly all others do has lost its start. */
export const cutRows = (subject: Subject): ReadonlyArray<Finding> => {
  const firsts = new Map<number, number>()
  for (const { ids } of subject.tokens)
    if (ids.length > 0) firsts.set(ids[0]!, (firsts.get(ids[0]!) ?? 0) + 1)
  const usual = [...firsts].toSorted((a, b) => b[1] - a[1])[0]
  if (usual === undefined || usual[1] * 10 < subject.tokens.length * 9) return []
  const hits = subject.tokens
    .filter(({ ids }) => ids.length >= subject.maxTokens && ids[0] !== usual[0])
    .map((row) => ({ id: row.id, excerpt: shownStart(subject, row) }))
  return found(
    "cutRows",
    "warn",
    hits,
    "These rows are as long as the limit and begin unlike the others: their start was cut off.",
    "Raise maxTokens, or shorten the prompts before they are tokenized.",
  )
}

/** Chats without tokens: dropped on the way. */
export const lostRows = (subject: Subject): ReadonlyArray<Finding> => {
  const kept = new Set(subject.tokens.map(({ id }) => id))
  const hits = subject.chats
    .filter(({ id }) => !kept.has(id))
    .map(({ id, messages }) => ({ id, excerpt: messages.at(-1)?.content ?? "" }))
  return found(
    "lostRows",
    hits.length * 10 >= subject.chats.length ? "warn" : "note",
    hits,
    "These chats have no tokens: they were dropped on the way and are not learnt.",
    "See the accounting of Tokenize for each one's reason.",
  )
}
