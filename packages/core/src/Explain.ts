/**
 * Why a step runs: the difference between two action records, root causes first.
 */

/** What kind of thing changed. */
export type CauseKind =
  | "param"
  | "config"
  | "code"
  | "source"
  | "package"
  | "env"
  | "numeric"
  | "seed"
  | "input"
  | "runtime"
  | "first"
  | "damaged"
  | "forced"
  | "uncached"

/** One reason. `headline` is the first line a user reads; `path` the steps by which the cause arrived, root first. */
export interface Cause {
  readonly kind: CauseKind
  readonly headline: string
  readonly path: ReadonlyArray<string>
  /** Further lines of facts, where there are any. */
  readonly details?: ReadonlyArray<string>
}
