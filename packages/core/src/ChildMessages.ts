/**
 * What the engine and its child processes say to one another, over the IPC channel with structured clones.
 */
import type { ArtifactRef } from "./Artifact.ts"
import * as Errors from "./Errors.ts"
import type * as Guard from "./Guard.ts"
import type { Settings } from "./Numerics.ts"
import type { Progress } from "./Reporter.ts"
import type { DigestedFile } from "./SourceDigests.ts"

export type ToChild =
  | {
      readonly type: "run"
      readonly root: string
      readonly store: string
      readonly pipeline: string
      readonly step: string
      readonly params: Readonly<Record<string, unknown>>
      readonly key: string | undefined
      readonly recordText: string | undefined
      readonly token: number | undefined
      readonly forced: boolean
      readonly settings: Settings
      readonly inputs: Readonly<Record<string, ArtifactRef | ReadonlyArray<DigestedFile>>>
      /** In a strict run: files that only loading the pipeline might read. */
      readonly loadingOnly: ReadonlyArray<string> | undefined
    }
  /** Asks for no step: what did loading the pipeline use? */
  | { readonly type: "probe" }
  /** The lease names the child now: it may begin. */
  | { readonly type: "begin" }
  | { readonly type: "interrupt" }

export type FromChild =
  /** `owner` is the child's own lock, which keeps the lease alive when the parent dies. */
  | { readonly type: "ready"; readonly owner: string }
  | ({ readonly type: "progress" } & Progress)
  | {
      readonly type: "measure"
      readonly name: string
      readonly value: number
      readonly unit: string | undefined
    }
  | { readonly type: "warn"; readonly message: string }
  | { readonly type: "note"; readonly message: string }
  | {
      readonly type: "done"
      readonly outputs: Readonly<Record<string, ArtifactRef>>
      readonly summary: string | undefined
    }
  | { readonly type: "failed"; readonly error: PlainError }
  /** The step used something undeclared, whatever became of it. */
  | { readonly type: "notHermetic"; readonly uses: ReadonlyArray<Guard.Use> }
  | { readonly type: "loaded"; readonly uses: ReadonlyArray<Guard.Use> }
  | { readonly type: "interrupted" }

/** An error that crosses processes: the engine's own by tag and facts, any other by what it says. */
export interface PlainError {
  readonly tag: string
  readonly facts: Readonly<Record<string, unknown>>
  readonly message: string
}

export const toPlain = (error: unknown): PlainError => {
  const message = error instanceof Error ? error.message : String(error)
  const tag = (error as { readonly _tag?: unknown } | null)?._tag
  if (typeof tag !== "string") return { tag: "", facts: {}, message }
  const facts = Object.fromEntries(
    Object.entries(error as object).filter(
      ([name, value]) => name !== "_tag" && name !== "error" && isPlain(value),
    ),
  )
  return { tag, facts, message }
}

export const fromPlain = (step: string, { tag, facts, message }: PlainError): Error => {
  const Known = (Errors as Readonly<Record<string, unknown>>)[tag]
  return typeof Known === "function" && tag !== ""
    ? new (Known as new (facts: object) => Error)(facts)
    : new Errors.StepFailed({ step, reason: message })
}

const isPlain = (value: unknown): boolean => {
  try {
    structuredClone(value)
    return true
  } catch {
    return false
  }
}
