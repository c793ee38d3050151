/**
 * The protocol between the engine and the preload that watches a strict run's steps.
 *
 * The preload refuses what no input declares and remembers each refusal, so that one which the code swallows still
 * fails the step. The engine asks it when the step has ended.
 */

/** A use of something undeclared. */
export interface Use {
  /** Said of the step: `reads a file`, `starts a program`, `uses the network`. */
  readonly what: string
  /** Path, program or address. */
  readonly target: string
  /** The call's stack, in the bundle. */
  readonly stack: string
}

export interface Guard {
  /** Forgets what loading used; takes back leave to read these files, which loading alone had. */
  readonly begin: (files: ReadonlyArray<string>) => void
  readonly uses: () => ReadonlyArray<Use>
}

/** The preload of this process, if it has one. */
export const current = (): Guard | undefined =>
  (globalThis as { readonly [guard: symbol]: Guard | undefined })[Symbol.for("@sluice/strict")]
