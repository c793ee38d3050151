/**
 * An adapter's numbers in the two forms that they have: PEFT's pair per projection, A [r, in] and B [out, r], and one
 * pair per linear layer (see layers/linear), A [in, ΣR] side by side and B [ΣR, out] as blocks on a diagonal. Pure.
 */
import type { AdapterModule } from "./Adapter.ts"
import type { Member } from "./Projections.ts"

/** A linear layer and its trained projections. */
export interface LayerShape {
  readonly inSize: number
  readonly outSize: number
  /** Sum of the members' ranks. */
  readonly rankSize: number
  readonly members: ReadonlyArray<Member>
}

/** The scale as one number where one projection is the whole layer, else [ΣR, out] with zeros between the blocks. */
export const scales = ({ members, outSize, rankSize }: LayerShape): Float32Array => {
  if (members.length === 1 && members[0]!.outSize === outSize) return Float32Array.of(members[0]!.scale)
  const data = new Float32Array(rankSize * outSize)
  for (const { outSize: size, outStart, rank, rankStart, scale } of members) {
    for (let r = rankStart; r < rankStart + rank; r++) {
      data.fill(scale, r * outSize + outStart, r * outSize + outStart + size)
    }
  }
  return data
}

/** A [in, ΣR] from the members' [r, in]. */
export const fusedA = (
  { inSize, members, rankSize }: LayerShape,
  modules: ReadonlyArray<AdapterModule>,
): Float32Array => {
  const data = new Float32Array(inSize * rankSize)
  members.forEach(({ rank, rankStart }, index) => {
    const a = modules[index]!.a.data
    for (let r = 0; r < rank; r++) {
      for (let i = 0; i < inSize; i++) data[i * rankSize + rankStart + r] = a[r * inSize + i]!
    }
  })
  return data
}

/** B [ΣR, out] from the members' [out, r]. */
export const fusedB = (
  { members, outSize, rankSize }: LayerShape,
  modules: ReadonlyArray<AdapterModule>,
): Float32Array => {
  const data = new Float32Array(rankSize * outSize)
  members.forEach(({ outSize: size, outStart, rank, rankStart }, index) => {
    const b = modules[index]!.b.data
    for (let o = 0; o < size; o++) {
      for (let r = 0; r < rank; r++) data[(rankStart + r) * outSize + outStart + o] = b[o * rank + r]!
    }
  })
  return data
}

/** The members' A [r, in] and B [out, r] from a layer's values (weights, or their gradients). */
export const unfuse = (
  layer: LayerShape,
  a: Float32Array,
  b: Float32Array,
): ReadonlyMap<string, AdapterModule> => {
  const { inSize, members, outSize: outAll, rankSize } = layer
  return new Map(
    members.map(({ module, outSize, outStart, rank, rankStart }) => {
      const memberA = new Float32Array(rank * inSize)
      const memberB = new Float32Array(outSize * rank)
      for (let r = 0; r < rank; r++) {
        for (let i = 0; i < inSize; i++) memberA[r * inSize + i] = a[i * rankSize + rankStart + r]!
        for (let o = 0; o < outSize; o++) memberB[o * rank + r] = b[(rankStart + r) * outAll + outStart + o]!
      }
      return [
        module,
        { a: { shape: [rank, inSize], data: memberA }, b: { shape: [outSize, rank], data: memberB } },
      ] as const
    }),
  )
}
