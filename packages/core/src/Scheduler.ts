/**
 * Carries out a plan: every step as soon as its producers are done, decided again with what they wrote.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Semaphore from "effect/Semaphore"
import { availableParallelism } from "node:os"
import * as ActionCache from "./ActionCache.ts"
import * as Artifact from "./Artifact.ts"
import * as ArtifactStore from "./ArtifactStore.ts"
import type * as Checkpoint from "./Checkpoint.ts"
import * as Attempt from "./Attempt.ts"
import * as Database from "./Database.ts"
import * as Errors from "./Errors.ts"
import type * as Observe from "./Observe.ts"
import * as Reporter from "./Reporter.ts"
import type { RunStep } from "./Run.ts"
import * as RunLog from "./RunLog.ts"

/** What became of every step. */
export interface Carried {
  readonly steps: ReadonlyArray<RunStep>
  readonly failures: ReadonlyArray<{ readonly name: string; readonly error: Error }>
}

/** Runs what the plan does not hit. Never fails: failures are part of the answer; steps that need them are skipped. */
export const carryOut = Effect.fnUntraced(function* (
  prepared: Observe.Prepared,
  id: string,
  jobs: number | undefined,
  resumeFrom?: Checkpoint.Found,
): Effect.fn.Return<Carried, never, Attempt.Services> {
  const { planner } = prepared
  const { graph } = planner
  const log = yield* RunLog.RunLog
  const reporter = yield* Reporter.Reporter
  const permits = yield* Semaphore.make(Math.max(1, jobs ?? availableParallelism()))
  const accelerator = yield* Semaphore.make(1)
  const context: Attempt.RunContext = { prepared, id, permits, accelerator, resumeFrom }

  const outputs = graph.nodes.map(
    (_, at): Attempt.Outputs | undefined => prepared.decided[at]?.entry?.outputs,
  )
  const steps: Array<RunStep | undefined> = graph.nodes.map((node, at) => {
    const decided = prepared.decided[at]
    return decided?.decision === "hit"
      ? { name: node.name, key: decided.key, decision: "hit", ms: 0 }
      : undefined
  })
  const failures: Array<{ readonly name: string; readonly error: Error }> = []
  const pending = planner.selected.filter((at) => prepared.decided[at]!.decision !== "hit")
  const done = new Map<number, Deferred.Deferred<boolean>>()
  for (const at of pending) done.set(at, yield* Deferred.make<boolean>())

  const ended = (at: number, step: RunStep, summary: string | undefined) =>
    Effect.gen(function* () {
      steps[at] = step
      log.append(id, { type: "step", at: yield* Clock.currentTimeMillis, ...step })
      if (step.decision !== "skipped") {
        // The result itself is stored by now; a run whose record lacks a step costs an explanation, not a result.
        yield* Effect.ignore(Database.storing(() => log.step(id, at, step)))
      }
      if (step.decision === "failed" || step.decision === "skipped" || step.decision === "interrupted") return
      reporter.emit({
        type: "step-end",
        name: step.name,
        decision: step.decision,
        key: step.key,
        ms: step.ms,
        summary,
      })
    })

  const carry = (at: number): Effect.Effect<boolean, never, Attempt.Services> =>
    Effect.gen(function* () {
      const node = graph.nodes[at]!
      for (const producer of node.producers) {
        const producing = done.get(producer)
        if (producing !== undefined && !(yield* Deferred.await(producing))) {
          yield* ended(at, { name: node.name, key: undefined, decision: "skipped", ms: 0 }, undefined)
          return false
        }
      }
      const startedAt = yield* Clock.currentTimeMillis
      const exit = yield* Effect.exit(settle(context, at, outputs))
      if (Exit.isSuccess(exit)) {
        const { value } = exit
        outputs[at] = value.outputs
        yield* ended(
          at,
          { name: node.name, key: value.key, decision: value.decision, ms: value.ms },
          value.summary,
        )
        return true
      }
      const ms = (yield* Clock.currentTimeMillis) - startedAt
      if (Cause.hasInterruptsOnly(exit.cause)) {
        yield* ended(at, { name: node.name, key: undefined, decision: "interrupted", ms }, undefined)
        return yield* Effect.interrupt
      }
      const error = Cause.squash(exit.cause) as Error
      failures.push({ name: node.name, error })
      const causes = prepared.causes(node.name)
      log.append(id, { type: "failed", at: startedAt + ms, name: node.name, message: error.message, causes })
      yield* ended(at, { name: node.name, key: undefined, decision: "failed", ms }, undefined)
      reporter.emit({ type: "step-failed", name: node.name, error })
      return false
    })

  yield* Effect.forEach(
    pending,
    (at) => Effect.flatMap(carry(at), (succeeded) => Deferred.succeed(done.get(at)!, succeeded)),
    { concurrency: "unbounded", discard: true },
  )
  return { steps: planner.selected.map((at) => steps[at]!), failures }
})

/** How often a step is tried anew after a producer's damaged result was made again. */
const repairs = 3

/** Decides a step whose producers are done, and runs it if it must. */
const settle = (
  context: Attempt.RunContext,
  at: number,
  outputs: Array<Attempt.Outputs | undefined>,
): Effect.Effect<Attempt.Settled, Error, Attempt.Services> => {
  const attempt = (left: number): Effect.Effect<Attempt.Settled, Error, Attempt.Services> =>
    Effect.gen(function* () {
      const { planner } = context.prepared
      const decided = planner.decide(at, (producer) => outputs[producer])
      if (decided.decision === "hit") {
        const { entry } = decided
        return {
          outputs: entry!.outputs,
          key: decided.key,
          decision: "hit",
          ms: 0,
          summary: entry!.summary,
        } as const
      }
      return yield* Attempt.execute(context, at, decided, outputs)
    }).pipe(
      Effect.catchIf(
        (error) =>
          left > 0 &&
          error instanceof Errors.StoreError &&
          (error.kind === "damaged" || error.kind === "missing"),
        (error) =>
          Effect.flatMap(repairProducers(context, at, outputs), (repaired) =>
            repaired ? attempt(left - 1) : Effect.fail(error),
          ),
      ),
    )
  return attempt(repairs)
}

/** Runs again those producers whose bytes turned out damaged; true when there were any. */
const repairProducers = (
  context: Attempt.RunContext,
  at: number,
  outputs: Array<Attempt.Outputs | undefined>,
): Effect.Effect<boolean, Error, Attempt.Services> =>
  Effect.gen(function* () {
    const cache = yield* ActionCache.ActionCache
    const store = yield* ArtifactStore.ArtifactStore
    const log = yield* RunLog.RunLog
    const reporter = yield* Reporter.Reporter
    const { planner } = context.prepared
    let repaired = false
    for (const producer of planner.graph.nodes[at]!.producers) {
      let sound = true
      for (const ref of Object.values(outputs[producer] ?? {})) {
        const blobs = yield* Effect.option(Artifact.blobs(ref))
        if (blobs._tag === "None") sound = false
        else for (const blob of blobs.value) if (!(yield* store.verify(blob.digest))) sound = false
      }
      if (sound) continue
      const { name } = planner.graph.nodes[producer]!
      const warning = { name, message: "its result is damaged; it runs again" }
      log.append(context.id, { type: "warning", at: yield* Clock.currentTimeMillis, ...warning })
      reporter.emit({ type: "warning", ...warning })
      const { key } = planner.decide(producer, (one) => outputs[one])
      if (key !== undefined) cache.forget(key)
      outputs[producer] = (yield* settle(context, producer, outputs)).outputs
      repaired = true
    }
    return repaired
  })
