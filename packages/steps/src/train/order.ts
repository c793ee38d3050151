import { Random } from "@sluice/core"

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
