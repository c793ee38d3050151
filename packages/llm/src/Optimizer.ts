/**
 * AdamW as torch does it, after clipping by the global norm:
 *
 *     g ← g·min(1, clip / (‖g‖ + 1e-6))                         ‖g‖ over all parameters together
 *     m ← β₁m + (1 − β₁)g      v ← β₂v + (1 − β₂)g²
 *     θ ← θ·(1 − lr·λ) − lr·(m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε)
 *
 * The zeros of a block-diagonal adapter have zero gradients, and stay zero.
 *
 * @see Loshchilov and Hutter 2019, arXiv:1711.05101; torch.optim.AdamW; torch.nn.utils.clip_grad_norm_
 */
import { readVariables } from "./Lora.ts"
import type { AdamWScalars, Backend, Tensor, Variable } from "./ops/Ops.ts"

export interface Options {
  /** β₁, default 0.9 */
  readonly beta1?: number
  /** β₂, default 0.999 */
  readonly beta2?: number
  /** ε, default 1e-8 */
  readonly epsilon?: number
  /** λ, default 0 */
  readonly weightDecay?: number
  /** Largest global norm, default 1; null never clips. */
  readonly clip?: number | null
}

/** Moments and count: with the parameters, all that an optimizer needs to go on exactly. */
export interface State {
  readonly count: number
  readonly moments1: ReadonlyArray<Float32Array>
  readonly moments2: ReadonlyArray<Float32Array>
}

export interface Optimizer {
  /** One optimizer step in place; gives ‖g‖ before clipping. Gradients stay the caller's. */
  readonly apply: (gradients: ReadonlyArray<Tensor>, learningRate: number) => Promise<number>
  readonly state: () => Promise<State>
  readonly restore: (state: State) => void
  readonly free: () => void
}

interface Update {
  readonly parameters: ReadonlyArray<Variable>
  readonly moments1: ReadonlyArray<Variable>
  readonly moments2: ReadonlyArray<Variable>
  readonly gradients: ReadonlyArray<Tensor>
  readonly scalars: AdamWScalars
}

export const make = (
  backend: Backend,
  parameters: ReadonlyArray<Variable>,
  options: Options = {},
): Optimizer => {
  const { beta1 = 0.9, beta2 = 0.999, clip = 1, epsilon = 1e-8, weightDecay = 0 } = options
  const zeros = ({ shape }: Variable) =>
    backend.tensor(new Float32Array(shape.reduce((size, n) => size * n, 1)), shape)
  const moments = () => backend.scope(() => parameters.map((parameter) => backend.variable(zeros(parameter))))
  const moments1 = moments()
  const moments2 = moments()
  let count = 0

  const update = backend.jit("optimizer step", (ops, args: Update) => {
    const norm = ops.sqrt(ops.addN(args.gradients.map(ops.sumOfSquares)))
    const factor =
      clip === null
        ? null
        : ops.minimum(ops.scalar(1), ops.div(ops.scalar(clip), ops.add(norm, ops.scalar(1e-6))))
    args.gradients.forEach((gradient, i) => {
      const clipped = factor === null ? gradient : ops.mul(gradient, factor)
      ops.adamW(args.parameters[i]!, args.moments1[i]!, args.moments2[i]!, clipped, args.scalars)
    })
    return norm
  })

  return {
    apply: async (gradients, learningRate) => {
      count += 1
      const norm = backend.scope(() => {
        const scalars = backend.adamW({ learningRate, beta1, beta2, epsilon, weightDecay }, count)
        return update({ parameters, moments1, moments2, gradients, scalars })
      })
      const value = (await backend.read(norm))[0]!
      backend.free(norm)
      return value
    },
    state: async () => ({
      count,
      moments1: await readVariables(backend, moments1),
      moments2: await readVariables(backend, moments2),
    }),
    restore: (state) => {
      count = state.count
      assign(backend, moments1, state.moments1)
      assign(backend, moments2, state.moments2)
    },
    free: () => backend.free(...moments1, ...moments2),
  }
}

/** Gives variables new values, in order. */
export const assign = (
  backend: Backend,
  variables: ReadonlyArray<Variable>,
  values: ReadonlyArray<Float32Array>,
): void =>
  backend.scope(() => {
    variables.forEach((variable, i) =>
      backend.ops.assignVariable(variable, backend.tensor(values[i]!, variable.shape)),
    )
  })
