/**
 * Checks for rows in another language than most.
 *
 * A text's script is the one that four of five of its letters belong to. Languages in Latin letters are told apart
 * by their commonest words, chosen so that few belong to two of them: a text counts as of a language when it has at
 * least six words, a fifth and at least three of them (two different ones) are that language's, and they are twice as
 * many as any other language's. Names, quotations and single borrowed words so change nothing, and a short text has no language.
 * Prompts and answers are looked at apart, so that translating is no fault; and then together, where all prompts of a
 * language are answered in one.
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
    "the and of to is that it was for with this but you are have not they be at from or which were been would there what who their very my his her has had an we i your our its when how if can could than then about into these those should does",
  German:
    "der die und das ist nicht ein eine zu mit den auf für sich dem es ich auch sehr wir sie war haben wird bei aus noch nach einen aber wie sind hat des im von diese dieser dieses oder einer einem eines kann können wenn als dass zum zur durch über werden nur ihre ihren keine mir mich muss vom",
  French:
    "le les et est une des pas pour que dans qui ce il elle je vous nous avec sur sont mais très cette été au du la aux ne plus ont c'est un ou par mais leur ses être ces mon comme sans n'est j'ai d'un d'une qu'il de un son sa sur",
  Spanish:
    "el los las y es una que del por con para no se lo muy pero como está este su más fue son la en un todo era ha mi sus este esta ser hay sin sobre también cuando",
  Italian:
    "il gli e è una che di del della per con non sono molto ma come questo questa le ho anche più si nel alla un la dei delle nella dal hanno stato lo",
  Portuguese:
    "o os as e é uma que do da dos não para com em no na muito mas por foi este esta mais são um você isso eu ele de",
  Dutch:
    "de het een en van is niet dat ik op te zijn met voor die maar was ook er aan heel deze wordt heeft bij naar wij om dit hun door uit nog kan worden geen tot mijn",
  Polish:
    "i w nie jest na się że do to z jak ale co był była bardzo dla tego jest ten po tak od czy są oraz ich który która które przez lub jako już tylko można",
  Turkish: "ve bir bu çok için da ne ile gibi daha ama var olarak değil ben o kadar sonra mi her",
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
  const words = text.toLowerCase().match(/\p{L}+(?:['’]\p{L}+)?/gu) ?? []
  if (words.length < 6) return undefined
  const counts = new Map<string, number>()
  const different = new Map<string, Set<string>>()
  for (const written of words) {
    const word = written.replace("’", "'")
    for (const language of languagesOf.get(word) ?? []) {
      counts.set(language, (counts.get(language) ?? 0) + 1)
      different.set(language, (different.get(language) ?? new Set()).add(word))
    }
  }
  const [best, second] = [...counts].toSorted((a, b) => b[1] - a[1])
  if (best === undefined || best[1] < 3 || best[1] * 5 < words.length) return undefined
  if (different.get(best[0])!.size < 2) return undefined
  return best[1] >= 2 * (second?.[1] ?? 0) ? best[0] : undefined
}

export const mixedLanguages = (examples: ReadonlyArray<Example>): ReadonlyArray<Finding> => {
  const prompts = examples.map(({ prompt }) => languageOf(prompt))
  const answers = examples.map(({ answer }) => languageOf(answer))
  const sides = [...fewAmong(examples, "prompt", prompts), ...fewAmong(examples, "answer", answers)]
  const told = new Set(
    sides.filter(({ isMeant }) => !isMeant).flatMap(({ hits }) => hits.map(({ id }) => id)),
  )
  const crossed = crossedIn(examples, prompts, answers).filter(({ id }) => !told.has(id))
  const fix =
    "Leave them out, translate them, or hold out rows of each language if the model is to know them all."
  return [
    ...sides.flatMap(({ hits, isMeant, problem }) =>
      found("mixedLanguages", isMeant ? "note" : "warn", hits, problem, fix),
    ),
    ...found(
      "mixedLanguages",
      "warn",
      crossed,
      "Answers are in another language than nearly all answers to prompts of the same language.",
      "Leave them out, or write their answers in the language that such prompts are answered in.",
    ),
  ]
}

type Told = ReadonlyArray<string | undefined>

interface Side {
  readonly hits: ReadonlyArray<Hit>
  readonly isMeant: boolean
  readonly problem: string
}

/** Texts of one side in another language than most. */
const fewAmong = (
  examples: ReadonlyArray<Example>,
  side: "prompt" | "answer",
  languages: Told,
): ReadonlyArray<Side> => {
  const [most, ...others] = counted(languages)
  if (most === undefined || others.length === 0) return []
  const told = others.reduce((sum, [, count]) => sum + count, most[1])
  // Where a fifth of the rows is in other languages, those of a twentieth are hardly an oversight.
  const isMixed = (told - most[1]) * 5 >= told
  return others.map(([name, count]): Side => ({
    hits: examples.flatMap((example, at): ReadonlyArray<Hit> =>
      languages[at] === name ? [{ id: example.id, excerpt: example[side] }] : [],
    ),
    isMeant: isMixed && count * 20 >= told,
    problem: `Most ${side}s are ${most[0]}; these are ${name}.`,
  }))
}

/** How many texts are told to be of each language, most first. */
const counted = (languages: Told): ReadonlyArray<readonly [string, number]> => {
  const counts = new Map<string, number>()
  for (const language of languages)
    if (language !== undefined) counts.set(language, (counts.get(language) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
}

/** Of so many prompts of a language, nine in ten answered in one. */
const fewestAnswered = 10

const crossedIn = (examples: ReadonlyArray<Example>, prompts: Told, answers: Told): ReadonlyArray<Hit> => {
  const usual = new Map<string, string>()
  for (const [language] of counted(prompts)) {
    const given = counted(answers.filter((_, at) => prompts[at] === language))
    const total = given.reduce((sum, [, count]) => sum + count, 0)
    if (total >= fewestAnswered && given[0]![1] * 10 >= total * 9) usual.set(language, given[0]![0])
  }
  return examples.flatMap(({ answer, id }, at): ReadonlyArray<Hit> => {
    const [asked, said] = [prompts[at], answers[at]]
    const expected = asked === undefined ? undefined : usual.get(asked)
    return expected === undefined || said === undefined || said === expected
      ? []
      : [{ id, excerpt: `${asked} prompt, ${said} answer: ${answer}` }]
  })
}

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
