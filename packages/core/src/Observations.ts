/**
 * What is known of the world before anything is decided. Functions answer from memory or an index, and never wait.
 */
import type { Entry } from "./ActionCache.ts"
import type { Reader } from "./CodeReading.ts"
import type { Settings } from "./Numerics.ts"
import type { Prepared } from "./Preparation.ts"
import type * as Quarantine from "./Quarantine.ts"
import type { Side } from "./RecordDifference.ts"
import type { DigestedFile } from "./SourceDigests.ts"
import type * as Step from "./Step.ts"

/** An earlier run. */
export interface Earlier {
  readonly run: string
  readonly params: Readonly<Record<string, string>>
  readonly key: (step: string) => string | undefined
}

export interface Observations {
  readonly code: Reader
  readonly env: (name: string) => string | undefined
  /** Undefined where no step is numeric. */
  readonly numeric: Settings | undefined
  readonly runtime: Readonly<Record<string, string>>
  /** Locale, time zone and their library: only for code that reads them. */
  readonly locale: Readonly<Record<string, string>>
  readonly sources: (step: string, patterns: ReadonlyArray<string>) => ReadonlyArray<DigestedFile>
  readonly entry: (key: string) => Entry | undefined
  /** What is wrong with an entry's bytes, or undefined. */
  readonly damage: (entry: Entry) => string | undefined
  /** The key under which a step last had a result. */
  readonly previousKey: (step: string) => string | undefined
  /** What that result was. */
  readonly previousEntry: (key: string) => Entry | undefined
  /** The step as it was then: reads a file. */
  readonly previous: (step: string) => Side | undefined
  /** Params of the run that the previous result of a step came from. */
  readonly previousParams: (step: string) => Readonly<Record<string, string>>
  /** The run that the previous result of a step came from: keys of its steps, and its params. */
  readonly previousRun: (step: string) => Earlier | undefined
  /** The step behind a key: reads a file. */
  readonly stored: (key: string) => Side | undefined
  readonly predictedMs: (step: string) => number | undefined
  /** What an audit found of the definition with this code, while that counts. */
  readonly quarantined: (facts: Step.Facts, prepared: Prepared) => Quarantine.Entry | undefined
}
