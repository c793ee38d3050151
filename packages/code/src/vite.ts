/**
 * Vite and Vitest plugin: functions in tests carry the same identities as under the command line.
 *
 * ```ts
 * import { sluice } from "@sluice/code/vite"
 * export default defineConfig({ plugins: [sluice()] })
 * ```
 */
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { rootOf } from "./live.ts"
import { Project } from "./Project.ts"
import { inNodeModules, type PackageJson } from "./Resolver.ts"
import { SyntaxProblem } from "./Syntax.ts"
import type { SourceMap } from "./SourceMap.ts"
import { needsCompiler, transform } from "./transform.ts"
import { compile } from "./compile.ts"

/** The part of Vite's plugin interface that is used here. */
export interface VitePlugin {
  readonly name: string
  readonly enforce: "pre"
  readonly config: (config: { readonly root?: string }) => {
    readonly test: { readonly server: { readonly deps: { readonly inline: Array<RegExp> } } }
  }
  readonly resolveId: (specifier: string, importer: string | undefined) => string | undefined
  readonly configResolved: (config: { readonly root: string }) => void
  readonly transform: (
    code: string,
    id: string,
  ) => { readonly code: string; readonly map: SourceMap | null } | undefined
}

const here = path.dirname(fileURLToPath(import.meta.url))
const runtime = path.join(here, `inline${path.extname(fileURLToPath(import.meta.url))}`)

export const sluice = (): VitePlugin => {
  let root = process.cwd()
  let project: Project | undefined
  const opened = (): Project => (project ??= new Project({ root }))
  return {
    name: "sluice",
    enforce: "pre",
    /** Vitest would hand installed packages to Node as they are; those that offer their source are loaded from it. */
    config(config) {
      const folder = rootOf(path.join(config.root ?? process.cwd(), "x"))
      return { test: { server: { deps: { inline: offeringSource(folder) } } } }
    },
    resolveId(specifier, importer) {
      const from = importer?.replace(/[?#].*$/, "")
      if (from === undefined || !path.isAbsolute(from) || /^[./]|^\w+:|\?/.test(specifier)) return undefined
      const resolution = opened().resolver.resolve(specifier, from)
      // What lies outside node_modules is Vite's to find, by its own configuration.
      return resolution.kind === "file" &&
        inNodeModules(resolution.file) &&
        opened().isSource(resolution.file)
        ? resolution.file
        : undefined
    },
    configResolved(config) {
      root = rootOf(path.join(config.root, "x"))
    },
    transform(code, id) {
      const file = id.replace(/[?#].*$/, "")
      if (id !== file || !path.isAbsolute(file) || file.startsWith(here + path.sep)) return undefined
      const known = opened()
      if (!known.isSource(file)) return undefined
      try {
        // Another plugin's output is not the source that the other entrances see.
        if (known.read(file) !== code) return undefined
        if (known.module(file).common) return undefined
        const result = transform(known, file, { runtime })
        if (!needsCompiler(known, file)) return { code: result.code, map: result.map }
        return {
          code: compile(file, result.code, result.map, known.resolver.compilerOptions(file)),
          map: null,
        }
      } catch (error) {
        if (error instanceof SyntaxProblem) return undefined
        throw error
      }
    },
  }
}

/** Installed packages, from a project's own dependencies on, that are identified by their source. */
const offeringSource = (root: string): Array<RegExp> => {
  const { files, resolver } = new Project({ root })
  const found = new Map<string, string>()
  const folders = [root]
  for (const folder of folders) {
    const json = (files.json(path.join(folder, "package.json")) ?? {}) as PackageJson
    const names = { ...json.dependencies, ...json.optionalDependencies, ...json.peerDependencies }
    const development = folder === root ? json.devDependencies : {}
    for (const name of Object.keys({ ...names, ...development })) {
      const installed = found.has(name) ? undefined : resolver.installed(name, folder)
      if (installed === undefined || !resolver.packageOf(path.join(installed, "package.json")).source)
        continue
      found.set(name, installed)
      folders.push(installed)
    }
  }
  return [...found.keys()].map(
    (name) => new RegExp(`[\\\\/]node_modules[\\\\/]${RegExp.escape(name)}[\\\\/]`),
  )
}
