/**
 * How a step declares that rows of an input are independent of one another, and what it says of them all together.
 */
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type * as Step from "./Step.ts"

/**
 * A row-wise step's `run` is called once for each chunk of the input that is not remembered, with a reader of that chunk
 * alone, and the chunk's rows and tallies are remembered. Where an output is no table, it is called once for all.
 *
 * What concerns the table as a whole goes through tallies: `run` tallies what a chunk adds, and `finish` sums up, warns
 * or fails over those of all chunks, remembered and new. So a run of one chunk says and does what a full run would.
 */
export interface Options<I extends string, Config, T> {
  readonly input: I
  /**
   * So many chunks are gone through at a time; 1 unless given. For a step whose work is done by threads: they then find
   * work while rows of one chunk are being stored. Its calls share `scratch`.
   */
  readonly atOnce?: number
  /** What `context.tally` takes, any number of times a chunk. */
  readonly tally?: Schema.Codec<T, any>
  /** Called once, with all tallies in the order of the rows. Without it, or a summary by it, rows are counted. */
  readonly finish?: (
    tallies: ReadonlyArray<T>,
    context: Finish<Config>,
  ) => Effect.Effect<void, any> | Promise<void> | void
}

/** What `finish` is handed: nothing by which one chunk differs from another. */
export type Finish<Config = unknown> = Pick<
  Step.Context<Config>,
  "name" | "config" | "warn" | "measure" | "summarize"
>

/** As `Options`, without the types. */
export interface Declared {
  readonly input: string
  readonly atOnce?: number
  readonly tally?: Schema.Codec<any, any>
  readonly finish?: (tallies: ReadonlyArray<any>, context: Finish<any>) => unknown
}
