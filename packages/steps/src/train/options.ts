/** What a training's config and settings ask of the modules that compute it. */
import type { Step } from "@sluice/core"
import type { Cost, LoraShape, Schedule, Trainer } from "@sluice/llm"
import { precisionOf } from "../numeric.ts"
import type { Config } from "./Config.ts"

export const scheduleOf = ({ decayShare, learningRate, schedule, warmup }: Config): Schedule.Schedule => ({
  peak: learningRate,
  shape: schedule,
  warmup,
  decay: decayShare,
})

export const loraOptions = (config: Config): LoraShape.Options => ({
  rank: config.rank,
  alpha: config.alpha,
  rsLora: config.rsLora,
  rankPattern: config.rankPattern,
  alphaPattern: config.alphaPattern,
  ...(config.targetModules === null ? {} : { targetModules: config.targetModules }),
})

const batchOptions = (config: Config) => ({
  optimizer: config.optimizer,
  dropout: config.dropout,
  noiseAlpha: config.noiseAlpha,
  activationBudgetBytes: config.activationMiB * 2 ** 20,
  recompute: config.recompute === "auto" ? ("auto" as const) : config.recompute === "always",
})

export const trainerOptions = (config: Config, seed: string): Trainer.Options => ({
  ...batchOptions(config),
  weightDecay: config.weightDecay,
  clip: config.clip,
  loraPlusRatio: config.loraPlusRatio,
  seed,
})

export const costOptions = (config: Config, settings: Step.Context["settings"]): Cost.Options => ({
  ...batchOptions(config),
  weightBytesEach: precisionOf(settings).precision === "bfloat16" ? 2 : 4,
})
