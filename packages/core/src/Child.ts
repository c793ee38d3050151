/**
 * The other side of `ChildProcess`: one step of one pipeline in a process of its own.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as ActionCache from "./ActionCache.ts"
import * as ActionKey from "./ActionKey.ts"
import type { ArtifactRef } from "./Artifact.ts"
import * as ArtifactStore from "./ArtifactStore.ts"
import * as Checkpoint from "./Checkpoint.ts"
import * as ChunkMemory from "./ChunkMemory.ts"
import { type FromChild, toPlain, type ToChild } from "./ChildMessages.ts"
import * as Database from "./Database.ts"
import * as Errors from "./Errors.ts"
import * as Execution from "./Execution.ts"
import * as Graph from "./Graph.ts"
import * as Guard from "./Guard.ts"
import type * as Job from "./Job.ts"
import * as Lease from "./Lease.ts"
import type { Observations } from "./Observations.ts"
import * as Observe from "./Observe.ts"
import * as Owner from "./Owner.ts"
import * as Params from "./Params.ts"
import type * as Pipeline from "./Pipeline.ts"
import * as Planner from "./Planner.ts"
import * as RecordDifference from "./RecordDifference.ts"
import * as RowMemory from "./RowMemory.ts"
import * as RunLog from "./RunLog.ts"
import * as SourceDigests from "./SourceDigests.ts"

type Request = Extract<ToChild, { readonly type: "run" }>

/** True in a process that an engine started for one step. */
export const isChild = (): boolean => process.env["SLUICE_CHILD"] === "1" && process.send !== undefined

/** Serves the engine that started this process: runs the step that it names, and ends the process. */
export const serve = (pipeline: Pipeline.Pipeline<any, any>): Promise<never> => {
  // Ctrl-C reaches the whole group: the engine hears it and says what is to be done.
  process.on("SIGINT", () => {})
  process.on("SIGTERM", () => {})
  process.on("disconnect", () => process.exit(1))
  return new Promise<never>(() => {
    let begin: () => void
    const mayBegin = new Promise<void>((resolve) => {
      begin = resolve
    })
    let fiber: Fiber.Fiber<Execution.Result, unknown> | undefined
    process.on("message", (message: ToChild) => {
      if (message.type === "probe") {
        const uses = [...(Guard.current()?.uses() ?? [])]
        process.send?.({ type: "loaded", uses } satisfies FromChild, () => process.exit(0))
      } else if (message.type === "begin") begin()
      else if (message.type === "interrupt") fiber?.interruptUnsafe()
      else {
        const { root, store } = message
        fiber = Effect.runFork(
          perform(pipeline, message, mayBegin).pipe(Effect.provide(layer(root, store)), Effect.scoped),
        )
        fiber.addObserver((exit) => process.send?.(answer(exit), () => process.exit(0)))
      }
    })
  })
}

const send = (message: FromChild): void => {
  process.send?.(message, () => {})
}

const answer = (exit: Exit.Exit<Execution.Result, unknown>): FromChild => {
  const uses = Guard.current()?.uses() ?? []
  if (uses.length > 0) return { type: "notHermetic", uses: [...uses] }
  if (Exit.isSuccess(exit)) return { type: "done", ...exit.value }
  if (Cause.hasInterruptsOnly(exit.cause)) return { type: "interrupted" }
  return { type: "failed", error: toPlain(Cause.squash(exit.cause)) }
}

const layer = (root: string, store: string) =>
  Layer.mergeAll(ActionCache.layer, Checkpoint.layer, RunLog.layer, SourceDigests.layer(root)).pipe(
    Layer.provideMerge(Lease.layer),
    Layer.provideMerge(Owner.layer),
    Layer.provideMerge(Layer.merge(Database.layer(store), ArtifactStore.layerFile(store))),
  )

const perform = Effect.fnUntraced(function* (
  pipeline: Pipeline.Pipeline<any, any>,
  request: Request,
  mayBegin: Promise<void>,
) {
  const owner = yield* Owner.Owner
  const cache = yield* ActionCache.ActionCache
  const checkpoints = yield* Checkpoint.Checkpoints
  const log = yield* RunLog.RunLog
  const sources = yield* SourceDigests.SourceDigests
  send({ type: "ready", owner: owner.id })
  yield* Effect.promise(() => mayBegin)

  const { graph, at, planner } = yield* Effect.try({
    try: () => prepare(pipeline, request, cache, log, sources),
    catch: (error) => error as Error,
  })
  const node = graph.nodes[at]!
  const own = planner.prepared(at)
  if (request.recordText !== undefined) yield* sameRecord(request, planner, at)
  if (request.loadingOnly !== undefined) Guard.current()?.begin(request.loadingOnly)
  const warn = (message: string): void => send({ type: "warn", message })
  const { key, recordText, token } = request
  // Without a lease this is an audit: it neither uses nor keeps anything.
  const memorable = token === undefined ? undefined : recordText
  const hooks: Job.Hooks = {
    progress: throttled((progress) => send({ type: "progress", ...progress })),
    measure: (name, value, unit) => send({ type: "measure", name, value, unit }),
    measured: log.measured,
    warn,
    note: (message) => send({ type: "note", message }),
    checkpoint:
      key === undefined || recordText === undefined || token === undefined
        ? checkpoints.none
        : checkpoints.handle(
            {
              pipeline: graph.name,
              name: node.name,
              key,
              recordText,
              code: own.code,
              params: Params.texts(graph.params),
            },
            { key, token },
            warn,
          ),
    chunks: yield* ChunkMemory.open(request.store, node.facts, memorable, request.forced),
    memory: RowMemory.open(request.store, node.facts, memorable, request.forced),
  }
  return yield* Execution.run(
    {
      name: node.name,
      facts: node.facts,
      config: own.config,
      inputs: jobInputs(graph, at, request),
      outputs: node.outputs,
      single: node.single,
      seed: own.seed,
      env: own.env,
      settings: request.settings,
      root: request.root,
      store: request.store,
    },
    hooks,
  )
})

const prepare = (
  pipeline: Pipeline.Pipeline<any, any>,
  request: Request,
  cache: ActionCache.Service,
  log: RunLog.Service,
  sources: SourceDigests.Service,
) => {
  const graph = Graph.make(pipeline, request.params)
  const at = graph.index.get(request.step)
  if (graph.name !== request.pipeline || at === undefined) {
    throw new Errors.NoSuchStep({ pipeline: graph.name, name: request.step, known: [...graph.index.keys()] })
  }
  const observed: Observations = {
    ...Observe.observe(cache, log, sources, graph, Observe.knownOf(request.settings)),
    // The engine digested the files; this process checks them while it reads.
    sources: (_, patterns) => filesFor(graph, at, request, patterns),
  }
  return { graph, at, planner: Planner.make(graph, observed, {}, [at]) }
}

const filesFor = (
  graph: Graph.Graph,
  at: number,
  request: Request,
  patterns: ReadonlyArray<string>,
): ReadonlyArray<SourceDigests.DigestedFile> => {
  const { inputs } = graph.nodes[at]!
  for (const name in inputs) {
    const input = inputs[name]!
    if (input.type === "source" && input.patterns.join("\0") === patterns.join("\0")) {
      return request.inputs[name] as ReadonlyArray<SourceDigests.DigestedFile>
    }
  }
  return []
}

const jobInputs = (graph: Graph.Graph, at: number, request: Request): Job.Job["inputs"] => {
  const node = graph.nodes[at]!
  return Object.fromEntries(
    Object.entries(node.inputs).map(([name, input]): [string, Job.JobInput] => {
      const given = request.inputs[name]!
      if (input.type === "source")
        return [name, { type: "source", files: given as ReadonlyArray<SourceDigests.DigestedFile> }]
      const kind = Graph.kindOf(graph, input)
      return [name, { type: "artifact", kind, ref: given as ArtifactRef }]
    }),
  )
}

/** Computes the key again from this process's own reading of the pipeline. */
const sameRecord = (
  request: Request,
  planner: Planner.Planner,
  at: number,
): Effect.Effect<void, Errors.StepFailed> => {
  const name = request.step
  const decided = planner.decide(at, (producer) => outputsOf(planner.graph, at, producer, request))
  if (decided.key === request.key) return Effect.void
  const side = (recordText: string): RecordDifference.Side => ({
    key: undefined,
    record: ActionKey.parse(recordText),
    code: planner.prepared(at).code,
  })
  const differences =
    decided.recordText === undefined
      ? ["its code is not identified there"]
      : RecordDifference.compare(name, side(request.recordText!), side(decided.recordText), {
          previousParams: {},
          nextParams: {},
        }).map((cause) => cause.headline)
  return Effect.fail(
    new Errors.StepFailed({
      step: name,
      reason: ["its child process sees another action than the one planned", ...differences].join("\n"),
      hint: "The pipeline was edited meanwhile, or it reads something that differs between processes. Run again.",
    }),
  )
}

/** What a producer wrote, as far as this step reads it. */
const outputsOf = (
  graph: Graph.Graph,
  at: number,
  producer: number,
  request: Request,
): Readonly<Record<string, ArtifactRef>> => {
  const outputs: Record<string, ArtifactRef> = {}
  const { inputs } = graph.nodes[at]!
  for (const name in inputs) {
    const input = inputs[name]!
    if (input.type === "output" && input.node === producer)
      outputs[input.output] = request.inputs[name] as ArtifactRef
  }
  return outputs
}

const throttleMs = 40

/** Passes on the first and then at most one call in `throttleMs`; the last word always arrives. */
const throttled = <A>(emit: (value: A) => void): ((value: A) => void) => {
  let last = Number.NEGATIVE_INFINITY
  let waiting: { readonly value: A } | undefined
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    timer = undefined
    if (waiting === undefined) return
    last = performance.now()
    emit(waiting.value)
    waiting = undefined
  }
  return (value) => {
    waiting = { value }
    if (timer !== undefined) return
    const wait = last + throttleMs - performance.now()
    if (wait <= 0) flush()
    else timer = setTimeout(flush, wait).unref()
  }
}
