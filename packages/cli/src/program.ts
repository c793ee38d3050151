/**
 * The program that carries a command out: a cached bundle where one fits, a new one where not.
 */
import { checkBundle } from "@sluice/code/check"
import type { Bundle, BundleOptions } from "@sluice/code/check"
import { dirname, extname } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { Invocation } from "./Arguments.ts"
import * as Project from "./Project.ts"

/** What a bundle exports. */
interface Program {
  /** `entry` is the bundle's first module, which a child process loads again. */
  readonly run: (invocation: Invocation, entry: string) => Promise<void>
}

const self = fileURLToPath(import.meta.url)
const here = dirname(self)
/** The command line's own first module: TypeScript here, JavaScript where it was compiled. */
const command = `${here}/main${extname(self)}`

/** The program for a pipeline: this command line, the engine and the pipeline in one. */
export const forPipeline = (file: string): BundleOptions => {
  const root = Project.root(dirname(file))
  const contents = [
    `import { isChild, main, serve } from ${JSON.stringify(command)}`,
    `import * as pipeline from ${JSON.stringify(file)}`,
    `const place = { file: ${JSON.stringify(file)}, root: ${JSON.stringify(root)} }`,
    "export const run = (invocation, entry) => main(invocation, { ...place, entry, pipeline })",
    "if (isChild()) await serve(pipeline.default)",
    "",
  ].join("\n")
  return { root, entry: { contents, resolveDir: dirname(file) } }
}

/** The program for commands that need no pipeline. It serves every project, so it lies in the user's cache folder. */
export const withoutPipeline = (cacheFolder: string): BundleOptions => ({
  root: here,
  folder: `${cacheFolder}/bundles`,
  entry: {
    contents: `import { main } from ${JSON.stringify(command)}\nexport const run = (invocation) => main(invocation)\n`,
    resolveDir: here,
  },
})

/** A failure of the bundler itself, not of the code that it loads. */
class BuildFailed extends Error {}

export const isOwnFailure = (error: unknown): boolean => error instanceof BuildFailed

/** Builds where the cached bundle no longer fits; only then are bundler and parser loaded. */
export const load = async (
  options: BundleOptions,
  say: (building: boolean) => void,
): Promise<(invocation: Invocation) => Promise<void>> => {
  const bundle = checkBundle(options) ?? (await build(options, say))
  const program = (await import(pathToFileURL(bundle.main).href)) as Program
  return (invocation) => program.run(invocation, bundle.main)
}

const build = async (options: BundleOptions, say: (building: boolean) => void): Promise<Bundle> => {
  say(true)
  try {
    const { bundle } = await import("@sluice/code")
    return await bundle(options)
  } catch (error) {
    if (error instanceof Error && "_tag" in error) throw error
    throw new BuildFailed(`the bundler failed, ${String(error)}`, { cause: error })
  } finally {
    say(false)
  }
}
