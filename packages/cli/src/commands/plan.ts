/**
 * `sluice plan`: what would execute, and why.
 */
import { Engine, Plan } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Engines from "../Engines.ts"
import type { Context } from "../main.ts"
import { pipelineOf } from "../pipelineOf.ts"
import { plain } from "../show/grid.ts"
import * as planView from "./planView.ts"
import { shortened } from "./whyView.ts"

export const plan = (context: Context) =>
  Effect.gen(function* () {
    const pipeline = yield* pipelineOf(context.loaded!, context.cwd)
    const { forecasts, plan: found } = yield* Engine.forecast(pipeline, Engines.options(context))
    const { screen } = context
    if (context.json) screen.write(`${JSON.stringify(toJson(found, forecasts), undefined, 2)}\n`)
    else
      screen.write(
        `${planView.lines(found, forecasts, screen.live ? screen.columns() : Infinity, screen.paint).join("\n")}\n`,
      )
    return 0
  }).pipe(Effect.provide(Engines.layer(context)))

/** In a chain of ten thousand steps whole paths would come to fifty million names. */
const listedNames = 100

/** A plan as `--json` prints it. */
export const toJson = (found: Plan.Plan, forecasts: planView.Forecasts): Record<string, unknown> => ({
  pipeline: found.pipeline,
  params: plain(found.params),
  steps: found.actions.map((action) => ({
    name: action.name,
    decision: action.decision,
    key: action.key ?? null,
    causes: action.causes.map((cause) => ({ ...cause, path: shortened(cause.path, listedNames) })),
    waitingFor: action.waitingFor,
    predictedMs: planView.isPrediction(action) ? (action.predictedMs ?? null) : null,
    lastMs: action.predictedMs ?? null,
    summary: action.summary ?? null,
    forecast: forecasts.get(action.name) ?? null,
  })),
  warnings: found.warnings.map(Plan.warningText),
  notes: found.notes,
})
