/**
 * The pipeline that a module exports.
 */
import { Errors, Pipeline } from "@sluice/core"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { relative } from "node:path"
import type { Loaded } from "./main.ts"

/** A module whose default export is no pipeline. */
export class NotAPipeline extends Data.TaggedError("NotAPipeline")<{
  readonly file: string
  /** Names of the exports that are pipelines, though not the default one. */
  readonly pipelines: ReadonlyArray<string>
  readonly hasDefault: boolean
}> {
  override get message(): string {
    const [named] = this.pipelines
    return Errors.structured(
      this.hasDefault
        ? `${this.file} exports no pipeline by default.`
        : `${this.file} has no default export.`,
      [],
      named === undefined
        ? 'Export one: export default Pipeline.make("name", { params }, ({ params, step }) => …)'
        : `Its export ${named} is one: add export default ${named}`,
    )
  }
}

export const pipelineOf = (loaded: Loaded, cwd: string): Effect.Effect<Pipeline.Pipeline, NotAPipeline> => {
  const exported = loaded.pipeline["default"]
  return Pipeline.isPipeline(exported)
    ? Effect.succeed(exported)
    : Effect.fail(
        new NotAPipeline({
          file: relative(cwd, loaded.file),
          pipelines: Object.keys(loaded.pipeline).filter((name) =>
            Pipeline.isPipeline(loaded.pipeline[name]),
          ),
          hasDefault: exported !== undefined,
        }),
      )
}
