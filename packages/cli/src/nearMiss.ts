/**
 * The known name that a mistyped one most likely meant.
 */

/** Edit distance in which swapping two neighbours counts once (optimal string alignment). */
export const distance = (a: string, b: string): number => {
  let before: Array<number> = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let best = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, before[j - 2]! + 1)
      row.push(best)
    }
    before = previous
    previous = row
  }
  return previous[b.length]!
}

/** At most a third of the letters may differ; a known name that the given one begins is near too. */
export const nearMiss = (given: string, known: Iterable<string>): string | undefined => {
  let best: string | undefined
  let bestDistance = Infinity
  const lower = given.toLowerCase()
  for (const name of known) {
    const candidate = name.toLowerCase()
    const d = lower.length >= 2 && candidate.startsWith(lower) ? 0.5 : distance(lower, candidate)
    if (d < bestDistance) {
      best = name
      bestDistance = d
    }
  }
  return bestDistance <= Math.max(1, Math.floor(given.length / 3)) ? best : undefined
}
