import { Random } from "@sluice/core"
import type { Config } from "./Config.ts"

/**
 * Which rows each optimizer step learns from: every epoch takes each row once, in an order drawn from the seed
 * and the epoch, in batches of `batchRows` of which an epoch's last may be smaller. Row numbers count from 0.
 */
export const batches = (
  rows: number,
  options: { readonly seed: string; readonly epochs: number; readonly batchRows: number },
): ReadonlyArray<ReadonlyArray<number>> => {
  const found: Array<ReadonlyArray<number>> = []
  for (let epoch = 1; epoch <= options.epochs; epoch++) {
    const order = Random.make(Random.derive(options.seed, `order of epoch ${epoch}`)).shuffle(
      Array.from({ length: rows }, (_, row) => row),
    )
    for (let at = 0; at < rows; at += options.batchRows) found.push(order.slice(at, at + options.batchRows))
  }
  return found
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
