/** Checks for text that was read in the wrong encoding, or that carries what nobody sees. */
import { around, type Finding, found, type Hit } from "./Finding.ts"
import type { ChatRow } from "./Subject.ts"

/** The first place in each row that a search finds. */
export const places = (
  chats: ReadonlyArray<ChatRow>,
  search: (content: string) => { readonly index: number; readonly length: number } | undefined,
): ReadonlyArray<Hit> =>
  chats.flatMap(({ id, messages }): ReadonlyArray<Hit> => {
    for (const { content } of messages) {
      const place = search(content)
      if (place !== undefined) return [{ id, excerpt: around(content, place.index, place.length) }]
    }
    return []
  })

export const byPattern = (pattern: RegExp) => (content: string) => {
  const match = pattern.exec(content)
  return match === null ? undefined : { index: match.index, length: match[0].length }
}

/** What Windows-1252 writes with the bytes 80 to 9F, in their order; a space where it has nothing. */
const windows = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ"
const byteOf = new Map<string, number>()
for (let byte = 0x80; byte < 0x100; byte++) byteOf.set(String.fromCharCode(byte), byte)
Array.from(windows).forEach((character, at) => {
  if (character !== " ") byteOf.set(character, 0x80 + at)
})

const highRun = new RegExp(`[\\u0080-\\u00ff${windows.replaceAll(" ", "")}]{2,}`, "gu")
const utf8 = new TextDecoder("utf-8", { fatal: true })

/**
 * UTF-8 read as Latin-1 or Windows-1252: `cafÃ©`, `donâ€™t`. A run of such characters is mojibake only if its bytes
 * are good UTF-8, which accented letters side by side hardly ever are; a quotation mark after a capital can be, so
 * that one alone does not count.
 */
const mojibakeIn = (text: string): { readonly index: number; readonly length: number } | undefined => {
  for (const match of text.matchAll(highRun)) {
    const run = match[0]
    if (!/[\u00c2\u00c3\u00c4\u00c5\u00ce\u00cf\u00d0\u00d1\u00d7-\u00f4]/.test(run)) continue
    const bytes = Uint8Array.from(Array.from(run), (character) => byteOf.get(character)!)
    for (let start = 0; start < bytes.length - 1; start++) {
      const length = sequenceLength(bytes[start]!)
      if (length === 0 || start + length > bytes.length) continue
      const decoded = decode(bytes.subarray(start, start + length))
      if (decoded === undefined || !isLikely(decoded, bytes, start, length)) continue
      return { index: match.index + start, length }
    }
  }
  return undefined
}

const sequenceLength = (byte: number): number =>
  byte >= 0xc2 && byte <= 0xdf ? 2 : byte >= 0xe1 && byte <= 0xef ? 3 : byte >= 0xf0 && byte <= 0xf4 ? 4 : 0

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

const isLikely = (decoded: string, bytes: Uint8Array, start: number, length: number): boolean => {
  // Three or four bytes that fit by chance are rare; in two the second may be a quotation mark that closes a word.
  if (length >= 3) return /[\p{L}\p{P}\p{S}\p{M}]|\u200d|\ufeff/u.test(decoded)
  const lead = bytes[start]!
  const next = bytes[start + 1]!
  if (lead === 0xc2) return next >= 0xa0
  if (lead === 0xc3) return !(next >= 0x91 && next <= 0x94) && next !== 0xbb && next !== 0xab
  // Other alphabets never have one letter alone.
  const more = start + 2 < bytes.length - 1 && sequenceLength(bytes[start + 2]!) === 2
  return more && decode(bytes.subarray(start + 2, start + 4)) !== undefined
}

/** What UTF-8's first bytes of Latin letters and of quotation marks are on old machines, and what can follow them. */
const old =
  /[\u251c\u252c\u0393][\u00a0-\u00ff\u0192\u2310\u2502-\u256c\u2580-\u2593\u03b1-\u03c6\u20a7]|\u221a[\p{L}\u00a0-\u00bf\u2020-\u2265]|\u201a\u00c4[\p{L}\p{P}\p{S}]|\u00ef\u00bb\u00bf/u

/**
 * UTF-8 read as DOS (`gr├╝n`) or Mac OS Roman (`gr√ºn`), or with its byte-order mark (`ï»¿`). Lines of tables and
 * roots of numbers stand in no word, so that a letter has to touch them.
 */
const oldIn = (text: string): { readonly index: number; readonly length: number } | undefined => {
  if (!/[\u251c\u252c\u0393\u221a\u00c4\u00ef]/.test(text)) return undefined
  const match = old.exec(text)
  if (match === null) return undefined
  const isInWord =
    /\p{L}/u.test(text[match.index - 1] ?? "") || /\p{Ll}/u.test(text[match.index + match[0].length] ?? "")
  return isInWord || match[0] === "\u00ef\u00bb\u00bf"
    ? { index: match.index, length: match[0].length }
    : undefined
}

export const mojibake = (chats: ReadonlyArray<ChatRow>): ReadonlyArray<Finding> =>
  found(
    "mojibake",
    "warn",
    places(chats, (content) => mojibakeIn(content) ?? oldIn(content)),
    "Text was UTF-8 and was read as Windows-1252, Latin-1, DOS or Mac text: letters have become two or three.",
    "Read the source as UTF-8, or turn the text back into bytes and decode these again.",
  )

const lost = /\ufffd|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/

/** A question mark within a word, twice at least; not in addresses and expressions, where one may well stand. */
const questioned = (text: string): { readonly index: number; readonly length: number } | undefined => {
  if (!text.includes("?")) return undefined
  const words = [...text.matchAll(/(?<![^\s("'„“])\p{L}*\p{Ll}\?\p{Ll}\p{L}*(?=[\s.,!?)"'“”-]|$)/gu)]
  return words.length < 2 ? undefined : { index: words[0]!.index, length: words[0]![0].length }
}

export const replacementCharacters = (chats: ReadonlyArray<ChatRow>): ReadonlyArray<Finding> =>
  found(
    "replacementCharacters",
    "warn",
    places(chats, (content) => byPattern(lost)(content) ?? questioned(content)),
    "Characters were lost: U+FFFD, half of a pair, or question marks within words stand in their place.",
    "Read the source again in its own encoding; what is lost here cannot be had back from this text.",
  )

/**
 * Tab, line feed and carriage return are text; direction marks are too, and joiners but between letters of an alphabet
 * that joins none.
 */
const control =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff\ue000-\uf8ff]|(?<=[\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}])[\u200c\u200d](?=[\p{sc=Latin}\p{sc=Cyrillic}\p{sc=Greek}])/u

export const controlCharacters = (chats: ReadonlyArray<ChatRow>): ReadonlyArray<Finding> =>
  found(
    "controlCharacters",
    "warn",
    places(chats, byPattern(control)),
    "Text holds characters that nobody sees: control codes, byte-order marks, zero-width spaces, soft hyphens, signs of one font alone.",
    "Take them out. U+0080 to U+009F mean that Windows-1252 was read as Latin-1: read the source as windows-1252.",
  )

/** Two kinds of line end in one message, or in the rows of one table. */
export const lineEnds = (chats: ReadonlyArray<ChatRow>): ReadonlyArray<Finding> => {
  const mixed: Array<Hit> = []
  const windowsRows: Array<Hit> = []
  let unix = 0
  for (const { id, messages } of chats) {
    const text = messages.map(({ content }) => content).find((content) => content.includes("\r"))
    if (text === undefined) {
      if (messages.some(({ content }) => content.includes("\n"))) unix++
      continue
    }
    const at = text.indexOf("\r")
    const hit = { id, excerpt: around(text, at, 2) }
    const isMixed = /(?<!\r)\n|\r(?!\n)/.test(text)
    ;(isMixed ? mixed : windowsRows).push(hit)
  }
  const isSplit = windowsRows.length > 0 && unix > 0
  return found(
    "lineEnds",
    "warn",
    isSplit ? [...mixed, ...windowsRows] : mixed,
    "Lines end in two ways (\\r\\n or \\r, and \\n), which the model sees as different tokens.",
    'Write \\n throughout: text.replace(/\\r\\n?/g, "\\n").',
  )
}
