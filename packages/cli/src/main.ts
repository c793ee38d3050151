/**
 * A command, carried out: dispatch, signals, errors and exit codes.
 *
 * 0 done, 1 a step failed, 2 usage or an invalid pipeline, 130 interrupted. The first Ctrl-C interrupts, so that steps
 * keep their checkpoints; the second ends the process at once.
 */
import { Engine } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Arguments from "./Arguments.ts"
import * as Failure from "./Failure.ts"
import * as Project from "./Project.ts"
import * as Screen from "./Screen.ts"

/** What a bundle does in a process that an engine started for one step. */
export const isChild = Engine.isChild
export const serve = Engine.child

/** The pipeline's module as it was loaded, and where it stands. */
export interface Loaded {
  readonly file: string
  readonly root: string
  /** The bundle's first module: what a child process runs to load the same pipeline. */
  readonly entry: string
  readonly pipeline: Readonly<Record<string, unknown>>
}

/** What every command is handed. */
export interface Context {
  readonly invocation: Arguments.Invocation
  readonly loaded: Loaded | undefined
  /** The project whose store is meant. */
  readonly root: string
  readonly cwd: string
  readonly json: boolean
  readonly screen: Screen.Screen
  /** How the user hears that the first Ctrl-C arrived; a command that draws puts its own way here. */
  readonly onInterrupt: { say: (text: string) => void }
}

/** A command's exit code. Its errors are shown by their messages. */
export type CommandEffect = Effect.Effect<number, unknown>

const commandOf = async (name: string): Promise<(context: Context) => CommandEffect> => {
  switch (name) {
    case "run":
      return (await import("./commands/run.ts")).run
    case "plan":
      return (await import("./commands/plan.ts")).plan
    case "why":
      return (await import("./commands/why.ts")).why
    case "curve":
      return (await import("./commands/curve.ts")).curve
    case "audit":
      return (await import("./commands/audit.ts")).audit
    case "lock":
      return (await import("./commands/lock.ts")).lock
    case "runs":
      return (await import("./commands/runs.ts")).runs
    case "diff":
      return (await import("./commands/diff.ts")).diff
    case "show":
      return (await import("./commands/show.ts")).show
    case "report":
      return (await import("./commands/report.ts")).report
    case "gc":
      return (await import("./commands/gc.ts")).gc
    case "doctor":
      return (await import("./commands/doctor.ts")).doctor
    case "init":
      return (await import("./commands/init.ts")).init
    default:
      throw new Error(`no command ${name}`)
  }
}

export const main = async (invocation: Arguments.Invocation, loaded?: Loaded): Promise<void> => {
  const cwd = process.cwd()
  const screen = Screen.make()
  const context: Context = {
    invocation,
    loaded,
    root: loaded?.root ?? Project.rootOfCommand(Arguments.file(invocation), cwd),
    cwd,
    json: Arguments.has(invocation, "json"),
    screen,
    onInterrupt: { say: () => {} },
  }
  // A reader that went away (`sluice show x | head`) is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1))
  const command = await commandOf(invocation.command.name)
  const exit = await untilSignal(command(context), context)
  process.exitCode = Exit.isSuccess(exit) ? exit.value : report(exit.cause, context)
}

/** Runs to the end or to the first SIGINT or SIGTERM, whose finalizers are awaited. */
const untilSignal = async (effect: CommandEffect, context: Context): Promise<Exit.Exit<number, unknown>> => {
  const fiber = Effect.runFork(effect)
  let interrupted = false
  const onSignal = (): void => {
    if (interrupted) process.exit(130)
    interrupted = true
    context.onInterrupt.say("interrupting; once more to quit at once")
    Effect.runFork(Fiber.interrupt(fiber))
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  // Held open by hand: a fiber that waits for a promise alone would let the process end.
  const alive = setInterval(() => {}, 1 << 30)
  try {
    return await new Promise((resolve) => fiber.addObserver(resolve))
  } finally {
    clearInterval(alive)
    process.off("SIGINT", onSignal)
    process.off("SIGTERM", onSignal)
  }
}

/** Shows why a command did not succeed; returns the exit code. */
const report = (cause: Cause.Cause<unknown>, context: Context): number => {
  const failure = Cause.hasInterruptsOnly(cause)
    ? interrupted(context)
    : Failure.shown(Cause.squash(cause), context.root)
  if (context.json) {
    const error = { kind: failure.kind, message: failure.message }
    context.screen.write(`${JSON.stringify({ error }, undefined, 2)}\n`)
  } else context.screen.error(`${failure.message}\n`)
  return failure.exitCode
}

/** Says how to go on. Only a run has something to go on from. */
const interrupted = ({ invocation }: Context): Failure.Shown => ({
  kind: "interrupted",
  message: ["run", "curve"].includes(invocation.command.name)
    ? `Interrupted. Finished steps and checkpoints are kept; go on with:\n  ${program()} ${Arguments.shellWords(invocation.argv)}`
    : "Interrupted.",
  exitCode: 130,
})

/** How this program was called, so that the command can be typed again as it stands. */
const program = (): string => (process.env["npm_lifecycle_event"] === "sluice" ? "pnpm sluice" : "sluice")
