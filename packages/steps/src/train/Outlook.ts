/** What a training will take, counted from its rows and the model's shape before anything is computed. */
import type { Cost, Trainer } from "@sluice/llm"
import type { HeldOut } from "./Config.ts"
import type { Length } from "./order.ts"

export interface Outlook {
  /** Bytes at the peak of the largest batches. */
  readonly peakBytes: number
  /** Of them, what the largest micro-batch keeps for its backward pass. */
  readonly activationBytes: number
  /** Floating-point operations of learning from so many tokens, and of so many looks at the held-out rows. */
  readonly work: (tokens: number, looks: number) => number
}

type Rows = ReadonlyArray<Trainer.TokenRow>

/** Batches whose memory is predicted: the largest by their tokens. */
const largest = 4
/** Batches whose work is counted, evenly chosen; the others are taken to have as much for each token. */
const counted = 48

export interface Given {
  /** Of an epoch or two. */
  readonly batches: ReadonlyArray<Rows>
  readonly heldOut: Rows
  readonly batchRows: number
  /** A checkpoint holds the state twice while it is packed. */
  readonly savesCheckpoints: boolean
  /** Of all snapshots together, which stay until the end. */
  readonly snapshotBytes: number
}

export const of = (cost: Cost.Cost, given: Given): Outlook => {
  const { batches, batchRows, heldOut, savesCheckpoints, snapshotBytes } = given
  const peaks: Array<number> = []
  let activationBytes = 0
  for (const rows of batches.toSorted((a, b) => tokensOf(b) - tokensOf(a))) {
    const prediction = cost.memory(rows)
    if (prediction === undefined) continue
    peaks.push(prediction.totalBytes + (savesCheckpoints ? 2 * prediction.stateBytes : 0))
    activationBytes = Math.max(activationBytes, prediction.activationBytes)
    if (peaks.length === largest) break
  }
  const every = Math.max(1, Math.ceil(batches.length / counted))
  const chosen = batches.filter((_, at) => at % every === 0)
  const tokens = chosen.reduce((sum, rows) => sum + tokensOf(rows), 0)
  const perToken = chosen.reduce((sum, rows) => sum + cost.work(rows), 0) / Math.max(1, tokens)
  let look = 0
  for (let at = 0; at < heldOut.length; at += batchRows)
    look += cost.lookWork(heldOut.slice(at, at + batchRows))
  return {
    peakBytes: Math.max(0, ...peaks) + snapshotBytes,
    activationBytes,
    work: (learnt, looks) => perToken * learnt + looks * look,
  }
}

export const tokensOf = (rows: Rows): number => rows.reduce((sum, { ids }) => sum + ids.length, 0)

/**
 * Tokens of the optimizer steps from `first` on. Every epoch has all rows, so that only its parts are added up one by
 * one: a training may be asked for more epochs than anyone will wait for.
 */
export const tokensFrom = (
  first: number,
  { epochSteps, total }: Length,
  rows: Rows,
  batchOf: (optimizerStep: number) => Rows,
): number => {
  const upTo = (step: number): number => {
    let tokens = Math.floor(step / epochSteps) * tokensOf(rows)
    for (let at = step; at % epochSteps !== 0; at--) tokens += tokensOf(batchOf(at))
    return tokens
  }
  return upTo(total) - upTo(first - 1)
}

/** Looks at the held-out rows after the optimizer steps from `first` on. */
export const looksFrom = (first: number, heldOut: HeldOut | null, { epochSteps, total }: Length): number => {
  if (heldOut === null || first > total) return 0
  const every = heldOut.every ?? epochSteps
  return Math.ceil(total / every) - Math.floor((first - 1) / every)
}
