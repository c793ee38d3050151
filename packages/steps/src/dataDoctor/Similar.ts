/**
 * Texts that are nearly the same, found without comparing all pairs.
 *
 * A text is the set of its 5-character shingles, normalised, as 32-bit hashes. MinHash with 64 permutations in 16
 * bands of 4 proposes pairs; the sets decide, by their Jaccard similarity (Broder 1997). Shingles of a fifth of all
 * texts belong to a prompt template and count for nothing. Hashes and permutations are fixed, so that the result
 * follows from the texts and their order alone.
 */
import { slots } from "./slots.ts"
import { normalised } from "./Subject.ts"

const nearEnough = 0.7
/** Of the shorter text's shingles, where one text holds another. */
const containedEnough = 0.85

const shingleLength = 5
/** Of longer texts the smallest hashes stand for all: equal texts keep equal ones. */
const sketchSize = 512
const bands = 16
const bandRows = 4
/** In a large bucket each text is compared with this many before it. */
const comparedInBucket = 40

/** Two texts by their places, the lower one first. */
export interface Pair {
  readonly first: number
  readonly second: number
  readonly similarity: number
}

interface Sketch {
  readonly hashes: Uint32Array
  readonly signature: Uint32Array
}

export interface Options {
  /** Counts a text as well that nearly holds the whole of another, with half as much around it at most. */
  readonly contained?: boolean
}

/** All pairs of distinct texts that are near-duplicates. Texts that normalise alike have similarity 1. */
export const nearPairs = (
  texts: ReadonlyArray<string>,
  { contained = false }: Options = {},
): ReadonlyArray<Pair> => {
  const plain = texts.map(normalised)
  const first = new Map<string, number>()
  const pairs: Array<Pair> = []
  plain.forEach((text, at) => {
    const before = first.get(text)
    if (before === undefined) first.set(text, at)
    else pairs.push({ first: before, second: at, similarity: 1 })
  })
  const distinct = [...first.values()].filter((at) => plain[at]!.length >= 3 * shingleLength)
  const sketches = sketchesOf(distinct.map((at) => plain[at]!))
  const facts = distinct.map((at) => meaningMarks(plain[at]!))
  const isSlot = slots(plain)
  const seen = new Set<number>()
  for (let band = 0; band < bands; band++) {
    const buckets = new Map<string, Array<number>>()
    sketches.forEach(({ signature }, at) => {
      if (signature.length === 0) return
      const key = signature.subarray(band * bandRows, (band + 1) * bandRows).join(",")
      const bucket = buckets.get(key)
      if (bucket === undefined) {
        buckets.set(key, [at])
        return
      }
      for (const other of bucket.slice(0, comparedInBucket)) {
        const name = other * sketches.length + at
        if (seen.has(name)) continue
        seen.add(name)
        if (facts[other] !== facts[at]) continue
        const [a, b] = [sketches[other]!.hashes, sketches[at]!.hashes]
        const shared = sharedBy(a, b)
        const similarity = shared / (a.length + b.length - shared)
        const isContained =
          contained &&
          shared >= containedEnough * Math.min(a.length, b.length) &&
          1.5 * Math.min(a.length, b.length) >= Math.max(a.length, b.length)
        if (!isContained && similarity < nearEnough) continue
        if (!isSlot(plain[distinct[other]!]!, plain[distinct[at]!]!))
          pairs.push({ first: distinct[other]!, second: distinct[at]!, similarity })
      }
      bucket.push(at)
    })
  }
  return pairs.toSorted((a, b) => a.first - b.first || a.second - b.second)
}

/** The lowest place of each text's cluster, where near-duplicates of near-duplicates are one cluster. */
export const clusters = (count: number, pairs: ReadonlyArray<Pair>): Int32Array => {
  const parent = Int32Array.from({ length: count }, (_, at) => at)
  const root = (at: number): number => {
    while (parent[at] !== at) at = parent[at] = parent[parent[at]!]!
    return at
  }
  for (const { first, second } of pairs) {
    const [low, high] = [root(first), root(second)].toSorted((a, b) => a - b)
    parent[high!] = low!
  }
  return parent.map((_, at) => root(at))
}

/** Numbers and negations: texts that differ in these mean different things, however alike they look. */
const meaningMarks = (text: string): string =>
  (
    text.match(
      /\p{N}+|[%$€£+<>=/*^]|\b(?:not|no|never|without|cannot|n t|nicht|kein\w*|ne|pas|non|nunca)\b/gu,
    ) ?? []
  ).join(" ")

const sketchesOf = (texts: ReadonlyArray<string>): ReadonlyArray<Sketch> => {
  const sets = texts.map(shinglesOf)
  const frequency = new Map<number, number>()
  for (const set of sets) for (const hash of set) frequency.set(hash, (frequency.get(hash) ?? 0) + 1)
  const common = Math.max(10, texts.length / 5)
  const permutations = makePermutations()
  return sets.map((set) => {
    const own = set.filter((hash) => frequency.get(hash)! <= common)
    // Where little of a text is its own, what it shares with all others is no sign of a copy.
    return own.length < 4
      ? { hashes: own, signature: new Uint32Array(0) }
      : { hashes: own, signature: minHash(own, permutations) }
  })
}

/** Hashes of a text's shingles, ascending and distinct. */
const shinglesOf = (text: string): Uint32Array => {
  const count = text.length - shingleLength + 1
  // A bound on the hash leaves about twice the sketch, which spares sorting all of a long text's.
  const bound = count > 2 * sketchSize ? (2 ** 32 * 2 * sketchSize) / count : 2 ** 32
  const hashes: Array<number> = []
  for (let at = 0; at < count; at++) {
    let hash = 0x811c9dc5
    for (let offset = 0; offset < shingleLength; offset++) {
      hash = Math.imul(hash ^ text.charCodeAt(at + offset), 0x01000193)
    }
    hash = mixed(hash)
    if (hash < bound) hashes.push(hash)
  }
  const sorted = Uint32Array.from(hashes).toSorted()
  let size = 0
  for (let at = 0; at < sorted.length && size < sketchSize; at++)
    if (at === 0 || sorted[at] !== sorted[at - 1]) sorted[size++] = sorted[at]!
  return sorted.slice(0, size)
}

/** Murmur's last step: every bit of the input moves every bit of the result. */
const mixed = (value: number): number => {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Permutation k takes a hash to `multipliers[k] · hash + summands[k]`. */
interface Permutations {
  readonly multipliers: Uint32Array
  readonly summands: Uint32Array
}

const makePermutations = (): Permutations => ({
  multipliers: Uint32Array.from({ length: bands * bandRows }, (_, at) => mixed(2 * at + 1) | 1),
  summands: Uint32Array.from({ length: bands * bandRows }, (_, at) => mixed(2 * at + 2)),
})

const minHash = (hashes: Uint32Array, { multipliers, summands }: Permutations): Uint32Array => {
  const signature = new Uint32Array(bands * bandRows)
  for (let at = 0; at < signature.length; at++) {
    const multiplier = multipliers[at]!
    const summand = summands[at]!
    let least = 0xffffffff
    for (let index = 0; index < hashes.length; index++) {
      const product = (Math.imul(hashes[index]!, multiplier) + summand) | 0
      const value = (product ^ (product >>> 15)) >>> 0
      if (value < least) least = value
    }
    signature[at] = least
  }
  return signature
}

/** How many of two ascending sets are in both. */
const sharedBy = (a: Uint32Array, b: Uint32Array): number => {
  let shared = 0
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      shared++
      i++
      j++
    } else if (a[i]! < b[j]!) i++
    else j++
  }
  return shared
}
