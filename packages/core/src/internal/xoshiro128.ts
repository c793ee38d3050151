/**
 * xoshiro128** 1.1 (Blackman and Vigna, public domain): 32 random bits a call, period 2^128 - 1.
 *
 * The four words of its state may be anything but all zero.
 */
export const xoshiro128 = (word0: number, word1: number, word2: number, word3: number): (() => number) => {
  let a = word0 | 0
  let b = word1 | 0
  let c = word2 | 0
  let d = word3 | 0
  return () => {
    const scrambled = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9)
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotateLeft(d, 11)
    return scrambled >>> 0
  }
}

const rotateLeft = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))
