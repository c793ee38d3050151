/**
 * A pipeline as a plain program: `node --import @sluice/code/register pipelines/reviews.ts`, `tsx pipelines/reviews.ts`.
 *
 * A hook that a module registers sees neither that module nor its siblings, so a program that was started without the
 * source transform starts itself again with it.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { spawn } from "node:child_process"
import { existsSync, realpathSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { parseArgs } from "node:util"
import * as ChildProcess from "./ChildProcess.ts"
import * as Engine from "./Engine.ts"
import * as Params from "./Params.ts"
import type * as Pipeline from "./Pipeline.ts"
import { warningText } from "./Plan.ts"
import type * as Reporter from "./Reporter.ts"

/** Runs the pipeline if `meta` is the program's entry; sets the process's exit code. */
export const main = async (
  meta: ImportMeta,
  pipeline: Pipeline.Pipeline<any, any>,
  { store }: { readonly store?: string } = {},
): Promise<void> => {
  if (!isEntry(meta)) return
  if (Engine.isChild()) return Engine.child(pipeline)
  if (!isTransformed() && process.env["SLUICE_TRANSFORMED"] === undefined) {
    const register = registerFor(meta)
    if (register !== undefined) {
      process.exitCode = await again(register)
      return
    }
  }
  const options = parse(process.argv.slice(2))
  if (typeof options === "string") {
    process.stderr.write(`${options}\n`)
    process.exitCode = 2
    return
  }
  const entry = fileURLToPath(meta.url)
  const fiber = Effect.runFork(
    Engine.run(pipeline, options).pipe(
      Effect.provide(
        Engine.layer({
          root: projectRoot(entry),
          ...(store === undefined ? {} : { store }),
          reporter: print,
          executor: ChildProcess.layer({ entry, args: process.argv.slice(2) }),
        }),
      ),
    ),
  )
  let interrupts = 0
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (++interrupts > 1) process.exit(130)
      fiber.interruptUnsafe()
    })
  }
  const exit = await new Promise<Exit.Exit<unknown, Error>>((resolve) => fiber.addObserver(resolve))
  process.exitCode = codeOf(exit)
  if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) {
    const error = Cause.squash(exit.cause)
    const isKnown = error instanceof Error && "_tag" in error
    if (!isKnown) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    else if (error._tag !== "RunFailed") process.stderr.write(`${error.message}\n`)
  }
  process.exit()
}

const codeOf = (exit: Exit.Exit<unknown, Error>): number => {
  if (Exit.isSuccess(exit)) return 0
  if (Cause.hasInterruptsOnly(exit.cause)) return 130
  const tag = (Cause.squash(exit.cause) as { readonly _tag?: string })._tag
  return tag === "RunFailed" || tag === "StoreError" ? 1 : 2
}

const isEntry = (meta: ImportMeta): boolean => {
  if (meta.main !== undefined) return meta.main
  const entry = process.argv[1]
  return entry !== undefined && existsSync(entry) && pathToFileURL(realpathSync(entry)).href === meta.url
}

/** True where the transform tags what is loaded. */
const isTransformed = (): boolean =>
  (globalThis as { [state: symbol]: { readonly provide?: unknown } | undefined })[
    Symbol.for("@sluice/code/state")
  ]?.provide !== undefined

/** The transform's module hook as the program's own project has it, or beside this package. */
const registerFor = (meta: ImportMeta): string | undefined => {
  for (const from of [meta.url, import.meta.url]) {
    try {
      return pathToFileURL(createRequire(from).resolve("@sluice/code/register")).href
    } catch {
      // Not installed there: steps without a version run uncached, and the run says so.
    }
  }
  return undefined
}

const again = (register: string): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      [...process.execArgv, "--import", register, ...process.argv.slice(1)],
      {
        stdio: "inherit",
        env: { ...process.env, SLUICE_TRANSFORMED: "1" },
      },
    )
    // The child is in the same group and hears Ctrl-C itself; its answer is ours.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => {})
    child.once("close", (code, signal) => resolve(code ?? (signal === null ? 1 : 130)))
  })

/** The folder of the nearest `package.json`. */
const projectRoot = (entry: string): string => {
  for (let folder = dirname(entry); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return folder
    if (folder === dirname(folder)) return dirname(entry)
  }
}

const parse = (args: Array<string>): Engine.RunOptions | string => {
  try {
    const { values } = parseArgs({
      args,
      options: {
        set: { type: "string", multiple: true },
        only: { type: "string", multiple: true },
        force: { type: "string", multiple: true },
        jobs: { type: "string" },
      },
    })
    const params: Record<string, unknown> = {}
    for (const setting of values.set ?? []) {
      const parsed = Params.parseSetting(setting)
      if (parsed === undefined) return `--set takes name=value, not "${setting}".`
      params[parsed.name] = parsed.value
    }
    const jobs = values.jobs === undefined ? undefined : Number(values.jobs)
    if (jobs !== undefined && !(Number.isInteger(jobs) && jobs > 0))
      return `--jobs takes a whole number from 1, not "${values.jobs}".`
    return {
      params,
      ...(values.only === undefined ? {} : { only: values.only }),
      ...(values.force === undefined ? {} : { force: values.force }),
      ...(jobs === undefined ? {} : { jobs }),
    }
  } catch (error) {
    return (error as Error).message
  }
}

/** One line a decision, as the engine says it. */
const print = (event: Reporter.Event): void => {
  const line = (name: string, decision: string, rest: string | undefined): void => {
    process.stdout.write(`${name.padEnd(14)} ${decision.padEnd(9)} ${rest ?? ""}`.trimEnd() + "\n")
  }
  switch (event.type) {
    case "plan":
      for (const action of event.plan.actions) {
        if (action.decision === "hit")
          line(action.name, "hit", [action.key!.slice(0, 8), action.summary].filter(Boolean).join("   "))
      }
      return
    case "step-start":
      return line(event.name, "run", event.causes[0]?.headline)
    case "step-end":
      return line(
        event.name,
        event.decision === "hit" ? "hit" : "done",
        [event.key?.slice(0, 8), event.summary].filter(Boolean).join("   "),
      )
    case "step-failed":
      return line(event.name, "failed", `\n${event.error.message}`)
    case "warning":
      process.stderr.write(`warning: ${warningText(event)}\n`)
      return
    case "step-progress":
    case "step-measure":
    case "run-end":
      return
  }
}
