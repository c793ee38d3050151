/**
 * Short questions of one wording with something else in its place: `What does watch do?`, `What does tail do?`.
 *
 * Most of their letters are the same, and they are no copies. A wording is told by how many texts fill its place in
 * different ways: a copy with a word exchanged is a pair, or a few.
 */

const longestText = 12
const longestSlot = 3
const fewestFillings = 5

/** Tells pairs of normalised texts that fill one place of the same wording in different ways. */
export const slots = (texts: ReadonlyArray<string>): ((a: string, b: string) => boolean) => {
  let fillings: ReadonlyMap<string, number> | undefined
  return (a, b) => {
    const [left, right] = [a.split(" "), b.split(" ")]
    if (Math.max(left.length, right.length) > longestText) return false
    let start = 0
    while (start < Math.min(left.length, right.length) && left[start] === right[start]) start++
    let end = 0
    const most = Math.min(left.length, right.length) - start
    while (end < most && left.at(-1 - end) === right.at(-1 - end)) end++
    const sizes = [left.length, right.length].map((length) => length - start - end)
    if (sizes.some((size) => size < 1 || size > longestSlot)) return false
    fillings ??= fillingsOf(texts)
    return (fillings.get(wording(left, start, left.length - end)) ?? 0) >= fewestFillings
  }
}

const wording = (words: ReadonlyArray<string>, start: number, end: number): string =>
  [...words.slice(0, start), "*", ...words.slice(end)].join(" ")

/** How many texts each wording has, with a place of one to three words anywhere. */
const fillingsOf = (texts: ReadonlyArray<string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const text of new Set(texts)) {
    const words = text.split(" ")
    if (words.length > longestText) continue
    for (let start = 0; start < words.length; start++)
      for (let end = start + 1; end <= Math.min(words.length, start + longestSlot); end++) {
        const key = wording(words, start, end)
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
  }
  return counts
}
