/**
 * Packing: the rows of a batch as one stream of real tokens, without padding.
 *
 * A prefix that all rows share (a system prompt) stands in the stream once, followed by each row's own tokens:
 *
 *     prefix | own tokens of row 0 | own tokens of row 1 | ...
 *
 * Loss and gradients are those of the separate rows: the prefix ends before the first position whose output
 * counts in any row, and what comes after a row's last such position influences nothing and is left out.
 * Pure: no tensors, no model.
 */

/** Label of a position that is not supervised (torch's `CrossEntropyLoss` default). */
const notSupervised = -100

/** Shared prefixes shorter than this are not worth an attention group of their own. */
const minimumPrefixTokens = 8

/** One row of training data. `labels[i]` is the wanted token at position i, or `notSupervised`. */
export interface TokenRow {
  readonly ids: ArrayLike<number>
  readonly labels: ArrayLike<number>
  /** What each position's loss counts, 0 or more; 1 everywhere where left out. */
  readonly weights?: ArrayLike<number>
}

/** One row as the stream sees it: its tokens, and the positions (ascending) whose output is wanted. */
export interface StreamRow {
  readonly ids: ArrayLike<number>
  readonly slots: ReadonlyArray<number>
  /** The token to predict at each slot; empty where nothing is learnt (prompts). */
  readonly labels: ReadonlyArray<number>
  /** What each slot's loss counts, where not all count 1. */
  readonly weights?: ReadonlyArray<number>
}

export interface Stream {
  readonly rowCount: number
  /** T: tokens of the stream. */
  readonly tokenCount: number
  /** Tokens that all rows share; 0 without a shared prefix. */
  readonly prefixTokens: number
  /** [T] token ids. */
  readonly ids: Int32Array
  /** [T] each token's position in its row. */
  readonly positions: Int32Array
  /** Stream index of each row's first own token. */
  readonly starts: ReadonlyArray<number>
  /** Own tokens of each row, at least one. */
  readonly lengths: ReadonlyArray<number>
  /** [N] stream index of each wanted output, row after row. */
  readonly slots: Int32Array
  /** [N] label of each slot; empty for prompts. */
  readonly labels: Int32Array
  /** [N] row of each slot. */
  readonly slotRows: Int32Array
  /** [N] what each slot's loss counts; null where all count 1. */
  readonly slotWeights: Float32Array | null
}

/** The output at position i − 1 predicts the token at position i: a slot for every supervised label but the first. */
export const trainingRow = (row: TokenRow): StreamRow => {
  const slots: Array<number> = []
  const labels: Array<number> = []
  const weights: Array<number> = []
  for (let i = 1; i < row.ids.length; i++) {
    const label = row.labels[i]!
    if (label !== notSupervised) {
      slots.push(i - 1)
      labels.push(label)
      if (row.weights !== undefined) weights.push(row.weights[i]!)
    }
  }
  return { ids: row.ids, slots, labels, ...(row.weights === undefined ? {} : { weights }) }
}

/** A prompt wants the output of its last token only. */
export const promptRow = (ids: ArrayLike<number>): StreamRow => ({ ids, slots: [ids.length - 1], labels: [] })

/** Supervised tokens of a row: the number that its loss is averaged over. */
export const supervisedCount = (row: TokenRow): number => {
  let count = 0
  for (let i = 1; i < row.ids.length; i++) if (row.labels[i] !== notSupervised) count++
  return count
}

/** What a row's losses count together: its supervised tokens, or the sum of their weights. */
export const supervisedWeight = (row: TokenRow): number => {
  if (row.weights === undefined) return supervisedCount(row)
  let sum = 0
  for (let i = 1; i < row.ids.length; i++) if (row.labels[i] !== notSupervised) sum += row.weights[i]!
  return sum
}

/** Longest prefix that all rows share and that ends before every slot; 0 for a single row or below `minimum`. */
export const sharedPrefix = (rows: ReadonlyArray<StreamRow>, minimum = minimumPrefixTokens): number => {
  if (rows.length < 2) return 0
  const first = rows[0]!.ids
  let length = first.length
  for (const row of rows) {
    const limit = Math.min(length, row.slots[0]!)
    let i = 0
    while (i < limit && row.ids[i] === first[i]) i++
    length = i
  }
  return length < minimum ? 0 : length
}

export interface PackOptions {
  /** Least tokens of a prefix that is computed once; Infinity keeps the rows apart. */
  readonly minimumPrefix?: number
}

/** Packs rows, each with at least one slot, into one stream. */
export const pack = (rows: ReadonlyArray<StreamRow>, options: PackOptions = {}): Stream => {
  const prefixTokens = sharedPrefix(rows, options.minimumPrefix)
  const lengths = rows.map((row) => row.slots.at(-1)! + 1 - prefixTokens)
  const tokenCount = lengths.reduce((total, length) => total + length, prefixTokens)
  const ids = new Int32Array(tokenCount)
  const positions = new Int32Array(tokenCount)
  const starts: Array<number> = []
  const slots: Array<number> = []
  const labels: Array<number> = []
  const slotRows: Array<number> = []
  let at = 0
  const copy = (row: StreamRow, from: number, to: number) => {
    for (let i = from; i < to; i++, at++) {
      ids[at] = row.ids[i]!
      positions[at] = i
    }
  }
  if (prefixTokens > 0) copy(rows[0]!, 0, prefixTokens)
  rows.forEach((row, index) => {
    const start = at
    starts.push(start)
    copy(row, prefixTokens, prefixTokens + lengths[index]!)
    for (const slot of row.slots) {
      slots.push(start + slot - prefixTokens)
      slotRows.push(index)
    }
    labels.push(...row.labels)
  })
  return {
    rowCount: rows.length,
    tokenCount,
    prefixTokens,
    ids,
    positions,
    starts,
    lengths,
    slots: Int32Array.from(slots),
    labels: Int32Array.from(labels),
    slotRows: Int32Array.from(slotRows),
    slotWeights: rows.every((row) => row.weights === undefined)
      ? null
      : Float32Array.from(rows.flatMap((row) => row.weights ?? row.slots.map(() => 1))),
  }
}
