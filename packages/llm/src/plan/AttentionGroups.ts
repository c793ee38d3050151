/**
 * Attention groups: which rows of a stream are attended together.
 *
 * Attention is the only part that needs a rectangle: the rows of a group are padded to its longest. Rows are
 * sorted by length and cut into at most `maxGroups` runs, so that the score cells computed (rows × queries × keys)
 * plus a fixed cost per group are fewest. A shared prefix attends to itself as a group of its own.
 * Pure: follows from lengths alone.
 */
import type { Stream } from "./Stream.ts"

/** Rows attended together. Keys of each row are the shared prefix, then the row's own tokens. */
export interface Group {
  /** Row indices, or `"prefix"` for the shared prefix attending to itself. */
  readonly members: "prefix" | ReadonlyArray<number>
  readonly rowCount: number
  /** L: queries of the longest member. */
  readonly queryCount: number
  /** P: prefix keys before each member's own. */
  readonly prefixTokens: number
  /** S = P + L. */
  readonly keyCount: number
}

/**
 * Score cells whose work equals the fixed cost of one more group (its 40 or so operations a layer): measured with
 * SmolLM2-135M on two cores. Every number of groups is recorded as a function of its own, hence the bound.
 */
const cellsPerGroup = 4096
const maxGroupsDefault = 4

export const attentionGroups = (
  stream: Pick<Stream, "prefixTokens" | "lengths">,
  maxGroups = maxGroupsDefault,
): ReadonlyArray<Group> => {
  const { prefixTokens, lengths } = stream
  const groups: Array<Group> = []
  if (prefixTokens > 0) {
    groups.push({
      members: "prefix",
      rowCount: 1,
      queryCount: prefixTokens,
      prefixTokens: 0,
      keyCount: prefixTokens,
    })
  }
  const order = lengths.map((_, row) => row).toSorted((a, b) => lengths[a]! - lengths[b]! || a - b)
  for (const [from, to] of cheapestRuns(
    order.map((row) => lengths[row]!),
    prefixTokens,
    maxGroups,
  )) {
    const queryCount = lengths[order[to - 1]!]!
    groups.push({
      members: order.slice(from, to),
      rowCount: to - from,
      queryCount,
      prefixTokens,
      keyCount: prefixTokens + queryCount,
    })
  }
  return groups
}

/** Cuts ascending lengths into at most `maxRuns` runs of least total cost (dynamic programming over the cuts). */
const cheapestRuns = (
  ascending: ReadonlyArray<number>,
  prefixTokens: number,
  maxRuns: number,
): ReadonlyArray<readonly [from: number, to: number]> => {
  const count = ascending.length
  const cost = (from: number, to: number) => {
    const longest = ascending[to - 1]!
    return (to - from) * longest * (prefixTokens + longest) + cellsPerGroup
  }
  // best[r][n]: least cost of the first n rows in at most r runs; cut[r][n]: where its last run begins.
  let best = Array.from({ length: count + 1 }, (_, n) => (n === 0 ? 0 : cost(0, n)))
  const cuts: Array<ReadonlyArray<number>> = [Array.from({ length: count + 1 }, () => 0)]
  for (let runs = 2; runs <= Math.min(maxRuns, count); runs++) {
    const next = [...best]
    const cut = Array.from({ length: count + 1 }, () => -1)
    for (let n = 1; n <= count; n++) {
      for (let from = 1; from < n; from++) {
        const total = best[from]! + cost(from, n)
        if (total < next[n]!) {
          next[n] = total
          cut[n] = from
        }
      }
    }
    best = next
    cuts.push(cut)
  }
  const runs: Array<readonly [number, number]> = []
  let end = count
  for (let level = cuts.length - 1; end > 0; level--) {
    const from = cuts[level]![end]!
    if (from < 0) continue // no cheaper with one run more
    runs.unshift([from, end])
    end = from
  }
  return runs
}
