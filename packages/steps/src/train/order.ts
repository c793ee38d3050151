import { Random } from "@sluice/core"
import type { Config } from "./Config.ts"

export interface Options {
  readonly seed: string
  readonly batchRows: number
}

/**
 * Which rows each optimizer step learns from: every epoch takes each row once, in an order drawn from the seed
 * and the epoch, in batches of `batchRows` of which an epoch's last may be smaller. Row numbers count from 0.
 */
export const batches = (
  rows: number,
  options: Options & { readonly epochs: number },
): ReadonlyArray<ReadonlyArray<number>> =>
  Array.from({ length: options.epochs }, (_, at) => epochOf(rows, options, at + 1)).flat()

/** The same for one optimizer step (from 1) after the other: an epoch's order is drawn when it is reached. */
export const batchAt = (
  rows: number,
  options: Options,
): ((optimizerStep: number) => ReadonlyArray<number>) => {
  const epochSteps = Math.ceil(rows / options.batchRows)
  let drawn: { readonly epoch: number; readonly batches: ReadonlyArray<ReadonlyArray<number>> } | undefined
  return (optimizerStep) => {
    const epoch = Math.ceil(optimizerStep / epochSteps)
    if (drawn?.epoch !== epoch) drawn = { epoch, batches: epochOf(rows, options, epoch) }
    return drawn.batches[(optimizerStep - 1) % epochSteps]!
  }
}

const epochOf = (
  rows: number,
  { batchRows, seed }: Options,
  epoch: number,
): ReadonlyArray<ReadonlyArray<number>> => {
  const order = Random.make(Random.derive(seed, `order of epoch ${epoch}`)).shuffle(
    Array.from({ length: rows }, (_, row) => row),
  )
  return Array.from({ length: Math.ceil(rows / batchRows) }, (_, at) =>
    order.slice(at * batchRows, (at + 1) * batchRows),
  )
}

/** Optimizer steps of an epoch, and of the whole training. */
export interface Length {
  readonly epochSteps: number
  readonly total: number
}

export const lengthOf = (
  rows: number,
  config: Pick<Config, "batchRows" | "epochs" | "maxOptimizerSteps">,
): Length => {
  const epochSteps = Math.ceil(rows / config.batchRows)
  const all = epochSteps * config.epochs
  return { epochSteps, total: Math.min(all, config.maxOptimizerSteps ?? all) }
}
