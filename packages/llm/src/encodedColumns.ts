/**
 * Encoded rows as a few long arrays, which move from thread to thread without a copy.
 */
import type { Encoded } from "./encodeBatch.ts"
import type { RowAccount } from "./Supervision.ts"

export interface Columns {
  /** An account, or the reason why nothing can be learnt; one for each example. */
  readonly accounts: ReadonlyArray<RowAccount | string>
  /** Tokens of each example's row, −1 where there is none. */
  readonly lengths: Int32Array<ArrayBuffer>
  /** All rows' ids, one after the other. */
  readonly ids: Int32Array<ArrayBuffer>
  readonly labels: Int32Array<ArrayBuffer>
  /** As long as `ids`, or empty where no row has weights. */
  readonly weights: Float32Array<ArrayBuffer>
  /** Which examples' rows have weights. */
  readonly weighted: ReadonlyArray<boolean>
}

export const toColumns = (encoded: ReadonlyArray<Encoded>): Columns => {
  const rows = encoded.map((one) => ("refused" in one ? null : one.row))
  const lengths = Int32Array.from(rows, (row) => row?.ids.length ?? -1)
  const total = lengths.reduce((sum, length) => sum + Math.max(length, 0), 0)
  const weighted = rows.map((row) => row !== null && row.weights !== null)
  const ids = new Int32Array(total)
  const labels = new Int32Array(total)
  const weights = new Float32Array(weighted.includes(true) ? total : 0)
  let at = 0
  for (const row of rows) {
    if (row === null) continue
    ids.set(row.ids, at)
    labels.set(row.labels, at)
    if (row.weights !== null) weights.set(row.weights, at)
    at += row.ids.length
  }
  const accounts = encoded.map((one) => ("refused" in one ? one.refused : one.account))
  return { accounts, lengths, ids, labels, weights, weighted }
}

export const fromColumns = (columns: Columns): ReadonlyArray<Encoded> => {
  let at = 0
  return columns.accounts.map((account, i): Encoded => {
    if (typeof account === "string") return { refused: account }
    const length = columns.lengths[i]!
    if (length < 0) return { account, row: null }
    const part = <A extends Int32Array | Float32Array>(all: A): A => all.subarray(at, at + length) as A
    const row = {
      ids: part(columns.ids),
      labels: part(columns.labels),
      weights: columns.weighted[i] === true ? part(columns.weights) : null,
    }
    at += length
    return { account, row }
  })
}

/** What is moved and not copied. */
export const buffersOf = ({ ids, labels, lengths, weights }: Columns): Array<ArrayBuffer> => [
  lengths.buffer,
  ids.buffer,
  labels.buffer,
  weights.buffer,
]
