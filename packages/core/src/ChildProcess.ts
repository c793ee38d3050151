/**
 * Runs isolated steps in child processes: native code that takes seconds or dies must not take the engine with it.
 *
 * The parent owns the lease, signals and progress. The child builds the pipeline again, computes the action key again
 * and refuses if it differs, and exits when its channel closes.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type ChildProcess, spawn } from "node:child_process"
import { isAbsolute, relative } from "node:path"
import { type FromChild, fromPlain, type ToChild } from "./ChildMessages.ts"
import * as Errors from "./Errors.ts"
import * as Execution from "./Execution.ts"
import { Executor, type Request } from "./Executor.ts"
import type * as Guard from "./Guard.ts"
import type * as Job from "./Job.ts"
import { Leases } from "./Lease.ts"
import * as SourcePlace from "./SourcePlace.ts"
import * as StrictProcess from "./StrictProcess.ts"

export interface Options {
  /** A module that calls `Engine.child(pipeline)`. */
  readonly entry: string
  /** Arguments after the entry. */
  readonly args?: ReadonlyArray<string>
  /** Node's own arguments; those of this process unless given. */
  readonly execArgv?: ReadonlyArray<string>
  /** Variables beside this process's own: allocator, threads. `undefined` takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Runs every step that can be checked in a process that refuses what it does not declare. */
  readonly strict?: StrictProcess.Options
}

/** Milliseconds that an interrupted child has for a checkpoint before it is killed. */
const graceMs = 30_000
const keptOutput = 4000

/** Isolated steps in children, all others in this process; in a strict run, those in children too. */
export const layer = (options: Options): Layer.Layer<Executor, never, Leases> =>
  Layer.effect(
    Executor,
    Effect.map(Leases, (leases) => {
      const { strict } = options
      let probed: Promise<ReadonlyArray<Guard.Use>> | undefined
      return Executor.of({
        run: (request, hooks) => {
          const { facts } = request.job
          if (strict !== undefined) {
            const unchecked = StrictProcess.uncheckedReason(facts)
            strict.onStep(request.job.name, unchecked)
            if (unchecked === undefined) {
              probed ??= StrictProcess.probe(strict, {
                entry: options.entry,
                args: options.args ?? [],
                execArgv: options.execArgv ?? process.execArgv,
                env: environment(options),
              })
              const loading = probed
              return Effect.flatMap(
                Effect.promise(() => loading),
                (uses) =>
                  runInChild(
                    options,
                    request,
                    hooks,
                    leases,
                    StrictProcess.argumentsFor(strict, options.entry, request, uses),
                  ),
              )
            }
          }
          return facts.isolated
            ? runInChild(options, request, hooks, leases, undefined)
            : Execution.run(request.job, hooks)
        },
      })
    }),
  )

const environment = ({ env }: Options): NodeJS.ProcessEnv => ({ ...process.env, ...env, SLUICE_CHILD: "1" })

const runInChild = (
  options: Options,
  request: Request,
  hooks: Job.Hooks,
  leases: typeof Leases.Service,
  strict: StrictProcess.Arguments | undefined,
): Effect.Effect<Execution.Result, Error> =>
  Effect.callback<Execution.Result, Error>((resume) => {
    const { job } = request
    if (strict?.isCoarse === true)
      hooks.warn("so many files are declared that a strict run opens all of their folders to the step")
    const child = spawn(
      process.execPath,
      [
        ...(options.execArgv ?? process.execArgv),
        ...(strict?.execArgv ?? []),
        options.entry,
        ...(options.args ?? []),
      ],
      { stdio: ["ignore", "pipe", "pipe", "ipc"], serialization: "advanced", env: environment(options) },
    )
    const output = tail(child)
    const closed = new Promise<void>((resolve) => {
      child.once("close", () => resolve())
      child.once("error", () => resolve())
    })
    let answer: Effect.Effect<Execution.Result, Error> | undefined

    child.on("message", (message: FromChild) => {
      switch (message.type) {
        case "ready":
          if (request.lease !== undefined) leases.nameChild(request.lease, message.owner)
          return send(child, { type: "begin" })
        case "progress": {
          const { type: _, ...progress } = message
          return hooks.progress(progress)
        }
        case "measure":
          return hooks.measure(message.name, message.value, message.unit)
        case "warn":
          return hooks.warn(message.message)
        case "note":
          return hooks.note(message.message)
        case "done":
          answer = Effect.succeed({ outputs: message.outputs, summary: message.summary })
          return undefined
        case "failed":
          answer = Effect.fail(fromPlain(job.name, message.error))
          return undefined
        case "interrupted":
          answer = Effect.interrupt
          return undefined
        case "notHermetic":
          answer = Effect.fail(notHermetic(job.name, job.root, message.uses))
          return undefined
        case "loaded":
          return undefined
      }
    })
    child.once("error", (error) => {
      answer ??= Effect.fail(
        new Errors.StepFailed({
          step: job.name,
          reason: `its process could not be started: ${error.message}`,
        }),
      )
      resume(answer)
    })
    child.once("close", (code, signal) => {
      resume(answer ?? Effect.fail(died(job.name, code, signal, output())))
    })
    send(child, messageFor(request, strict?.loadingOnly))

    return Effect.promise(async () => {
      send(child, { type: "interrupt" })
      const timer = setTimeout(() => child.kill("SIGKILL"), graceMs)
      await closed
      clearTimeout(timer)
    })
  })

const notHermetic = (step: string, root: string, uses: ReadonlyArray<Guard.Use>): Errors.NotHermetic => {
  const told = uses.map(({ what, target, stack }) => {
    const name = relative(root, target)
    return {
      what,
      target: isAbsolute(target) && !name.startsWith("..") ? name : target,
      place: SourcePlace.ofStack(stack, root),
    }
  })
  // One call may be refused several times on its way.
  const distinct = new Map(told.map((use) => [JSON.stringify(use), use]))
  return new Errors.NotHermetic({ step, uses: [...distinct.values()] })
}

const messageFor = (
  { job, key, recordText, lease, params, pipeline, forced }: Request,
  loadingOnly: ReadonlyArray<string> | undefined,
): ToChild => ({
  type: "run",
  loadingOnly,
  root: job.root,
  store: job.store,
  pipeline,
  step: job.name,
  params,
  key,
  recordText,
  token: lease?.token,
  forced,
  settings: job.settings,
  inputs: Object.fromEntries(
    Object.entries(job.inputs).map(([name, input]) => [
      name,
      input.type === "source" ? input.files : input.ref,
    ]),
  ),
})

const send = (child: ChildProcess, message: ToChild): void => {
  if (child.connected) child.send(message, () => {})
}

/** The last characters of what the child writes: worth showing only when it dies without a word. */
const tail = (child: ChildProcess): (() => string) => {
  let text = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (piece: string) => {
      text = (text + piece).slice(-keptOutput)
    })
  }
  return () => text.trim()
}

const died = (step: string, code: number | null, signal: NodeJS.Signals | null, output: string): Error =>
  new Errors.StepFailed({
    step,
    reason: [
      signal === null ? `its process ended with exit code ${code}` : `its process was killed by ${signal}`,
      ...(output === "" ? [] : output.split("\n").slice(-12)),
    ].join("\n"),
    hint:
      signal === "SIGKILL"
        ? "Perhaps memory ran out; a checkpoint of the step is kept, and the next run goes on from it."
        : "A checkpoint of the step is kept where it saved one; the next run goes on from it.",
  })
