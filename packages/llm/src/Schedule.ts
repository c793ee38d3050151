/**
 * Learning rate at an optimizer step: a linear rise over the warmup, then a shape.
 *
 * Optimizer steps count from 1 to `total`. With W warmup steps the rate is peak·k/W up to step W (the first optimizer
 * step already learns, where Hugging Face's schedules give it the rate 0), and after it peak times, with
 * u = (k − 1 − W) / (total − W) from 0 towards 1:
 *
 *     linear 1 − u      cosine (1 + cos πu) / 2      constant 1
 *     warmupStableDecay 1 until the last `decay` share of all optimizer steps, then linearly towards 0
 */

export type Shape = "linear" | "cosine" | "constant" | "warmupStableDecay"

export interface Schedule {
  /** Largest rate. */
  readonly peak: number
  /** Default `linear`. */
  readonly shape?: Shape
  /** Share of all optimizer steps (below 1), rounded up to whole ones; or their number (1 and more). Default 0.03. */
  readonly warmup?: number
  /** Share of the optimizer steps at the end in which `warmupStableDecay` falls. Default 0.2. */
  readonly decay?: number
}

export const warmupSteps = ({ warmup = 0.03 }: Schedule, total: number): number =>
  Math.min(total, warmup < 1 ? Math.max(0, Math.ceil(warmup * total - 1e-9)) : Math.round(warmup))

/** The rate of optimizer step `step` (from 1) of `total`. */
export const learningRate = (schedule: Schedule, step: number, total: number): number => {
  const warmup = warmupSteps(schedule, total)
  if (step <= warmup) return (schedule.peak * step) / warmup
  const left = total - step + 1 // optimizer steps from this one to the end
  const progress = 1 - left / (total - warmup)
  switch (schedule.shape ?? "linear") {
    case "linear":
      return schedule.peak * (1 - progress)
    case "cosine":
      return (schedule.peak * (1 + Math.cos(Math.PI * progress))) / 2
    case "constant":
      return schedule.peak
    case "warmupStableDecay":
      return schedule.peak * Math.min(1, left / Math.max(1, (schedule.decay ?? 0.2) * total))
  }
}
