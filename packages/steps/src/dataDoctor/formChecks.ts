/** Checks for text that still has the form of where it came from: a page, an address, a mail, another way to write letters. */
import { byPattern, places } from "./encodingChecks.ts"
import { type Finding, found, unlessMeant } from "./Finding.ts"
import type { ChatRow } from "./Subject.ts"

/** Tags that pages are written with, and references to characters. */
const pageMarkup =
  /<\/?(?:p|br|div|span|a|b|i|u|em|strong|small|ul|ol|li|h[1-6]|table|tbody|thead|tr|t[dh]|img|font|center|script|style|iframe|blockquote|hr|html|body|head|sup|sub|section|article)(?:\s[^<>]{0,300})?\s?\/?>|&(?:amp|lt|gt|quot|apos|nbsp|[lr][sd]quo|[mn]dash|hellip|bull|copy|reg|trade|deg|euro|pound|[aeiou](?:acute|grave|circ|uml)|[nao]tilde|ccedil|szlig|#\d{2,6}|#x[0-9a-f]{2,5});/i

/** Code may well hold markup. */
const code = /```[\s\S]*?(?:```|$)|`[^`\n]*`/g
const withoutCode = (content: string): string => content.replace(code, (block) => " ".repeat(block.length))

export const markup = (chats: ReadonlyArray<ChatRow>): ReadonlyArray<Finding> => {
  const find = byPattern(pageMarkup)
  const hits = places(chats, (content) =>
    find(content) === undefined ? undefined : find(withoutCode(content)),
  )
  return found(
    "markup",
    unlessMeant(hits, chats),
    hits,
    "Text holds HTML tags or character references, left over from the page that it came from.",
    "Take tags off and decode references (&amp; is &) where the text is read; Retrieve.documents reads HTML as text.",
  )
}

/** `gr\u00fcn`, `gr\xfcn`, `gr=C3=BCn`, words with `%20` between them; not bytes (`b'\xff'`), code or addresses. */
const escapes =
  /(?<=\p{L})(?<!\\x[0-9a-f]{2}|\\u[0-9a-f]{4})(?:\\u(?:00[c-f]|201)[0-9a-f]|\\x[c-f][0-9a-f])(?!\\)|(?<=^|[\s("'])(?:\\u00[c-f][0-9a-f]|\\x[c-f][0-9a-f])(?=\p{Ll}{2})|=(?:C3=[89AB][0-9A-F]|E2=80=[0-9A-F]{2})|(?<![^\s"'(])[\p{L}\p{N}.,'’!?-]+(?:%[0-9A-F]{2}[\p{L}\p{N}.,'’!?-]*){2,}(?=[\s"')]|$)/iu

export const escaped = (chats: ReadonlyArray<ChatRow>): ReadonlyArray<Finding> => {
  const find = byPattern(escapes)
  const hits = places(chats, (content) => {
    if (!/[\\%=]/.test(content) || find(content) === undefined) return undefined
    // JSON writes its texts so by right.
    if (/^\s*[[{]/.test(content)) return undefined
    return find(withoutCode(content))
  })
  return found(
    "escapes",
    unlessMeant(hits, chats),
    hits,
    "Text is still escaped for another medium: \\u00fc of a program, =C3=BC of a mail, %20 of an address.",
    "Decode it where it is read: JSON.parse, decodeURIComponent, or a decoder of quoted-printable.",
  )
}

const decomposed = /[A-Za-z][\u0300-\u0304\u0306-\u0308\u030a-\u030c\u0327\u0328]/
const composed = /[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e]/
const eastAsian = /[\p{sc=Han}\p{sc=Hiragana}\u30a0-\u30ff\p{sc=Hangul}]/u
const fullWidth = /[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]{3,}/
const halfWidth = /[\uff66-\uff9d]{2,}/

/** Letters that are written in two ways, which look alike and are different tokens. */
export const characterForms = (chats: ReadonlyArray<ChatRow>): ReadonlyArray<Finding> => {
  const isComposed = chats.some(({ messages }) => messages.some(({ content }) => composed.test(content)))
  const hits = places(chats, (content) => {
    // oxlint-disable-next-line no-control-regex
    if (/^[\u0000-\u007f]*$/.test(content)) return undefined
    // Where all accents are apart, there are no two ways.
    const apart = isComposed ? byPattern(decomposed)(content) : undefined
    return (
      apart ??
      (eastAsian.test(content) ? undefined : byPattern(fullWidth)(content)) ??
      byPattern(halfWidth)(content)
    )
  })
  return found(
    "characterForms",
    "warn",
    hits,
    "Letters are written in a second way: accents apart from their letters, full-width or half-width forms.",
    'Write each letter in one way: text.normalize("NFC"), and text.normalize("NFKC") for the widths.',
  )
}
