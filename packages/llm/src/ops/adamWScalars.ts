import type { AdamWOptions, AdamWScalars, Tensor } from "./Ops.ts"

/**
 * AdamW's scalars of optimizer step `count` (from 1), computed in float64 and rounded once.
 *
 * TensorFlow's update is w ← w − α·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε̂); with ε̂ = ε·√(1−β₂ᵗ) it is torch's
 * w ← w − α/(1−β₁ᵗ) · m/(√(v/(1−β₂ᵗ)) + ε). Decay multiplies the weight by 1 − α·λ before.
 *
 * @see Loshchilov and Hutter 2019, arXiv:1711.05101; torch.optim.AdamW
 */
export const adamWScalars = (
  options: AdamWOptions,
  count: number,
  scalar: (value: number) => Tensor,
): AdamWScalars => {
  const beta2Power = options.beta2 ** count
  return {
    learningRate: scalar(options.learningRate),
    beta1: scalar(options.beta1),
    beta2: scalar(options.beta2),
    beta1Power: scalar(options.beta1 ** count),
    beta2Power: scalar(beta2Power),
    epsilon: scalar(options.epsilon * Math.sqrt(1 - beta2Power)),
    ...(options.weightDecay === 0 ? {} : { keep: scalar(1 - options.learningRate * options.weightDecay) }),
  }
}
