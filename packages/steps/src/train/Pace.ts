/** How fast this machine trains: from earlier trainings, or from how fast it multiplies. */
import type { Step } from "@sluice/core"

export interface Pace {
  /** Floating-point operations in a second, once functions are recorded. */
  readonly rate: number
  /** What the first optimizer step takes beyond that. */
  readonly warmUpSeconds: number
}

/** Earlier trainings that are asked: the median of the newest ones. */
const asked = 5

/** What a training measures, by the names of its measurements. The rate belongs to a size of model and to settings. */
export const names = (parameters: number, settings: Step.Context["settings"]) => {
  const { backend, device, precision, threads } = settings
  const size = parameters < 1e6 ? parameters : `${Math.round(parameters / 1e6)}M`
  const where = `${size}, ${backend} ${device}, ${threads} threads, ${precision}`
  return { rate: `training rate (${where})`, warmUp: `training warm-up (${where})` }
}

/** From what trainings measured on this machine; undefined where there was none of such a model. */
export const ofHistory = (
  { measured, settings }: Pick<Step.Context, "measured" | "settings">,
  parameters: number,
): Pace | undefined => {
  const { rate, warmUp } = names(parameters, settings)
  const gigaflops = median(measured(rate).slice(0, asked))
  return gigaflops === undefined
    ? undefined
    : { rate: gigaflops * 1e9, warmUpSeconds: median(measured(warmUp).slice(0, asked)) ?? 0 }
}

/**
 * Training does less in a second than its products alone would: memory-bound operations, small products. Measured with
 * SmolLM2-135M on two busy cores: 0.5 to 0.9.
 */
const shareOfProducts = 0.7
const warmUpDefaultSeconds = 1.5

export const ofProducts = (productRate: number): Pace => ({
  rate: shareOfProducts * productRate,
  warmUpSeconds: warmUpDefaultSeconds,
})

export const seconds = ({ rate, warmUpSeconds }: Pace, work: number): number => warmUpSeconds + work / rate

/** When an optimizer step ended: seconds and floating-point operations since training began. */
export interface Moment {
  readonly optimizerSteps: number
  readonly seconds: number
  readonly work: number
}

/** Optimizer steps and seconds after the first one, which also records functions, before the rest is predicted. */
const timedSteps = 2
const timedSeconds = 0.5

/** Of the training that is under way; undefined until enough was seen since its first optimizer step. */
export const ofMoments = (first: Moment, now: Moment): Pace | undefined => {
  const passed = now.seconds - first.seconds
  if (now.optimizerSteps - first.optimizerSteps < timedSteps || passed < timedSeconds) return undefined
  const rate = (now.work - first.work) / passed
  return { rate, warmUpSeconds: Math.max(0, first.seconds - first.work / rate) }
}

const median = (values: ReadonlyArray<number>): number | undefined =>
  values.toSorted((a, b) => a - b)[values.length >> 1]
