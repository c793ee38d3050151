/**
 * One optimizer step over all parameters of an adapter: clipping by the global norm, then AdamW or Adafactor.
 *
 *     g ← g·min(1, clip / (‖g‖ + 1e-6))                         ‖g‖ over all parameters together
 *
 * With `loraPlusRatio` λ the matrices B learn at λ times the rate of the matrices A (LoRA+).
 *
 * @see torch.nn.utils.clip_grad_norm_; Hayou et al. 2024, arXiv:2402.12354 (LoRA+)
 */
import * as Adafactor from "./Adafactor.ts"
import * as AdamW from "./AdamW.ts"
import { type Lora, readVariables } from "./Lora.ts"
import type { Backend, Ops, Tensor, Variable } from "./ops/Ops.ts"

export type Kind = "adamW" | "adafactor"

export interface Options extends AdamW.Options {
  /** Default `adamW`. */
  readonly optimizer?: Kind
  /** Largest global norm, default 1; null never clips. */
  readonly clip?: number | null
  /** Times faster that B learns than A, default 1. */
  readonly loraPlusRatio?: number
}

/** A variable of the optimizer's own: with the parameters and the count, all that it needs to go on exactly. */
export interface Part {
  /** The parameter's name and what is kept of it: `blocks.0.down.a.moment1`. */
  readonly name: string
  readonly variable: Variable
}

/** What an optimizer does with gradients that were clipped already. */
export interface Rule {
  readonly parts: ReadonlyArray<Part>
  /** Numbers of one optimizer step as tensors, within the scope around: rates for A and B, decay of averages. */
  readonly scalars: (rates: Rates, count: number) => unknown
  /** Updates parameters in place. Part of a recording: everything arrives as an argument. */
  readonly update: (ops: Ops, gradients: ReadonlyArray<Tensor>, state: RuleState) => void
}

export interface Rates {
  readonly a: number
  readonly b: number
}

export interface RuleState {
  readonly parameters: ReadonlyArray<Variable>
  readonly parts: ReadonlyArray<Variable>
  readonly scalars: any
}

export interface Optimizer {
  /** One optimizer step in place; gives ‖g‖ before clipping. Gradients stay the caller's. */
  readonly apply: (gradients: ReadonlyArray<Tensor>, learningRate: number) => Promise<number>
  /** What `restore` needs besides the count, by name. */
  readonly state: () => Promise<ReadonlyMap<string, Float32Array>>
  /** Every part must be there, in its size. */
  readonly restore: (count: number, state: ReadonlyMap<string, Float32Array>) => void
  readonly parts: ReadonlyArray<Part>
  readonly free: () => void
}

export const make = (backend: Backend, lora: Lora, options: Options = {}): Optimizer => {
  const { clip = 1, loraPlusRatio = 1 } = options
  const rule =
    options.optimizer === "adafactor"
      ? Adafactor.make(backend, lora, options)
      : AdamW.make(backend, lora, { ...options, alike: loraPlusRatio === 1 })
  const parameters = lora.parameters.map(({ variable }) => variable)
  const parts = rule.parts.map(({ variable }) => variable)
  let count = 0

  const update = backend.jit(
    "optimizer step",
    (ops, { gradients, ...state }: RuleState & { readonly gradients: ReadonlyArray<Tensor> }) => {
      const norm = ops.sqrt(ops.addN(gradients.map(ops.sumOfSquares)))
      if (clip === null) rule.update(ops, gradients, state)
      else {
        const limit = ops.div(ops.scalar(clip), ops.add(norm, ops.scalar(1e-6)))
        const factor = ops.minimum(ops.scalar(1), limit)
        rule.update(
          ops,
          gradients.map((gradient) => ops.mul(gradient, factor)),
          state,
        )
      }
      return norm
    },
  )

  return {
    apply: async (gradients, learningRate) => {
      count += 1
      const norm = backend.scope(() => {
        const scalars = rule.scalars({ a: learningRate, b: learningRate * loraPlusRatio }, count)
        return update({ parameters, parts, gradients, scalars })
      })
      const value = (await backend.read(norm))[0]!
      backend.free(norm)
      return value
    },
    state: async () => {
      const values = await readVariables(backend, parts)
      return new Map(rule.parts.map(({ name }, i) => [name, values[i]!]))
    },
    restore: (from, state) => {
      count = from
      const values = rule.parts.map(({ name }) => state.get(name)!)
      assign(backend, parts, values)
    },
    parts: rule.parts,
    free: () => backend.free(...parts),
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
