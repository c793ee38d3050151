import { RowMemory, type Source, type Step, type Table } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { DecidedAtUse } from "../../src/kinds.ts"

/** What a step wrote, tables as arrays, and what it said. */
export interface Ran {
  readonly outputs: Readonly<Record<string, any>>
  readonly summary: string | undefined
  readonly warnings: ReadonlyArray<string>
}

type Rows = ReadonlyArray<Readonly<Record<string, unknown>>>

/** A wired output of a table, for uses that are never planned. */
export const ref = <T extends Table.Any>(table: T): Step.Ref<T> => ({
  "~sluice": "ref",
  node: "rows",
  output: "output",
  kind: table,
  "~from": "rows",
})

/** Rows as a table's reader, in batches of `batchRows`. */
export const reader = (rows: Rows, batchRows = 3): Table.Reader<any> => ({
  table: DecidedAtUse,
  rowCount: rows.length,
  fingerprint: "0".repeat(64),
  chunks: [],
  all: Effect.succeed(rows as ReadonlyArray<never>),
  batches: Stream.fromIterable(
    Array.from({ length: Math.ceil(rows.length / batchRows) }, (_, at) =>
      rows.slice(at * batchRows, (at + 1) * batchRows),
    ),
  ) as never,
  arrow: Stream.empty,
  only: () => {
    throw new Error("only whole tables are read in these tests")
  },
})

/** Text or bytes as a file from outside, read in pieces of `size` bytes. */
export const file = (name: string, content: string | Uint8Array, size = 7): Source.SourceFile => {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  )
  return {
    name,
    sizeBytes: bytes.length,
    digest: "0".repeat(64),
    bytes: Effect.succeed(bytes),
    stream: Stream.fromIterable(pieces),
    lines: Stream.empty,
  }
}

/** Runs a use of a step by itself: config decoded as the engine does it, inputs as given, outputs collected. */
export const runStep = async (
  use: Step.Use<any, any>,
  inputs: Readonly<Record<string, unknown>>,
  more: Partial<Step.Context> = {},
): Promise<Ran> => {
  const warnings: Array<string> = []
  let summary: string | undefined
  const tallies: Array<unknown> = []
  const made = new Map<string, unknown>()
  const context: Step.Context = {
    name: "step",
    config: Schema.decodeUnknownSync(Schema.Struct(use.facts.config) as never)(use.config),
    inputs,
    seed: "seed",
    env: {},
    progress: () => undefined,
    measure: () => undefined,
    measured: () => [],
    warn: (message) => warnings.push(message),
    note: () => undefined,
    summarize: (text) => {
      summary = text
    },
    scratch: "",
    checkpoint: { save: () => Effect.void, latest: Effect.succeedNone, unused: [] },
    memory: RowMemory.none,
    signal: new AbortController().signal,
    settings: {},
    once: async (name, make) => {
      if (!made.has(name)) made.set(name, await make({ rows: 0 }))
      return made.get(name) as never
    },
    tally: (value: unknown) => tallies.push(value),
    ...more,
  }
  const given: unknown = use.facts.run(context)
  const result = Effect.isEffect(given)
    ? await Effect.runPromise(given as Effect.Effect<unknown, unknown>)
    : await given
  const outputs: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(
    use.single ? { output: result } : (result as Record<string, unknown>),
  )) {
    const isRows =
      typeof value === "object" &&
      value !== null &&
      (Symbol.asyncIterator in value || Symbol.iterator in value)
    outputs[name] = isRows ? await Array.fromAsync(value as AsyncIterable<unknown>) : value
  }
  const { finish } = use.facts.rowWise ?? {}
  if (finish !== undefined) await finish(tallies, context)
  return { outputs, summary, warnings }
}
