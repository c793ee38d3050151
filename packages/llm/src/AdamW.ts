/**
 * AdamW as torch does it:
 *
 *     m ← β₁m + (1 − β₁)g      v ← β₂v + (1 − β₂)g²
 *     θ ← θ·(1 − lr·λ) − lr·(m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * The zeros of a block-diagonal adapter have zero gradients, and stay zero. Memory: two numbers a parameter.
 *
 * @see Loshchilov and Hutter 2019, arXiv:1711.05101; torch.optim.AdamW
 */
import type { Lora } from "./Lora.ts"
import type { AdamWScalars, Backend } from "./ops/Ops.ts"
import type { Part, Rates, Rule } from "./Optimizer.ts"
import { zerosLike } from "./zerosLike.ts"

export interface Options {
  /** β₁, default 0.9 */
  readonly beta1?: number
  /** β₂, default 0.999 */
  readonly beta2?: number
  /** ε, default 1e-8 */
  readonly epsilon?: number
  /** λ, default 0 */
  readonly weightDecay?: number
}

/** `alike`: A and B have one rate, so that one set of scalars serves both. */
export const make = (
  backend: Backend,
  { parameters }: Pick<Lora, "parameters">,
  options: Options & { readonly alike: boolean },
): Rule => {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options
  const moments = (suffix: string) =>
    parameters.map(({ name, variable }): Part => ({
      name: `${name}.${suffix}`,
      variable: zerosLike(backend, variable.shape),
    }))
  return {
    parts: [...moments("moment1"), ...moments("moment2")],
    scalars: ({ a, b }: Rates, count) =>
      (options.alike ? [a] : [a, b]).map((learningRate) =>
        backend.adamW({ learningRate, beta1, beta2, epsilon, weightDecay }, count),
      ),
    update: (ops, gradients, { parameters: weights, parts, scalars }) => {
      const sets = scalars as ReadonlyArray<AdamWScalars>
      const count = weights.length
      // A and B of each layer take turns.
      gradients.forEach((gradient, i) =>
        ops.adamW(weights[i]!, parts[i]!, parts[count + i]!, gradient, sets[i % sets.length]!),
      )
    },
  }
}
