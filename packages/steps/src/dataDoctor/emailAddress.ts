/** E-mail addresses in texts: as they are, and as people and programs write them round about. */
import { createHash } from "node:crypto"

export interface Address {
  readonly index: number
  /** As it stands in the text. */
  readonly text: string
  /** `name@domain`. */
  readonly plain: string
}

const name = "[\\p{L}\\p{N}][\\p{L}\\p{N}._%+-]{0,63}"
const label = "[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]{0,61}[\\p{L}\\p{N}])?"
const domain = `(?:${label}\\.)+\\p{L}{2,24}(?![\\p{L}\\p{N}@＠-])`
/** Not within a longer word or path, nor the password of an address such as `https://name:password@host`. */
const start = "(?<![\\p{L}\\p{N}._%+/@-])(?<!\\/\\/[^\\s/@]{0,64}:)"
/** Endings of addresses that are told: other words with `at` and `dot` are words. */
const ending = "(?:com|net|org|edu|info|io|eu|de|at|ch|fr|it|es|nl|pl|uk|us|co)(?![\\p{L}\\p{N}])"

/** Each with what the `@` stands as, for reading it. */
const forms: ReadonlyArray<RegExp> = [
  // Not the login of an ssh address (`git@host:path`), nor a package with its version.
  new RegExp(`${start}${name}[@＠]${domain}(?!:[\\p{L}~/])`, "gu"),
  new RegExp(`${start}"[^"\\n@]{1,40}"@${domain}`, "gu"),
  new RegExp(`${start}${name}(?:%40|&#0?64;|&#x40;|&commat;|\\\\u0040)${domain}`, "giu"),
  new RegExp(`${start}${name}(?:[ \\t]@\\s?|@\\s)(?:${label}\\.)+${ending}`, "giu"),
  new RegExp(
    `${start}${name} ?[\\[({<] ?(?:at|ät|@) ?[\\])}>] ?${label}(?:(?:\\.| ?[\\[({<] ?(?:dot|punkt|\\.) ?[\\])}>] ?| dot )${label})+`,
    "giu",
  ),
  new RegExp(`${start}${name}(?: at |@)${label}(?: dot ${label})* dot ${ending}`, "giu"),
]
/** Nearly all texts have none of these, and are done after one search. */
const hint = /[@＠]|%40|&#0?64;|&#x40;|&commat;|\\u0040|[[({<] ?(?:at|ät) ?[\])}>]|\bat\b.{1,40}\bdot\b/i

/** Endings of files, as in `logo@2x.png`. */
const fileEnding = /\.(?:png|jpe?g|gif|svg|webp|js|ts|css|json|md|txt|py|html?)$/i

/** In the order in which they stand, of which none overlaps another. */
export const addressesIn = (text: string): ReadonlyArray<Address> => {
  if (!hint.test(text)) return []
  const places: Array<Address> = []
  for (const form of forms)
    for (const match of text.matchAll(form)) {
      const end = match.index + match[0].length
      const isKnown = places.some(
        (place) => place.index < end && match.index < place.index + place.text.length,
      )
      if (!isKnown && !fileEnding.test(match[0]))
        places.push({ index: match.index, text: match[0], plain: plainOf(match[0]) })
    }
  return places.toSorted((a, b) => a.index - b.index)
}

const plainOf = (written: string): string =>
  written
    .replace(
      /\s?[[({<]\s?(?:at|ät|@)\s?[\])}>]\s?|%40|&#0?64;|&#x40;|&commat;|\\u0040|＠|\s+@\s*|@\s+| at /giu,
      "@",
    )
    .replace(/\s?[[({<]\s?(?:dot|punkt|\.)\s?[\])}>]\s?| dot /giu, ".")

/** Domains that are reserved for examples (RFC 2606) lead to nobody. */
export const isReserved = ({ plain }: Address): boolean =>
  /@(?:[^@]+\.)?(?:example\.(?:com|net|org)|[^@]+\.(?:example|test|invalid|localhost))$/i.test(plain)

/** `j***3f9c@gmail.com`: enough to find it by. */
export const maskedAddress = ({ plain, text }: Address): string =>
  `${text[0]}***${digestOf(text)}${plain.slice(plain.lastIndexOf("@"))}`

export const digestOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 4)
