/**
 * One call of a step's `run`: makes the context, and aborts the step's signal when it is interrupted.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Errors from "./Errors.ts"
import type { Hooks, Job } from "./Job.ts"
import type * as Once from "./Once.ts"
import type * as Step from "./Step.ts"

/** What all calls of an execution share. */
export interface Setting {
  readonly job: Job
  readonly hooks: Hooks
  readonly scratch: string
  readonly shared: Once.Shared
}

/** What a call's step is given and says; the rest goes to the hooks. */
export type Call = Pick<Step.Context, "inputs" | "progress" | "warn" | "summarize"> & {
  readonly tally: (value: unknown) => void
}

/** What `run` returned: rows are not read yet. */
export const run = (setting: Setting, call: Call): Effect.Effect<unknown, unknown> =>
  Effect.suspend(() => {
    const abort = makeAbort()
    const returned: unknown = setting.job.facts.run(makeContext(setting, call, abort))
    return Effect.isEffect(returned) || returned instanceof Promise
      ? abortable(settled(returned), abort)
      : Effect.succeed(returned)
  }).pipe(Effect.catchDefect((defect) => Effect.fail(defect)))

/** The end of what a function of a step gave: an Effect, a Promise, or a plain value. */
export const settled = (returned: unknown): Effect.Effect<unknown, unknown> => {
  if (Effect.isEffect(returned)) return returned as Effect.Effect<unknown, unknown>
  if (returned instanceof Promise) {
    // It may be rejected before anybody waits for it, which would end the process.
    returned.catch(() => undefined)
    return Effect.tryPromise({ try: () => returned, catch: identity })
  }
  return Effect.succeed(returned)
}

/** What `run` returned by output. Fails where names are missing or are no declared outputs. */
export const outputsOf = (
  job: Job,
  returned: unknown,
): Effect.Effect<Readonly<Record<string, unknown>>, Errors.StepFailed> => {
  if (job.single) return Effect.succeed({ output: returned })
  const names = Object.keys(job.outputs)
  const given = typeof returned === "object" && returned !== null ? Object.keys(returned) : []
  const problems = [
    ...names.filter((name) => !given.includes(name)).map((name) => `it returned no output "${name}"`),
    ...given
      .filter((name) => !names.includes(name))
      .map((name) => `it returned "${name}", which is no declared output`),
  ]
  return problems.length === 0
    ? Effect.succeed(returned as Record<string, unknown>)
    : Effect.fail(
        new Errors.StepFailed({
          step: job.name,
          reason: problems.join("\n"),
          hint: `Return a record with ${names.join(", ")}.`,
        }),
      )
}

/** How long an interrupted step that looked at its signal may take to save what it has. */
const graceMs = 20_000

interface Abort {
  readonly controller: AbortController
  /** Set once the step asked for its signal: it means to end by itself. */
  listens: boolean
}

const makeAbort = (): Abort => ({ controller: new AbortController(), listens: false })

/**
 * Runs the work in a fiber of its own. An interruption aborts the signal. A step that listens is then given time to
 * save a checkpoint and end; any other is interrupted at once.
 */
const abortable = (work: Effect.Effect<unknown, unknown>, abort: Abort): Effect.Effect<unknown, unknown> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const fiber = yield* Effect.forkDetach(Effect.interruptible(work))
      const ended = yield* Effect.exit(restore(fiberResult(fiber)))
      if (Exit.isFailure(ended) && Cause.hasInterruptsOnly(ended.cause) && fiber.pollUnsafe() === undefined) {
        abort.controller.abort()
        if (abort.listens) yield* endedOr(fiber, graceMs)
        if (fiber.pollUnsafe() === undefined) fiber.interruptUnsafe()
      }
      return yield* ended
    }),
  )

const makeContext = (
  { job, hooks, scratch, shared }: Setting,
  call: Call,
  abort: Abort,
): Step.Context<unknown, unknown, unknown> => ({
  ...call,
  name: job.name,
  config: job.config,
  get seed() {
    if (job.facts.seed) return job.seed
    throw new Error(`Step "${job.name}" reads its seed: declare seed: true, so that it enters the key.`)
  },
  env: Object.fromEntries(job.env.map((name) => [name, process.env[name]])),
  measure: hooks.measure,
  measured: hooks.measured,
  note: hooks.note,
  scratch,
  checkpoint: hooks.checkpoint,
  memory: hooks.memory,
  get signal() {
    abort.listens = true
    return abort.controller.signal
  },
  settings: job.facts.numeric ? job.settings : {},
  once: shared.once,
})

const identity = <A>(value: A): A => value

/** Waits until the fiber has ended, but no longer than so many milliseconds; cannot be interrupted. */
const endedOr = (fiber: Fiber.Fiber<unknown, unknown>, ms: number): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const timer = setTimeout(() => resume(Effect.void), ms)
    fiber.addObserver(() => {
      clearTimeout(timer)
      resume(Effect.void)
    })
  })

const fiberResult = <A, E>(fiber: Fiber.Fiber<A, E>): Effect.Effect<A, E> =>
  Effect.callback<A, E>((resume) => {
    fiber.addObserver((exit) => resume(exit))
  })
