/**
 * Numbers that belong to a person: telephones, accounts, cards, social security. Each by its shape and, where it has
 * one, its check digits; numbers kept for examples do not count.
 */
import { around, type Finding, found, type Hit } from "./Finding.ts"
import { type ChatRow, firstPlace } from "./Subject.ts"

/** `+49 30 901820`, `(415) 555-2671`, `415-555-2671`. */
const telephone =
  /(?<![\w+.])(?:\+|00)[1-9]\d{0,2}[\s./-]?(?:\(\d{1,5}\)[\s./-]?)?\d(?:[\s./-]?\d){5,12}(?![\w])|(?<![\w-])(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-.]\d{4}(?![\w-])/g
/** Within a country: `06 12 34 56 78`, `07911 123456`, `030 / 12 34 56 78`. */
const domestic =
  /(?<![\p{L}\p{N}.,/-])(?:0[1-9](?:[ .-]\d\d){4}|07\d{3} \d{3} ?\d{3}|0\d{2,4} ?\/ ?\d(?: ?\d){4,9})(?![\p{L}\p{N}/-])/gu
/** A number that is said to be one: `Tel.: 5550123456`. */
const announced =
  /(?<=(?<!\p{L})(?:(?:call|ring|reach) me (?:at|on)|tel|telefon|telephone|phone|mobile?|mobil|handy|cell|whatsapp|fax)(?:[ .:=#]|number|nummer|no\b|nr\b|is\b|ist\b){1,6})\(?\d(?:[ ()./-]{0,2}\d){6,13}(?!\p{L}|\p{N}|[/-]\p{N})/giu
/** A date is none, whatever stands before it. */
const isDate = (found: string): boolean => /^\d{4}-\d\d-\d\d/.test(found)
/** 555-0100 to 555-0199 are kept for fiction. */
const fictional = /555[-. ]?01\d\d$/

const account =
  /(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])|(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?\d{4}){3,6}(?:[ -]?\d{1,3})?(?![A-Za-z0-9])/g
const card =
  /(?<![\d.-])(?:(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6011|65\d\d)(?:[ -]?\d{4}){3}|3[47]\d\d[ -]?\d{6}[ -]?\d{5})(?![\d-])/g
const socialSecurity = /(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g

/** Nearly all texts have no number that is long enough, and are done after one search. */
const long = /\d[\d ()./-]{6,}\d|[A-Z]{2}\d{2} ?[A-Z0-9]{4}|[a-z]{2}\d{6}/

export interface Place {
  readonly index: number
  readonly text: string
}

/** Numbers of a person in a text, in no particular order. */
export const numbersIn = (text: string): ReadonlyArray<Place> => {
  if (!long.test(text)) return []
  const matches = (pattern: RegExp, holds: (found: string) => boolean) =>
    [...text.matchAll(pattern)]
      .filter(([found]) => holds(found))
      .map((match) => ({ index: match.index, text: match[0] }))
  return [
    ...matches(telephone, (found) => !fictional.test(found)),
    ...matches(domestic, () => true),
    ...matches(announced, (found) => !isDate(found) && !fictional.test(found)),
    ...matches(account, isAccount),
    ...matches(card, isCard),
    ...matches(socialSecurity, () => true),
  ]
}

/** ISO 13616: read as a number with the first four characters last, A to Z as 10 to 35, it is 1 modulo 97. */
const isAccount = (found: string): boolean => {
  const plain = found.replace(/[ -]/g, "")
  let rest = 0
  for (const character of plain.slice(4) + plain.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

/** Luhn's sum. */
const isCard = (found: string): boolean => {
  const digits = Array.from(found.replace(/\D/g, ""), Number).toReversed()
  const sum = digits.reduce((total, digit, at) => {
    const value = at % 2 === 0 ? digit : 2 * digit
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return sum % 10 === 0
}

/** `+4** ** ******`: its shape, and too little of it to use. */
export const maskedNumber = (number: string): string =>
  number.slice(0, 2) + number.slice(2).replace(/[A-Za-z0-9]/g, "*")

export const personalNumbers = (chats: ReadonlyArray<ChatRow>): ReadonlyArray<Finding> => {
  const first = firstPlace((text) => {
    const places = numbersIn(text)
    return places.length === 0 ? undefined : places
  })
  const hits = chats.flatMap((row): ReadonlyArray<Hit> => {
    const at = first(row)
    if (at === undefined) return []
    const { index, text: number } = at.place[0]!
    let excerpt = around(at.text, index, number.length)
    for (const { text } of at.place) excerpt = excerpt.replaceAll(text, maskedNumber(text))
    return [{ id: row.id, excerpt }]
  })
  return found(
    "personalNumbers",
    "warn",
    hits,
    "Text holds telephone, account, card or social security numbers, which a tuned model can say to anybody.",
    "Replace them by marks such as [phone], unless the model is to know them.",
  )
}
