/**
 * Where in the text each token stands. The tokenizer returns tokens without places, so the tokens' own texts are
 * laid along the text, byte by byte: byte-level tokens spell their bytes, SentencePiece-style ones spell a space
 * as `▁` and a byte as `<0x0A>`.
 */

/** UTF-16 offsets into the text, end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A token's bytes, and whether it is an added token (which may swallow white space around it) or unknown. */
export interface Surface {
  readonly bytes: Uint8Array
  readonly kind: "plain" | "added" | "unknown"
}

const encoder = new TextEncoder()

/** GPT-2's printable stand-ins for bytes: character code to byte. */
const byteOfCharacter: ReadonlyMap<number, number> = (() => {
  const map = new Map<number, number>()
  let next = 256
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
    map.set(printable ? byte : next++, byte)
  }
  return map
})()

/** The bytes that a byte-level token spells, or undefined where a character is none of the 256 stand-ins. */
export const byteLevelBytes = (token: string): Uint8Array | undefined => {
  const bytes = new Uint8Array(token.length)
  for (let i = 0; i < token.length; i++) {
    const byte = byteOfCharacter.get(token.charCodeAt(i))
    if (byte === undefined) return undefined
    bytes[i] = byte
  }
  return bytes
}

/** The bytes that a SentencePiece-style token spells. */
export const pieceBytes = (token: string): Uint8Array => {
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)
  return byte === null
    ? encoder.encode(token.replaceAll("▁", " "))
    : Uint8Array.of(Number.parseInt(byte[1]!, 16))
}

/** Thrown where token and text part: the index of the token and the place in the text. */
export class Misaligned extends Error {
  readonly token: number
  readonly at: number
  constructor(token: number, at: number) {
    super(`token ${token} does not stand at character ${at}`)
    this.token = token
    this.at = at
  }
}

const space = 32
const isSpace = (byte: number | undefined): boolean =>
  byte === space || (byte !== undefined && byte >= 9 && byte <= 13)

/** Lays the tokens along the text. Throws Misaligned. */
export const align = (text: string, surfaces: ReadonlyArray<Surface>): Array<Span> => {
  const bytes = encoder.encode(text)
  const { starts, ends } = characterBounds(text, bytes.length)
  const spans: Array<Span> = []
  let at = 0
  let unknownFrom = -1
  const matches = (surface: Uint8Array, from: number, where: number): boolean => {
    if (where + surface.length - from > bytes.length) return false
    for (let i = from; i < surface.length; i++) if (bytes[where + i - from] !== surface[i]) return false
    return true
  }
  surfaces.forEach((surface, token) => {
    if (surface.kind === "unknown") {
      // How much text an unknown token stands for shows only where the next known one begins.
      unknownFrom = at
      spans.push({ start: starts[at] ?? text.length, end: starts[at] ?? text.length })
      return
    }
    let from = 0
    let where = at
    if (unknownFrom >= 0) {
      while (where < bytes.length && !matches(surface.bytes, 0, where)) where++
      const end = starts[where] ?? text.length
      spans[token - 1] = { start: spans[token - 1]!.start, end }
      unknownFrom = -1
    } else if (!matches(surface.bytes, 0, where)) {
      // A leading space that the tokenizer put there itself, or white space that it dropped.
      if (surface.kind === "plain" && surface.bytes[0] === space && matches(surface.bytes, 1, where)) from = 1
      else {
        while (isSpace(bytes[where]) && !matches(surface.bytes, 0, where)) where++
      }
    }
    if (!matches(surface.bytes, from, where)) throw new Misaligned(token, starts[at] ?? text.length)
    const end = where + surface.bytes.length - from
    const first = starts[where] ?? text.length
    spans.push({ start: first, end: end === where ? first : ends[end - 1]! })
    at = end
  })
  if (unknownFrom >= 0) spans[spans.length - 1] = { start: spans.at(-1)!.start, end: text.length }
  else {
    while (isSpace(bytes[at])) at++
    if (at !== bytes.length) throw new Misaligned(surfaces.length, starts[at] ?? text.length)
  }
  return spans
}

/** For each UTF-8 byte, where its character begins and ends in UTF-16. */
const characterBounds = (text: string, byteLength: number): { starts: Int32Array; ends: Int32Array } => {
  const starts = new Int32Array(byteLength)
  const ends = new Int32Array(byteLength)
  let byte = 0
  for (let i = 0; i < text.length;) {
    const code = text.codePointAt(i)!
    const units = code > 0xffff ? 2 : 1
    const size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    starts.fill(i, byte, byte + size)
    ends.fill(i + units, byte, byte + size)
    byte += size
    i += units
  }
  return { starts, ends }
}

/** A rewritten text, and for each of its UTF-16 units where in the original its character began and ended. */
export interface Rewritten {
  readonly text: string
  readonly starts: Int32Array
  readonly ends: Int32Array
}

/**
 * A text as the tokenizer rewrites it (composes or lowers its letters), one cluster of a letter and its marks at a
 * time; undefined where the rewriting reaches across clusters, so that places cannot be told.
 */
export const rewrite = (text: string, normalise: (text: string) => string): Rewritten | undefined => {
  const whole = normalise(text)
  const starts = new Int32Array(whole.length)
  const ends = new Int32Array(whole.length)
  let built = ""
  let from = 0
  for (const [cluster] of text.matchAll(/\P{M}\p{M}*|\p{M}+/gsu)) {
    const one = normalise(cluster)
    const same = one.length === cluster.length
    for (let i = 0; i < one.length && built.length + i < whole.length; i++) {
      starts[built.length + i] = same ? from + i : from
      ends[built.length + i] = same ? from + i + 1 : from + cluster.length
    }
    built += one
    from += cluster.length
  }
  return built === whole ? { text: whole, starts, ends } : undefined
}
