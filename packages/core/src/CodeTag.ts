/**
 * The protocol between the engine and whatever identifies code.
 *
 * A source transform puts a tag on every function literal (and class) that a step may carry. The engine asks the tag
 * for the function's identity when it plans and again just before it runs; it never looks at source text itself, so
 * any transform that honours this protocol can serve.
 */

/** The property under which a function carries its tag; registered, so that two copies of this module agree. */
export const symbol: unique symbol = Symbol.for("@sluice/code")

/** What a transform puts on a function. */
export interface CodeTag {
  /** Where the function stands: `lib/text.ts:12 clean`. */
  readonly id: string
  /** Computed on first demand and then remembered: planning asks for every function in a pipeline. */
  readonly identity: () => CodeIdentity
}

/** Everything that decides what a function computes, as far as its source tells. */
export interface CodeIdentity {
  /** SHA-256 hex over everything static: the normalised syntax of the function and of all that it reaches. */
  readonly digest: string
  /** What the digest covers. `file` is relative to its package, with the package's name in front outside the root. */
  readonly parts: ReadonlyArray<CodePart>
  readonly packages: ReadonlyArray<CodePackage>
  /** Captured locals and computed module-level values; encoded when planned and again before running. */
  readonly values: ReadonlyArray<CodeValue>
  /** Names of `process.env` reads in the reached code: they become declared inputs. */
  readonly env: ReadonlyArray<string>
  /** Places that may give another result on another day or machine: clock, `Math.random`, locale. */
  readonly notes: ReadonlyArray<CodeNote>
  /** Places that cannot be identified. A step that reaches one must declare a `version`. */
  readonly refusals: ReadonlyArray<CodeRefusal>
}

export interface CodePart {
  readonly symbol: string
  readonly file: string
  readonly digest: string
  /** Digest of its own text alone: equal where only what its names refer to has changed. */
  readonly written?: string
}

export interface CodePackage {
  readonly name: string
  readonly version: string
  readonly integrity: string
}

export interface CodeValue {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly read: () => unknown
}

export interface CodeNote {
  readonly file: string
  readonly line: number
  readonly what: string
}

export interface CodeRefusal {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly what: string
  readonly fix: string
}

/** The tag of a function or class, or `undefined` where no transform ran. */
export const of = (value: unknown): CodeTag | undefined =>
  (typeof value === "function" || (typeof value === "object" && value !== null)) &&
  Object.hasOwn(value, symbol)
    ? (value as { readonly [symbol]: CodeTag })[symbol]
    : undefined

/** Puts a tag on a function and gives the function back, so that a transform can wrap an expression in place. */
export const tag = <F extends object>(value: F, codeTag: CodeTag): F => {
  Object.defineProperty(value, symbol, { value: codeTag, enumerable: false, configurable: true })
  return value
}
