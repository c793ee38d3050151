/** What a training will take, said before it takes it, and what it took. */
import type { Step } from "@sluice/core"
import { counted, sized } from "../counted.ts"

/** A prediction further off than this is reported, unless the difference is what processes differ by anyway. */
const memoryTolerance = 0.15
const noticeableBytes = 128 * 2 ** 20
const timeTolerance = 0.5
const noticeableSeconds = 10

/** `4,884,480 trained parameters` */
export const parameters = (count: number): string => counted(count, "trained parameter")

/** `38 optimizer steps` */
export const optimizerSteps = (count: number): string => counted(count, "optimizer step")

/** `peak memory about 1,405 MB` */
export const peakMemory = (bytes: number): string => `peak memory about ${sized(bytes)}`

/** `about 1:05 of training`, from seconds. */
export const time = (seconds: number): string => `about ${duration(seconds)} of training`

/** `1:05`, `2 h 1 min`, from seconds. */
export const duration = (seconds: number): string => {
  const whole = Math.round(seconds)
  return whole < 3600
    ? `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** Reports the peak, and warns where the prediction was wrong. */
export const settleMemory = (
  context: Pick<Step.Context, "measure" | "warn">,
  predicted: number,
  reached: number,
): void => {
  context.measure("predicted peak memory", predicted, "bytes")
  context.measure("peak memory", reached, "bytes")
  const off = reached / predicted - 1
  if (Math.abs(off) <= memoryTolerance || Math.abs(reached - predicted) < noticeableBytes) return
  context.warn(`peak memory was ${sized(reached)}, ${percent(off)} than the ${sized(predicted)} predicted`)
}

/** Warns where a training took much longer or shorter than was said first. */
export const settleTime = (context: Pick<Step.Context, "warn">, predicted: number, taken: number): void => {
  const off = taken / predicted - 1
  if (Math.abs(off) <= timeTolerance || Math.abs(taken - predicted) < noticeableSeconds) return
  context.warn(`training took ${duration(taken)}, ${percent(off)} than the ${duration(predicted)} predicted`)
}

const percent = (off: number): string => `${Math.round(100 * Math.abs(off))} % ${off > 0 ? "more" : "less"}`
