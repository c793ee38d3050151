/**
 * What the result of a function depends on, as far as code goes.
 *
 * The same shapes stand in `@sluice/core`'s `CodeTag`: the two packages meet at
 * `Symbol.for("@sluice/code")` and import nothing from one another.
 */

/** The property under which a tagged function or class carries its {@link CodeTag}. */
export const symbol: unique symbol = Symbol.for("@sluice/code") as never

/** A binding that an identity covers. `file` is relative to its package, prefixed by the package's name outside the root project. */
export interface Part {
  readonly symbol: string
  readonly file: string
  readonly digest: string
  /** Digest of its own text alone: equal where only what its names refer to has changed. */
  readonly written?: string
}

/** An npm package that reached code calls, or that such a package depends on. */
export interface PackageIdentity {
  readonly name: string
  readonly version: string
  readonly integrity: string
}

/** A captured local or a module-level value; `read` gives what it holds now. */
export interface ValueRead {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly read: () => unknown
}

/** Something reached that makes a result hard to reproduce: clock, chance, locale, undeclared files. */
export interface Note {
  readonly file: string
  readonly line: number
  readonly what: string
}

/** Something reached that cannot be identified, and what to write in its place. */
export interface Refusal {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly what: string
  readonly fix: string
}

export interface CodeIdentity {
  /** Over everything static: trees and how they refer to one another; neither packages nor values. */
  readonly digest: string
  readonly parts: ReadonlyArray<Part>
  readonly packages: ReadonlyArray<PackageIdentity>
  readonly values: ReadonlyArray<ValueRead>
  /** Environment variables that reached code reads by name. */
  readonly env: ReadonlyArray<string>
  readonly notes: ReadonlyArray<Note>
  readonly refusals: ReadonlyArray<Refusal>
}

/** What the transform puts on a function or class. `id` is its place: `lib/text.ts:12 clean`. */
export interface CodeTag {
  readonly id: string
  readonly identity: () => CodeIdentity
}
