/**
 * From argv to the right program, loading as little as possible.
 *
 * A command about a pipeline runs inside the bundle that holds this command line, the engine and that pipeline as one
 * program; where the bundle still fits (stat calls alone decide), neither parser nor bundler is loaded. Other commands
 * run inside a bundle without a pipeline. Plain code without Effect.
 */
import type { BundleOptions } from "@sluice/code/check"
import { readFileSync } from "node:fs"
import { dirname, relative } from "node:path"
import * as Arguments from "./Arguments.ts"
import * as Project from "./Project.ts"

/** Carries an invocation out. */
type Run = (invocation: Arguments.Invocation) => Promise<void>

const version = (): string =>
  (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string })
    .version

/** `cacheFolder` is the user's cache folder of Sluice. */
export const launch = async (argv: ReadonlyArray<string>, cacheFolder: string): Promise<void> => {
  const parsed = Arguments.parse(argv)
  switch (parsed.kind) {
    case "help":
      process.stdout.write(parsed.text)
      return
    case "version":
      process.stdout.write(`sluice ${version()}, Node ${process.versions.node}\n`)
      return
    case "error":
      return refuse("usage", parsed.message, 2, argv.includes("--json"))
    case "invocation":
      return start(parsed.invocation, cacheFolder)
  }
}

const refuse = (kind: string, message: string, exitCode: number, json: boolean): void => {
  process.exitCode = exitCode
  if (json) process.stdout.write(`${JSON.stringify({ error: { kind, message } }, undefined, 2)}\n`)
  else process.stderr.write(`${message}\n`)
}

const start = async (invocation: Arguments.Invocation, cacheFolder: string): Promise<void> => {
  const cwd = process.cwd()
  const json = Arguments.has(invocation, "json")
  if (!invocation.command.needsPipeline) {
    const { withoutPipeline } = await import("./program.ts")
    const run = await load(withoutPipeline(cacheFolder), "", json)
    return run?.(invocation)
  }
  const located = Project.locate(Arguments.file(invocation), cwd)
  if ("problem" in located) return refuse("usage", located.problem, 2, json)
  const { forPipeline } = await import("./program.ts")
  const run = await load(forPipeline(located.file), located.file, json)
  return run?.(invocation)
}

/** The program, or `undefined` after its problem was reported. `file` is empty where no pipeline is loaded. */
const load = async (options: BundleOptions, file: string, json: boolean): Promise<Run | undefined> => {
  const program = await import("./program.ts")
  const building = relative(process.cwd(), file) || "the command line"
  try {
    return await program.load(options, json ? () => {} : announce(building))
  } catch (error) {
    const Failure = await import("./Failure.ts")
    const root = file === "" ? process.cwd() : Project.root(dirname(file))
    const failure =
      Failure.whileWriting((error as Error).cause ?? {}, Project.store(root)) ??
      (Failure.isForeseen(error) || file === "" || program.isOwnFailure(error)
        ? Failure.shown(error, root)
        : Failure.whileLoading(error, file, root, process.cwd()))
    refuse(failure.kind, failure.message, failure.exitCode, json)
    return undefined
  }
}

/** Building takes a second or two: say so, on a terminal in a line that goes away again. */
const announce =
  (what: string) =>
  (building: boolean): void => {
    if (process.stderr.isTTY) process.stderr.write(building ? `building ${what} …` : "\r\u001b[K")
  }
