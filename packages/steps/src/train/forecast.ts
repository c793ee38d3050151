/** What a training will take, said before it takes it, and what it took. */
import type { Step } from "@sluice/core"
import type { Trainer } from "@sluice/llm"
import { counted, sized } from "../counted.ts"

/** A prediction further off than this is reported, unless the difference is what a process takes more or less anyway. */
const tolerance = 0.15
const noticeableBytes = 128 * 2 ** 20

/** Batches whose memory is predicted: the largest by their tokens. */
const examined = 4

/** Bytes at the peak of the largest batches; a checkpoint holds the state twice while it is packed. */
export const peakBytes = (
  trainer: Pick<Trainer.Trainer, "memory">,
  batches: ReadonlyArray<ReadonlyArray<Trainer.TokenRow>>,
  savesCheckpoints: boolean,
): number => {
  const tokens = (rows: ReadonlyArray<Trainer.TokenRow>) => rows.reduce((sum, { ids }) => sum + ids.length, 0)
  const learnt = batches.filter((rows) => rows.some(({ labels }) => someSupervised(labels)))
  const largest = learnt.toSorted((a, b) => tokens(b) - tokens(a)).slice(0, examined)
  const peaks = largest.map((rows) => {
    const { stateBytes, totalBytes } = trainer.memory(rows)
    return totalBytes + (savesCheckpoints ? 2 * stateBytes : 0)
  })
  return Math.max(0, ...peaks)
}

const someSupervised = (labels: ArrayLike<number>): boolean => {
  for (let i = 1; i < labels.length; i++) if (labels[i] !== -100) return true
  return false
}

/** `4,884,480 trained parameters, 38 optimizer steps, peak memory about 1,405 MB`. */
export const plan = (parameters: number, optimizerSteps: number, bytes: number): string =>
  `${counted(parameters, "trained parameter")}, ${counted(optimizerSteps, "optimizer step")}, ` +
  `peak memory about ${sized(bytes)}`

/** `about 1:05`, from seconds. */
export const duration = (seconds: number): string => {
  const whole = Math.round(seconds)
  const clock = `${Math.floor((whole % 3600) / 60)}:${String(whole % 60).padStart(2, "0")}`
  return whole < 3600
    ? `about ${clock}`
    : `about ${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** Optimizer steps and seconds after the first one, which also records functions, before the rest is predicted. */
const timedSteps = 2
const timedSeconds = 0.5

export interface Moment {
  readonly optimizerSteps: number
  readonly seconds: number
  readonly tokens: number
}

/** Seconds of a whole training, by its tokens; undefined until enough was seen since the first optimizer step. */
export const seconds = (first: Moment, now: Moment, allTokens: number): number | undefined => {
  const passed = now.seconds - first.seconds
  if (now.optimizerSteps - first.optimizerSteps < timedSteps || passed < timedSeconds) return undefined
  return now.seconds + (passed * (allTokens - now.tokens)) / (now.tokens - first.tokens)
}

/** Reports the peak, and warns where the prediction was wrong. */
export const settle = (
  context: Pick<Step.Context, "measure" | "warn">,
  predicted: number,
  reached: number,
): void => {
  context.measure("predicted peak memory", predicted, "bytes")
  context.measure("peak memory", reached, "bytes")
  const off = reached / predicted - 1
  if (Math.abs(off) <= tolerance || Math.abs(reached - predicted) < noticeableBytes) return
  context.warn(
    `peak memory was ${sized(reached)}, ${Math.round(100 * Math.abs(off))} % ${off > 0 ? "more" : "less"} than the ${sized(predicted)} predicted`,
  )
}
