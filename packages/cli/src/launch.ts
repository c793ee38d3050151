/**
 * From argv to the right program, loading as little as possible.
 *
 * A command about a pipeline runs inside the bundle that holds this command line, the engine and that pipeline as one
 * program; where the bundle still fits (stat calls alone decide), neither parser nor bundler is loaded. Other commands
 * run inside a bundle without a pipeline. Plain code without Effect.
 */
import { readFileSync } from "node:fs"
import * as Arguments from "./Arguments.ts"
import * as Project from "./Project.ts"

const version = (): string =>
  (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }).version

export const launch = async (argv: ReadonlyArray<string>): Promise<void> => {
  const parsed = Arguments.parse(argv)
  switch (parsed.kind) {
    case "help":
      process.stdout.write(parsed.text)
      return
    case "version":
      process.stdout.write(`sluice ${version()}, Node ${process.versions.node}\n`)
      return
    case "error":
      return refuse(parsed.message, argv.includes("--json"))
    case "invocation":
      return start(parsed.invocation)
  }
}

/** Says what is wrong with the command itself; exit code 2. */
const refuse = (message: string, json: boolean): void => {
  process.exitCode = 2
  if (json) process.stdout.write(`${JSON.stringify({ error: { kind: "usage", message } }, null, 2)}\n`)
  else process.stderr.write(`${message}\n`)
}

const start = async (invocation: Arguments.Invocation): Promise<void> => {
  const cwd = process.cwd()
  const json = Arguments.has(invocation, "json")
  if (invocation.command.needsPipeline) {
    const located = Project.locate(Arguments.file(invocation), cwd)
    if ("problem" in located) return refuse(located.problem, json)
    const { pipelineProgram } = await import("./program.ts")
    return pipelineProgram(located.file, invocation)
  }
  const { plainProgram } = await import("./program.ts")
  return plainProgram(invocation)
}
