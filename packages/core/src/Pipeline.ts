/**
 * A pipeline: params with schemas, and a function that names uses of steps and wires them. Building is plain
 * synchronous code, done again for every set of params.
 */
import type * as Schema from "effect/Schema"
import type { Output, Ref, Use, Wired } from "./Step.ts"

export { make as toGraph } from "./Graph.ts"
export { fromText, parseSetting } from "./Params.ts"
export { withDefault } from "./Step.ts"

export type ParamFields = { readonly [name: string]: Schema.Top }

/** Adds a named step and returns its outputs. `scope(prefix)` nests names: `evaluate/tuned`. */
export interface AddStep {
  <Outs, From extends string>(name: string, use: Use<Outs, From>): Wired<Outs, From>
  readonly scope: (prefix: string) => AddStep
}

/** What the build function is handed. */
export interface Builder<P extends ParamFields> {
  readonly params: Schema.Struct.Type<P>
  readonly step: AddStep
  /** An output of a step that is named elsewhere in the pipeline, perhaps further down. */
  readonly ref: <O extends Output>(name: string, kind: O, output?: string) => Ref<O>
}

/** A pipeline as a program exports it. */
export interface Pipeline<P extends ParamFields = ParamFields, R = unknown> {
  readonly "~sluice": "pipeline"
  readonly name: string
  readonly params: P
  readonly seed: string
  readonly build: (builder: Builder<P>) => R
}

/** True for what `Pipeline.make` returned. */
export const isPipeline = (value: unknown): value is Pipeline<any, any> =>
  typeof value === "object" && value !== null && (value as { "~sluice"?: unknown })["~sluice"] === "pipeline"

/** Declares a pipeline. `seed` feeds every step that draws random numbers; it defaults to the pipeline's name. */
export const make = <const P extends ParamFields = {}, R = unknown>(
  name: string,
  options: { readonly params?: P; readonly seed?: string },
  build: (builder: Builder<P>) => R,
): Pipeline<P, R> => ({
  "~sluice": "pipeline",
  name,
  params: options.params ?? ({} as P),
  seed: options.seed ?? name,
  build,
})

/** Runs the pipeline when `import.meta` is the program's entry; does nothing where the module is imported. */
export const main = async (
  meta: ImportMeta,
  pipeline: Pipeline<any, any>,
  /** The store's folder; `.sluice` in the folder of the nearest `package.json` unless given. */
  options: { readonly store?: string } = {},
): Promise<void> => {
  const program = await import("./Program.ts")
  return program.main(meta, pipeline, options)
}
