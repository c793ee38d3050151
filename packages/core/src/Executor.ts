/**
 * Where steps run: in the engine's own process, or in a child process that the engine can lose.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ArtifactStore } from "./ArtifactStore.ts"
import type { CodePart } from "./CodeTag.ts"
import * as Execution from "./Execution.ts"
import type * as Job from "./Job.ts"
import type { Lease } from "./Lease.ts"

/** An execution that the engine asks for. */
export interface Request {
  readonly job: Job.Job
  /** Undefined for a step that cannot be identified. */
  readonly key: string | undefined
  readonly recordText: string | undefined
  readonly lease: Lease | undefined
  readonly forced: boolean
  /** The pipeline's name. */
  readonly pipeline: string
  /** Params as the pipeline was built with, for a process that builds it again. */
  readonly params: Readonly<Record<string, unknown>>
  /** Files that the step's identity covers, sources and assets alike. */
  readonly covered: () => ReadonlyArray<CodePart>
}

export interface Service {
  readonly run: (request: Request, hooks: Job.Hooks) => Effect.Effect<Execution.Result, Error, ArtifactStore>
}

export class Executor extends Context.Service<Executor, Service>()("@sluice/core/Executor") {}

/** Every step in this process: numeric steps too, which then freeze it while native code runs. */
export const layerInProcess: Layer.Layer<Executor> = Layer.succeed(
  Executor,
  Executor.of({ run: (request, hooks) => Execution.run(request.job, hooks) }),
)
