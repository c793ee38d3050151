/**
 * Generation: answers to many prompts, in batches, with answers that do not depend on the batch.
 *
 * A batch computes the prefix that its prompts share once, then one token a row at a time; rows that have stopped leave
 * it. Sums in another order change logits by about 1e-5, so the token chosen could depend on the batch only where two
 * candidates are nearly equal: a row whose choice is that narrow at any position is decoded again alone.
 */
import * as Data from "effect/Data"
import * as DecodingPass from "./DecodingPass.ts"
import { structured } from "./formats/structured.ts"
import type { Llama } from "./Llama.ts"
import type { Lora } from "./Lora.ts"
import type { Backend } from "./ops/Ops.ts"
import * as BatchPlan from "./plan/BatchPlan.ts"
import { promptRow } from "./plan/Stream.ts"
import * as Sampling from "./Sampling.ts"

export interface Options {
  readonly model: Llama
  /** Applied unmerged; the base model alone without one. */
  readonly adapter?: Lora | null
  readonly prompts: ReadonlyArray<ArrayLike<number>>
  readonly maxNewTokens: number
  /** Tokens that end an answer; they are not part of it. */
  readonly stop: ReadonlyArray<number>
  /** Rows decoded together, default 32. It changes no answer. */
  readonly batchRows?: number
  readonly onProgress?: (progress: {
    readonly done: number
    readonly total: number
    readonly newTokens: number
  }) => void
  /** Ends generation between two tokens, by throwing its reason. */
  readonly signal?: AbortSignal
}

export interface Answer {
  readonly ids: ReadonlyArray<number>
  /** It ended with a stop token, not at the limit. */
  readonly stopped: boolean
  /** It was decoded alone, since a choice was too narrow in the batch. */
  readonly alone: boolean
}

/** Prompts that leave no room for new tokens in the model's context: all of them. */
export class ContextExceeded extends Data.TaggedError("ContextExceeded")<{
  readonly contextTokens: number
  readonly maxNewTokens: number
  readonly prompts: ReadonlyArray<{ readonly index: number; readonly tokens: number }>
}> {
  override get message(): string {
    const shown = this.prompts.slice(0, 5).map(({ index, tokens }) => `${index} (${tokens} tokens)`)
    const more = this.prompts.length > 5 ? ` and ${this.prompts.length - 5} more` : ""
    return structured(
      "Prompts are too long for the model's context.",
      [
        ["Context", `${this.contextTokens} tokens, ${this.maxNewTokens} of them for the answer`],
        ["Prompts", shown.join(", ") + more],
      ],
      "Shorten these prompts or allow fewer new tokens.",
    )
  }
}

/** The most probable token at each position. */
export const greedy = (backend: Backend, options: Options): Promise<ReadonlyArray<Answer>> =>
  generate(backend, options, 2, () => Sampling.best)

/** Tokens drawn from a seeded stream per prompt: one seed, one set of answers. */
export const sample = (
  backend: Backend,
  options: Options & { readonly sampling: Sampling.Options },
): Promise<ReadonlyArray<Answer>> => {
  const { sampling } = options
  const candidates = Math.min(Sampling.candidateCount(sampling), options.model.config.vocabulary)
  return generate(backend, options, candidates, (row) => Sampling.make(sampling, row))
}

interface Row {
  readonly index: number
  readonly prompt: ArrayLike<number>
}

const generate = async (
  backend: Backend,
  options: Options,
  candidates: number,
  chooser: (row: number) => Sampling.Choose,
): Promise<ReadonlyArray<Answer>> => {
  checkLengths(options)
  const pass = DecodingPass.make(backend, options.model, options.adapter ?? null, candidates)
  const rows = options.prompts.map((prompt, index): Row => ({ index, prompt }))
  rows.sort((a, b) => a.prompt.length - b.prompt.length || a.index - b.index)
  const answers = new Map<number, Answer>()
  let newTokens = 0
  const finish = (index: number, answer: Answer) => {
    answers.set(index, answer)
    newTokens += answer.ids.length
    options.onProgress?.({ done: answers.size, total: rows.length, newTokens })
  }
  const batchRows = options.batchRows ?? 32
  const again: Array<Row> = []
  for (let from = 0; from < rows.length; from += batchRows) {
    const batch = rows.slice(from, from + batchRows)
    again.push(...(await decodeBatch(backend, pass, options, batch, chooser, finish)))
  }
  for (const row of again) await decodeBatch(backend, pass, options, [row], chooser, finish)
  return rows.map((_, index) => answers.get(index)!)
}

interface Decoding extends Row {
  readonly choose: Sampling.Choose
  readonly ids: Array<number>
  readonly ownLength: number
}

/** Decodes rows of ascending length; gives back those that must be decoded alone. */
const decodeBatch = async (
  backend: Backend,
  pass: DecodingPass.DecodingPass,
  { maxNewTokens, model, signal, stop }: Options,
  batch: ReadonlyArray<Row>,
  chooser: (row: number) => Sampling.Choose,
  finish: (index: number, answer: Answer) => void,
): Promise<ReadonlyArray<Row>> => {
  const alone = batch.length === 1
  const again: Array<Row> = []
  const plan = BatchPlan.make(
    batch.map(({ prompt }) => promptRow(prompt)),
    model.config,
    { maxGroups: 1 },
  )
  let active = batch.map((row, i): Decoding => ({
    ...row,
    choose: chooser(row.index),
    ids: [],
    ownLength: plan.lengths[i]!,
  }))
  const ownTokens = plan.groups.at(-1)!.queryCount
  const rowsOf = (decoding: ReadonlyArray<Decoding>) =>
    pass.rows({
      ownLengths: decoding.map((row) => row.ownLength),
      ownTokens,
      prefixTokens: plan.prefixTokens,
    })

  let { best, caches } = pass.prefill(plan)
  const prefix = caches.map((cache) => cache.prefix)
  let rows = rowsOf(active)
  try {
    for (;;) {
      signal?.throwIfAborted()
      const chosen = await choose(backend, best, active)
      const going: Array<number> = []
      chosen.forEach(({ narrow, token }, i) => {
        const row = active[i]!
        if (narrow && !alone) {
          again.push(row)
          return
        }
        const stopped = stop.includes(token)
        if (!stopped) row.ids.push(token)
        if (stopped || row.ids.length >= maxNewTokens) finish(row.index, { ids: row.ids, stopped, alone })
        else going.push(i)
      })
      if (going.length === 0) return again
      if (going.length < active.length) {
        const kept = pass.keep(caches, active.length, going)
        freeCaches(backend, caches)
        caches = kept
        active = going.map((i) => active[i]!)
        freeAll(backend, rows.tables)
        rows = rowsOf(active)
      }
      const tokens = active.map((row) => row.ids.at(-1)!)
      const positions = active.map((row) => row.prompt.length + row.ids.length - 1)
      const next = pass.step(rows, caches, tokens, positions)
      for (const { fresh } of caches) if (fresh !== null) freeAll(backend, fresh)
      ;({ best, caches } = next)
    }
  } finally {
    backend.free(best.values, best.indices)
    freeCaches(backend, caches)
    freeAll(backend, rows.tables)
    for (const part of prefix) if (part !== null) freeAll(backend, part)
  }
}

/** Reads the candidates and lets each row choose; frees them. */
const choose = async (backend: Backend, best: DecodingPass.Best, active: ReadonlyArray<Decoding>) => {
  const values = (await backend.read(best.values)) as Float32Array
  const indices = (await backend.read(best.indices)) as Int32Array
  backend.free(best.values, best.indices)
  await breathe()
  const width = values.length / active.length
  return active.map((row, i) =>
    row.choose(values.subarray(i * width, (i + 1) * width), indices.subarray(i * width, (i + 1) * width)),
  )
}

/** Lets timers, signals and messages through between two long native calls. */
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve))

/** A row's own and fresh parts; the prefix stays until the batch ends. */
const freeCaches = (backend: Backend, caches: ReadonlyArray<DecodingPass.Cache>) => {
  for (const { fresh, own } of caches) {
    freeAll(backend, own)
    if (fresh !== null) freeAll(backend, fresh)
  }
}

const freeAll = (backend: Backend, tensors: object) => backend.free(...Object.values(tensors))

const checkLengths = ({ maxNewTokens, model, prompts }: Options): void => {
  const { contextTokens } = model.config
  const long = prompts
    .map((prompt, index) => ({ index, tokens: prompt.length }))
    .filter(({ tokens }) => tokens + maxNewTokens > contextTokens)
  if (long.length > 0) throw new ContextExceeded({ contextTokens, maxNewTokens, prompts: long })
}
