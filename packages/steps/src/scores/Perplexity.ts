/**
 * Loss on held-out rows, per supervised token.
 */
import * as Bootstrap from "../stats/Bootstrap.ts"
import type { Interval } from "../stats/Wilson.ts"

/** One row's loss: the sum of −ln p over its supervised tokens, and how many they are. */
export interface RowLoss {
  readonly lossSum: number
  readonly tokens: number
}

export interface HeldOutLoss {
  readonly rows: number
  readonly tokens: number
  /** Mean of −ln p over all supervised tokens together, in nats; NaN without any. */
  readonly loss: number
  /** Of the loss: rows drawn again, each with its tokens. */
  readonly interval: Interval
  /** e to the loss: as unsure as between so many equally likely tokens. Its interval is e to the loss's. */
  readonly perplexity: number
  readonly perplexityInterval: Interval
}

/** Long rows weigh more, as in training. Only models with the same tokenizer compare. */
export const heldOut = (
  rows: ReadonlyArray<RowLoss>,
  draws: Bootstrap.Draws,
  rounds?: number,
): HeldOutLoss => {
  const tokens = rows.reduce((sum, row) => sum + row.tokens, 0)
  const loss = rows.reduce((sum, row) => sum + row.lossSum, 0) / tokens
  const interval = ofRatio(rows, loss, draws, rounds)
  return {
    rows: rows.length,
    tokens,
    loss,
    interval,
    perplexity: Math.exp(loss),
    perplexityInterval: { low: Math.exp(interval.low), high: Math.exp(interval.high) },
  }
}

/**
 * Every row's share in the loss per token, so that their mean is the loss: what Verdict.ofMeans compares two arms by
 * (with `higherIsBetter: false`). Both arms must have the same supervised tokens in each row.
 *
 * @see Cochran 1977, "Sampling Techniques", §6.3: a ratio of sums, linearised
 */
export const shares = (rows: ReadonlyArray<RowLoss>): ReadonlyArray<number> => {
  const tokens = rows.reduce((sum, row) => sum + row.tokens, 0)
  const loss = rows.reduce((sum, row) => sum + row.lossSum, 0) / tokens
  const perRow = tokens / rows.length
  return rows.map((row) => loss + (row.lossSum - loss * row.tokens) / perRow)
}

/** Bits for each byte of text: compares models of different tokenizers. `bytes` is the UTF-8 size of the text. */
export const bitsPerByte = (lossSum: number, bytes: number): number => lossSum / Math.LN2 / bytes

const ofRatio = (
  rows: ReadonlyArray<RowLoss>,
  loss: number,
  draws: Bootstrap.Draws,
  rounds: number | undefined,
): Interval =>
  Number.isNaN(loss)
    ? { low: Number.NaN, high: Number.NaN }
    : Bootstrap.interval(shares(rows), draws, rounds === undefined ? {} : { rounds })
