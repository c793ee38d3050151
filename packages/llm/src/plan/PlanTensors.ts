/** A batch plan on a backend: the tables of every block, and the slots of the head. */
import type * as Block from "../Block.ts"
import * as rotary from "../layers/rotary.ts"
import type { Backend, Tensor } from "../ops/Ops.ts"
import type { BatchPlan } from "./BatchPlan.ts"

export interface PlanTensors {
  /** [T] */
  readonly ids: Tensor
  /** [N] */
  readonly slots: Tensor
  readonly tables: Block.Tables
}

/** Puts a plan's tables on the backend; they belong to the scope around, or to the caller. */
export const upload = (backend: Backend, geometry: rotary.Geometry, plan: BatchPlan): PlanTensors => {
  const ints = (values: ArrayLike<number>) => backend.tensor(Int32Array.from(values), [values.length])
  const int = (value: number) => backend.tensor(Int32Array.of(value), [])
  const { heads, headSize, keyValueHeads } = geometry
  const perKey = heads / keyValueHeads
  const lines = heads + 2 * keyValueHeads
  const { cos, sin, swap, width } = rotary.tables(geometry, plan.positions)
  const tokens = plan.tokenCount
  return {
    ids: ints(plan.ids),
    slots: ints(plan.slots),
    tables: {
      tokenCount: int(tokens),
      rotary: {
        cos: backend.tensor(cos, [tokens, width]),
        sin: backend.tensor(sin, [tokens, width]),
        swap: ints(swap),
      },
      attention: {
        outputLines: ints(plan.outputLines),
        gradientLines: ints(plan.gradientLines),
        lineCount: int(tokens * lines),
        zeroLine: backend.tensor(new Float32Array(headSize), [1, headSize]),
        groups: plan.groups.map((group) => {
          const batch = keyValueHeads * group.rowCount
          const { keyCount, queryCount } = group
          return {
            queries: ints(group.queries),
            keys: ints(group.keys),
            values: ints(group.values),
            outputs: ints(group.outputs),
            mask: backend.tensor(group.mask, [queryCount, keyCount]),
            queryShape: ints([batch, perKey * queryCount, headSize]),
            keyShape: ints([batch, keyCount, headSize]),
            scoreShape: ints([batch * perKey, queryCount, keyCount]),
            probabilityShape: ints([batch, perKey * queryCount, keyCount]),
            deltaShape: ints([batch, perKey * queryCount, 1]),
          }
        }),
      },
    },
  }
}

/** Most slots whose logits [n, V] exist at once. */
export const slotsPerChunk = 128

/** Supervised slots in chunks of nearly equal size, with their labels. */
export interface Slots {
  readonly sizes: ReadonlyArray<number>
  /** [n] of each chunk */
  readonly labels: ReadonlyArray<Tensor>
  /** What each slot's loss counts in the gradient, of each chunk: one scalar, or [n, 1] where slots have weights. */
  readonly weights: ReadonlyArray<Tensor>
}

export const uploadSlots = (backend: Backend, plan: BatchPlan, weight: number): Slots => {
  const count = plan.labels.length
  const chunks = Math.ceil(count / slotsPerChunk)
  const start = (k: number) => Math.floor((k * count) / chunks)
  const sizes = Array.from({ length: chunks }, (_, k) => start(k + 1) - start(k))
  return {
    sizes,
    labels: sizes.map((size, k) => backend.tensor(plan.labels.slice(start(k), start(k + 1)), [size])),
    weights: weightsOf(backend, plan.slotWeights, weight, sizes),
  }
}

const weightsOf = (
  backend: Backend,
  slotWeights: Float32Array | null,
  weight: number,
  sizes: ReadonlyArray<number>,
): ReadonlyArray<Tensor> => {
  if (slotWeights === null) {
    const shared = backend.tensor(Float32Array.of(weight), [])
    return sizes.map(() => shared)
  }
  let at = 0
  return sizes.map((size) =>
    backend.tensor(
      slotWeights.slice(at, (at += size)).map((own) => own * weight),
      [size, 1],
    ),
  )
}
