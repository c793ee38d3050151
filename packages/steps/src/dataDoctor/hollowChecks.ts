/** Checks for answers that say nothing: empty ones, leftovers of programs, refusals of the model that wrote them. */
import * as Json from "../scores/jsonValue.ts"
import { type Finding, found, type Hit, unlessMeant } from "./Finding.ts"
import type { Example, LabelField, Subject } from "./Subject.ts"

/** What programs write where a value was missing, and no one means. */
const nothing = new Set(["undefined", "nan", "[object object]", "#n/a", "#value!", "#ref!"])
/** What is so too, unless it is one of the labels. */
const leftovers = new Set([
  "null",
  "none",
  "n/a",
  "n.a.",
  "k.a.",
  "k. a.",
  "todo",
  "tbd",
  "nil",
  "empty",
  "(empty)",
  "<empty>",
  "[empty]",
  "(none)",
  "no answer",
  "missing",
])
/** Labels stand in more rows. */
const fewestOfLabel = 5

/** A place for an answer, or what a program said instead of one. */
const placeholder =
  /^(?:<(?:your |the |insert )?(?:answer|response|label|output|text|completion|value)(?: here)?>|\{\{[^{}]*\}\}|\$\{[^{}]*\}|\[(?:insert|your|answer|response|output|redacted|removed|deleted|placeholder|todo)\b[^\]]*\])$|^(?:your )?answer (?:goes )?here\.?$|^lorem ipsum dolor|^Traceback \(most recent call last\)|^(?:HTTP |Error:? ?(?:code:? ?)?)(?:4\d\d|5\d\d)\b|^<!doctype html|^<html[\s>]/i
/** Marks alone: an answer to some questions, but not among texts. */
const marksAlone = /^[\p{P}\p{S}\s]*$/u

/** Answers are texts, not labels or numbers, where nine of ten are at least so long. */
const textLength = 20

export const emptyAnswers = (
  { chats }: Subject,
  examples: ReadonlyArray<Example>,
  labels: ReadonlyArray<LabelField>,
): ReadonlyArray<Finding> => {
  const blank: Array<Hit> = []
  const hollow: Array<Hit> = []
  // A word such as "none" that is one of few labels is an answer like the others.
  const known = new Set(
    labels.flatMap(({ values }) =>
      values.filter(([, rows]) => rows >= fewestOfLabel).map(([value]) => value.toLowerCase()),
    ),
  )
  const areTexts =
    examples.filter(({ answer }) => answer.length >= textLength && !/^\s*[[{]/.test(answer)).length * 10 >=
    examples.length * 9
  const isHollow = (answer: string): boolean => {
    const small = answer.toLowerCase()
    if (nothing.has(small) || placeholder.test(answer)) return true
    if (leftovers.has(small)) return !known.has(small)
    return areTexts && marksAlone.test(answer)
  }
  chats.forEach(({ id, messages }, at) => {
    const bare = messages.findIndex(
      ({ content, role, toolCalls }) => role === "assistant" && isBlank(content) && !toolCalls,
    )
    if (bare >= 0) {
      blank.push({ id, excerpt: `message ${bare + 1} after: ${messages[bare - 1]?.content ?? ""}` })
      return
    }
    const answer = examples[at]!.answer.trim()
    if (answer !== "" && (isHollow(answer) || hasHollowField(answer)))
      hollow.push({ id, excerpt: `${examples[at]!.prompt.slice(0, 100)} -> ${answer}` })
  })
  const fix =
    "Leave these rows out, or find where their answers were lost: a wrong column name is the usual reason."
  return [
    ...found("emptyAnswers", "refuse", blank, "Answers are empty: a model would learn to say nothing.", fix),
    ...found(
      "emptyAnswers",
      "warn",
      hollow,
      "Answers are what programs write for a missing value, or the place of an answer.",
      fix,
    ),
  ]
}

/** White space, also where it cannot be seen as such. */
const isBlank = (text: string): boolean => /^(?:[\s\u200b\u200c\u2060\ufeff]|\u200d)*$/.test(text)

/** An object with a field that says `NaN`, or whose only texts are empty. */
const hasHollowField = (answer: string): boolean => {
  if (!answer.startsWith("{")) return false
  const value = Json.parsed(answer)
  if (!Json.isRecord(value)) return false
  const items = Object.values(value)
  const isNothing = (item: unknown) => typeof item === "string" && nothing.has(item.trim().toLowerCase())
  const isEmpty = (item: unknown) => typeof item === "string" && isBlank(item)
  return items.some(isNothing) || (items.length > 0 && items.every(isEmpty))
}

/** What assistants say of themselves, and what they say instead of an answer, in their own set phrases. */
const refusal =
  /\bas an? (?:ai|artificial intelligence)\b(?: language)?(?: model| assistant)?|\b(?:i['’]?m|i am) (?:just |only )?an? (?:ai|artificial intelligence)\b|\bi(?:['’]m| am)?(?: sorry,? but i)? ?(?:can(?:no|['’])?t|am unable to|am not able to|['’]?m unable to|['’]?m not able to) (?:assist|help|comply|fulfil+|complete|engage|answer|respond|provide)(?: you)?(?: with| to| in)? (?:that|this|your|the) ?(?:request|question|topic|information)?\s*[.,!]|\bas of my (?:last |latest )?(?:knowledge|training)\b|\bmy (?:knowledge cut-?off|training data)\b|\bals (?:eine? )?(?:ki|künstliche intelligenz)\b(?:-?(?:sprach)?modell|-?assistent)?|\b(?:dabei|damit|hierbei) kann ich (?:ihnen |dir )?(?:leider )?nicht (?:weiter)?helfen|\ben tant qu(?:e |['’])(?:modèle de langage|ia\b|intelligence artificielle)|\bcomo (?:un )?(?:modelo de lenguaje|ia\b|inteligencia artificial)/i
const openingLength = 160

/** Refusals that the model which wrote the answers left behind; where a fifth of the rows refuse, it is meant. */
export const refusals = (examples: ReadonlyArray<Example>): ReadonlyArray<Finding> => {
  const hits = examples.flatMap(({ answer, id }): ReadonlyArray<Hit> =>
    refusal.test(answer.slice(0, openingLength)) ? [{ id, excerpt: answer }] : [],
  )
  return found(
    "refusals",
    unlessMeant(hits, examples),
    hits,
    "Answers refuse, or speak of themselves as a model: another model wrote them and left this behind.",
    "Leave these rows out or write their answers; keep refusals only where the tuned model is to refuse.",
  )
}
