/** What a training was asked for, decoded. */
import type { Artifact, Table } from "@sluice/core"
import type { Optimizer, Schedule } from "@sluice/llm"
import type { Tokens } from "../Tokens.ts"

export interface HeldOut {
  readonly every: number | null
  readonly patience: number | null
  readonly minImprovement: number
  readonly keep: "best" | "last"
}

export interface Samples {
  readonly prompts: ReadonlyArray<
    | string
    | ReadonlyArray<{ readonly role: "system" | "user" | "assistant" | "tool"; readonly content: string }>
  >
  readonly every: number | null
  readonly maxNewTokens: number
}

export interface Config {
  readonly learningRate: number
  readonly schedule: Schedule.Shape
  readonly warmup: number
  readonly decayShare: number
  readonly epochs: number
  readonly batchRows: number
  readonly maxOptimizerSteps: number | null
  readonly rank: number
  readonly alpha: number
  readonly rsLora: boolean
  readonly targetModules: string | ReadonlyArray<string> | null
  readonly rankPattern: Readonly<Record<string, number>>
  readonly alphaPattern: Readonly<Record<string, number>>
  readonly loraPlusRatio: number
  readonly dropout: number
  readonly noiseAlpha: number
  readonly optimizer: Optimizer.Kind
  readonly weightDecay: number
  readonly clip: number | null
  readonly activationMiB: number
  readonly recompute: "auto" | "always" | "never"
  readonly heldOut: HeldOut | null
  readonly samples: Samples | null
  readonly snapshots: { readonly every: number } | null
  readonly checkpointEvery: number
}

export interface Inputs {
  readonly model: Artifact.FilesReader
  readonly tokens: Table.Reader<typeof Tokens>
  /** Where rows are held out. */
  readonly heldOutTokens?: Table.Reader<typeof Tokens>
}
