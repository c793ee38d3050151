/**
 * Checks for rows in another language than most.
 *
 * A text's script is the one that four of five of its letters belong to. Languages in Latin letters are told apart
 * by their commonest words, chosen so that few belong to two of them: a text counts as of a language when it has at
 * least six words, a fifth and at least three of them are that language's, and they are twice as many as any other
 * language's. Names, quotations and single borrowed words so change nothing, and a short text has no language.
 * Prompts and answers are looked at apart, so that translating is no fault.
 */
import { type Finding, found, type Hit } from "./Finding.ts"
import type { Example } from "./Subject.ts"

const scripts: ReadonlyArray<readonly [string, RegExp]> = [
  ["Latin", /\p{sc=Latin}/gu],
  ["Cyrillic", /\p{sc=Cyrillic}/gu],
  ["Chinese", /\p{sc=Han}/gu],
  ["Japanese", /[\p{sc=Hiragana}\p{sc=Katakana}]/gu],
  ["Korean", /\p{sc=Hangul}/gu],
  ["Arabic", /\p{sc=Arabic}/gu],
  ["Hebrew", /\p{sc=Hebrew}/gu],
  ["Greek", /\p{sc=Greek}/gu],
  ["Devanagari", /\p{sc=Devanagari}/gu],
  ["Thai", /\p{sc=Thai}/gu],
]

const commonWords: Readonly<Record<string, string>> = {
  English:
    "the and of to is that it was for with this but you are have not they be at from or which were been would there what who their very my his her has had an we i",
  German:
    "der die und das ist nicht ein eine zu mit den auf für sich dem es ich auch sehr wir sie war haben wird bei aus noch nach einen aber wie sind hat des im von",
  French:
    "le les et est une des pas pour que dans qui ce il elle je vous nous avec sur sont mais très cette été au du la aux ne plus ont c'est un",
  Spanish:
    "el los las y es una que del por con para no se lo muy pero como está este su más fue son la en un todo era ha mi",
  Italian:
    "il gli e è una che di del della per con non sono molto ma come questo questa le ho anche più si nel alla un in la era",
  Portuguese:
    "o os as e é uma que do da dos não para com em no na muito mas por foi este esta mais são um você isso eu ele",
  Dutch:
    "de het een en van is niet dat ik op te zijn met voor die maar was ook er aan heel deze wordt heeft bij naar wij om",
  Polish: "i w nie jest na się że do to z jak ale co był była bardzo dla tego jest ten po tak od czy są",
  Turkish: "ve bir bu çok için da de ne ile gibi daha ama var en olarak değil ben o kadar sonra mi her",
}

const languagesOf = new Map<string, Array<string>>()
for (const [language, words] of Object.entries(commonWords))
  for (const word of new Set(words.split(" ")))
    languagesOf.set(word, [...(languagesOf.get(word) ?? []), language])

/** A text's first characters tell its language as well as all of it. */
const readLength = 2000

/** The text's language or, of other scripts than Latin, its script; undefined where it cannot be told. */
export const languageOf = (text: string): string | undefined => {
  const part = text.slice(0, readLength)
  const script = scriptOf(part)
  return script === "Latin" ? latinLanguageOf(part) : script
}

/** The script of most letters; undefined where there are under six, or no script has four of five. */
const scriptOf = (text: string): string | undefined => {
  // Nearly all texts are of ASCII letters alone; they need no closer look.
  // oxlint-disable-next-line no-control-regex
  if (/^[\u0000-\u007f]*$/.test(text)) return (text.match(/[a-z]/gi)?.length ?? 0) >= 6 ? "Latin" : undefined
  const counts = new Map(scripts.map(([name, pattern]) => [name, text.match(pattern)?.length ?? 0]))
  // Japanese is written with Chinese letters too.
  if (counts.get("Japanese")! * 5 > counts.get("Chinese")!) {
    counts.set("Japanese", counts.get("Japanese")! + counts.get("Chinese")!)
    counts.set("Chinese", 0)
  }
  // A Chinese, Japanese or Korean letter is worth about three of an alphabet.
  for (const name of ["Chinese", "Japanese", "Korean"]) counts.set(name, 3 * counts.get(name)!)
  const letters = [...counts.values()].reduce((sum, count) => sum + count, 0)
  if (letters < 6) return undefined
  return [...counts].find(([, count]) => count * 5 >= letters * 4)?.[0]
}

const latinLanguageOf = (text: string): string | undefined => {
  const words = text.toLowerCase().match(/\p{L}+(?:'\p{L}+)?/gu) ?? []
  if (words.length < 6) return undefined
  const counts = new Map<string, number>()
  for (const word of words)
    for (const language of languagesOf.get(word) ?? []) counts.set(language, (counts.get(language) ?? 0) + 1)
  const [best, second] = [...counts].toSorted((a, b) => b[1] - a[1])
  if (best === undefined || best[1] < 3 || best[1] * 5 < words.length) return undefined
  return best[1] >= 2 * (second?.[1] ?? 0) ? best[0] : undefined
}

export const mixedLanguages = (examples: ReadonlyArray<Example>): ReadonlyArray<Finding> =>
  (["prompt", "answer"] as const).flatMap((side) => {
    const languages = examples.map((example) => languageOf(example[side]))
    const counts = new Map<string, number>()
    for (const language of languages)
      if (language !== undefined) counts.set(language, (counts.get(language) ?? 0) + 1)
    const [most, ...others] = [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    if (most === undefined || others.length === 0) return []
    const told = [...counts.values()].reduce((sum, count) => sum + count, 0)
    const hits = examples.flatMap((example, at): ReadonlyArray<Hit> => {
      const language = languages[at]
      return language === undefined || language === most[0]
        ? []
        : [{ id: example.id, excerpt: `${language}: ${example[side]}` }]
    })
    // Where a fifth of the rows is in other languages, it is hardly an oversight.
    const isMeant = hits.length * 5 >= told
    return found(
      "mixedLanguages",
      isMeant ? "note" : "warn",
      hits,
      `Most ${side}s are ${most[0]}; these are ${others.map(([name, count]) => `${name} (${count})`).join(", ")}.`,
      "Leave them out, translate them, or hold out rows of each language if the model is to know them all.",
    )
  })

/** Letters of two alphabets within one word: slips of the keyboard, or made to look like something else. */
export const mixedScripts = (examples: ReadonlyArray<Example>): ReadonlyArray<Finding> => {
  const hits = examples.flatMap(({ answer, id, prompt }): ReadonlyArray<Hit> => {
    for (const text of [prompt, answer]) {
      const match = twoAlphabets.exec(text)
      if (match !== null)
        return [{ id, excerpt: text.slice(Math.max(0, match.index - 40), match.index + 80) }]
    }
    return []
  })
  return found(
    "mixedScripts",
    "warn",
    hits,
    "Single words mix Latin with Cyrillic or Greek letters that look alike: the model reads other tokens than people.",
    "Replace the letters by those of the word's own alphabet.",
  )
}

/** At least two letters of one alphabet and one of the other, without a break; µm and Δx are physics. */
const twoAlphabets =
  /\p{sc=Latin}{2,}[\p{sc=Cyrillic}]+|\p{sc=Cyrillic}+\p{sc=Latin}{2,}|\p{sc=Latin}+[\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u03bf\u03b1]\p{sc=Latin}+/u
