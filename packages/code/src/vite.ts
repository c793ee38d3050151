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
import { SyntaxProblem } from "./Syntax.ts"
import type { SourceMap } from "./SourceMap.ts"
import { needsCompiler, transform } from "./transform.ts"
import { compile } from "./compile.ts"

/** The part of Vite's plugin interface that is used here. */
export interface VitePlugin {
  readonly name: string
  readonly enforce: "pre"
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
  return {
    name: "sluice",
    enforce: "pre",
    configResolved(config) {
      root = rootOf(path.join(config.root, "x"))
    },
    transform(code, id) {
      const file = id.replace(/[?#].*$/, "")
      if (id !== file || !path.isAbsolute(file) || file.startsWith(here + path.sep)) return undefined
      project ??= new Project({ root })
      if (!project.isSource(file)) return undefined
      try {
        // Another plugin's output is not the source that the other entrances see.
        if (project.read(file) !== code) return undefined
        if (project.module(file).common) return undefined
        const result = transform(project, file, { runtime })
        if (!needsCompiler(project, file)) return { code: result.code, map: result.map }
        return {
          code: compile(file, result.code, result.map, project.resolver.compilerOptions(file)),
          map: null,
        }
      } catch (error) {
        if (error instanceof SyntaxProblem) return undefined
        throw error
      }
    },
  }
}
