/**
 * The forward pass of generation: prompts at once, then one token a row at a time, with a cache of keys and values.
 *
 * A row's keys come in three parts: the prefix that all prompts of the batch share (held once), the rest of its prompt
 * (padded to the longest, hidden by a mask), and the tokens generated so far:
 *
 *     P = softmax([Q·K_prefixᵀ | Q·K_ownᵀ + mask | Q·K_freshᵀ])     O = P·[V_prefix | V_own | V_fresh]
 *
 * Shapes: prefix [KV, P, D], own [KV·b, L, D], fresh [KV·b, F, D], queries [KV·b, G, D] (seen as [KV, b·G, D] by the
 * prefix). A decoding step through all blocks and the head is one call of a function that the backend may have recorded.
 */
import * as Block from "./Block.ts"
import * as head from "./layers/head.ts"
import * as rmsNorm from "./layers/rmsNorm.ts"
import * as rotary from "./layers/rotary.ts"
import type { Llama } from "./Llama.ts"
import type { LlamaConfig } from "./LlamaConfig.ts"
import type { Lora } from "./Lora.ts"
import type { Backend, Ops, Tensor } from "./ops/Ops.ts"
import type { BatchPlan } from "./plan/BatchPlan.ts"
import { type PlanTensors, upload } from "./plan/PlanTensors.ts"

interface KeysValues {
  readonly keys: Tensor
  readonly values: Tensor
}

/** A block's cache. */
export interface Cache {
  readonly prefix: KeysValues | null
  readonly own: KeysValues
  readonly fresh: KeysValues | null
}

/** The k best tokens of each row, best first. */
export interface Best {
  /** [b, k] logits */
  readonly values: Tensor
  /** [b, k] token ids */
  readonly indices: Tensor
}

export interface DecodingPass {
  /** Runs prompts of one attention group besides the prefix's (`maxGroups: 1`), in the order of that group. */
  readonly prefill: (plan: BatchPlan) => { readonly best: Best; readonly caches: ReadonlyArray<Cache> }
  /** Tables for `rowCount` rows over caches of these widths; the caller frees them with `free`. */
  readonly rows: (rows: RowShapes) => Rows
  /** Appends one token to each row. The new caches replace the given ones, whose fresh part the caller frees. */
  readonly step: (
    rows: Rows,
    caches: ReadonlyArray<Cache>,
    tokens: ArrayLike<number>,
    positions: ArrayLike<number>,
  ) => { readonly best: Best; readonly caches: ReadonlyArray<Cache> }
  /** The caches of some rows only: `kept` are row numbers of the given ones. New tensors, but for the prefix. */
  readonly keep: (
    caches: ReadonlyArray<Cache>,
    rowCount: number,
    kept: ReadonlyArray<number>,
  ) => ReadonlyArray<Cache>
}

export interface RowShapes {
  /** Own prompt tokens of each row, after the prefix. */
  readonly ownLengths: ReadonlyArray<number>
  /** L: width of the own part of the cache. */
  readonly ownTokens: number
  readonly prefixTokens: number
}

/** Tables of a decoding step that stay while the rows stay. */
export interface Rows {
  readonly rowCount: number
  readonly shapes: RowShapes
  readonly tables: RowTables
}

interface RowTables {
  /** Lines of the projection [b·(H + 2·KV), D]: [KV·b·G], [KV·b], [KV·b] */
  readonly queries: Tensor
  readonly keys: Tensor
  readonly values: Tensor
  /** [b·H] lines of the output [KV·b·G, D] in token order */
  readonly outputs: Tensor
  /** [KV·b, 1, L] */
  readonly mask: Tensor
  /** [KV·b, G, P]; [KV, b·G, P] */
  readonly prefixScores: Tensor
  readonly prefixProbabilities: Tensor
}

interface StepInput {
  readonly tokens: Tensor
  readonly embedding: Tensor
  readonly blocks: ReadonlyArray<{ readonly layers: Block.Layers; readonly cache: Cache }>
  readonly norm: Tensor
  readonly head: Tensor
  readonly rows: RowTables
  readonly rotary: rotary.Tables
  /** [P, L, F + 1], without P where no prefix is shared */
  readonly widths: Tensor
}

export const make = (
  backend: Backend,
  { config, weights }: Llama,
  lora: Lora | null,
  /** How many of the best tokens are wanted. */
  candidates: number,
): DecodingPass => {
  const { ops } = backend
  const layersOf = (block: number): Block.Layers => ({
    weights: weights.blocks[block]!,
    adapters: lora?.blocks[block] ?? Block.untrained,
    dropout: Block.untrained,
  })
  const best = (o: Ops, x: Tensor, norm: Tensor, embedding: Tensor): Best => {
    const normed = rmsNorm.forward(o, { weight: norm, epsilon: config.normEpsilon }, x).y
    return o.topK(head.logits(o, embedding, normed), candidates)
  }

  const prefillBlock = backend.jit("prefill block", (o, { input, ownStart }: PrefillInput) => {
    const { saved, y } = Block.forward(o, config, input)
    const prefix = ownStart === null ? null : saved.attention[0]!
    const { keys, values } = saved.attention.at(-1)!
    const own = (part: Tensor) => (ownStart === null ? part : o.slice(part, ownStart, [-1, -1, -1]))
    return {
      y,
      cache: {
        prefix: prefix === null ? null : { keys: prefix.keys, values: prefix.values },
        own: { keys: own(keys), values: own(values) },
        fresh: null,
      },
    }
  })
  const prefillHead = backend.jit(
    "prefill head",
    (o, { embedding, norm, x }: Record<"x" | "norm" | "embedding", Tensor>) => best(o, x, norm, embedding),
  )
  const decode = backend.jit("decoding step", (o, input: StepInput) => {
    let x = o.cast(o.gather(input.embedding, input.tokens), "float32")
    const fresh = input.blocks.map(({ cache, layers }, block) =>
      o.label(`block ${block}`, () => {
        const result = decodeBlock(o, config, layers, cache, input, x)
        x = result.y
        return result.fresh
      }),
    )
    return { fresh, best: best(o, x, input.norm, input.head) }
  })

  return {
    prefill: (plan) =>
      backend.scope(() => {
        const tensors = upload(backend, config, plan)
        const shared = plan.prefixTokens > 0
        const ownStart = shared ? backend.tensor(Int32Array.of(0, plan.prefixTokens, 0), [3]) : null
        const caches: Array<Cache> = []
        let x = ops.cast(ops.gather(weights.embedding, tensors.ids), "float32")
        for (let block = 0; block < config.layers; block++) {
          const result = prefillBlock({
            input: prefillInput(layersOf(block), tensors, x, block, config),
            ownStart,
          })
          backend.free(x)
          x = result.y
          caches.push(result.cache)
        }
        return { caches, best: prefillHead({ x, norm: weights.norm, embedding: weights.head }) }
      }),

    rows: (shapes) => ({
      rowCount: shapes.ownLengths.length,
      shapes,
      tables: rowTables(backend, config, shapes),
    }),

    step: ({ shapes, tables }, caches, tokens, positions) =>
      backend.scope(() => {
        const { cos, sin, swap, width } = rotary.tables(config, positions)
        const fresh = caches[0]!.fresh?.keys.shape[1] ?? 0
        const widths = [
          ...(shapes.prefixTokens > 0 ? [shapes.prefixTokens] : []),
          shapes.ownTokens,
          fresh + 1,
        ]
        const result = decode({
          tokens: backend.tensor(Int32Array.from(tokens), [tokens.length]),
          embedding: weights.embedding,
          blocks: caches.map((cache, block) => ({ layers: layersOf(block), cache })),
          norm: weights.norm,
          head: weights.head,
          rows: tables,
          rotary: {
            cos: backend.tensor(cos, [tokens.length, width]),
            sin: backend.tensor(sin, [tokens.length, width]),
            swap: backend.tensor(swap, [swap.length]),
          },
          widths: backend.tensor(Int32Array.from(widths), [widths.length]),
        })
        return {
          best: result.best,
          caches: caches.map((cache, block) => ({ ...cache, fresh: result.fresh[block]! })),
        }
      }),

    keep: (caches, rowCount, kept) =>
      backend.scope(() => {
        const { keyValueHeads } = config
        const lines = Int32Array.from({ length: keyValueHeads * kept.length }, (_, at) => {
          const k = Math.floor(at / kept.length)
          return k * rowCount + kept[at % kept.length]!
        })
        const indices = backend.tensor(lines, [lines.length])
        const take = ({ keys, values }: KeysValues) => ({
          keys: ops.gather(keys, indices),
          values: ops.gather(values, indices),
        })
        return caches.map(({ fresh, own, prefix }) => ({
          prefix,
          own: take(own),
          fresh: fresh === null ? null : take(fresh),
        }))
      }),
  }
}

interface PrefillInput {
  readonly input: Block.Input
  /** [0, P, 0]; null where no prefix is shared. */
  readonly ownStart: Tensor | null
}

const prefillInput = (
  layers: Block.Layers,
  { slots, tables }: PlanTensors,
  x: Tensor,
  block: number,
  config: LlamaConfig,
): Block.Input => ({ ...layers, tables, x, slots: block === config.layers - 1 ? slots : null })

const decodeBlock = (
  ops: Ops,
  config: LlamaConfig,
  layers: Block.Layers,
  cache: Cache,
  { rotary: rotaryTables, rows, widths }: Pick<StepInput, "rotary" | "rows" | "widths">,
  x: Tensor,
): { readonly y: Tensor; readonly fresh: KeysValues } => {
  const { headSize, heads, keyValueHeads } = config
  const perKey = heads / keyValueHeads
  const { y: qkv } = Block.project(ops, config, layers, rotaryTables, x)
  const lines = ops.reshape(qkv, [-1, headSize])
  const queries = ops.reshape(ops.gather(lines, rows.queries), [-1, perKey, headSize]) // [KV·b, G, D]
  const append = (past: Tensor | undefined, indices: Tensor) => {
    const line = ops.reshape(ops.gather(lines, indices), [-1, 1, headSize])
    return past === undefined ? line : ops.concat([past, line], 1)
  }
  const fresh = {
    keys: append(cache.fresh?.keys, rows.keys),
    values: append(cache.fresh?.values, rows.values),
  }

  const scores = [
    ops.add(ops.batchMatMul(queries, cache.own.keys, false, true), rows.mask),
    ops.batchMatMul(queries, fresh.keys, false, true),
  ]
  if (cache.prefix !== null) {
    const seenByPrefix = ops.reshape(queries, [keyValueHeads, -1, headSize]) // [KV, b·G, D]
    const products = ops.batchMatMul(seenByPrefix, cache.prefix.keys, false, true)
    scores.unshift(ops.reshape(products, rows.prefixScores))
  }
  const parts = ops.split(ops.softmax(ops.concat(scores, 2)), widths, 2, scores.length)
  let output = ops.add(
    ops.batchMatMul(parts.at(-2)!, cache.own.values),
    ops.batchMatMul(parts.at(-1)!, fresh.values),
  )
  if (cache.prefix !== null) {
    const probabilities = ops.reshape(parts[0]!, rows.prefixProbabilities) // [KV, b·G, P]
    const products = ops.batchMatMul(probabilities, cache.prefix.values)
    output = ops.add(output, ops.reshape(products, [-1, perKey, headSize]))
  }
  const ordered = ops.gather(ops.reshape(output, [-1, headSize]), rows.outputs)
  const attended = ops.reshape(ordered, [-1, heads * headSize])
  return { y: Block.finish(ops, config, layers, attended, x).y, fresh }
}

/** As IndexTables, for one token a row: (key head, row, head in its group). */
const rowTables = (backend: Backend, config: LlamaConfig, shapes: RowShapes): RowTables => {
  const { heads, keyValueHeads } = config
  const { ownLengths, ownTokens, prefixTokens } = shapes
  const perKey = heads / keyValueHeads
  const lineCount = heads + 2 * keyValueHeads
  const rows = ownLengths.length
  const batch = keyValueHeads * rows
  const queries = new Int32Array(batch * perKey)
  const keys = new Int32Array(batch)
  const values = new Int32Array(batch)
  const outputs = new Int32Array(rows * heads)
  const mask = new Float32Array(batch * ownTokens)
  for (let k = 0; k < keyValueHeads; k++) {
    for (let row = 0; row < rows; row++) {
      const at = k * rows + row
      keys[at] = row * lineCount + heads + k
      values[at] = keys[at] + keyValueHeads
      mask.fill(-1e9, at * ownTokens + ownLengths[row]!, (at + 1) * ownTokens)
      for (let h = 0; h < perKey; h++) {
        const head = k * perKey + h
        queries[at * perKey + h] = row * lineCount + head
        outputs[row * heads + head] = at * perKey + h
      }
    }
  }
  const ints = (data: Int32Array) => backend.tensor(data, [data.length])
  return {
    queries: ints(queries),
    keys: ints(keys),
    values: ints(values),
    outputs: ints(outputs),
    mask: backend.tensor(mask, [batch, 1, ownTokens]),
    prefixScores: ints(Int32Array.of(batch, perKey, prefixTokens)),
    prefixProbabilities: ints(Int32Array.of(keyValueHeads, rows * perKey, prefixTokens)),
  }
}
