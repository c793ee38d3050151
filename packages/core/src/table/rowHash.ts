/**
 * The hash of a row's content that decides where chunks are cut, and the row's size.
 *
 * MurmurHash3's 32-bit mixing (Appleby, public domain) over the stored form of each value: UTF-8 bytes with their length,
 * bits of numbers, lengths of lists, a marker for null. It names nothing and guards nothing, so speed is all it needs;
 * but it is part of the table format: another hash cuts elsewhere and gives every table another fingerprint.
 */
export class RowHash {
  hash = 0
  /** Stored bytes of the row, offsets included. */
  sizeBytes = 0

  reset(): void {
    this.hash = 0
    this.sizeBytes = 0
  }

  /** Mixes in 32 bits and counts `sizeBytes`. */
  add(word: number, sizeBytes: number): void {
    this.hash = mix(this.hash, word)
    this.sizeBytes += sizeBytes
  }

  /** Mixes in bytes with their length, and counts them. */
  addBytes(bytes: Uint8Array, start: number, end: number): void {
    this.hash = mix(hashBytes(bytes, start, end, this.hash), end - start)
    this.sizeBytes += end - start + 4
  }

  /** The row's hash, every bit depending on the whole row. */
  finish(): number {
    let hash = this.hash
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
    return hash ^ (hash >>> 16)
  }
}

const mix = (hash: number, word: number): number => {
  let scrambled = Math.imul(word, 0xcc9e2d51)
  scrambled = (scrambled << 15) | (scrambled >>> 17)
  const next = hash ^ Math.imul(scrambled, 0x1b873593)
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe6546b64) | 0
}

/** Bytes in little-endian words of four; the last word is filled with zeros. */
export const hashBytes = (bytes: Uint8Array, start: number, end: number, seed: number): number => {
  let hash = seed
  let at = start
  for (const whole = end - 3; at < whole; at += 4) {
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    hash = mix(hash, word)
  }
  if (at < end) {
    let word = 0
    for (let shift = 0; at < end; at++, shift += 8) word |= (bytes[at] as number) << shift
    hash = mix(hash, word)
  }
  return hash
}
