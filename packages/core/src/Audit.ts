/**
 * Executes hits again and compares what they answer with what is stored. No stored result is touched: a step whose
 * answer differs is put under quarantine, where its results are no hits until its code changes or it is released.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Checkpoint from "./Checkpoint.ts"
import * as ChunkMemory from "./ChunkMemory.ts"
import type * as Engine from "./Engine.ts"
import * as Errors from "./Errors.ts"
import * as Executor from "./Executor.ts"
import * as Job from "./Job.ts"
import { nearest } from "./internal/nearest.ts"
import * as Observe from "./Observe.ts"
import * as OutputDifference from "./OutputDifference.ts"
import type * as Pipeline from "./Pipeline.ts"
import * as Quarantine from "./Quarantine.ts"
import * as Random from "./Random.ts"
import * as RowMemory from "./RowMemory.ts"

export interface Options extends Engine.PlanOptions {
  /** Share of the hits that are executed, rounded up; 0.05 unless given. */
  readonly sample?: number
  /** Decides which: one seed draws one sample. */
  readonly seed: string
  /** Exactly these steps instead of a sample. */
  readonly steps?: ReadonlyArray<string>
  /** Hears of each step before and after it. */
  readonly onStep?: (step: string, outcome: Outcome | undefined) => void
}

/** What became of one audited step. */
export interface Outcome {
  readonly step: string
  readonly key: string
  readonly result: OutputDifference.Verdict["result"] | "failed"
  readonly differences: ReadonlyArray<string>
  /** What it took this time. */
  readonly ms: number
}

export interface Report {
  readonly pipeline: string
  readonly seed: string
  /** How many hits there were to draw from. */
  readonly hits: number
  readonly outcomes: ReadonlyArray<Outcome>
  /** Steps asked for by name that are no hits: there is nothing to compare with. */
  readonly notHits: ReadonlyArray<string>
}

const defaultSample = 0.05

export const audit = Effect.fn("Audit.audit")(function* (
  pipeline: Pipeline.Pipeline<any, any>,
  options: Options,
): Effect.fn.Return<Report, Engine.PlanError, Engine.Services> {
  const prepared = yield* Observe.prepare(pipeline, options)
  const { planner, decided } = prepared
  const { graph } = planner
  const wanted = options.steps ?? []
  for (const name of wanted) {
    if (graph.index.has(name)) continue
    const known = [...graph.index.keys()]
    const near = nearest(name, known)
    return yield* new Errors.NoSuchStep({
      pipeline: graph.name,
      name,
      known,
      ...(near === undefined ? {} : { near }),
    })
  }
  const isHit = (at: number): boolean => decided[at]?.decision === "hit"
  const hits = planner.selected.filter(isHit)
  const drawn =
    wanted.length > 0
      ? wanted.map((name) => graph.index.get(name)!).filter(isHit)
      : draw(hits, options.sample ?? defaultSample, options.seed)
  const outcomes: Array<Outcome> = []
  for (const at of drawn.toSorted((a, b) => a - b)) {
    options.onStep?.(graph.nodes[at]!.name, undefined)
    const outcome = yield* auditStep(prepared, at)
    outcomes.push(outcome)
    options.onStep?.(outcome.step, outcome)
  }
  return {
    pipeline: graph.name,
    seed: options.seed,
    hits: hits.length,
    outcomes,
    notHits: wanted.filter((name) => !isHit(graph.index.get(name)!)),
  }
})

/** Ends the quarantine of a step or definition; gives the entries that there were. */
export const release = Effect.fn("Audit.release")(function* (
  pipeline: Pipeline.Pipeline<any, any>,
  options: Engine.PlanOptions,
  name: string,
): Effect.fn.Return<
  ReadonlyArray<Quarantine.Entry>,
  Engine.PlanError | Errors.NotQuarantined,
  Engine.Services
> {
  const { planner, store } = yield* Observe.prepare(pipeline, options)
  const entries = [...Quarantine.read(store).values()]
  const at = planner.graph.index.get(name)
  const id =
    at === undefined ? undefined : Quarantine.idOf(planner.graph.nodes[at]!.facts, planner.prepared(at).code)
  const meant = entries.filter((entry) => entry.step === name || entry.definition === name || entry.id === id)
  if (meant.length === 0) {
    const known = [...new Set(entries.map((entry) => entry.step))]
    const near = nearest(name, known)
    return yield* new Errors.NotQuarantined({ name, known, ...(near === undefined ? {} : { near }) })
  }
  for (const entry of meant) Quarantine.release(store, entry.id)
  return meant
})

const draw = (hits: ReadonlyArray<number>, sample: number, seed: string): ReadonlyArray<number> =>
  Random.make(seed)
    .shuffle(hits)
    .slice(0, Math.ceil(hits.length * sample))

const auditStep = (
  prepared: Observe.Prepared,
  at: number,
): Effect.Effect<Outcome, Errors.StoreError, Engine.Services> =>
  Effect.gen(function* () {
    const { planner, decided } = prepared
    const node = planner.graph.nodes[at]!
    const { entry, key, recordText } = decided[at]!
    const own = planner.prepared(at)
    const executor = yield* Executor.Executor
    const checkpoints = yield* Checkpoint.Checkpoints
    const startedAt = yield* Clock.currentTimeMillis
    const job = Job.of(
      prepared,
      at,
      decided.map((one) => one?.entry?.outputs),
    )
    const again = yield* Effect.exit(
      executor.run(
        {
          job,
          key,
          recordText,
          lease: undefined,
          forced: true,
          pipeline: planner.graph.name,
          params: prepared.givenParams,
          covered: () => [],
        },
        {
          progress: () => {},
          measure: () => {},
          measured: () => [],
          warn: () => {},
          note: () => {},
          checkpoint: checkpoints.none,
          chunks: ChunkMemory.none,
          memory: RowMemory.open(prepared.store, node.facts, undefined, true),
        },
      ),
    )
    const ms = (yield* Clock.currentTimeMillis) - startedAt
    const outcome = { step: node.name, key: key!, ms }
    if (again._tag === "Failure") {
      if (Cause.hasInterruptsOnly(again.cause)) return yield* Effect.interrupt
      const { message } = Cause.squash(again.cause) as Error
      return { ...outcome, result: "failed", differences: message.split("\n") } as const
    }
    const verdict: OutputDifference.Verdict = yield* OutputDifference.compare(
      entry!.outputs,
      again.value.outputs,
      node.facts.tolerance,
    ).pipe(
      Effect.catchTag("SchemaMismatch", (error) =>
        Effect.succeed({ result: "differs", differences: error.problems } as const),
      ),
    )
    if (verdict.result === "differs") {
      yield* Effect.sync(() =>
        Quarantine.add(prepared.store, {
          version: 1,
          id: Quarantine.idOf(node.facts, own.code),
          definition: node.facts.name,
          pipeline: planner.graph.name,
          step: node.name,
          key: key!,
          at: startedAt,
          differences: verdict.differences,
        }),
      )
    }
    return { ...outcome, ...verdict }
  })
