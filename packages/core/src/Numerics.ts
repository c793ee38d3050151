/**
 * What numeric steps' results depend on besides code and inputs: backend, its library's version, device, threads,
 * product kernel, precision, CPU feature class. Asked once a plan, and only if the graph has a numeric step.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export type Settings = Readonly<Record<string, string | number>>

export class Numerics extends Context.Service<
  Numerics,
  {
    /** Settings or facts of a committed table, never measurements: the same on every call in a run. */
    readonly settings: Effect.Effect<Settings, unknown>
  }
>()("@sluice/core/Numerics") {}

/** No backend at all: for pipelines without numeric steps. */
export const layerNone: Layer.Layer<Numerics> = layerOf({})

/** Fixed settings. */
export function layerOf(settings: Settings): Layer.Layer<Numerics> {
  return Layer.succeed(Numerics, Numerics.of({ settings: Effect.succeed(settings) }))
}
