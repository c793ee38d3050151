/**
 * Which project and which pipeline a command means.
 *
 * Plain code without Effect: the launcher asks before it loads anything.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs"
import { basename, dirname, extname, join, relative, resolve } from "node:path"
import { nearMiss } from "./nearMiss.ts"

/** The folder of the nearest package.json at or above `folder`; `folder` itself where there is none. */
export const root = (folder: string): string => {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, "package.json"))) return at
    if (dirname(at) === at) return resolve(folder)
  }
}

/** Where a project keeps results, runs and bundles. */
export const store = (projectRoot: string): string => join(projectRoot, ".sluice")

/** What the last `sluice run` in this project was, so that FILE may be left out. */
interface Remembered {
  /** Path of the pipeline, relative to the project in which the command was typed. */
  readonly pipeline: string
}

const rememberedPath = (projectRoot: string): string => join(store(projectRoot), "last.json")

/** Whatever became of the file since. */
const lastRun = (projectRoot: string): string | undefined => {
  try {
    const { pipeline } = JSON.parse(readFileSync(rememberedPath(projectRoot), "utf8")) as Remembered
    return resolve(projectRoot, pipeline)
  } catch {
    return undefined
  }
}

const remembered = (projectRoot: string): string | undefined => {
  const path = lastRun(projectRoot)
  return path !== undefined && existsSync(path) ? path : undefined
}

/** Kept for the next command; a folder that cannot be written only means that FILE must be typed again. */
export const remember = (cwd: string, file: string): void => {
  const projectRoot = root(cwd)
  const pipeline = relative(projectRoot, file)
  try {
    if (remembered(projectRoot) === file) return
    mkdirSync(store(projectRoot), { recursive: true })
    writeFileSync(rememberedPath(projectRoot), `${JSON.stringify({ pipeline } satisfies Remembered)}\n`)
  } catch {
    return
  }
}

const isSource = (name: string): boolean => /\.(ts|mts|js|mjs)$/.test(name) && !/\.(test|d)\.m?ts$/.test(name)

const holdsPipeline = (path: string): boolean => {
  try {
    return /\bPipeline\.make\s*\(/.test(readFileSync(path, "utf8"))
  } catch {
    return false
  }
}

/** The name that a pipeline's file gives it; `undefined` where it does not stand there as a text. */
export const pipelineName = (file: string): string | undefined =>
  /\bPipeline\.make\s*\(\s*(["'`])([\w/-]+)\1/.exec(readFileSync(file, "utf8"))?.[2]

const sourcesIn = (folder: string): Array<string> => {
  try {
    return readdirSync(folder)
      .filter(isSource)
      .toSorted()
      .map((name) => join(folder, name))
  } catch {
    return []
  }
}

/** Files that make a pipeline, in the folders where one looks for them. */
const pipelines = (cwd: string): Array<string> => {
  const projectRoot = root(cwd)
  const folders = new Set([
    cwd,
    projectRoot,
    join(projectRoot, "pipelines"),
    join(projectRoot, "src"),
    join(projectRoot, "src/pipelines"),
  ])
  return [...folders].flatMap(sourcesIn).filter(holdsPipeline)
}

export type Located = { readonly file: string } | { readonly problem: string }

const shown = (cwd: string, path: string): string => {
  const short = relative(cwd, path)
  return short === "" || short.startsWith("../../..") ? path : short
}

/** The pipeline that a command means: the file typed, else the last one run, else the only one. */
export const locate = (typed: string | undefined, cwd: string): Located => {
  if (typed !== undefined) return typedFile(typed, cwd)
  const last = remembered(root(cwd))
  if (last !== undefined) return { file: last }
  const found = pipelines(cwd)
  if (found.length === 1) return { file: found[0]! }
  if (found.length === 0) {
    return {
      problem: `No pipeline was named, and none was found under ${root(cwd)}.\nName its file: sluice run pipelines/mine.ts`,
    }
  }
  return {
    problem: [
      "No pipeline was named, and there are several here:",
      ...found.map((path) => `  ${shown(cwd, path)}`),
      `Name one: sluice run ${shown(cwd, found[0]!)}`,
    ].join("\n"),
  }
}

/** The project of a command that needs no pipeline: that of the file typed, of the last one run, or of the folder. */
export const rootOfCommand = (typed: string | undefined, cwd: string): string => {
  if (typed !== undefined) {
    const path = resolve(cwd, typed)
    return root(statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : dirname(path))
  }
  // Runs of a pipeline whose file is gone are still to be looked at.
  const last = lastRun(root(cwd))
  return last === undefined || !existsSync(dirname(last)) ? root(cwd) : root(dirname(last))
}

const typedFile = (typed: string, cwd: string): Located => {
  const path = resolve(cwd, typed)
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) {
    const folder = dirname(path)
    const sources = sourcesIn(folder)
    const near =
      sources.find((source) => basename(source, extname(source)) === basename(path)) ??
      sources.find(
        (source) =>
          basename(source) ===
          nearMiss(
            basename(path),
            sources.map((s) => basename(s)),
          ),
      )
    const others = near === undefined ? pipelines(cwd) : []
    return {
      problem: [
        `There is no file ${typed}.`,
        ...(near === undefined ? [] : [`Did you mean ${shown(cwd, near)}?`]),
        ...(others.length === 0
          ? []
          : ["Pipelines here:", ...others.map((other) => `  ${shown(cwd, other)}`)]),
      ].join("\n"),
    }
  }
  if (stat.isDirectory()) {
    const inside = sourcesIn(path).filter(holdsPipeline)
    if (inside.length === 1) return { file: inside[0]! }
    return {
      problem: [
        `${typed} is a folder, and a pipeline is a file.`,
        ...inside.map((source) => `  ${shown(cwd, source)}`),
      ].join("\n"),
    }
  }
  if (!/\.[cm]?[jt]s$/.test(path)) {
    return { problem: `${typed} is not a TypeScript or JavaScript file, and a pipeline is one.` }
  }
  return { file: path }
}
