/**
 * Contents of the engine: one namespace a module.
 */
export * as Artifact from "./Artifact.ts"
export * as ArtifactStore from "./ArtifactStore.ts"
export * as Canonical from "./Canonical.ts"
export * as Checkpoint from "./Checkpoint.ts"
export * as CodeTag from "./CodeTag.ts"
export * as Errors from "./Errors.ts"
export * as Explain from "./Explain.ts"
export * as Pipeline from "./Pipeline.ts"
export * as Plan from "./Plan.ts"
export * as Random from "./Random.ts"
export * as Reporter from "./Reporter.ts"
export * as Source from "./Source.ts"
export * as Step from "./Step.ts"
export * as Table from "./Table.ts"
