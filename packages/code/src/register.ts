/**
 * Module hook: `node --import @sluice/code/register program.ts`, also over tsx.
 *
 * Every source file of the project is tagged as it is loaded, from its original text and before any other hook.
 */
import { registerHooks } from "node:module"
import { fileURLToPath } from "node:url"
import { install, rootOf } from "./live.ts"
import { inNodeModules } from "./Resolver.ts"
import { SyntaxProblem } from "./Syntax.ts"
import { comment } from "./SourceMap.ts"
import { needsCompiler, transform } from "./transform.ts"
import { compile } from "./compile.ts"

const live = install(rootOf(process.argv[1] ?? `${process.cwd()}/x`))
const runtime = new URL(import.meta.url.endsWith(".ts") ? "./runtime.ts" : "./runtime.js", import.meta.url)
  .href
const { project } = live

registerHooks({
  resolve(specifier, context, next) {
    const parent = context.parentURL
    if (parent?.startsWith("file:") && !specifier.includes(":") && context.conditions.includes("import")) {
      const importer = fileURLToPath(parent)
      if (project.isSource(importer)) {
        const resolution = project.resolver.resolve(specifier, importer)
        if (resolution.kind === "file" && project.isSource(resolution.file)) {
          return { url: urlOf(resolution.file), shortCircuit: true }
        }
      }
    }
    return next(specifier, context)
  },
  load(url, context, next) {
    if (!url.startsWith("file:")) return next(url, context)
    const file = fileURLToPath(url.replace(/[?#].*$/, ""))
    if (!project.isSource(file) || isOwn(url)) return next(url, context)
    try {
      const module = project.module(file)
      if (module.common) return next(url, context)
      const { code, map } = transform(project, file, { runtime })
      const typed = /\.[mc]?ts$/.test(file)
      // Node does not take types out under node_modules, where a package may offer its source.
      if (needsCompiler(project, file) || (typed && inNodeModules(file))) {
        return {
          format: "module",
          source: compile(file, code, map, project.resolver.compilerOptions(file)),
          shortCircuit: true,
        }
      }
      // Node takes the types out itself, and leaves every character where it was.
      return {
        format: typed ? "module-typescript" : "module",
        source: code + comment(map),
        shortCircuit: true,
      }
    } catch (error) {
      if (error instanceof SyntaxProblem) {
        process.stderr.write(`${error.message}\n`)
        process.exit(2)
      }
      throw error
    }
  },
})

const own = new URL(".", import.meta.url).href
const isOwn = (url: string): boolean => url.startsWith(own)

const urlOf = (file: string): string => {
  const url = new URL("file:///")
  url.pathname = file.split("/").map(encodeURIComponent).join("/")
  return url.href
}
