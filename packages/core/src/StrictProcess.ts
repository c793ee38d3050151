/**
 * How a step's process is started in a strict run: Node's permission model with what the step declares, and a preload
 * that refuses the network and remembers every refusal (`Guard`).
 *
 * Files that are read while the pipeline's modules load are a step's business only through the values that they leave,
 * and those are in its key. So a first process loads the pipeline with nothing refused and tells what it read; the
 * steps' processes may read that too, until loading is over.
 */
import { spawn } from "node:child_process"
import { existsSync, realpathSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import type { FromChild, ToChild } from "./ChildMessages.ts"
import type { Request } from "./Executor.ts"
import type * as Guard from "./Guard.ts"
import type * as Step from "./Step.ts"

export interface Options {
  /** The preload's path. */
  readonly preload: string
  /** Folders that every step may read besides store, bundle and node_modules: where Sluice itself lies. */
  readonly readable: ReadonlyArray<string>
  /** Hears of every step that starts: `undefined` where it is checked, else why it is not. */
  readonly onStep: (step: string, unchecked: string | undefined) => void
}

/** Why a strict run leaves a step alone, or `undefined`. Neither permissions nor the preload bind native code. */
export const uncheckedReason = (facts: Step.Facts): string | undefined =>
  facts.unchecked ?? (facts.numeric || facts.accelerator ? "uses native code" : undefined)

export interface Arguments {
  readonly execArgv: ReadonlyArray<string>
  /** What the child takes back once the pipeline is loaded. */
  readonly loadingOnly: ReadonlyArray<string>
  /** True where so many files are declared that their folders had to be opened instead. */
  readonly isCoarse: boolean
}

/** A command line holds about two megabytes; the environment takes its part. */
const longestArguments = 1_000_000

/** Node's arguments for one step's process. */
export const argumentsFor = (
  options: Options,
  entry: string,
  { job, covered }: Request,
  loading: ReadonlyArray<Guard.Use>,
): Arguments => {
  const folders = [
    job.store,
    dirname(entry),
    dirname(options.preload),
    ...options.readable,
    ...nodeModules(job.root),
    ...nodeModules(dirname(options.preload)),
  ]
  const declared = new Set<string>()
  for (const input of Object.values(job.inputs)) {
    if (input.type === "source") for (const file of input.files) declared.add(resolve(file.path))
  }
  for (const { file } of covered()) {
    const path = join(job.root, file)
    if (existsSync(path)) declared.add(path)
  }
  const loadingOnly = [
    ...new Set(loading.filter(({ what }) => what === "reads a file").map(({ target }) => resolve(target))),
  ].filter((path) => !declared.has(path) && !folders.some((folder) => path.startsWith(`${folder}/`)))
  const files = [...declared, ...loadingOnly]
  const isCoarse = files.reduce((sum, path) => sum + path.length + 20, 0) > longestArguments
  const opened = new Set([...folders, ...(isCoarse ? files.map((path) => dirname(path)) : files)])
  return {
    isCoarse,
    execArgv: [
      "--permission",
      ...[...opened].map((path) => `--allow-fs-read=${path}`),
      `--allow-fs-write=${job.store}`,
      ...preloading(options),
    ],
    loadingOnly,
  }
}

const preloading = ({ preload }: Options): ReadonlyArray<string> => ["--import", preload]

/** The node_modules at or above a folder, with the stores that their links lead into. */
const nodeModules = (folder: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, "node_modules")
    if (existsSync(path)) found.push(path, realpathSync(path))
    if (at === dirname(at)) return found
  }
}

/** What loading the pipeline uses, asked of a process in which Node only reports what it would refuse. */
export const probe = (
  options: Options,
  spawning: {
    readonly entry: string
    readonly args: ReadonlyArray<string>
    readonly execArgv: ReadonlyArray<string>
    readonly env: NodeJS.ProcessEnv
  },
): Promise<ReadonlyArray<Guard.Use>> =>
  new Promise((answered) => {
    const child = spawn(
      process.execPath,
      [...spawning.execArgv, "--permission-audit", ...preloading(options), spawning.entry, ...spawning.args],
      { stdio: ["ignore", "ignore", "ignore", "ipc"], serialization: "advanced", env: spawning.env },
    )
    let uses: ReadonlyArray<Guard.Use> = []
    child.on("message", (message: FromChild) => {
      if (message.type === "loaded") ({ uses } = message)
    })
    // A pipeline that cannot be loaded says so when its first step starts.
    child.once("error", () => answered(uses))
    child.once("close", () => answered(uses))
    child.send({ type: "probe" } satisfies ToChild, () => {})
  })
