/**
 * Seeded random numbers, the same on every machine and in every process.
 *
 * xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47:4, 2021;
 * public-domain C at https://prng.di.unimi.it/xoshiro128starstar.c). Its state is the first 16 bytes of
 * SHA-256("sluice/random\n" + seed) as four little-endian 32-bit words. Period 2^128 - 1. Not for secrets.
 */
import { createHash, hash } from "node:crypto"
import { xoshiro128 } from "./internal/xoshiro128.ts"

export interface Random {
  /** A whole number, uniform from 0 to 2^32 - 1. */
  readonly uint32: () => number
  /** Uniform in [0, 1), a multiple of 2^-53. Takes two draws of `uint32`. */
  readonly uniform: () => number
  /** Standard normal, by Marsaglia's polar method, whose second value is kept for the next call. */
  readonly normal: () => number
  /** Uniform from 0 to bound - 1, without bias. `bound` is a whole number from 1 to 2^32, else a RangeError. */
  readonly integer: (bound: number) => number
  /** A shuffled copy (Fisher and Yates, from the end). */
  readonly shuffle: <A>(items: ReadonlyArray<A>) => Array<A>
}

/** The generator of a seed. Two generators of one seed give the same numbers. */
export const make = (seed: string): Random => {
  const state = createHash("sha256").update("sluice/random\n").update(seed).digest()
  const uint32 = xoshiro128(
    state.readInt32LE(0),
    state.readInt32LE(4),
    state.readInt32LE(8),
    state.readInt32LE(12),
  )
  let spare: number | undefined

  // 27 high bits of the first draw, 26 of the second: every double in [0, 1) with 53 bits is equally likely.
  const uniform = (): number => {
    const high = uint32() >>> 5
    const low = uint32() >>> 6
    return (high * 0x4000000 + low) / 0x20000000000000
  }

  const normal = (): number => {
    if (spare !== undefined) {
      const value = spare
      spare = undefined
      return value
    }
    for (;;) {
      const x = 2 * uniform() - 1
      const y = 2 * uniform() - 1
      const square = x * x + y * y
      if (square > 0 && square < 1) {
        const scale = Math.sqrt((-2 * Math.log(square)) / square)
        spare = y * scale
        return x * scale
      }
    }
  }

  const integer = (bound: number): number => {
    if (!Number.isInteger(bound) || bound < 1 || bound > 0x100000000) {
      throw new RangeError(`A random integer needs a whole bound from 1 to 2^32, not ${bound}`)
    }
    // Draws above the largest multiple of `bound` would favour the small remainders.
    const limit = 0x100000000 - (0x100000000 % bound)
    for (;;) {
      const value = uint32()
      if (value < limit) return value % bound
    }
  }

  const shuffle = <A>(items: ReadonlyArray<A>): Array<A> => {
    const shuffled = items.slice()
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = integer(last + 1)
      const item = shuffled[last] as A
      shuffled[last] = shuffled[other] as A
      shuffled[other] = item
    }
    return shuffled
  }

  return { uint32, uniform, normal, integer, shuffle }
}

/** A seed for a named part: SHA-256, hex, of seed and name. Independent of every other part's and of their order. */
export const derive = (seed: string, name: string): string =>
  hash("sha256", `sluice/seed\n${JSON.stringify([seed, name])}`, "hex")
