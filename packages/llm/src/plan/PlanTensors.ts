/** A batch plan on a backend: the tables of every block, and the slots of the head. */
import type * as Block from "../Block.ts"
import type { Slots } from "../layers/head.ts"
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

/** The head's part: labels in chunks of equal size, each loss weighted by `weight`. */
export const uploadSlots = (backend: Backend, plan: BatchPlan, weight: number): Slots => {
  const count = plan.labels.length
  const chunkCount = Math.ceil(count / slotsPerChunk)
  const sizes = Array.from(
    { length: chunkCount },
    (_, k) => Math.floor(((k + 1) * count) / chunkCount) - Math.floor((k * count) / chunkCount),
  )
  return {
    labels: backend.tensor(plan.labels, [count]),
    chunkSizes: backend.tensor(Int32Array.from(sizes), [chunkCount]),
    chunkCount,
    weight: backend.tensor(Float32Array.of(weight), []),
  }
}
