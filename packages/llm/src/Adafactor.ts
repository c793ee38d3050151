/**
 * Adafactor without momentum and without relative steps, as transformers' trainer sets it up:
 *
 *     β_t = 1 − t^−0.8         s = g² + 1e-30
 *     row ← β_t·row + (1 − β_t)·mean over columns of s          col the same over rows
 *     u = g / √(row·col / mean(row))
 *     θ ← θ·(1 − lr·λ) − lr·u / max(1, rms(u))
 *
 * The second moment of an [m, n] matrix is kept as its m row means and n column means: memory for m + n numbers where
 * AdamW keeps 2·m·n. Every projection's A and B is a matrix of its own, as in PEFT, so layers of several projections
 * are taken apart here and put together again: between the blocks of a B gradients are zero, and so is the update.
 *
 * @see Shazeer and Stern 2018, arXiv:1804.04235; transformers.optimization.Adafactor
 */
import type { Lora, TrainedLayer } from "./Lora.ts"
import type { Backend, Ops, Tensor, Variable } from "./ops/Ops.ts"
import type { Part, Rates, Rule, RuleState } from "./Optimizer.ts"
import type { Member } from "./Projections.ts"
import { zerosLike } from "./zerosLike.ts"

export interface Options {
  /** λ, default 0 */
  readonly weightDecay?: number
}

const decayExponent = -0.8
const smallest = 1e-30
const clipThreshold = 1

interface Scalars {
  readonly rates: Readonly<Record<"a" | "b", Tensor>>
  /** 1 − lr·λ of each; null without decay. */
  readonly keep: Readonly<Record<"a" | "b", Tensor>> | null
  /** β_t, and 1 − β_t rounded once. */
  readonly decay: Tensor
  readonly fresh: Tensor
}

export const make = (backend: Backend, { layers }: Pick<Lora, "layers">, options: Options): Rule => {
  const { weightDecay = 0 } = options
  const parts: Array<Part> = []
  for (const { block, inSize, members, name } of layers) {
    for (const { module, outSize, rank } of members) {
      const place = `blocks.${block}.${name}`
      const projection = module.slice(module.lastIndexOf(".") + 1)
      for (const [matrix, rows, columns] of [
        ["a", inSize, rank],
        ["b", rank, outSize],
      ] as const) {
        for (const [means, length] of [
          ["rows", rows],
          ["columns", columns],
        ] as const) {
          parts.push({
            name: `${place}.${matrix}.${projection}.${means}`,
            variable: zerosLike(backend, [length]),
          })
        }
      }
    }
  }
  const scalar = (value: number) => backend.tensor(Float32Array.of(value), [])
  return {
    parts,
    scalars: ({ a, b }: Rates, count): Scalars => {
      const decay = 1 - count ** decayExponent
      return {
        rates: { a: scalar(a), b: scalar(b) },
        keep: weightDecay === 0 ? null : { a: scalar(1 - a * weightDecay), b: scalar(1 - b * weightDecay) },
        decay: scalar(decay),
        fresh: scalar(1 - decay),
      }
    },
    update: (ops, gradients, state) => updateLayers(ops, layers, gradients, state),
  }
}

const updateLayers = (
  ops: Ops,
  layers: ReadonlyArray<TrainedLayer>,
  gradients: ReadonlyArray<Tensor>,
  { parameters, parts, scalars: given }: RuleState,
): void => {
  const scalars = given as Scalars
  let at = 0
  layers.forEach(({ members, outSize }, index) => {
    const [gradientA, gradientB] = [gradients[2 * index]!, gradients[2 * index + 1]!]
    const updatesA: Array<Tensor> = []
    const updatesB: Array<Tensor> = []
    for (const member of members) {
      const [rowsA, columnsA, rowsB, columnsB] = parts.slice(at, (at += 4)) as [
        Variable,
        Variable,
        Variable,
        Variable,
      ]
      const { rank, rankStart } = member
      const a = members.length === 1 ? gradientA : ops.slice(gradientA, [0, rankStart], [-1, rank])
      updatesA.push(matrixUpdate(ops, a, rowsA, columnsA, scalars.rates.a, scalars))
      const b = ops.slice(gradientB, [rankStart, member.outStart], [rank, member.outSize])
      const update = matrixUpdate(ops, b, rowsB, columnsB, scalars.rates.b, scalars)
      updatesB.push(inPlace(ops, gradientB, member, outSize, update))
    }
    const [a, b] = [parameters[2 * index]!, parameters[2 * index + 1]!]
    apply(ops, a, ops.concat(updatesA, 1), scalars.keep?.a)
    apply(ops, b, ops.concat(updatesB, 0), scalars.keep?.b)
  })
}

/** lr·u / max(1, rms(u)) of one matrix; its means are updated. */
const matrixUpdate = (
  ops: Ops,
  gradient: Tensor,
  rows: Variable,
  columns: Variable,
  rate: Tensor,
  { decay, fresh }: Scalars,
): Tensor => {
  const squares = ops.add(ops.square(gradient), ops.scalar(smallest))
  const average = (variable: Variable, axis: number) => {
    const mean = ops.add(
      ops.mul(ops.readVariable(variable), decay),
      ops.mul(ops.mean(squares, [axis]), fresh),
    )
    ops.assignVariable(variable, mean)
    return mean
  }
  const row = average(rows, 1)
  const column = average(columns, 0)
  const rowFactor = ops.rsqrt(ops.div(row, ops.mean(row, [0], true)))
  const [m, n] = [rows.shape[0]!, columns.shape[0]!]
  const scaled = ops.mul(
    ops.mul(gradient, ops.reshape(rowFactor, [m, 1])),
    ops.reshape(ops.rsqrt(column), [1, n]),
  )
  const rootMeanSquare = ops.sqrt(ops.mean(ops.square(scaled), [0, 1]))
  const limit = ops.maximum(ops.scalar(1), ops.div(rootMeanSquare, ops.scalar(clipThreshold)))
  return ops.mul(ops.div(scaled, limit), rate)
}

/** A member's rows of B's update, [R, out], with the zeros that stand beside its block in the gradient. */
const inPlace = (ops: Ops, gradient: Tensor, member: Member, outAll: number, update: Tensor): Tensor => {
  const { outSize, outStart, rank, rankStart } = member
  const after = outStart + outSize
  const zeros = (from: number, to: number) =>
    to > from ? [ops.slice(gradient, [rankStart, from], [rank, to - from])] : []
  return ops.concat([...zeros(0, outStart), update, ...zeros(after, outAll)], 1)
}

const apply = (ops: Ops, variable: Variable, update: Tensor, keep: Tensor | undefined): void => {
  const value = ops.readVariable(variable)
  ops.assignVariable(variable, ops.sub(keep === undefined ? value : ops.mul(value, keep), update))
}
