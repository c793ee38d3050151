/**
 * Porter's stemmer as NLTK extends it (its default mode), which is what rouge-score stems with.
 *
 * `stem` takes a lower-case word of ASCII letters and digits. Words of one or two characters stay.
 *
 * @see Porter 1980, "An algorithm for suffix stripping", Program 14(3); nltk.stem.porter, NLTK_EXTENSIONS
 */
export const stem = (word: string): string => {
  const irregular = irregularForms.get(word)
  if (irregular !== undefined) return irregular
  if (word.length <= 2) return word
  return removeDoubleL(
    removeE(removeEnding(shortenEnding(mergeEnding(turnY(removePast(removePlural(word))))))),
  )
}

const irregularForms: ReadonlyMap<string, string> = new Map([
  ["sky", "sky"],
  ["skies", "sky"],
  ["dying", "die"],
  ["lying", "lie"],
  ["tying", "tie"],
  ["news", "news"],
  ["innings", "inning"],
  ["inning", "inning"],
  ["outings", "outing"],
  ["outing", "outing"],
  ["cannings", "canning"],
  ["canning", "canning"],
  ["howe", "howe"],
  ["proceed", "proceed"],
  ["exceed", "exceed"],
  ["succeed", "succeed"],
])

/** "c" and "v" for each letter: y is a consonant at the start and after a vowel. */
const shape = (word: string): string => {
  let shape = ""
  for (const letter of word) {
    shape += "aeiou".includes(letter) || (letter === "y" && shape.endsWith("c")) ? "v" : "c"
  }
  return shape
}

/** Porter's m: how often a run of vowels is followed by a run of consonants. */
const measure = (word: string): number => shape(word).split("vc").length - 1

const longer = (word: string): boolean => measure(word) > 0
const longest = (word: string): boolean => measure(word) > 1

/** Porter's *o (ends consonant, vowel, consonant, the last not w, x or y), and NLTK's two-letter case. */
const endsShort = (word: string): boolean => {
  const letters = shape(word)
  return (letters.endsWith("cvc") && !/[wxy]$/.test(word)) || letters === "vc"
}

type Rule = readonly [ending: string, replacement: string, holds?: (rest: string) => boolean]

/** The first rule whose ending fits decides, whether or not its condition then holds. */
const apply = (word: string, rules: ReadonlyArray<Rule>): string => {
  const rule = rules.find(([ending]) => word.endsWith(ending))
  if (rule === undefined) return word
  const [ending, replacement, holds] = rule
  const rest = word.slice(0, word.length - ending.length)
  return holds === undefined || holds(rest) ? rest + replacement : word
}

/** Step 1a. */
const removePlural = (word: string): string =>
  word.length === 4 && word.endsWith("ies")
    ? word.slice(0, -1)
    : apply(word, [
        ["sses", "ss"],
        ["ies", "i"],
        ["ss", "ss"],
        ["s", ""],
      ])

/** Step 1b. */
const removePast = (word: string): string => {
  if (word.endsWith("ied")) return word.slice(0, word.length === 4 ? -1 : -2)
  if (word.endsWith("eed")) return longer(word.slice(0, -3)) ? word.slice(0, -1) : word
  const ending = ["ed", "ing"].find(
    (each) => word.endsWith(each) && shape(word.slice(0, -each.length)).includes("v"),
  )
  if (ending === undefined) return word
  const rest = word.slice(0, -ending.length)
  if (/(?:at|bl|iz)$/.test(rest)) return `${rest}e`
  const last = rest.at(-1)!
  if (rest.length >= 2 && rest.at(-2) === last && shape(rest).endsWith("c")) {
    return "lsz".includes(last) ? rest : rest.slice(0, -1)
  }
  return measure(rest) === 1 && endsShort(rest) ? `${rest}e` : rest
}

/** Step 1c. */
const turnY = (word: string): string =>
  apply(word, [["y", "i", (rest) => rest.length > 1 && shape(rest).endsWith("c")]])

/** Step 2. */
const mergeEnding = (word: string): string => {
  if (word.endsWith("alli") && longer(word.slice(0, -4))) return mergeEnding(word.slice(0, -2))
  return apply(word, [
    ["ational", "ate", longer],
    ["tional", "tion", longer],
    ["enci", "ence", longer],
    ["anci", "ance", longer],
    ["izer", "ize", longer],
    ["bli", "ble", longer],
    ["alli", "al", longer],
    ["entli", "ent", longer],
    ["eli", "e", longer],
    ["ousli", "ous", longer],
    ["ization", "ize", longer],
    ["ation", "ate", longer],
    ["ator", "ate", longer],
    ["alism", "al", longer],
    ["iveness", "ive", longer],
    ["fulness", "ful", longer],
    ["ousness", "ous", longer],
    ["aliti", "al", longer],
    ["iviti", "ive", longer],
    ["biliti", "ble", longer],
    ["fulli", "ful", longer],
    // The l counts to the stem, so that geo-logy goes the way of archaeo-logy.
    ["logi", "log", (rest) => longer(`${rest}l`)],
  ])
}

/** Step 3. */
const shortenEnding = (word: string): string =>
  apply(word, [
    ["icate", "ic", longer],
    ["ative", "", longer],
    ["alize", "al", longer],
    ["iciti", "ic", longer],
    ["ical", "ic", longer],
    ["ful", "", longer],
    ["ness", "", longer],
  ])

const endings = "al ance ence er ic able ible ant ement ment ent ion ou ism ate iti ous ive ize".split(" ")

/** Step 4. */
const removeEnding = (word: string): string =>
  apply(
    word,
    endings.map((ending): Rule => [
      ending,
      "",
      ending === "ion" ? (rest) => longest(rest) && /[st]$/.test(rest) : longest,
    ]),
  )

/** Step 5a. */
const removeE = (word: string): string => {
  if (!word.endsWith("e")) return word
  const rest = word.slice(0, -1)
  return longest(rest) || (measure(rest) === 1 && !endsShort(rest)) ? rest : word
}

/** Step 5b. */
const removeDoubleL = (word: string): string => apply(word, [["ll", "l", () => longest(word.slice(0, -1))]])
