/**
 * Chats to rows of tokens on several threads: the same rows in the same order as on one.
 *
 * A batch goes to the thread with the fewest batches waiting. Rows come back as views of a few long arrays.
 */
import { Worker } from "node:worker_threads"
import type { ChatTemplate } from "./ChatTemplate.ts"
import * as EncodeBatch from "./encodeBatch.ts"
import { type Columns, fromColumns } from "./encodedColumns.ts"
import type { Definition, Tokenizer } from "./Tokenizer.ts"

export type { Encoded, EncodeOptions, Example } from "./encodeBatch.ts"

export interface EncodePool {
  readonly threads: number
  readonly encode: (
    examples: ReadonlyArray<EncodeBatch.Example>,
  ) => Promise<ReadonlyArray<EncodeBatch.Encoded>>
  readonly close: () => Promise<void>
}

/** What a thread needs to begin. */
export interface Setup {
  readonly definition: Definition
  readonly template: Pick<ChatTemplate, "source" | "bosToken" | "eosToken"> | null
  readonly options: EncodeBatch.EncodeOptions
}

/** What a thread answers to a batch. */
export type Answer = { readonly columns: Columns } | { readonly failure: unknown }

/** A pool of `threads` threads besides this one; with less than two, or where none may be started, this one does the work. */
export const make = (
  tokenizer: Tokenizer,
  template: ChatTemplate | null,
  options: EncodeBatch.EncodeOptions,
  threads: number,
): EncodePool => {
  if (threads < 2 || !mayStartThreads()) {
    const encode = EncodeBatch.make(tokenizer, template, options)
    return {
      threads: 1,
      encode: (examples) => new Promise((resolve) => resolve(encode(examples))),
      close: () => Promise.resolve(),
    }
  }
  const setup: Setup = {
    definition: tokenizer.definition,
    template:
      template === null
        ? null
        : { source: template.source, bosToken: template.bosToken, eosToken: template.eosToken },
    options,
  }
  const pool = Array.from({ length: threads }, () => thread(setup))
  return {
    threads,
    encode: (examples) =>
      pool.reduce((least, one) => (one.waiting() < least.waiting() ? one : least)).encode(examples),
    close: async () => {
      await Promise.all(pool.map((one) => one.close()))
    },
  }
}

interface Waiting {
  readonly resolve: (encoded: ReadonlyArray<EncodeBatch.Encoded>) => void
  readonly reject: (failure: unknown) => void
}

/** Node runs TypeScript, but not an installed package's: that has a compiled file beside its sources. */
const workerFile = (): URL => {
  const own = import.meta.url
  if (!own.endsWith(".ts")) return new URL("./encodeWorker.js", own)
  return new URL(own.includes("/node_modules/") ? "../dist/encodeWorker.js" : "./encodeWorker.ts", own)
}

/** Whether this process may start threads: under Node's permission model only where it was allowed to. */
const mayStartThreads = (): boolean => {
  const { permission } = process as { readonly permission?: { readonly has: (scope: string) => boolean } }
  return permission === undefined || permission.has("worker")
}

const thread = (setup: Setup) => {
  const worker = new Worker(workerFile(), { workerData: setup, execArgv: [] })
  // A thread that has nothing to do keeps no process alive.
  worker.unref()
  const queue: Array<Waiting> = []
  let dead: Error | undefined
  const end = (error: Error) => {
    dead ??= error
    for (const { reject } of queue.splice(0)) reject(dead)
  }
  worker.on("message", (answer: Answer) => {
    const waiting = queue.shift()
    if (queue.length === 0) worker.unref()
    if ("columns" in answer) waiting?.resolve(fromColumns(answer.columns))
    else waiting?.reject(answer.failure)
  })
  worker.on("error", (error) => end(error instanceof Error ? error : new Error(String(error))))
  worker.on("exit", (code) => end(new Error(`A tokenizing thread ended with exit code ${code}.`)))
  return {
    waiting: () => queue.length,
    encode: (examples: ReadonlyArray<EncodeBatch.Example>) =>
      new Promise<ReadonlyArray<EncodeBatch.Encoded>>((resolve, reject) => {
        if (dead !== undefined) return reject(dead)
        queue.push({ resolve, reject })
        worker.ref()
        // As text: copying one long string takes a fifth of the time of copying its objects one by one.
        worker.postMessage(JSON.stringify(examples), [])
      }),
    close: () => worker.terminate(),
  }
}
