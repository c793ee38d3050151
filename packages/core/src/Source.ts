/**
 * Files from outside: what a pipeline reads but no step wrote.
 *
 * A source is digested when planned and again while the step reads it; a difference fails the step and nothing is
 * stored. Patterns are resolved from the project's root (the folder of the nearest `package.json`), never from where
 * a command was typed, and the sorted set of names is part of the key, so a removed file counts as a change.
 */
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type * as Errors from "./Errors.ts"

/** Marks an input that takes files from outside. */
export interface Kind {
  readonly kind: "source"
}

/** Files named by paths or globs, as a pipeline gives them. */
export interface Reference {
  readonly "~sluice": "source"
  readonly patterns: ReadonlyArray<string>
}

/** What may stand where a source is wanted: one pattern, several, or `Source.files(...)`. */
export type Given = string | ReadonlyArray<string> | Reference

/** One file, as a step sees it. Reading checks the digest taken when the step was planned. */
export interface SourceFile {
  /** Relative to the project's root, with forward slashes. */
  readonly name: string
  readonly sizeBytes: number
  /** SHA-256 hex of the bytes. */
  readonly digest: string
  /** Fails with SourceChanged when the file is no longer what was planned. */
  readonly bytes: Effect.Effect<Uint8Array, Errors.SourceChanged | Errors.SourceMissing>
  /** The same in pieces; the check comes with the last piece, before the stream ends. */
  readonly stream: Stream.Stream<Uint8Array, Errors.SourceChanged | Errors.SourceMissing>
  /** UTF-8 lines without their ends (`\n` or `\r\n`). */
  readonly lines: Stream.Stream<string, Errors.SourceChanged | Errors.SourceMissing>
}

/**
 * As an input's kind: `inputs: { files: Source.files }`. As a value at a use: `files: Source.files("data/*.json")`.
 */
export const files: Kind & ((...patterns: ReadonlyArray<string>) => Reference) = Object.assign(
  (...patterns: ReadonlyArray<string>): Reference => ({ "~sluice": "source", patterns }),
  { kind: "source" as const },
)

/** True for what `Source.files(...)` returned. */
export const isReference = (value: unknown): value is Reference =>
  typeof value === "object" && value !== null && (value as { "~sluice"?: unknown })["~sluice"] === "source"

/** The patterns of anything that may stand for a source. */
export const patternsOf = (given: Given): ReadonlyArray<string> =>
  typeof given === "string" ? [given] : isReference(given) ? given.patterns : given
