/**
 * Adapters kept on the way. What each optimizer step's folder holds is made when it is reached, so that a checkpoint
 * can hold the bytes and a resumed training writes the same files.
 */
import type { Artifact } from "@sluice/core"
import { Adapter } from "@sluice/llm"
import * as Effect from "effect/Effect"
import type { Config } from "./Config.ts"

/** Bytes of adapter_model.safetensors by optimizer step. The config is the same for all. */
export type Snapshots = Map<number, Uint8Array>

/** Bytes of all snapshots of a training that runs to its end. */
export const bytesOf = (snapshots: Config["snapshots"], optimizerSteps: number, parameters: number): number =>
  snapshots === null ? 0 : Math.ceil(optimizerSteps / snapshots.every) * parameters * 4

/** Name of a checkpoint's part that holds the snapshot of an optimizer step. */
const partOf = (optimizerStep: number): string => `snapshot ${optimizerStep}`

export const parts = (snapshots: Snapshots): Readonly<Record<string, Uint8Array>> =>
  Object.fromEntries(Array.from(snapshots, ([step, bytes]) => [partOf(step), bytes]))

/** The snapshots of a checkpoint, by the optimizer steps that its meta names. */
export const restore = <E>(
  optimizerSteps: ReadonlyArray<number>,
  part: (name: string) => Effect.Effect<Uint8Array, E>,
): Effect.Effect<Snapshots, E> =>
  Effect.map(
    Effect.forEach(optimizerSteps, (step) =>
      Effect.map(part(partOf(step)), (bytes) => [step, bytes] as const),
    ),
    (found) => new Map(found),
  )

/** The output: a folder for each optimizer step, with the two files that PEFT reads. */
export const files = (snapshots: Snapshots, config: string): Artifact.FilesOut =>
  Object.fromEntries(
    Array.from(snapshots, ([step, bytes]) => [
      [`${folderOf(step)}/${Adapter.configFile}`, config],
      [`${folderOf(step)}/${Adapter.weightsFile}`, bytes],
    ]).flat(),
  )

/** `step-000010`: names sort as optimizer steps do. */
export const folderOf = (optimizerStep: number): string => `step-${String(optimizerStep).padStart(6, "0")}`

/** Optimizer steps of a stored set of snapshots, ascending. */
export const optimizerSteps = ({ names }: Pick<Artifact.FilesReader, "names">): ReadonlyArray<number> =>
  names
    .filter((name) => name.endsWith(`/${Adapter.weightsFile}`))
    .map((name) => Number(/^step-(\d+)\//.exec(name)?.[1]))
