/**
 * A step: a unit of work with typed inputs, a config, outputs and a `run`. A definition says what the work is; each of
 * its uses in a pipeline gets a name there. Names belong to the pipeline, so a definition's own name is all that enters
 * an action key.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Artifact from "./Artifact.ts"
import type * as Checkpoint from "./Checkpoint.ts"
import type * as Forecast from "./Forecast.ts"
import type { Progress } from "./Reporter.ts"
import type * as RowMemory from "./RowMemory.ts"
import type * as RowWise from "./RowWise.ts"
import * as Source from "./Source.ts"
import type * as Table from "./Table.ts"

// ── kinds ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Accepts any table; the reader's own `table` says which. */
export interface AnyTable {
  readonly kind: "anyTable"
}

/** Accepts any table. */
export const anyTable: AnyTable = { kind: "anyTable" }

/** What a step may write. */
export type Output = Table.Any | Artifact.Files<any> | Artifact.Value<any, any>

/** What a step may read. */
export type InputKind = Output | AnyTable | Source.Kind

export type Inputs = { readonly [name: string]: InputKind }
export type Outputs = { readonly [name: string]: Output }
export type ConfigFields = { readonly [name: string]: Schema.Top }

/**
 * A wired output: the place in the pipeline where an input's value will come from. `From` is the name of the producing
 * step's definition, kept for the compiler's messages.
 */
export interface Ref<out O extends Output = Output, out From extends string = string> {
  readonly "~sluice": "ref"
  /** The producing step's name in its pipeline. */
  readonly node: string
  /** Which of its outputs; `"output"` where it has only one. */
  readonly output: string
  readonly kind: O
  /** In types only. */
  readonly "~from": From
}

/** True for what `step(...)` returned. */
export const isRef = (value: unknown): value is Ref =>
  typeof value === "object" && value !== null && (value as { "~sluice"?: unknown })["~sluice"] === "ref"

// ── what a run sees and returns ──────────────────────────────────────────────────────────────────────────────────────

/** The decoded config. */
export type ConfigType<C extends ConfigFields> = Schema.Struct.Type<C>

/** How each input arrives in `run`. */
export type InputType<I> = I extends Source.Kind
  ? ReadonlyArray<Source.SourceFile>
  : I extends AnyTable
    ? Table.Reader<Table.Any>
    : I extends Artifact.Value<any, infer T>
      ? T
      : I extends Artifact.Files<any>
        ? Artifact.FilesReader
        : I extends Table.Any
          ? Table.Reader<I>
          : never

/** What `run` may return for one output. A table's reader hands that table on as it is stored, without a copy. */
export type OutputValue<O> =
  O extends Artifact.Value<any, infer T>
    ? T
    : O extends Artifact.Files<any>
      ? Artifact.FilesOut
      : O extends Table.Any
        ? Table.Rows<O> | Table.Reader<O>
        : never

/** What `run` may return: one output, or a record with one value for each. */
export type Result<Outs> = Outs extends Output
  ? OutputValue<Outs>
  : { readonly [K in keyof Outs]: OutputValue<Outs[K]> }

/** What `run` is handed. `T` is what a row-wise step tallies. */
export interface Context<C = unknown, I = unknown, T = never> {
  /** The step's name in its pipeline. For messages: it is not part of the key, so no output may depend on it. */
  readonly name: string
  readonly config: C
  readonly inputs: I
  /** Derived from the pipeline's seed and the step's name. Reading it throws unless the definition says `seed: true`. */
  readonly seed: string
  /** The declared environment variables, and no others. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly progress: (progress: Progress) => void
  /** A measurement for the run log: durations, rates, memory. It never enters an output. */
  readonly measure: (name: string, value: number, unit?: string) => void
  /**
   * What earlier runs on this machine measured under this name, newest first: for predictions. It is not part of the
   * key, so no output may depend on it.
   */
  readonly measured: (name: string) => ReadonlyArray<number>
  readonly warn: (message: string) => void
  /** Something to know while the step runs, such as what it will take: shown at once, and nowhere later. */
  readonly note: (message: string) => void
  /** One deterministic line, kept with the result and shown again at every later hit. */
  readonly summarize: (text: string) => void
  /** A fresh folder, removed when the step ends. */
  readonly scratch: string
  readonly checkpoint: Checkpoint.Handle
  /** What the step remembers by keys of its own. Empty unless the definition says `remembers`. */
  readonly memory: RowMemory.Handle
  /** Aborted when the run is interrupted. */
  readonly signal: AbortSignal
  /** The numeric settings that are in the key. Empty unless the definition says `numeric: true`. */
  readonly settings: Readonly<Record<string, string | number>>
  /**
   * What all chunks of a row-wise step share, made when the first of them asks for it: an opened model, threads. Made
   * once in an execution for each name, and released when that ends. It may depend on config and on the other inputs,
   * and must not carry anything from one chunk to another.
   */
  readonly once: Once
  /** Notes something of the chunk at hand beside its rows, for `rowWise.finish`: kept with the chunk's result. */
  readonly tally: (value: T) => void
}

/** Gives what was made under a name, or makes it. `work.rows`: rows that a row-wise step has yet to go through. */
export type Once = <A>(
  name: string,
  make: (work: { readonly rows: number }) => A | Promise<A>,
  release?: (made: A) => unknown,
) => Promise<A>

// ── definitions and uses ─────────────────────────────────────────────────────────────────────────────────────────────

/** Numbers are equal when their distance is at most `absolute`, or at most `relative` times the larger of the two. */
export interface Tolerance {
  readonly absolute?: number
  readonly relative?: number
}

/** The facts of a definition, without its types. */
export interface Facts {
  readonly name: string
  readonly inputs: Inputs
  readonly config: ConfigFields
  /** The declared outputs by name; a single `output` stands under `"output"`. */
  readonly outputs: Outputs
  /** True when `run` returns the one output itself, and not a record. */
  readonly single: boolean
  readonly version: string | undefined
  readonly env: ReadonlyArray<string>
  readonly seed: boolean
  readonly numeric: boolean
  readonly accelerator: boolean
  readonly isolated: boolean
  readonly retries: number
  readonly unchecked: string | undefined
  readonly tolerance: Tolerance | undefined
  readonly rowWise: RowWise.Declared | undefined
  readonly remembers: Remembers | undefined
  /** Config fields that are left out of the key. */
  readonly unkeyed: ReadonlyArray<string>
  readonly forecast: ((context: any) => unknown) | undefined
  readonly run: (context: any) => unknown
}

/** What the step's memory does not depend on but through its keys. */
export interface Remembers<I extends string = string> {
  readonly apartFrom: {
    readonly inputs?: ReadonlyArray<I>
    readonly env?: ReadonlyArray<string>
  }
}

/** A use of a definition: inputs and config filled in, not yet named. */
export interface Use<out Outs = unknown, out From extends string = string> {
  readonly "~sluice": "use"
  readonly facts: Facts
  readonly inputs: { readonly [name: string]: Ref | Source.Given }
  readonly config: { readonly [name: string]: unknown }
  readonly outputs: Outputs
  readonly single: boolean
  readonly "~outs"?: Outs
  readonly "~from"?: From
}

/** What a pipeline's `step(name, use)` returns: one ref, or a record of them. */
export type Wired<Outs, From extends string> = Outs extends Output
  ? Ref<Outs, From>
  : { readonly [K in keyof Outs]: Outs[K] extends Output ? Ref<Outs[K], From> : never }

/** A step's definition: call it with inputs and config in one record to use it. */
export interface Definition<
  N extends string = string,
  In extends Inputs = Inputs,
  C extends ConfigFields = ConfigFields,
  Outs = unknown,
> {
  // The conditional keeps the compiler from fixing A while it types a function in the config.
  <A>(given: A & ConfigInput<C> & (A extends infer G ? Check<N, In, C, G> : never)): Use<Outs, N>
  readonly facts: Facts
  readonly "~name"?: N
}

/** The config as a use writes it: defaults may be left out. */
export type ConfigInput<C extends ConfigFields> = Schema.Struct.MakeIn<C>

export interface Options<N extends string, In extends Inputs, C extends ConfigFields, T = never> {
  /** Names the definition in keys and messages: `clean`. */
  readonly name: N
  readonly inputs?: In
  /** Effect Schemas; functions by `Step.fn`. */
  readonly config?: C
  /** Stands for the code where its identity cannot be had, and salts it where it can. */
  readonly version?: string
  /** Environment variables that the step may read. */
  readonly env?: ReadonlyArray<string>
  /** Draws random numbers: a seed enters the key. */
  readonly seed?: boolean
  /** Results depend on backend, threads and precision: these enter the key, and the step runs in a child process. */
  readonly numeric?: boolean
  /** At most one such step runs at a time. */
  readonly accelerator?: boolean
  /** Runs in a child process. */
  readonly isolated?: boolean
  /** How often a failed run is tried again. */
  readonly retries?: number
  /**
   * Why a strict run leaves this step alone: it fetches what it then checks by digest, say. Not part of the key.
   */
  readonly unchecked?: string
  /** How far numbers of its outputs may differ for an audit to call them equal. Not part of the key. */
  readonly tolerance?: Tolerance
  /** Each output row depends on one row of this input alone: `run` is called for chunks, and each is remembered. */
  readonly rowWise?: RowWise.Options<keyof In & string, ConfigType<C>, T>
  /**
   * Keeps values by keys of its own in `context.memory`, for later runs too: answers by row, say. What is remembered
   * belongs to all that the action's key covers, apart from the inputs and variables named here: nothing in them may
   * bear on a remembered value but through its key.
   */
  readonly remembers?: Remembers<keyof In & string>
  /** Config fields that cannot change any output, such as how often a checkpoint is saved: they are left out of the key. */
  readonly unkeyed?: ReadonlyArray<keyof C & string>
  /**
   * What the step will take, told by `sluice plan` before it runs, from inputs of which some may not be known yet. Not
   * part of the key.
   */
  readonly forecast?: (
    context: Forecast.Context<ConfigType<C>, { readonly [K in keyof In]: InputType<In[K]> }>,
  ) => Effect.Effect<Forecast.Forecast, any> | Promise<Forecast.Forecast> | Forecast.Forecast
}

type RunOf<In extends Inputs, C extends ConfigFields, Outs, T> = (
  context: Context<ConfigType<C>, { readonly [K in keyof In]: InputType<In[K]> }, T>,
) => Effect.Effect<Result<Outs>, any> | Promise<Result<Outs>> | Result<Outs>

/** Defines a step. Fails with a TypeError when the definition contradicts itself. */
export const make: {
  <
    const N extends string,
    const In extends Inputs = {},
    const C extends ConfigFields = {},
    const Outs extends Outputs = {},
    T = never,
  >(
    options: Options<N, In, C, T> & { readonly outputs: Outs; readonly run: RunOf<In, C, Outs, T> },
  ): Definition<N, In, C, Outs>
  <
    const N extends string,
    Out extends Output,
    const In extends Inputs = {},
    const C extends ConfigFields = {},
    T = never,
  >(
    options: Options<N, In, C, T> & { readonly output: Out; readonly run: RunOf<In, C, Out, T> },
  ): Definition<N, In, C, Out>
} = (
  options: Options<string, Inputs, ConfigFields, any> & {
    readonly output?: Output
    readonly outputs?: Outputs
    readonly run: (context: any) => unknown
  },
): any => {
  const facts: Facts = {
    name: options.name,
    inputs: options.inputs ?? {},
    config: options.config ?? {},
    outputs: options.outputs ?? { output: options.output! },
    single: options.outputs === undefined,
    version: options.version,
    env: options.env ?? [],
    seed: options.seed ?? false,
    numeric: options.numeric ?? false,
    accelerator: options.accelerator ?? false,
    isolated: (options.isolated ?? false) || (options.numeric ?? false) || (options.accelerator ?? false),
    retries: options.retries ?? 0,
    unchecked: options.unchecked,
    tolerance: options.tolerance,
    rowWise: options.rowWise,
    remembers: options.remembers,
    unkeyed: options.unkeyed ?? [],
    forecast: options.forecast,
    run: options.run,
  }
  const clash = Object.keys(facts.inputs).find((name) => Object.hasOwn(facts.config, name))
  if (clash !== undefined) {
    throw new TypeError(`Step "${facts.name}" has an input and a config field of one name: "${clash}".`)
  }
  const rows = facts.rowWise?.input
  if (rows !== undefined && !["table", "anyTable"].includes(facts.inputs[rows]?.kind ?? "")) {
    throw new TypeError(`Step "${facts.name}" is row-wise in "${rows}", which is no input that is a table.`)
  }
  const definition = (given: { readonly [name: string]: unknown }): Use => {
    const inputs: Record<string, Ref | Source.Given> = {}
    const config: Record<string, unknown> = {}
    for (const name in given) {
      if (Object.hasOwn(facts.inputs, name)) inputs[name] = given[name] as Ref
      else config[name] = given[name]
    }
    return { "~sluice": "use", facts, inputs, config, outputs: facts.outputs, single: facts.single }
  }
  return Object.assign(definition, { facts })
}

/**
 * A use whose inputs and outputs are decided where it is written: what generic steps call (a split keeps its input's
 * table). Wiring is checked by the caller's own types, and again when the pipeline is planned.
 */
export const use: {
  <const Outs extends Outputs, N extends string>(
    definition: Definition<N, any, any, any>,
    filled: { readonly inputs: UseInputs; readonly config?: UseConfig; readonly outputs: Outs },
  ): Use<Outs, N>
  <Out extends Output, N extends string>(
    definition: Definition<N, any, any, any>,
    filled: { readonly inputs: UseInputs; readonly config?: UseConfig; readonly output: Out },
  ): Use<Out, N>
} = (
  definition: { readonly facts: Facts },
  filled: {
    readonly inputs: UseInputs
    readonly config?: UseConfig
    readonly output?: Output
    readonly outputs?: Outputs
  },
): any => ({
  "~sluice": "use",
  facts: definition.facts,
  inputs: filled.inputs,
  config: filled.config ?? {},
  outputs: filled.outputs ?? { output: filled.output },
  single: filled.outputs === undefined,
})

type UseInputs = { readonly [name: string]: Ref<any, any> | Source.Given }
type UseConfig = { readonly [name: string]: unknown }

/** A function in a config. Its identity is its code and the values that it captured. */
export const fn = <F extends (...args: never) => unknown>(): Schema.declare<F> =>
  functionSchema as unknown as Schema.declare<F>

const functionSchema = Schema.declare(
  (value): value is (...args: never) => unknown => typeof value === "function",
  {
    expected: "a function",
  },
)

/** Gives a config field or a param a default, for programs and for the command line alike. */
export const withDefault =
  <S extends Schema.Top & Schema.WithoutConstructorDefault>(value: NoInfer<S["Type"]>) =>
  (schema: S): WithDefault<S> =>
    Schema.withConstructorDefault(Effect.succeed(value) as never)(
      Schema.withDecodingDefaultTypeKey(Effect.succeed(value))(schema),
    ) as unknown as WithDefault<S>

/** A field with a default: optional where it is given, always there where it is read. */
export interface WithDefault<
  S extends Schema.Top & Schema.WithoutConstructorDefault,
> extends Schema.withConstructorDefault<S> {}

// ── wiring errors at compile time ────────────────────────────────────────────────────────────────────────────────────

// Columns of another type come before missing ones; among equals the compiler's own order of texts decides.
type TableProblem<Want extends Table.Any, Have extends Table.Any> =
  Table.Mismatch<Want, Have> extends infer P
    ? [FirstOf<Exclude<P, `${string} is missing`>>] extends [never]
      ? FirstOf<P>
      : FirstOf<Exclude<P, `${string} is missing`>>
    : never

/** Where a field should not be at all: an object type, since a literal's value and a message have no common type. */
export interface Unfit<Message extends string> {
  readonly "~problem": Message
}

type KindName<O> = O extends AnyTable
  ? "a table"
  : O extends Artifact.Value<infer L, any>
    ? `value '${L & string}'`
    : O extends Artifact.Files<infer L>
      ? `files '${L & string}'`
      : O extends { readonly kind: "table" }
        ? "a table"
        : "files from outside"

/** `never` where the producer fits, else the message. */
type Problem<Want, Have> = Want extends AnyTable
  ? Have extends { readonly kind: "table" }
    ? never
    : `${KindName<Have>} is given but a table is required`
  : Want extends Table.Any
    ? Have extends Table.Any
      ? TableProblem<Want, Have>
      : `${KindName<Have>} is given but a table is required`
    : KindName<Want> extends KindName<Have>
      ? Have extends Want
        ? never
        : Want extends Artifact.Value<any, infer T>
          ? Have extends Artifact.Value<any, infer U>
            ? U extends T
              ? never
              : `${KindName<Have>} has another type than the input allows`
            : never
          : never
      : `${KindName<Have>} is given but ${KindName<Want>} is required`

type InputCheck<N extends string, K extends string, Want, X> = Want extends Source.Kind
  ? X extends Source.Given
    ? unknown
    : `${N}.${K} takes files from outside: a path, a glob or Source.files(...)`
  : X extends Ref<infer Have, infer From>
    ? Problem<Want, Have> extends infer P
      ? [P] extends [never]
        ? unknown
        : `${N}.${K} <- ${From}: ${P & string}`
      : never
    : Unfit<`${N}.${K} takes what another step wrote`>

/** The first of a union's members, in the order in which the compiler met them. */
type FirstOf<U> = [U] extends [never]
  ? never
  : (U extends any ? (x: (y: U) => void) => void : never) extends (x: infer I) => void
    ? I extends (y: infer L) => void
      ? Exclude<U, L> extends infer Rest
        ? [Rest] extends [never]
          ? L
          : FirstOf<Rest>
        : never
      : never
    : never

/** Intersected with what a use gives: `unknown` for what fits, a message as a string type for what does not. */
export type Check<N extends string, In extends Inputs, C extends ConfigFields, A> = {
  readonly [K in keyof A]: K extends keyof In
    ? InputCheck<N, K & string, In[K], A[K]>
    : K extends keyof C
      ? unknown
      : Unfit<`${N} has no input or config field '${K & string}'`>
} & {
  readonly [K in Exclude<keyof In, keyof A>]: In[K] extends Source.Kind ? Source.Given : Ref
}
