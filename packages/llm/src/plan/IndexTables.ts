/**
 * Index tables of attention: one gather from stream order into groups, one segment sum back.
 *
 * The projections' output [T, (H + 2·KV)·D] viewed as [T·(H + 2·KV), D] has one line per token and head: the H
 * query heads, then KV key heads, then KV value heads. Gathering lines by a table splits heads, pads rows to the
 * group's longest, groups the G = H / KV query heads that share a key head, and repeats the shared prefix, at once:
 *
 *     queries [KV·b, G·L, D]   keys, values [KV·b, S, D]      (b rows of the group)
 *
 * Padding reads line 0 and never counts: causal order keeps padded keys from every real query, and the segment sum
 * that takes gradients back has id −1 there. The rows' gradients into the shared prefix add up in it by themselves.
 */
import type { Group } from "./AttentionGroups.ts"
import type { Stream } from "./Stream.ts"

export interface HeadCounts {
  /** H */
  readonly heads: number
  /** KV */
  readonly keyValueHeads: number
}

export interface GroupTables extends Group {
  /** [KV·b·G·L] line of each query. */
  readonly queries: Int32Array
  /** [KV·b·S] line of each key. */
  readonly keys: Int32Array
  /** [KV·b·S] line of each value. */
  readonly values: Int32Array
  /** [KV·b·G·L] line of each query in the attention's output [T·H, D]; T·H (a line of zeros) for padding. */
  readonly outputs: Int32Array
  /** [L, S] added to scores: 0 where a query may look, −1e9 where it may not. */
  readonly mask: Float32Array
}

export interface IndexTables {
  readonly groups: ReadonlyArray<GroupTables>
  /** [T·H] where each token's and head's output stands in the groups' outputs one after the other. */
  readonly outputLines: Int32Array
  /** Lines that gradients of each group's queries, keys and values (in this order) add to; −1 for padding. */
  readonly gradientLines: Int32Array
}

const masked = -1e9

export const indexTables = (
  stream: Stream,
  groups: ReadonlyArray<Group>,
  { heads, keyValueHeads }: HeadCounts,
): IndexTables => {
  const perKey = heads / keyValueHeads // G
  const lines = heads + 2 * keyValueHeads
  const paddingOutput = stream.tokenCount * heads
  const outputLines = new Int32Array(paddingOutput)
  const gradients: Array<Int32Array> = []
  let groupStart = 0
  const tables = groups.map((group): GroupTables => {
    const { rowCount, queryCount, keyCount, prefixTokens } = group
    const queries = new Int32Array(keyValueHeads * rowCount * perKey * queryCount)
    const outputs = new Int32Array(queries.length).fill(paddingOutput)
    const queryGradients = new Int32Array(queries.length).fill(-1)
    const keys = new Int32Array(keyValueHeads * rowCount * keyCount)
    const values = new Int32Array(keys.length)
    const keyGradients = new Int32Array(keys.length).fill(-1)
    const valueGradients = new Int32Array(keys.length).fill(-1)
    for (let k = 0; k < keyValueHeads; k++) {
      for (let row = 0; row < rowCount; row++) {
        const own = ownTokens(stream, group, row)
        for (let h = 0; h < perKey; h++) {
          const head = k * perKey + h
          for (let l = 0; l < own.length; l++) {
            const at = ((k * rowCount + row) * perKey + h) * queryCount + l
            const token = own.start + l
            queries[at] = token * lines + head
            queryGradients[at] = queries[at]!
            outputs[at] = token * heads + head
            outputLines[token * heads + head] = groupStart + at
          }
        }
        for (let s = 0; s < prefixTokens + own.length; s++) {
          const at = (k * rowCount + row) * keyCount + s
          const token = s < prefixTokens ? s : own.start + s - prefixTokens
          keys[at] = token * lines + heads + k
          values[at] = keys[at] + keyValueHeads
          keyGradients[at] = keys[at]!
          valueGradients[at] = values[at]!
        }
      }
    }
    groupStart += queries.length
    gradients.push(queryGradients, keyGradients, valueGradients)
    return { ...group, queries, keys, values, outputs, mask: causalMask(group) }
  })
  return { groups: tables, outputLines, gradientLines: concatenate(gradients) }
}

/** First stream index and number of own tokens of a group's member. */
const ownTokens = (stream: Stream, group: Group, member: number) => {
  if (group.members === "prefix") return { start: 0, length: stream.prefixTokens }
  const row = group.members[member]!
  return { start: stream.starts[row]!, length: stream.lengths[row]! }
}

/** Query l stands at position P + l of its row and sees keys 0 … P + l. */
const causalMask = ({ queryCount, keyCount, prefixTokens }: Group): Float32Array => {
  const mask = new Float32Array(queryCount * keyCount)
  for (let l = 0; l < queryCount; l++) {
    mask.fill(masked, l * keyCount + prefixTokens + l + 1, (l + 1) * keyCount)
  }
  return mask
}

const concatenate = (parts: ReadonlyArray<Int32Array>): Int32Array => {
  const all = new Int32Array(parts.reduce((total, part) => total + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
