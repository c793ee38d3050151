/**
 * What a training has to tell so far: the rows of its tables. It grows by whole optimizer steps and looks, so that a
 * checkpoint can hold it and a resumed training goes on writing where the other one stopped.
 */
import type { Table } from "@sluice/core"
import type { HeldOutLosses, Metrics, RowLosses, Samples } from "../Train.ts"
import type { HeldOut } from "./Config.ts"

export interface Record {
  readonly metrics: Array<Table.Row<typeof Metrics>>
  readonly rowLosses: Array<Table.Row<typeof RowLosses>>
  readonly heldOutLosses: Array<Table.Row<typeof HeldOutLosses>>
  readonly samples: Array<Table.Row<typeof Samples>>
}

export const make = (): Record => ({ metrics: [], rowLosses: [], heldOutLosses: [], samples: [] })

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** JSON gives every finite number back as it was, and a row's loss is a finite number or null. */
export const encode = (record: Record): Uint8Array => encoder.encode(JSON.stringify(record))
export const decode = (bytes: Uint8Array): Record => JSON.parse(decoder.decode(bytes)) as Record

/** How training stands by its held-out losses. */
export interface Standing {
  /** Optimizer steps of the best adapter; undefined before the first look at a trained one. */
  readonly best: { readonly optimizerStep: number; readonly loss: number } | undefined
  /** Looks since then. */
  readonly since: number
}

/** The base model's own loss, before the first optimizer step, is no adapter's and never the best. */
export const standing = ({ heldOutLosses }: Pick<Record, "heldOutLosses">): Standing => {
  const trained = heldOutLosses.filter(({ optimizerStep }) => optimizerStep > 0)
  const at = trained.findLastIndex(({ best }) => best)
  return at < 0 ? { best: undefined, since: 0 } : { best: trained[at]!, since: trained.length - 1 - at }
}

/** Whether a loss after `optimizerStep` is the best of a trained adapter. */
export const isBest = (
  record: Pick<Record, "heldOutLosses">,
  optimizerStep: number,
  loss: number,
  { minImprovement }: Pick<HeldOut, "minImprovement">,
): boolean => {
  const { best } = standing(record)
  return optimizerStep > 0 && (best === undefined || loss < best.loss - minImprovement)
}

/** Whether patience has run out. */
export const isOver = (record: Pick<Record, "heldOutLosses">, heldOut: HeldOut | null): boolean =>
  heldOut?.patience != null && standing(record).since >= heldOut.patience

/** Whether something that happens every so many optimizer steps (each epoch where null) is due after this one. */
export const isDue = (
  every: number | null,
  optimizerStep: number,
  { epochSteps, total }: { readonly epochSteps: number; readonly total: number },
): boolean => optimizerStep % (every ?? epochSteps) === 0 || optimizerStep === total
