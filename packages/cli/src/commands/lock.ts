/**
 * `sluice lock`: what a pipeline's results follow from, written to a file to commit; and its check in a frozen run.
 */
import { Lock } from "@sluice/core"
import type { Pipeline } from "@sluice/core"
import * as Effect from "effect/Effect"
import { join, relative } from "node:path"
import * as Engines from "../Engines.ts"
import type { Context } from "../main.ts"
import { pipelineOf } from "../pipelineOf.ts"
import { plural } from "../quantities.ts"

export const lock = (context: Context) =>
  Effect.gen(function* () {
    const { json, screen } = context
    const pipeline = yield* pipelineOf(context.loaded!, context.cwd)
    const { locked, written } = yield* write(context, pipeline)
    const file = join(context.root, Lock.fileName)
    const count = (record: object, noun: string): string => plural(Object.keys(record).length, noun)
    screen.write(
      json
        ? `${JSON.stringify({ file, written, pipeline: pipeline.name, locked }, undefined, 2)}\n`
        : written
          ? `Wrote ${relative(context.cwd, file)}: ${pipeline.name} with ${[
              count(locked.params, "param"),
              count(locked.sources, "source file"),
              count(locked.steps, "step"),
              count(locked.code, "symbol"),
              count(locked.packages, "package"),
            ].join(", ")}.\n`
          : `${relative(context.cwd, file)} is as it should be.\n`,
    )
    return 0
  }).pipe(Effect.provide(Engines.layer(context)))

export const write = (context: Context, pipeline: Pipeline.Pipeline) =>
  Effect.map(Lock.current(context.root, pipeline, Engines.options(context)), (locked) => ({
    locked,
    written: Lock.write(context.root, pipeline.name, locked),
  }))

/** Fails where anything differs from the lock. */
export const check = (context: Context, pipeline: Pipeline.Pipeline) =>
  Effect.flatMap(Lock.current(context.root, pipeline, Engines.options(context)), (locked) =>
    Lock.check(context.root, pipeline.name, locked),
  )
